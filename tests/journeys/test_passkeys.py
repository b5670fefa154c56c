"""A passkey in a real browser: added on the Security page, asked for at the door. The browser plays the device."""

import pytest
from playwright.sync_api import expect

from app.core.permissions import Role
from tests.journeys.conftest import Visiting
from tests.makers import people
from tests.makers.house import Running
from tests.makers.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.xdist_group("running")]

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_opens_the_console(running: Running, visiting: Visiting) -> None:
    with running.inside():
        _, email = people.newcomer(Role.TREASURY)
    page = visiting(running).page
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    def with_password() -> None:
        page.goto("/console/")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    with_password()
    page.get_by_label("Name of the new one").fill("This laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("This laptop")).to_be_visible()
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.locator("summary.menu-button").click()
    page.get_by_role("button", name="Sign out").click()

    with_password()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
