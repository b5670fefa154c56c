"""A customer verifies themself on a telephone, from the first page to the second tier, with pictures that are real.

An officer asks for one picture again, the customer sends it, the officer approves: another tier, other limits, and the
same story in both their timelines and in the audit.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.core.db import rows
from app.core.permissions import Role
from app.customers.rules import Tier
from dev.chromium import NARROW
from tests.journeys.conftest import Visiting
from tests.makers import identities, listed, people, pictures
from tests.makers.house import Running
from tests.makers.visitors import CustomerAtHome, OperatorAtWork

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.xdist_group("running")]


PATIENCE = 80  # quarters of a second
OWN_ACCOUNT = "3018273645"


@dataclass
class Applicant:
    """A customer before the verification pages, in the words on them."""

    home: CustomerAtHome
    folder: Path
    customer_id: str

    @property
    def page(self) -> Page:
        """What they look at."""
        return self.home.page

    def begin(self, tier: str) -> None:
        """From the first page to the first step."""
        self.page.goto("/")
        self.page.get_by_role("link", name="Begin").click()
        rung = self.page.locator("details.rung", has_text=f"Get {tier}")
        if rung.get_attribute("open") is None:
            rung.locator("summary").click()
        rung.get_by_role("button", name=f"Get {tier}").click()
        self.at("Address and phone")

    def at(self, step: str) -> None:
        """Be at a step."""
        expect(self.page.get_by_role("heading", name=step, level=1)).to_be_visible()

    def go_on(self, name: str = "Save and continue") -> None:
        """Press the large button."""
        self.page.get_by_role("button", name=name).click()

    def fill(self, **fields: str) -> None:
        """Type into fields by their names."""
        for name, text in fields.items():
            field = self.page.locator(f"[name={name}]")
            if field.evaluate("(element) => element.nodeName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text)

    def number(self, number: str) -> None:
        """Give a number, and wait until it was looked up."""
        self.page.locator("[name=number]").fill(number)
        self.go_on("Check this number")
        expect(self.page.get_by_text("We have what we need", exact=True)).to_be_visible()
        self.page.get_by_role("link", name="Continue").click()

    def photo(self, slot: str, words: str) -> None:
        """Take a picture, and wait until it was looked at."""
        path = self.folder / f"{slot}.jpg"
        path.write_bytes(pictures.jpeg(words, size=(1600, 1200)))
        self.slot(slot).get_by_label("Take a picture").set_input_files(path)
        expect(self.slot(slot).get_by_text("Ready", exact=True)).to_be_visible()
        expect(self.slot(slot).get_by_role("img")).to_be_visible()

    def slot(self, slot: str) -> Locator:
        """The place of a file."""
        return self.page.locator(f"#slot-{slot}")

    def pill(self, step: str) -> Locator:
        """How a step stands in the list."""
        return self.page.locator(".step-list li", has_text=step).locator(".pill")


def newcomer(running: Running, visiting: Visiting, folder: Path) -> Applicant:
    """A customer whom nobody has verified, at home with a telephone, with a bank account in their own name."""
    with running.inside() as app:
        listed.one_at_least()  # (a house that is open has one)
        known = people.customer(enrolled=True, tier=Tier.T0)
        running.vendor.name_account(OWN_ACCOUNT, "Ada Obi")
        people.bank_account(known, app=app, number=OWN_ACCOUNT)
    home = CustomerAtHome(visiting(running, size=NARROW, has_touch=True, is_mobile=True), "Ada Obi", known.email)
    home.sign_in()
    return Applicant(home, folder, known.id)


def handed_in(applicant: Applicant) -> None:
    """From the first page to the application that waits for reviewers."""
    page = applicant.page
    applicant.begin("Tier 2")
    applicant.go_on()

    applicant.at("About you")
    applicant.fill(first_name="Ada", last_name="Obi", born="2015-05-17", street="12 Marina", city="Lagos")
    applicant.fill(region="Lagos", occupation="Nurse", country="NG")
    page.get_by_role("radio", name="No").check(force=True)
    applicant.home.visit.expect(422)
    applicant.go_on()
    expect(page.get_by_text("You need to be eighteen.")).to_be_visible()
    expect(page.locator("[name=street]")).to_have_value("12 Marina")
    applicant.fill(born="1990-05-17")
    applicant.go_on()

    applicant.at("Your BVN")
    applicant.number(identities.number(identities.ECHO))
    applicant.at("A picture of your face")
    applicant.photo("selfie", "me")

    page.get_by_role("link", name="Finish later").click()
    expect(applicant.pill("A picture of your face")).to_have_text("Done")
    expect(applicant.pill("Your NIN")).to_have_text("To do")
    expect(page.get_by_text("4 of 7 steps done")).to_be_visible()
    page.get_by_role("link", name="Continue").click()

    applicant.at("Your NIN")
    applicant.number(identities.number(identities.ECHO))
    applicant.at("Your bank account")
    applicant.go_on()
    applicant.at("Your ID document")
    applicant.fill(kind="passport", number="A01234567", expires_on="2031-01-01")
    applicant.photo("front", "passport")
    expect(page.locator("[name=number]")).to_have_value("A01234567")  # (what was typed is not lost to the picture)
    applicant.go_on()

    expect(page.get_by_role("heading", name="Check and send")).to_be_visible()
    expect(page.get_by_text("Passport", exact=False).first).to_be_visible()
    page.get_by_label("I agree to these checks").check()
    applicant.go_on("Send it")
    expect(page.get_by_text("With our reviewers")).to_be_visible()
    expect(page.get_by_text("You sent it to us")).to_be_visible()


@dataclass
class Reviewer:
    """An officer before the panel, in the words on it."""

    work: OperatorAtWork

    @property
    def page(self) -> Page:
        """What they look at."""
        return self.work.page

    def open(self, customer_id: str) -> None:
        """Find the customer's application in the queue."""
        self.page.goto(f"/console/applications?asked={customer_id}")
        self.page.locator("tbody .row-main").click()
        expect(self.page.locator("#desk")).to_be_visible()

    def until(self, words: str) -> None:
        """Look again until the panel says so: registers and lists are asked by workers."""
        for _ in range(PATIENCE):
            if self.page.locator("main", has_text=words).count():
                return
            self.page.wait_for_timeout(250)
            self.page.reload()
        expect(self.page.locator("main")).to_contain_text(words)

    def answer(self) -> None:
        """Say yes to everything that is not answered yet."""
        while (open_ones := self.page.locator("form.question-open")).count():
            left = open_ones.count()
            open_ones.first.locator("input[value=yes]").check(force=True)
            expect(self.page.locator("form.question-open")).to_have_count(left - 1)

    def ask_again(self, step: str) -> None:
        """Send one step back."""
        self.page.get_by_role("button", name="Ask for more…").click()
        again = self.page.locator("#again")
        again.get_by_label(step, exact=True).check()
        expect(again.locator("[data-reads]")).to_contain_text("We cannot read this picture.")
        again.get_by_role("button", name="Send it back").click()
        expect(self.page.locator("#desk")).to_contain_text("It is with the customer.")

    def approve(self) -> None:
        """Approve what was applied for."""
        self.page.get_by_role("button", name="Approve…").click()
        self.page.locator("#approve").get_by_role("button", name="Approve it").click()
        expect(self.page.locator("#desk")).to_contain_text("T2 approved by")


