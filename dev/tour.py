"""Every page of portal and console, and how to come there: for pictures and for tests that look at all of them.

A sight is reached by an address and, where that depends on what is in the books, by clicks. Nothing here knows an id.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as WaitedInVain

from app.core import clock
from app.identity import rules, totp

NOBODY, CUSTOMER, NEWCOMER = "", "customer", "newcomer"
TREASURY, FINANCE, ADMIN, AUDITOR, SUPPORT = "treasury", "finance", "admin", "auditor", "support"
OFFICER = "officer"
OK, FORBIDDEN, MISSING, FAULTY = 200, 403, 404, 422

Step = Callable[[Page], None]
_INSIDE: dict[tuple[str, str], list[SetCookieParam]] = {}  # who is signed in at which house, by their cookies
_PROVED: dict[tuple[str, str], float] = {}  # and when they proved their factor
PROVES_AFTER_SECONDS = 120
# What the theme's button does; the page is not loaded again.
DRESS = """(theme) => {
  document.documentElement.dataset.bsTheme = theme;
  document.dispatchEvent(new CustomEvent("theme"));
}"""


class Lost(Exception):
    """The way to a sight does not lead there: something that it goes by is not on the page."""


@dataclass(frozen=True)
class Sight:
    """One page in one state, for one kind of person. `narrow` ones exist on a small screen only."""

    name: str
    path: str
    who: str
    steps: tuple[Step, ...] = ()
    status: int = OK
    narrow: bool = False

    def visit(self, page: Page) -> None:
        """Go there and wait until nothing moves any more. Raises Lost."""
        page.goto(self.path)
        try:
            for step in self.steps:
                step(page)
            if page.locator(".chart[data-fig]").count():
                page.locator(".chart .main-svg").first.wait_for()
        except WaitedInVain as error:
            raise Lost(f"{self.name}, at {page.url}: {error.message.splitlines()[0]}") from error


def follow(selector: str) -> Step:
    """Click a link that leads to another page."""

    def step(page: Page) -> None:
        with page.expect_navigation():
            page.locator(selector).first.click()

    return step


def click(selector: str, *, shows: str) -> Step:
    """Click something that shows something on the same page."""

    def step(page: Page) -> None:
        page.locator(selector).first.click()
        page.locator(shows).first.wait_for()

    return step


def press(keys: str, *, shows: str) -> Step:
    """Press a key that shows something."""

    def step(page: Page) -> None:
        page.keyboard.press(keys)
        page.locator(shows).first.wait_for()

    return step


def send(button: str, **fields: str) -> Step:
    """Fill in a form and send it."""

    def step(page: Page) -> None:
        for name, text in fields.items():
            page.locator(f"[name={name}]").first.fill(text)
        with page.expect_navigation():
            page.get_by_role("button", name=button).first.click()

    return step


_SUBMIT_NOBODY = {"name": "Ada Obi", "email": "ada@nowhere.example", "phone": "0803", "password": "short"}
_MISTAKEN = {"present": "not the password", "password": "several entirely other words"}
_MENU = click("summary.menu-button", shows=".menu-panel")
_OPEN_NOTE = follow("tr:has-text('dispute') a.row-main")


def _begin_to_close(page: Page) -> None:
    """Be asked about it. In a story of a few days no month has ended, and there is nothing to close."""
    begin = page.locator("form[action$='/begin'] button")
    if begin.count():
        begin.first.click()
        page.locator("#confirm").wait_for()


def _typed_journal(page: Page) -> None:
    """Type two lines that do not balance, and wait until the page says so."""
    page.locator("#account-1").fill("expense:paystack_fees:NGN")
    page.locator("#amount-1").fill("1,250.00")
    page.locator("#account-2").fill("asset:paystack:NGN")
    page.locator("#side-2").select_option("credit")
    page.locator("#amount-2").fill("1,000.00")
    page.locator("#check .check-bad").first.wait_for()


def _ask_for_limits(page: Page) -> None:
    """Ask for limits that begin in the past."""
    page.locator("#tier").select_option("t1")
    page.locator("#scope").select_option("bank.in")
    page.locator("#starts_on").fill("2026-01-01")
    send("Ask for approval", single="10", reason="A reason.")(page)


def _new_codes(page: Page) -> None:
    """Make recovery codes, anew where there are some."""
    page.locator("form[action$='/factors/codes'] button").click()
    if page.locator("#confirm").is_visible():
        page.locator("#confirm-yes").click()
    page.locator(".codes").wait_for()


PORTAL = (
    Sight("welcome", "/", NOBODY),
    Sight("sign-up", "/sign-up", NOBODY),
    Sight("sign-up-faulty", "/sign-up", NOBODY, (send("Open an account", **_SUBMIT_NOBODY),), FAULTY),
    Sight("sign-in", "/sign-in", NOBODY),
    Sight("forgotten-password", "/forgotten-password", NOBODY),
    Sight("recover", "/recover", NOBODY),
    Sight("recover-sent", "/recover?sent=1", NOBODY),
    Sight("forgotten-password-sent", "/forgotten-password?sent=1", NOBODY),
    Sight("missing", "/nowhere", NOBODY, status=MISSING),
    Sight("home", "/", CUSTOMER),
    Sight("home-menu", "/", CUSTOMER, (_MENU,)),
    Sight("home-empty", "/", NEWCOMER),
    Sight("api-keys", "/api-keys", CUSTOMER),
    Sight("api-keys-faulty", "/api-keys", CUSTOMER, (send("Make this key", name="Bookkeeping"),), FAULTY),
    Sight("limits", "/limits", CUSTOMER),
    Sight("limits-none", "/limits", NEWCOMER),
    Sight("security", "/security", CUSTOMER),
    Sight("security-no-phone", "/security", NEWCOMER),
    Sight("phone", "/phone", CUSTOMER),
    Sight("phone-waiting", "/phone", NEWCOMER),
    Sight("phone-faulty", "/phone", NEWCOMER, (send("Confirm", code="000000x"),), FAULTY),
    Sight("change-phone", "/phone/change", CUSTOMER),
    Sight("change-phone-faulty", "/phone/change", NEWCOMER, (send("Send me a code", phone="0803"),), FAULTY),
    Sight("close", "/security/close", CUSTOMER),
    Sight("freeze", "/security/freeze", CUSTOMER),
    Sight("change-password", "/security/password", CUSTOMER),
    Sight(
        "change-password-faulty",
        "/security/password",
        CUSTOMER,
        (send("Change the password", **_MISTAKEN),),
        FAULTY,
    ),
    Sight("factors", "/factors", CUSTOMER),
    Sight("factors-none", "/factors", NEWCOMER),
    Sight("prove", "/prove", CUSTOMER),
    Sight("prove-faulty", "/prove", CUSTOMER, (send("Continue", code="000000x"),), FAULTY),
    Sight("app", "/factors", NEWCOMER, (follow("form[action$='/factors/app'] button"),)),
    Sight(
        "app-faulty",
        "/factors",
        NEWCOMER,
        (follow("form[action$='/factors/app'] button"), send("Confirm", code="000000")),
        FAULTY,
    ),
    Sight("recovery-codes", "/factors", CUSTOMER, (_new_codes,)),
    Sight("activity-empty", "/activity?kind=withdrawal", NEWCOMER),
    Sight("prove-password-faulty", "/prove/password", NEWCOMER, (send("Continue", password=NEWCOMER),), FAULTY),
)

WORK = (
    Sight("console-sign-in", "/console/sign-in", NOBODY),
    Sight("console-forgotten-password", "/console/forgotten-password", NOBODY),
    Sight("my-account", "/console/account", AUDITOR),
    Sight("console-change-password", "/console/account/password", AUDITOR),
    Sight("console-prove", "/console/prove", AUDITOR),
    Sight("console-factors", "/console/factors", AUDITOR),
    Sight("overview", "/console/", AUDITOR),
    Sight("console-menu", "/console/", TREASURY, (_MENU,)),
    Sight("sidebar", "/console/", TREASURY, (click(".top-menu", shows="#side:popover-open"),), narrow=True),
    Sight("palette", "/console/", TREASURY, (press("Control+k", shows="#palette li"),)),
    Sight("shortcuts", "/console/suspense", TREASURY, (press("?", shows="#shortcuts"),)),
    Sight("view-as", "/console/view-as", SUPPORT),
    Sight("view-as-none", "/console/view-as?q=nobody@nowhere.example", SUPPORT),
    Sight("view-as-found", f"/console/view-as?q={CUSTOMER}@demo.example", SUPPORT),
    Sight(
        "view-as-faulty",
        f"/console/view-as?q={CUSTOMER}@demo.example",
        SUPPORT,
        (send("View as", ticket=" ", reason=" "),),
        FAULTY,
    ),
    Sight(
        "viewed-home",
        f"/console/view-as?q={CUSTOMER}@demo.example",
        SUPPORT,
        (send("View as", ticket="T-1042", reason="They cannot find a deposit."),),
    ),
    Sight("viewed-activity", "/activity", SUPPORT),
    Sight("closures", "/console/closures", AUDITOR),
    Sight("suspense", "/console/suspense", FINANCE),
    Sight("suspense-none", "/console/suspense?view=resolved", FINANCE),
    Sight("suspense-money", "/console/suspense", FINANCE, (follow("a.row-main"),)),
    Sight("suspense-note", "/console/suspense", FINANCE, (_OPEN_NOTE,)),
)

BOOKS = (
    Sight("ledger", "/console/ledger", AUDITOR),
    Sight("ledger-none", "/console/ledger?q=nowhere", AUDITOR),
    Sight("ledger-customers", "/console/ledger/customers/NGN", AUDITOR),
    Sight("ledger-customers-then", "/console/ledger/customers/NGN?at=2030-01-01T00:00", AUDITOR),
    Sight("ledger-customers-none", "/console/ledger/customers/NGN?q=nowhere", AUDITOR),
    Sight("account", "/console/ledger", AUDITOR, (follow("a[href*='asset:paystack']"),)),
    Sight("account-held", "/console/ledger/customers/NGN", AUDITOR, (follow("a.row-main"),)),
    Sight("account-range", "/console/ledger/accounts/asset:paystack:NGN?from=2030-01-01T00:00", AUDITOR),
    Sight("journal", "/console/journals/", AUDITOR, (follow("a.row-main"),)),
    Sight("settlements", "/console/settlements", FINANCE),
    Sight("settlement", "/console/settlements?view=posted", AUDITOR, (follow("#results a.row-main"),)),
    Sight("float", "/console/settlements/float", FINANCE),
    Sight("prices", "/console/settlements/prices", FINANCE),
    Sight("journal-finance", "/console/journals/?search=settled", FINANCE, (follow("a.row-main"),)),
    Sight("trial-balance", "/console/ledger/reports", AUDITOR),
    Sight("balance-sheet", "/console/ledger/reports/balance-sheet", AUDITOR),
    Sight("income-statement", "/console/ledger/reports/income-statement", AUDITOR),
)

CLOSING = (
    Sight("periods", "/console/ledger/periods", FINANCE),
    Sight("periods-begin", "/console/ledger/periods", FINANCE, (_begin_to_close,)),
    Sight("proof", "/console/ledger/proof", AUDITOR),
    Sight("proof-now", "/console/ledger/proof", AUDITOR, (click("a[href*='now=1']", shows="#invariants"),)),
    Sight("requests", "/console/ledger/requests", TREASURY),
    Sight("requests-ended", "/console/ledger/requests?view=ended", AUDITOR),
    Sight("request", "/console/ledger/requests", TREASURY, (follow("a.row-main"),)),
    Sight(
        "request-approve",
        "/console/ledger/requests",
        TREASURY,
        (follow("a.row-main"), follow("a:has-text('Decide')"), click("[data-open=approve]", shows="#approve")),
    ),
    Sight("request-mine", "/console/ledger/requests", FINANCE, (follow("a.row-main"),)),
    Sight(
        "request-booked", "/console/ledger/requests?view=ended", AUDITOR, (follow("tr:has-text('Booked') a.row-main"),)
    ),
    Sight("request-new", "/console/ledger/requests/new", FINANCE),
    Sight(
        "request-faulty",
        "/console/ledger/requests/new",
        FINANCE,
        (_typed_journal, send("Ask for approval", reason="A reason.")),
        FAULTY,
    ),
    Sight("request-typed", "/console/ledger/requests/new", FINANCE, (_typed_journal,)),
)

SYSTEM = (
    Sight("journals", "/console/journals/", AUDITOR),
    Sight("journals-none", "/console/journals/?search=nowhere", AUDITOR),
    Sight("reconciliation", "/console/reconciliation", FINANCE),
    Sight("reconciliation-matched", "/console/reconciliation?view=matched", FINANCE),
    Sight("reconciliation-none", "/console/reconciliation?view=in_flight", FINANCE),
    Sight("limits-policy", "/console/limits", ADMIN),
    Sight("limits-policy-faulty", "/console/limits", ADMIN, (_ask_for_limits,), FAULTY),
    Sight("limits-policy-read", "/console/limits", AUDITOR),
    Sight("thresholds", "/console/thresholds", ADMIN),
    Sight("assets", "/console/assets", FINANCE),
    Sight("asset", "/console/assets/BTC", FINANCE),
    Sight("fees", "/console/fees", FINANCE),
    Sight("fees-read", "/console/fees", AUDITOR),
    Sight("jobs", "/console/jobs", ADMIN),
    Sight("jobs-done", "/console/jobs?view=done", ADMIN),
    Sight("mailbox", "/console/mailbox", ADMIN),
    Sight("audit", "/console/audit", AUDITOR),
    Sight("audit-export", "/console/audit", AUDITOR, (click("[data-open=export]", shows="#export"),)),
    Sight("retention", "/console/retention", AUDITOR),
    Sight("retention-admin", "/console/retention", ADMIN),
    Sight("audit-own", "/console/audit", TREASURY),
    Sight("audit-none", "/console/audit?object=nothing", AUDITOR),
    Sight("audit-faulty", "/console/audit?from=1900-01-01T00:00", AUDITOR, status=FAULTY),
    Sight(
        "audit-drawer",
        "/console/audit",
        AUDITOR,
        (click("a.row-main[data-htmx-powered]", shows="dialog.drawer .drawer-title"),),
    ),
    Sight(
        "audit-record",
        "/console/audit",
        AUDITOR,
        (
            click("a.row-main[data-htmx-powered]", shows="dialog.drawer .drawer-title"),
            follow("dialog.drawer a.btn[href*='/audit/']"),
        ),
    ),
    Sight("forbidden", "/console/ledger", ADMIN, status=FORBIDDEN),
    Sight("console-missing", "/console/nowhere", AUDITOR, status=MISSING),
)

EVERYTHING = (*PORTAL, *WORK, *BOOKS, *CLOSING, *SYSTEM)


def dress(page: Page, theme: str) -> None:
    """Show it light or dark."""
    page.evaluate(DRESS, theme)


def sign_in(page: Page, who: str, *, house: str, email: str, password: str, secret: str) -> None:
    """Bring somebody in by their door: once per `house`, because a code of their app is good once.

    Whoever came in before comes in with the same session, as in another window of the same browser.
    """
    customer = who in {CUSTOMER, NEWCOMER}
    page.context.add_cookies(_INSIDE.get((house, who), []))
    page.goto("/" if customer else "/console/")
    if not page.locator("summary.menu-button").count():
        page.goto("/sign-in" if customer else "/console/sign-in")
        send("Sign in", email=email, password=password)(page)
    elif who != NEWCOMER and time.monotonic() - _PROVED.get((house, who), 0) > PROVES_AFTER_SECONDS:
        page.goto("/prove" if customer else "/console/prove")  # (some pages ask for a fresh proof)
    if page.url.endswith("/prove"):
        send("Continue", code=totp.code(secret, step=rules.totp_step(clock.now())))(page)
        _PROVED[house, who] = time.monotonic()
    _INSIDE[house, who] = _cookies(page)


def _cookies(page: Page) -> list[SetCookieParam]:
    kept = page.context.cookies()
    return [
        {"name": each["name"], "value": each["value"], "domain": each["domain"], "path": each["path"]} for each in kept
    ]
