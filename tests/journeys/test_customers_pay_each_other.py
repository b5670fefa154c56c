"""Two customers with a phone each: one pays the other, who sees it without loading a page; asks back, and is paid."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.core.money import Money
from app.identity.rules import Audience
from dev.chromium import NARROW
from tests.journeys.conftest import Visiting
from tests.makers import sending, sessions
from tests.makers.house import Running
from tests.makers.people import naira
from tests.makers.visitors import CustomerAtHome

pytestmark = [pytest.mark.timeout(600), pytest.mark.browser, pytest.mark.journey, pytest.mark.xdist_group("running")]


@pytest.fixture
def arrive(running: Running, visiting: Visiting) -> Callable[[Money], CustomerAtHome]:
    """Somebody with so much, before a phone."""

    def come(amount: Money) -> CustomerAtHome:
        with running.inside():
            known = sending.customer(amount, enrolled=True)
            token = sessions.opened(known.login_id, Audience.CUSTOMER)
        arrived = CustomerAtHome(visiting(running, size=NARROW), "Ada Obi", known.email)
        arrived.come_in(token)
        return arrived

    return come


def test_one_pays_the_other_who_sees_it_and_asks_back(arrive: Callable[[Money], CustomerAtHome]) -> None:
    one, other = arrive(naira(50_000)), arrive(naira(10))
    theirs, mine = other.page, one.page
    theirs.goto("/")
    expect(theirs.locator("#worth")).to_contain_text("₦10.00")
    theirs.evaluate("window.untouched = true")

    mine.goto("/transfers")
    mine.get_by_role("link", name="Send", exact=True).first.click()
    mine.get_by_label("To", exact=True).fill(other.email)
    mine.get_by_label("Amount").fill("700")
    mine.get_by_label("Note").fill("Suya")
    mine.get_by_role("button", name="Continue").click()
    expect(mine.get_by_role("heading", name="Check the name")).to_be_visible()
    expect(mine.get_by_role("main")).to_contain_text("Ada O.")
    mine.get_by_role("button", name="Send ₦700.00 to Ada O.").click()
    expect(mine.get_by_role("heading", name="Sent")).to_be_visible()

    expect(theirs.locator("#worth")).to_contain_text("₦710.00")
    assert theirs.evaluate("window.untouched"), "the page was loaded again"

    theirs.goto("/transfers/ask")
    theirs.get_by_label("Of whom").fill(one.email)
    theirs.get_by_label("Amount").fill("250")
    theirs.get_by_label("What for").fill("Taxi")
    theirs.get_by_role("button", name="Ask").click()
    expect(theirs.get_by_role("heading", name="Requests")).to_be_visible()

    mine.goto("/transfers")
    mine.locator("#to-pay a.line", has_text="Taxi").click()
    mine.get_by_role("button", name="Pay ₦250.00 to Ada O.").click()
    expect(mine.get_by_role("heading", name="Sent")).to_be_visible()
    theirs.goto("/activity?kind=transfer")
    expect(theirs.locator("#lines .line")).to_have_count(2)
