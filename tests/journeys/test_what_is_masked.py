"""What is masked, in a browser: shown in its place to who says why, hidden again. And files that leave forms usable."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dev import tour
from dev.business import MAIL, PASSWORD, SECRET
from tests.makers.browser import Visit
from tests.makers.house import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("lived-in")]

Visiting = Callable[..., Visit]
A_MINUTE_MS = 61_000


def somebody(visiting: Visiting, lived_in: Running, who: str, *refusals: int) -> Page:
    """A window in which this member of staff is signed in, and meets these refusals."""
    visit = visiting(lived_in)
    visit.expect(*refusals)
    page = visit.page
    tour.sign_in(page, who, house=lived_in.url, email=f"{who}@{MAIL}", password=PASSWORD, secret=SECRET)
    return page


def test_a_masked_address(visiting: Visiting, lived_in: Running) -> None:
    page = somebody(visiting, lived_in, tour.OFFICER)
    page.clock.install()
    page.goto("/console/customers")
    page.get_by_role("searchbox").fill("amina")
    expect(page.locator("tbody tr")).to_have_count(1)
    with page.expect_navigation():
        page.get_by_role("link", name="Amina Yaro").click()
    place, whole = page.url, f"newcomer@{MAIL}"
    veil, box = page.locator("[id^='veil-email']"), page.get_by_role("dialog", name="Show what is masked")
    expect(veil).to_contain_text(f"n•••@{MAIL}")
    assert whole not in page.content()
    looks = page.get_by_text("Masked field looked at")
    page.locator("#timeline").scroll_into_view_if_needed()  # (it comes when it is looked at)
    expect(page.locator("#timeline li").first).to_be_visible()
    before = looks.count()

    for hide in (
        lambda: veil.get_by_role("button", name="Hide").click(),
        lambda: page.clock.fast_forward(A_MINUTE_MS),
    ):
        veil.get_by_role("link", name="Show e-mail address").click()
        expect(box.get_by_label("Why", exact=True)).to_be_focused()
        box.get_by_label("In a few words").fill("A ticket of theirs.")
        box.get_by_role("button", name="Show e-mail address").click()
        expect(box).to_be_hidden()
        expect(veil).to_contain_text(whole)
        assert page.url == place  # nothing came into the browser's history
        hide()
        expect(veil).to_contain_text(f"n•••@{MAIL}")
        assert whole not in page.content()

    page.goto("/console/customers")
    page.go_back()
    expect(veil).to_contain_text(f"n•••@{MAIL}")
    assert whole not in page.content()
    page.locator("#timeline").scroll_into_view_if_needed()
    expect(looks).to_have_count(before + 2)


def test_a_refusal_stands_in_the_dialog(visiting: Visiting, lived_in: Running) -> None:
    page = somebody(visiting, lived_in, tour.OFFICER, tour.FAULTY)
    page.goto("/console/customers?q=Amina")
    with page.expect_navigation():
        page.get_by_role("link", name="Amina Yaro").click()
    page.get_by_role("link", name="Show e-mail address").click()
    box = page.get_by_role("dialog", name="Show what is masked")
    box.get_by_label("In a few words").fill("x")
    box.get_by_role("button", name="Show e-mail address").click()
    expect(box.get_by_text("Say why you need to see it")).to_be_visible()
    expect(box.get_by_label("In a few words")).to_be_focused()
    expect(page.locator("[id^='veil-email']")).to_contain_text(f"n•••@{MAIL}")


def test_a_file_can_be_brought_twice(visiting: Visiting, lived_in: Running) -> None:
    page = somebody(visiting, lived_in, tour.AUDITOR)
    page.goto("/console/audit")
    for _ in range(2):
        page.get_by_role("button", name="CSV…").click()
        box = page.get_by_role("dialog", name="Export these records?")
        box.get_by_label("Reason").fill("The yearly review.")
        with page.expect_download() as brought:
            box.get_by_role("button", name="Export").click()
        assert brought.value.suggested_filename == "audit.csv"
        expect(box).to_be_hidden()
        expect(page.get_by_text("The file is on its way").last).to_be_visible()
        expect(page.locator("#export [type=submit]")).to_be_enabled()
