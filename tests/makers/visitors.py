"""Customers and operators before a browser: what they do, in the words on the pages, knowing only the first address.

A step that waits for the product waits for what the person would see.
"""

import itertools
import re
import secrets
import time
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect

from app.identity.rules import Audience
from tests.makers import apps
from tests.makers.browser import PATIENCE_MS, Visit
from tests.makers.people import PASSWORD, phone_number
from tests.makers.sandbox import SandboxProcess

_numbers = itertools.count(1)
PLACES = {"Home", "Prices", "Trade", "Activity", "More"}  # (of the portal's navigation)

expect.set_options(timeout=PATIENCE_MS)


def prove(page: Page, email: str) -> None:
    """Type what somebody's app shows."""
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Code").fill(apps.code(email))
    page.get_by_role("button", name="Continue").click()


@dataclass
class CustomerAtHome:
    """A customer with a browser."""

    visit: Visit
    name: str
    email: str = ""
    phone: str = field(default_factory=phone_number)

    def __post_init__(self) -> None:
        self.email = self.email or f"visitor-{next(_numbers)}-{secrets.token_hex(3)}@test.example"

    @property
    def page(self) -> Page:
        """What they look at."""
        return self.visit.page

    def sign_up(self) -> None:
        """Open an account, as far as the question for the code."""
        self.page.goto("/")
        self.page.get_by_role("main").get_by_role("link", name="Sign up").click()
        self.page.get_by_label("Full name").fill(self.name)
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Phone number").fill(f"0{self.phone[4:]}")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Open an account").click()
        expect(self.page.get_by_role("heading", name="Look into your mail")).to_be_visible()

    def confirm(self, code: str) -> None:
        """Type the code."""
        self.page.get_by_label("Code").fill(code)
        self.page.get_by_role("button", name="Confirm").click()
        expect(self.page.get_by_text("Your address is confirmed.")).to_be_visible()
        expect(self.page.get_by_role("heading", name="Confirm your phone")).to_be_visible()

    def put_phone_off(self) -> None:
        """Later."""
        self.page.get_by_role("link", name="Later").click()
        expect(self.page.get_by_text("Nothing can be withdrawn before.")).to_be_visible()

    def confirm_phone(self, vendor: SandboxProcess) -> None:
        """Follow the notice, and type the code that came by text message."""
        self.go("Home")
        self.page.get_by_role("link", name="Confirm it").click()
        give_up_at = time.monotonic() + PATIENCE_MS // 1000
        while not vendor.texts(self.phone):
            assert time.monotonic() < give_up_at, f"no text message to {self.phone}"
            self.page.wait_for_timeout(250)
        found = re.search(r"\b(\d{6})\b", vendor.texts(self.phone)[0])
        assert found
        self.page.get_by_label("Code").fill(found[1])
        self.page.get_by_role("button", name="Confirm", exact=True).click()
        expect(self.page.get_by_text("Your phone number is confirmed.")).to_be_visible()

    def add_app(self) -> None:
        """Follow the page that asks for a second factor, and set an app up."""
        self.go("Withdraw")
        self.page.get_by_role("link", name="Set it up").click()
        self.page.get_by_role("button", name="Set up an app").click()
        apps.know(self.email, self.page.locator("#secret").inner_text().replace(" ", ""))
        self.page.get_by_label("Code", exact=True).fill(apps.code(self.email))
        self.page.get_by_role("button", name="Confirm").click()
        expect(self.page.get_by_text("The app is your second factor now.")).to_be_visible()

    def sign_in(self) -> None:
        """Come back."""
        self.page.goto("/sign-in")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        if apps.has(self.email):
            prove(self.page, self.email)
        expect(self.balance()).to_be_visible()

    def come_in(self, token: str) -> None:
        """Come back to a session that is still open."""
        self.visit.keep(Audience.CUSTOMER, token)
        self.page.goto("/")
        expect(self.balance()).to_be_visible()

    def go(self, place: str) -> None:
        """Follow the navigation: above on a large screen, below on a small one. What is not in it is in More."""
        navigation = self.page.get_by_role("navigation", name=re.compile("^Main"))
        if place in PLACES:
            navigation.get_by_role("link", name=place).click()
            return
        navigation.get_by_role("link", name="More").click()
        expect(self.page.get_by_role("heading", name="More", exact=True)).to_be_visible()
        self.page.get_by_role("main").get_by_role("link", name=place).click()

    def available(self) -> Locator:
        """How much naira is free to use, where some of it is not."""
        return self.page.locator("[data-available=NGN]")

    def balance(self) -> Locator:
        """The large number on the first page."""
        return self.page.locator(".hero-amount")

    def deposit(self, amount: str) -> None:
        """Start it here, pay it at the vendor by transfer, and wait on our page until it is credited."""
        self.go("Add money")
        self.page.get_by_role("textbox", name="Amount").fill(amount)
        self.page.locator(".choice", has_text="See all ways").click()
        self.page.get_by_role("button", name="Continue").click()
        self.page.get_by_role("link", name=re.compile("at Paystack$")).click()
        self.page.get_by_role("button", name="Pay by bank transfer").click()
        self.page.wait_for_url("**/deposits/**")
        self.page.evaluate("window.untouched = true")
        expect(self.page.locator("#standing .pill")).to_have_text("In your wallet")
        assert self.page.evaluate("window.untouched"), "the page was loaded again"

    def add_bank_account(self, number: str, *, bank: str) -> None:
        """Have an account looked up."""
        self.go("Withdraw")
        self.page.get_by_role("link", name="Add a bank account").click()
        self.page.get_by_label("Bank", exact=True).select_option(bank)
        self.page.get_by_label("Account number").fill(number)
        self.page.get_by_role("button", name="Add this account").click()

    def review_withdrawal(self, amount: str) -> None:
        """As far as the page that says what it means."""
        self.go("Withdraw")
        self.page.get_by_role("textbox", name="Amount").fill(amount)
        self.page.get_by_role("button", name="Continue").click()
        expect(self.page.get_by_role("heading", name="Check and confirm")).to_be_visible()

    def confirm_withdrawal(self) -> None:
        """Mean it."""
        self.page.get_by_role("button", name=re.compile("^Withdraw ₦")).click()
        self.page.wait_for_url("**/withdrawals/**")

    def standing(self) -> Locator:
        """The pill of the deposit or withdrawal on the page."""
        return self.page.locator("#standing .pill")


