"""Finance asks that a second account of the books counts for an outside one; treasury agrees; the workers match it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core import actor, clock
from app.core.db import for_everyone, leave, transaction
from app.core.permissions import Role
from app.identity import factors, rules, totp
from dev import tour
from dev.embedded import Servers
from tests.journeys.conftest import FIRST_REDIS, Visiting, house
from tests.makers import apps, books, people
from tests.makers.browser import PATIENCE_MS
from tests.makers.house import Running
from tests.makers.joining import Both
from tests.makers.matching import Outside

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("counted as one")]

expect.set_options(timeout=PATIENCE_MS)
LOOKS = 100
SECRETS = {role: totp.new_secret() for role in (Role.FINANCE, Role.TREASURY)}


@dataclass(frozen=True)
class Desk:
    """A house with an outside account, a second one of the books for it, and two who say so."""

    house: Running
    first: str
    second: str
    emails: dict[Role, str]


@pytest.fixture(scope="module")
def desk(given: Servers, home: Path, chromium: Browser) -> Iterator[Desk]:
    with house(given, home, name="counted", number=FIRST_REDIS + 1, background=True) as made:
        with made.inside(), for_everyone():
            emails = {}
            for role, secret in SECRETS.items():
                _, emails[role] = people.newcomer(role)
                login_id = apps.login_of(emails[role])
                with transaction(actor.system("test")):
                    factors.provide_app(login_id, secret=secret)
            both, ref = Both(Outside()), books.fresh("dep")
            both.outside.tell((300_000, ref), covers=3)
            both.book(300_000, ref=ref)
            both.book(77_700)
            both.outside.run()
            leave()
        with made:
            yield Desk(made, both.outside.account, both.second, emails)
            assert not made.dead()


def enter(page: Page, desk: Desk, role: Role) -> None:
    page.goto("/console/sign-in")
    tour.send("Sign in", email=desk.emails[role], password=people.PASSWORD)(page)
    tour.send("Continue", code=totp.code(SECRETS[role], step=rules.totp_step(clock.now())))(page)


def test_two_people_have_two_accounts_counted_as_one(desk: Desk, visiting: Visiting) -> None:
    page: Page = visiting(desk.house).page
    enter(page, desk, Role.FINANCE)
    page.goto(f"/console/breaks/of/{desk.first}")
    expect(page.locator("#results")).to_contain_text("Missing in the books")
    page.get_by_role("link", name="Accounts of the books").click()
    page.locator("[name=account]").fill(desk.second)
    page.locator("[name=reason]").fill("The bank keeps them as one.")
    page.get_by_role("button", name="Ask to count it").click()
    page.wait_for_url("**/console/approvals/*")
    other: Page = visiting(desk.house).page
    enter(other, desk, Role.TREASURY)
    other.goto(page.url)
    expect(other.locator("main")).to_contain_text("Stands for the same as")
    other.get_by_role("button", name="Approve (").click()
    other.get_by_role("button", name="Approve it").click()
    expect(other.locator("main")).not_to_contain_text("Approve (")
    _until(page, f"/console/breaks/of/{desk.first}/accounts", "Together")
    expect(page.locator("#counted")).to_contain_text("3,777.00")
    _until(page, f"/console/breaks/of/{desk.first}", f"in {desk.second}")
    expect(page.locator("#results")).not_to_contain_text("Missing in the books")


def _until(page: Page, place: str, words: str) -> None:
    """Look again and again, as somebody would who waits for the workers."""
    for _ in range(LOOKS):
        page.goto(place)
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(500)
    pytest.fail(f"{place} never said {words}")