def reviewer(running: Running, visiting: Visiting) -> Reviewer:
    """An officer at work."""
    with running.inside():
        _, email = people.operator(Role.COMPLIANCE_OFFICER)
    work = OperatorAtWork(visiting(running), email)
    work.sign_in()
    return Reviewer(work)


def sent_again(applicant: Applicant) -> None:
    """The customer reads what is wanted, and sends that alone."""
    page = applicant.page
    page.goto("/verification")
    expect(page.get_by_text("We cannot read this picture.").first).to_be_visible()
    page.goto("/verification/profile")
    expect(page.locator("[name=first_name]")).to_have_count(0)  # (it was not sent back)
    page.goto("/verification/document")
    applicant.photo("front", "passport, in daylight")
    applicant.go_on()
    expect(page.get_by_role("heading", name="Check and send")).to_be_visible()
    page.get_by_label("I agree to these checks").check()
    applicant.go_on("Send it")
    expect(page.get_by_text("With our reviewers")).to_be_visible()


def test_a_tier_and_how_it_came(running: Running, visiting: Visiting, tmp_path: Path) -> None:
    applicant = newcomer(running, visiting, tmp_path)
    applicant.page.goto("/limits")
    expect(applicant.page.locator("main")).not_to_contain_text("200,000")
    handed_in(applicant)
    officer = reviewer(running, visiting)

    officer.open(applicant.customer_id)
    officer.until("On no list")
    expect(officer.page.get_by_role("button", name="Approve…")).to_be_disabled()
    officer.page.get_by_role("button", name="Claim").click()
    expect(officer.page.locator("#lease")).to_contain_text("It is yours for")
    expect(officer.page.locator("main")).to_contain_text("1990")  # given beside found
    officer.answer()
    officer.ask_again("Identity document")

    sent_again(applicant)

    officer.open(applicant.customer_id)
    officer.page.get_by_role("button", name="Claim").click()
    expect(officer.page.locator("#lease")).to_contain_text("It is yours for")
    expect(officer.page.locator("form.question-open")).not_to_have_count(0)
    expect(officer.page.locator("#approve [name=tier][value=t2]")).to_be_disabled()  # (a lower tier could be approved)
    officer.answer()
    officer.until("Approve…")
    officer.approve()

    page = applicant.page
    page.goto("/verification")
    for line in ("You sent it to us", "We asked for something again", "Tier 2"):
        expect(page.locator("main")).to_contain_text(line)
    page.goto("/limits")
    expect(page.locator("main")).to_contain_text("200,000")
    for line in ("Handed in again", "Asked for again", "T2 approved"):
        expect(officer.page.locator("#story")).to_contain_text(line)
    with running.inside():
        records = rows(
            "SELECT actor, after ->> 'state' AS state FROM audit.records WHERE table_name = 'applications'"
            " AND row_id IN (SELECT id FROM applications WHERE customer_id = :owner)"
            " AND after ->> 'state' IS DISTINCT FROM before ->> 'state' ORDER BY id",
            owner=applicant.customer_id,
        )
        told = [(record.actor.split(":")[0], record.state) for record in records]
    assert told == [
        ("customer", "draft"),
        ("customer", "submitted"),
        ("operator", "waiting"),
        ("customer", "submitted"),
        ("operator", "approved"),
    ]
