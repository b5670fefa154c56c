"""The console by keyboard alone, and Back: keys move, open and close; none decides; no page comes back in pieces."""

import re

import pytest
from playwright.sync_api import Page, expect

from dev import tour
from dev.business import MAIL, PASSWORD, SECRET
from tests.journeys.conftest import Visiting
from tests.makers.browser import PATIENCE_MS
from tests.makers.house import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("lived-in")]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def console(lived_in: Running, visiting: Visiting) -> Page:
    """The console, with somebody from treasury before it."""
    page = visiting(lived_in).page
    email = f"{tour.TREASURY}@{MAIL}"
    tour.sign_in(page, tour.TREASURY, house=lived_in.url, email=email, password=PASSWORD, secret=SECRET)
    return page


def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        page.keyboard.press(key)


def at_the_queue(page: Page) -> None:
    """The withdrawals, once their rows open beside the queue: before that a row is a plain link to a page."""
    page.goto("/console/withdrawals")
    page.locator("a.row-main[data-htmx-powered]").first.wait_for()


def whole(page: Page) -> None:
    """The page is a page: sidebar, one title, and its look."""
    expect(page.get_by_role("navigation", name="Console")).to_be_visible()
    expect(page.locator("main h1")).to_have_count(1)


def test_the_palette_goes_anywhere(console: Page) -> None:
    press(console, "Control+k")
    expect(console.locator("#palette")).to_be_visible()
    console.keyboard.type("recon")
    expect(console.locator("#palette-list li")).to_have_count(1)
    press(console, "Enter")
    console.wait_for_url("**/console/reconciliation")
    press(console, "Control+k")
    console.keyboard.type("zzz")
    expect(console.get_by_text("Nothing by that name.")).to_be_visible()
    press(console, "Escape")
    expect(console.locator("#palette")).to_be_hidden()


def test_the_palette_asks_the_house_for_references_and_for_nobody(console: Page) -> None:
    asked = list[str]()
    console.on("request", lambda request: asked.append(request.url))
    press(console, "Control+k")
    field = console.locator("#palette input")
    for text in ("ada@example.com", "Ada Obi", "adaobi", "08031234567", "0123456789"):
        field.fill(text)
        console.wait_for_timeout(250)  # (longer than it waits for the next letter)
    with console.expect_request("**/console/find?q=TRF_1abc"):
        field.fill("TRF_1abc")
    assert len([url for url in asked if "/console/find" in url]) == 1


def test_letters_after_g_go_to_pages(console: Page) -> None:
    press(console, "g", "w")
    console.wait_for_url("**/console/withdrawals")
    press(console, "g", "l")
    console.wait_for_url("**/console/ledger")
    press(console, "/")
    expect(console.locator("[data-search]")).to_be_focused()
    console.keyboard.type("gw")  # letters in a field are letters
    expect(console.locator("[data-search]")).to_have_value("gw")


def test_rows_move_and_open(console: Page) -> None:
    at_the_queue(console)
    rows = console.locator("tbody tr")
    press(console, "j", "j", "k")
    expect(rows.first).to_have_class(re.compile("is-picked"))
    name = rows.first.locator("a.row-main").inner_text()
    press(console, "Enter")
    drawer = console.locator("dialog.drawer")
    expect(drawer.locator("#drawer-title")).to_have_text(name)
    expect(drawer.locator("#drawer-title")).to_be_focused()
    press(console, "Escape")
    expect(drawer).to_be_hidden()
    expect(rows.first.locator("a.row-main")).to_be_focused()


def test_a_key_asks_and_never_decides(console: Page) -> None:
    at_the_queue(console)
    waiting = console.locator(".tab[aria-current] .count").inner_text()
    undecided = console.locator("tbody tr").filter(has_not_text="you said yes").first.locator("a.row-main")
    undecided.press("Enter")
    expect(console.locator("#drawer-title")).to_be_focused()
    press(console, "a")
    expect(console.locator("dialog#approve")).to_be_visible()
    press(console, "a", "a")
    press(console, "Escape")
    expect(console.locator("dialog#approve")).to_be_hidden()
    expect(console.locator("dialog.drawer")).to_be_visible()
    press(console, "Escape")
    expect(console.locator("dialog.drawer")).to_be_hidden()
    console.reload()
    expect(console.locator(".tab[aria-current] .count")).to_have_text(waiting)


def test_the_sheet_names_the_keys(console: Page) -> None:
    press(console, "?")
    sheet = console.locator("#shortcuts")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Withdrawals")
    press(console, "Escape")
    expect(sheet).to_be_hidden()
    press(console, "?")
    console.get_by_label("Single-key shortcuts are on").uncheck()
    press(console, "Escape")
    expect(sheet).to_be_hidden()
    press(console, "g", "w")
    expect(console.get_by_role("heading", name="Overview")).to_be_visible()


def test_back_brings_whole_pages(console: Page) -> None:
    console.goto("/console/ledger")
    with console.expect_response(re.compile("q=asset")):
        console.locator("[data-search]").fill("asset")
    expect(console.locator("#class-liability")).to_have_count(0)
    console.get_by_role("link", name="Paystack", exact=True).click()
    console.wait_for_url("**/accounts/**")
    console.go_back()
    whole(console)
    expect(console.locator("[data-search]")).to_have_value("asset")

    at_the_queue(console)
    press(console, "j", "Enter")
    console.get_by_role("link", name="Own page").click()
    console.wait_for_url("**/withdrawals/wd_*")
    whole(console)
    console.go_back()
    whole(console)
    console.go_forward()
    whole(console)
