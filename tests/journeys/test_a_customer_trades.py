"""A customer buys, swaps and has bought by itself, at prices of a simulated market that a page follows by itself.

On a phone, through the doors only. A price that runs out is made anew once, and nothing is bought by that.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from app.core import clock
from app.core.db import db, rows, transaction
from app.core.money import Money
from app.identity.rules import Audience
from dev.chromium import NARROW
from tests.journeys.conftest import Visiting
from tests.makers import people, sessions, trading
from tests.makers.coins import USDT
from tests.makers.house import Running
from tests.makers.people import naira
from tests.makers.visitors import CustomerAtHome

pytestmark = [pytest.mark.timeout(600), pytest.mark.browser, pytest.mark.journey, pytest.mark.xdist_group("running")]

MOST_OF_ITS_SECONDS, RUNS_OUT_MS = 12, 40_000  # (a price holds twenty seconds)
WITHIN_ITS_MINUTE_MS = 120_000  # (what is due is begun once a minute, and bought after that)
QUIET_MS = 7_000  # longer than a page waits between two questions
HIDE = "(hidden) => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});"
HIDE += " document.dispatchEvent(new Event('visibilitychange')); }"


@pytest.fixture
def dealer(running: Running, visiting: Visiting) -> Callable[..., CustomerAtHome]:
    """Somebody with money, before a phone."""

    def arrive(name: str, *moneys: Money, **how: object) -> CustomerAtHome:
        with running.inside():
            known = trading.dealer(*moneys)
            people.confirm_phone(known.login_id)
            token = sessions.opened(known.login_id, Audience.CUSTOMER)
        arrived = CustomerAtHome(visiting(running, size=NARROW, **how), name, known.email)
        arrived.come_in(token)
        return arrived

    return arrive


def asked(page: Page, what: str) -> list[str]:
    """The addresses with this in them that the page asks for from now on."""
    found: list[str] = []

    def note(request: Request) -> None:
        if what in request.url:
            found.append(request.url)

    page.on("request", note)
    return found


def wait_for_price(page: Page, name: str) -> None:
    """Look at the list until there is a price: it comes by itself."""
    page.goto("/prices")
    page.evaluate("window.untouched = true")
    line = page.locator(".quotes .line", has=page.get_by_text(name, exact=True))
    expect(line.locator(".line-value")).to_contain_text("₦")
    assert page.evaluate("window.untouched"), "the page was loaded again"


def review(page: Page, **amounts: str) -> None:
    for label, amount in amounts.items():
        page.get_by_role("textbox", name=label.replace("_", " ")).fill(amount)
    expect(page.locator("#preview")).to_contain_text("Our spread")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Check and confirm")).to_be_visible()


def test_buys_after_a_price_ran_out_once(running: Running, dealer: Callable[..., CustomerAtHome]) -> None:
    ada = dealer("Adaora", naira(200_000))
    page = ada.page
    wait_for_price(page, "Bitcoin")
    ada.go("Home")
    page.get_by_role("link", name="Buy/Sell").click()
    page.get_by_label("You get in").select_option(label="BTC")
    review(page, You_pay="50,000")
    first = page.url
    running.let_prices_age(MOST_OF_ITS_SECONDS)
    page.reload()
    requested = asked(page, "/again")
    page.evaluate("window.untouched = true")
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"^\d+ s$"))
    page.wait_for_url(lambda url: url != first, timeout=RUNS_OUT_MS)
    expect(page.get_by_role("status").filter(has_text=re.compile("new price|price moved"))).to_be_visible()
    assert page.evaluate("window.untouched"), "the page was loaded again"
    assert len(requested) == 1, requested
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"^1?\d s$|^20 s$"))
    got = page.locator(".kv-total dd").first.inner_text()

    page.get_by_role("button", name=re.compile("^Buy ")).click()
    expect(page.get_by_role("heading", name="Bought Bitcoin")).to_be_visible()
    expect(page.locator(".receipt-amount")).to_contain_text(got)
    ada.go("Home")
    expect(page.locator(".wallet", has_text="Bitcoin")).to_contain_text(got)
    expect(page.locator(".wallet", has_text="Naira")).to_contain_text("₦150,000.00")
    page.get_by_role("link", name=re.compile("^Bought Bitcoin")).click()
    page.get_by_role("link", name="Receipt").click()
    expect(page.get_by_text("Verification code")).to_be_visible()


def test_swaps_what_is_typed_on_the_other_side(dealer: Callable[..., CustomerAtHome]) -> None:
    bola = dealer("Bola", Money(USDT, 300 * 10**6))
    page = bola.page
    wait_for_price(page, "Tether")
    page.goto("/assets/USDT")
    page.get_by_role("link", name="Swap").click()
    page.get_by_label("You get in").select_option(label="BTC")
    expect(page.locator("#get_amount")).to_have_value("")
    page.get_by_role("link", name="All of it").click()
    expect(page.locator("#give_amount")).to_have_value("300.000000")
    expect(page.locator("#get_amount")).to_have_attribute("placeholder", re.compile(r"^0\.00"))
    page.locator("#get_amount").fill("0.001")
    expect(page.locator("#give_amount")).to_have_value("")
    expect(page.locator("#preview")).to_contain_text("You pay about")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name=re.compile("^Swap ")).click()
    expect(page.locator(".receipt-amount")).to_contain_text("0.001 BTC")
    bola.go("Activity")
    expect(page.locator(".line", has_text="Swapped Tether for Bitcoin")).to_be_visible()


def test_has_it_bought_by_itself(running: Running, dealer: Callable[..., CustomerAtHome]) -> None:
    chike = dealer("Chike", naira(100_000))
    page = chike.page
    wait_for_price(page, "Ether")
    chike.go("Recurring buys")
    page.get_by_role("textbox", name="Amount each time").fill("10,000")
    page.get_by_label("What to buy").select_option(label="Ether")
    page.get_by_label("When").select_option(label="Every Friday")
    page.get_by_role("button", name="Set it up").click()
    card = page.locator("section", has_text="into Ether")
    expect(card).to_contain_text("Every Friday at 09:00")
    with running.inside():
        (made,) = rows(
            "SELECT r.id FROM recurring_orders r JOIN customers c ON c.id = r.customer_id JOIN logins l"
            " ON l.id = c.login_id WHERE l.email = :email",
            email=chike.email,
        )
        with transaction(trading.TEST):
            due = {"at": clock.now(), "id": made.id}
            db.session.connection().exec_driver_sql(
                "UPDATE recurring_orders SET next_at = %(at)s WHERE id = %(id)s", due
            )
    running.let_its_time_come("recurring orders that are due", kind="trading.begin_recurring")
    chike.go("Home")
    bought = page.locator(".wallet", has_text="Ether")
    expect(bought).to_be_visible(timeout=WITHIN_ITS_MINUTE_MS)  # (it comes without loading the page again)
    chike.go("Recurring buys")
    expect(card.get_by_role("link", name=re.compile("^bought on"))).to_be_visible()
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("Nothing is bought while it is paused.")


def test_a_page_that_nobody_sees_asks_for_nothing(dealer: Callable[..., CustomerAtHome]) -> None:
    page = dealer("Dayo", naira(50_000)).page
    page.goto("/prices")
    requested = asked(page, "/prices?seen=")
    page.evaluate(HIDE, arg=True)
    page.wait_for_timeout(QUIET_MS)
    assert requested == []
    page.evaluate(HIDE, arg=False)
    page.wait_for_timeout(500)
    assert len(requested) >= 1


def test_works_without_a_script(dealer: Callable[..., CustomerAtHome], visiting: Visiting, running: Running) -> None:
    watcher = dealer("Efe", naira(1_000)).page
    wait_for_price(watcher, "Bitcoin")
    page = dealer("Femi", naira(100_000), java_script_enabled=False).page
    page.goto("/trade?get=BTC")
    page.get_by_role("textbox", name="You pay").fill("20,000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("This price holds until")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Buy ")).click()
    expect(page.get_by_role("heading", name="Bought Bitcoin")).to_be_visible()