@dataclass
class OperatorAtWork:
    """A member of staff with a browser."""

    visit: Visit
    email: str
    password: str = PASSWORD

    @property
    def page(self) -> Page:
        """What they look at."""
        return self.visit.page

    def sign_in(self) -> None:
        """Come in by the console's door."""
        self.page.goto("/console/")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(self.password)
        self.page.get_by_role("button", name="Sign in").click()
        prove(self.page, self.email)
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()

    def come_in(self, token: str) -> None:
        """Come back to a session that is still open."""
        self.visit.keep(Audience.OPERATOR, token)
        self.page.goto("/console/")
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()

    def go(self, place: str) -> None:
        """Follow the sidebar."""
        self.page.get_by_role("navigation", name="Console").get_by_role("link", name=re.compile(f"^{place}")).click()
        expect(self.page.get_by_role("heading", name=place, level=1)).to_be_visible()

    def code_for(self, email: str) -> str:
        """Read the newest mail to somebody, reloading until it is there."""
        self.go("Mailbox")
        mail = self.page.locator("details", has_text=f"to {email}").first
        give_up_at = time.monotonic() + PATIENCE_MS // 1000
        while not mail.count():
            assert time.monotonic() < give_up_at, f"no mail to {email}"
            self.page.wait_for_timeout(250)
            self.page.reload()
        if mail.get_attribute("open") is None:
            mail.locator("summary").click()
        found = re.search(r"\b(\d{6})\b", mail.locator("p").inner_text())
        assert found, f"no code in the mail to {email}"
        return found[1]

    def open_withdrawal(self, customer: str) -> Locator:
        """Open somebody's withdrawal beside the queue."""
        self.go("Withdrawals")
        self.page.locator("a.row-main[data-htmx-powered]", has_text=customer).click()
        expect(self.drawer()).to_be_visible()
        return self.drawer()

    def open_page(self, withdrawal_id: str) -> None:
        """Open the page of one, and load it again until its checks are done."""
        self.page.goto(f"/console/withdrawals/{withdrawal_id}")
        give_up_at = time.monotonic() + PATIENCE_MS // 1000
        while (again := self.page.get_by_role("link", name="Look again")).count():
            assert time.monotonic() < give_up_at, f"{withdrawal_id} is not checked"
            self.page.wait_for_timeout(250)
            again.click()

    def drawer(self) -> Locator:
        """The withdrawal that lies open beside the queue."""
        return self.page.locator("dialog.drawer")

    def approve(self) -> None:
        """Say yes to what lies open, twice."""
        self.drawer().get_by_role("button", name=re.compile(r"^Approve \(")).click()
        self.page.get_by_role("dialog").get_by_role("button", name=re.compile("^Approve ₦")).click()

    def reject(self, reason: str) -> None:
        """Say no to what lies open."""
        self.drawer().get_by_role("button", name="Reject…").click()
        asked = self.page.locator("dialog#reject")
        asked.get_by_label("Reason").fill(reason)
        asked.get_by_role("button", name="Reject", exact=True).click()

    def close_drawer(self) -> None:
        """Back to the queue."""
        self.page.keyboard.press("Escape")
        expect(self.drawer()).to_be_hidden()

    def toast(self, text: str) -> None:
        """Read the short news."""
        expect(self.page.locator(".toast-note", has_text=text).last).to_be_visible()
