"""A customer withdraws on a telephone; two people agree at the keyboard, each proving themselves again on the way.

The bank fails the first attempt, treasury has it tried again, it is paid, and then it comes back all the same: whose
money it is, who is told and who looks into it.
"""

import re
import secrets
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from app.core.db import rows
from app.core.permissions import Role
from app.identity.rules import Audience
from app.payments import flows as payments
from dev.chromium import NARROW
from tests.journeys.conftest import Visiting
from tests.makers import apps, people, sessions
from tests.makers.house import Running
from tests.makers.people import ZENITH, naira
from tests.makers.visitors import CustomerAtHome, OperatorAtWork

pytestmark = [pytest.mark.timeout(600), pytest.mark.browser, pytest.mark.journey, pytest.mark.xdist_group("running")]

PATIENCE = 80  # quarters of a second
TABS_MAX = 150
PAID_MS = 60_000  # a lost webhook is made up for within twenty seconds, by workers who may have much to do
FOCUSED = "document.activeElement?.innerText?.trim() ?? ''"


@dataclass
class AtTheKeyboard:
    """An operator whose mouse is away."""

    work: OperatorAtWork
    token: str
    running: Running

    @property
    def page(self) -> Page:
        """What they look at."""
        return self.work.page

    def press(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def reach(self, name: str) -> None:
        """Walk to a button, and press it."""
        for _ in range(TABS_MAX):
            if re.match(name, self.page.evaluate(FOCUSED)):
                return self.press("Enter")
            self.press("Tab")
        raise AssertionError(f"no way to {name} by the keyboard")

    def rest(self) -> None:
        """So long that their proof is not fresh any more."""
        with self.running.inside():
            sessions.let_factor_age(sessions.id_of(self.token))

    def open(self, customer: str) -> None:
        """The queue, and in it the withdrawal of somebody."""
        self.press("g", "w")
        expect(self.page.get_by_role("heading", name="Withdrawals", level=1)).to_be_visible()
        row = self.page.locator("tbody tr", has_text=customer)
        row.locator("a.row-main[data-htmx-powered]").wait_for()
        for _ in range(TABS_MAX):
            self.press("j")
            if "is-picked" in (row.get_attribute("class") or ""):
                break
        self.press("Enter")
        expect(self.page.locator("#drawer-title")).to_be_focused()

    def agree(self) -> None:
        """Bring the question up by its key, and answer it."""
        self.press("a")
        expect(self.page.locator("dialog#approve")).to_be_visible()
        self.reach("Approve ₦")

    def prove(self) -> None:
        """Type what the app shows."""
        expect(self.page.get_by_role("heading", name="Is it you?")).to_be_visible()
        expect(self.page.get_by_label("Code")).to_be_focused()
        self.page.keyboard.type(apps.code(self.work.email))
        self.press("Enter")

    def approve(self, customer: str, *, place: int) -> None:
        """A yes: it asks for a proof first, does nothing, and is given again."""
        self.rest()
        self.open(customer)
        self.work.visit.expect(401)
        self.agree()
        self.prove()
        expect(self.page.get_by_role("heading", name="Withdrawals", level=1)).to_be_visible()
        self.open(customer)
        expect(self.work.drawer()).to_contain_text(f"Approve ({place} of 2)")
        self.agree()

    def until(self, words: str) -> None:
        """Look again until the page says so: workers are under way."""
        for _ in range(PATIENCE):
            if self.page.locator("main", has_text=words).count():
                return
            self.page.wait_for_timeout(250)
            self.page.reload()
        expect(self.page.locator("main")).to_contain_text(words)


def hired(running: Running, visiting: Visiting, role: Role) -> AtTheKeyboard:
    """Somebody with a role, before a console."""
    with running.inside():
        _, email = people.operator(role)
        token = sessions.opened(apps.login_of(email), Audience.OPERATOR)
    work = OperatorAtWork(visiting(running), email)
    work.come_in(token)
    return AtTheKeyboard(work, token, running)


def at_home(running: Running, visiting: Visiting) -> CustomerAtHome:
    """A customer with a telephone in the hand and money in the wallet."""
    with running.inside() as app:
        known = people.customer(enrolled=True)
        people.paid_in(known, naira(700_000), app=app, sandbox=running.vendor)
        payments.refresh_banks(paystack=app.extensions["clients"].paystack, actor=people.COMMAND)
        token = sessions.opened(known.login_id, Audience.CUSTOMER)
    home = CustomerAtHome(visiting(running, size=NARROW, has_touch=True, is_mobile=True), "Ada Obi", known.email)
    home.come_in(token)
    expect(home.balance()).to_have_text("₦700,000.00")
    return home


def asked_for(running: Running, ada: CustomerAtHome) -> str:
    """From no bank account to a withdrawal that waits for two people: its id."""
    number = f"{secrets.randbelow(8_000_000_000) + 1_000_000_000}"
    running.vendor.name_account(number, "ADA OBI")
    ada.add_bank_account(number, bank=ZENITH)
    expect(ada.page.get_by_text("ADA OBI at Zenith Bank was added.")).to_be_visible()
    running.let_a_day_pass_over_accounts()
    ada.review_withdrawal("600,000")
    expect(ada.page.get_by_text("A large or unusual one waits for people here")).to_be_visible()
    ada.confirm_withdrawal()
    expect(ada.standing()).to_have_text("Being checked")
    return ada.page.url.rpartition("/")[2]


def test_a_payout_that_fails_is_paid_and_comes_back(running: Running, visiting: Visiting) -> None:
    ada = at_home(running, visiting)
    withdrawal_id = asked_for(running, ada)
    attempt = withdrawal_id.replace("wd_", "po_")

    running.vendor.knobs(transfer_outcome="failed")
    try:
        treasury = hired(running, visiting, Role.TREASURY)
        treasury.approve(withdrawal_id[-6:], place=1)
        treasury.work.toast("It needs one more person.")
        manager = hired(running, visiting, Role.COMPLIANCE_MANAGER)
        manager.approve(withdrawal_id[-6:], place=2)
        manager.work.toast("Approved. It is being sent.")
        expect(ada.standing()).to_have_text("Being tried again")
    finally:
        running.vendor.knobs(transfer_outcome="success")

    tried_again(treasury, withdrawal_id)
    expect(ada.standing()).to_have_text("Paid", timeout=PAID_MS)
    expect(ada.page.get_by_role("list", name="Progress").locator(".trail-current")).to_have_count(0)
    receipt_of(ada)

    running.vendor.conclude(f"{attempt}-2", "reverse")
    come_back(ada)
    told(running, ada.page, "notifications.withdrawal_ended", withdrawal_id)
    looked_into(treasury)
    told(running, ada.page, "alerts.payout_reversed", f"{attempt}-2")


def told(running: Running, page: Page, template: str, subject: str) -> None:
    """A mail about this was written; the one who writes it may be some steps behind."""
    for _ in range(PATIENCE):
        with running.inside():
            if rows("SELECT FROM mails WHERE cause LIKE :cause || '%'", cause=f"{template}:{subject}"):
                return
        page.wait_for_timeout(250)
    raise AssertionError(f"no mail {template} about {subject}")


def tried_again(treasury: AtTheKeyboard, withdrawal_id: str) -> None:
    """Treasury finds what came back unpaid, and has it sent anew."""
    treasury.page.goto(f"/console/withdrawals/{withdrawal_id}")
    treasury.reach("Try again…")
    expect(treasury.page.locator("dialog#retry")).to_be_visible()
    treasury.reach("Try again$")
    treasury.work.toast("It is tried again.")


def receipt_of(ada: CustomerAtHome) -> None:
    """How it went, and the paper for it."""
    ada.page.get_by_role("link", name="Receipt").click()
    expect(ada.page.locator(".receipt-amount")).to_have_text("₦600,000.00")
    with ada.page.expect_download() as coming:
        ada.page.get_by_role("link", name="Save as PDF").click()
    assert coming.value.path().read_bytes().startswith(b"%PDF")


def come_back(ada: CustomerAtHome) -> None:
    """The money is there again."""
    ada.page.goto("/")
    for _ in range(PATIENCE):
        if ada.balance().inner_text() == "₦700,000.00":
            break
        ada.page.wait_for_timeout(250)
        ada.page.reload()
    expect(ada.balance()).to_have_text("₦700,000.00")


def looked_into(treasury: AtTheKeyboard) -> None:
    """A case of its own stands in their queue."""
    treasury.page.goto("/console/cases?view=mine")
    treasury.until("Reversed payout")
