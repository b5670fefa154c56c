"""An application in a browser: files turned and put beside each other, answers kept, decisions by keyboard that ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.applications import service, standing
from app.applications.models import Application
from app.applications.rules import Step
from app.core import actor, clock
from app.core.db import for_everyone, leave, transaction
from app.core.permissions import Role
from app.customers.rules import Tier
from app.identity import factors, rules, totp
from dev import tour
from dev.embedded import Servers
from tests.journeys.conftest import FIRST_REDIS, Visiting, house
from tests.makers import applicants, apps, hostile, papers, people
from tests.makers.browser import PATIENCE_MS
from tests.makers.house import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("reviewing")]

expect.set_options(timeout=PATIENCE_MS)
SECRET = totp.new_secret()
TODAY = date.today().isoformat()  # noqa: DTZ011


@dataclass(frozen=True)
class Desk:
    """A house with an application that waits, and who reviews."""

    house: Running
    application: Application
    email: str


@pytest.fixture(scope="module")
def desk(given: Servers, home: Path, chromium: Browser) -> Iterator[Desk]:
    """A house where somebody handed in real files, one of which took another's place."""
    with house(given, home, name="reviewing", number=FIRST_REDIS + 1, background=False) as made:
        with made.inside() as app, for_everyone():
            _, email = people.newcomer(Role.COMPLIANCE_OFFICER)
            login_id = apps.login_of(email)
            with transaction(actor.system("test")):
                factors.provide_app(login_id, secret=SECRET)
            owner = people.customer(tier=Tier.T0)
            application = applicants.begin(owner, Tier.T2)
            applicants.do(owner, application.id, application_steps(), today=TODAY)
            for slot, step, size in FILES:
                paper = papers.checked(owner, app=app, body=hostile.jpeg(hostile.picture(*size)), name=f"{slot}.jpg")
                with transaction(owner.actor):
                    service.attach(application.id, step, slot, document_id=paper.id, owner=owner.id, actor=owner.actor)
            with transaction(owner.actor):
                service.submit(application.id, owner=owner.id, actor=owner.actor)
            applicants.held_against_lists(owner)
            with transaction(actor.system("test")):
                standing.refresh_open(owner.id)
            leave()
        with made:
            yield Desk(made, application, email)
            assert not made.dead()


FILES = (
    ("selfie", Step.SELFIE, (600, 800)),
    ("front", Step.DOCUMENT, (900, 600)),
    ("front", Step.DOCUMENT, (1200, 800)),
    ("back", Step.DOCUMENT, (1200, 800)),
)


def application_steps() -> list[Step]:
    """What a second tier asks for."""
    return [Step.CONTACT, Step.PROFILE, Step.BVN, Step.SELFIE, Step.NIN, Step.BANK, Step.DOCUMENT]


@pytest.fixture
def page(desk: Desk, visiting: Visiting) -> Page:
    """The panel, with the reviewer before it."""
    found: Page = visiting(desk.house).page
    found.goto("/console/sign-in")
    tour.send("Sign in", email=desk.email, password=people.PASSWORD)(found)
    tour.send("Continue", code=totp.code(SECRET, step=rules.totp_step(clock.now())))(found)
    found.goto("/console/applications")
    return found


def test_by_keyboard_alone(page: Page, desk: Desk) -> None:
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/applications/{desk.application.id}")

    look_at_files(page)
    decide_nothing_by_one_key(page)
    answer_and_note(page)


def look_at_files(page: Page) -> None:
    """Next file, larger, turned, two beside each other; what was replaced is there."""
    image = page.locator('[data-sheet="1"] img')
    expect(image).to_have_js_property("complete", True)
    expect(image).to_have_attribute("alt", "Selfie, page 1")
    page.keyboard.press("]")
    expect(image).to_have_attribute("alt", "Identity document, front, page 1")
    expect(image).to_have_js_property("naturalWidth", 1200)
    width = page.locator('[data-sheet="1"] .sheet-page').bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("+")
    larger = page.locator('[data-sheet="1"] .sheet-page').bounding_box()
    assert width
    assert larger
    assert larger["width"] > width["width"] * 1.5
    page.keyboard.press("Shift+R")
    turned = page.locator('[data-sheet="1"] .sheet-page').bounding_box()
    assert turned
    assert turned["height"] > turned["width"]
    page.keyboard.press("s")
    expect(page.locator('[data-sheet="2"] img')).to_have_attribute("alt", "Identity document, back, page 1")
    page.keyboard.press("s")
    expect(page.locator('[data-sheet="2"]')).to_be_hidden()
    expect(page.locator(".file-earlier").last).to_contain_text("earlier, replaced")


def decide_nothing_by_one_key(page: Page) -> None:
    """Before it is taken up keys do nothing; afterwards they bring up what asks."""
    page.keyboard.press("m")
    expect(page.locator("#again")).to_have_count(0)  # dead: it is in nobody's hands
    page.keyboard.press("c")
    expect(page.locator("#lease")).to_contain_text("It is yours for")
    expect(page.locator("[data-left]")).to_contain_text("14:")
    page.keyboard.press("m")
    again = page.locator("#again")
    expect(again).to_be_visible()
    again.get_by_label("Identity document", exact=True).check()
    expect(again.locator("[data-reads]")).to_contain_text("We cannot read this picture.")
    again.get_by_label("Own words for Identity document").fill("A finger is on your name.")
    expect(again.locator("[data-reads] dd")).to_have_text("A finger is on your name.")
    page.keyboard.press("Escape")


def answer_and_note(page: Page) -> None:
    """An answer is kept at once and keeps the focus; a note is written, and the application put back."""
    first = page.locator("#q-profile_adult-yes")
    first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#checklist")).to_contain_text("1 of ")
    expect(page.locator("#q-profile_adult-yes")).to_be_focused()
    page.keyboard.press("x")
    note = page.locator("#note")
    expect(note).to_be_visible()
    note.get_by_label("Note").fill("Looks right.")
    note.get_by_role("button", name="Keep it").click()
    expect(page.locator("#notes")).to_contain_text("Looks right.")
    page.keyboard.press("u")
    expect(page.locator("#desk")).to_contain_text("Put back")
    expect(page.get_by_role("button", name="Claim")).to_be_visible()
