"""The pages on which staff look after money that went astray or stands still. They go on from dev/tour.py."""

from playwright.sync_api import Page

from dev.tour import ADMIN, AUDITOR, FAULTY, FINANCE, OFFICER, SUPPORT, TREASURY, Sight, Step, click, follow, send

HELD = "asset:venue:kraken:BTC"
BREAKS, STATEMENTS, RULES = "/console/breaks", "/console/statements", "/console/matching-rules"
AS_ONE = f"{BREAKS}/of/asset:bank:NGN/accounts"
DISPUTES, REFUNDS, PAYOUTS = "/console/disputes", "/console/refunds", "/console/payouts"
SUSPENSE, SETTLEMENTS, CASES = "/console/suspense", "/console/settlements", "/console/cases"


_DAYS = click("details:has(#from) summary", shows="#from")


def _of(words: str = "") -> Step:
    """Open the first that says so; where a short story has none, the list itself is what is looked at."""

    def step(page: Page) -> None:
        found = page.locator(f"tr:has-text('{words}') a.row-main" if words else "a.row-main")
        if found.count():
            with page.expect_navigation():
                found.first.click()

    return step


def _linked(page: Page) -> None:
    """Put a break together with what may belong to it, where there is such."""
    found = page.locator("[name=with]")
    if found.count():
        found.first.check()
        send("Put together", reason="Their letter of the 3rd says so.")(page)


def _commented(page: Page) -> None:
    """Say something of all that fit, and see what came of each."""
    page.locator("#words-comment").fill("Zenith sends its tariff on Monday.")
    with page.expect_navigation():
        page.get_by_role("button", name="Comment:").click()


def _blank(button: str, **fields: str) -> Step:
    """Send a form whose page says what is missing: the browser's own look at it is left out."""

    def step(page: Page) -> None:
        page.locator("form").evaluate_all("(forms) => forms.forEach((form) => form.noValidate = true)")
        send(button, **fields)(page)

    return step


def _stop_everything(page: Page) -> None:
    """Be asked a second time whether all payouts are to stop."""
    page.locator("#scope").select_option("all")
    page.locator("#reason").fill("A look round: nothing is turned off.")
    page.get_by_role("button", name="Turn off").first.click()
    with page.expect_navigation():
        page.locator("#confirm-yes").click()
    page.locator("#stop-all").wait_for()


def _sampled(page: Page) -> None:
    """Bring a sample to the columns of a bank's file."""
    with page.expect_navigation():
        page.get_by_role("link", name="Columns").click()
    sample = (
        b"Date,Narration,Debit,Credit,Balance\n01/11/2026,SALARY,,2500.00,2500.00\n02/11/2026,RENT,500.00,,2000.00\n"
    )
    page.locator("[name=file]").set_input_files({"name": "sample.csv", "mimeType": "text/csv", "buffer": sample})
    with page.expect_navigation():
        page.get_by_role("button", name="Look at it").click()
    page.locator("#preview").wait_for()


def _matched(page: Page) -> None:
    """Have the account matched, and see what came of it, or that it waits for a worker."""
    with page.expect_navigation():
        page.get_by_role("button", name="Match now").click()
    came = page.get_by_text("Nothing is new.").or_(page.get_by_text("opened,"))
    came.or_(page.get_by_text("Being matched")).first.wait_for()


def _ticked(page: Page) -> None:
    """Choose the first two rows with the keyboard."""
    for key in "jxjx":
        page.keyboard.press(key)
    page.locator(".of-chosen").wait_for()


# What asks for a fresh proof comes first: they have just signed in.
MONEY = (
    Sight("breaks", BREAKS, FINANCE),
    Sight("breaks-queue", BREAKS, FINANCE, (_of("bank"),)),
    Sight("breaks-chosen", BREAKS, FINANCE, (_of("bank"), _ticked)),
    Sight("breaks-matched", BREAKS, FINANCE, (_of("bank"), _matched)),
    Sight("breaks-none", f"{BREAKS}/of/asset:bank:NGN?reason=fx_rounding", AUDITOR),
    Sight("breaks-item", BREAKS, FINANCE, (_of("bank"), _of())),
    Sight("breaks-taken", BREAKS, FINANCE, (_of("bank"), _of("Waits"))),
    Sight("breaks-bulk", f"{BREAKS}/of/asset:bank:NGN/bulk", FINANCE),
    Sight("breaks-results", f"{BREAKS}/of/asset:bank:NGN/bulk?reason=missing_in_ledger", FINANCE, (_commented,)),
    Sight("breaks-open", f"{BREAKS}/of/asset:bank:NGN?view=late", FINANCE, (_of(),)),
    Sight("breaks-accepted", f"{BREAKS}/of/asset:bank:NGN?view=accepted", AUDITOR),
    Sight("breaks-read", BREAKS, AUDITOR, (_of("bank"), _of("Missing in the statement"))),
    Sight("breaks-match", BREAKS, FINANCE, (_of("bank"), _of(), _linked)),
    Sight("breaks-restated", BREAKS, FINANCE, (_of("venue"), _of("Told otherwise"))),
    Sight("match", STATEMENTS, FINANCE, (_of("Zenith"), follow("a[href$='/lines']"), follow("a[href*='/matches/']"))),
    Sight("breaks-accounts", BREAKS, FINANCE, (_of("bank"), follow("a[href$='/accounts']"))),
    Sight("breaks-accounts-faulty", AS_ONE, FINANCE, (_blank("Ask to count it", reason="x"),), FAULTY),
    Sight("breaks-accounts-read", AS_ONE, AUDITOR),
    Sight("breaks-small", f"{BREAKS}/of/{HELD}?view=small", FINANCE),
    Sight("breaks-small-item", f"{BREAKS}/of/{HELD}?view=small", FINANCE, (_of(),)),
    Sight("breaks-small-merge", f"{BREAKS}/of/{HELD}/bulk?view=small", FINANCE),
    Sight("breaks-terms", f"{BREAKS}/terms", FINANCE),
    Sight("breaks-terms-faulty", f"{BREAKS}/terms", FINANCE, (_blank("Ask for approval"),), FAULTY),
    Sight("breaks-terms-read", f"{BREAKS}/terms", AUDITOR),
    Sight("matching-rules", RULES, FINANCE),
    Sight("matching-rules-read", RULES, AUDITOR, (_of("bank"),)),
    Sight("matching-rules-form", RULES, FINANCE, (_of("bank"), follow("a[href$='/new']"))),
    Sight("matching-rules-trial", RULES, FINANCE, (_of("bank"), _of("Trial"))),
    Sight("statements", STATEMENTS, FINANCE),
    Sight("statements-read", STATEMENTS, TREASURY),
    Sight("statements-new", f"{STATEMENTS}/new", FINANCE),
    Sight("statements-form", f"{STATEMENTS}/new?format=bank-csv", FINANCE),
    Sight("statements-source", STATEMENTS, FINANCE, (_of("Zenith"), _DAYS)),
    Sight("statements-source-read", STATEMENTS, AUDITOR, (_of("Zenith"),)),
    Sight("statements-wallet", STATEMENTS, FINANCE, (_of("Hot wallet"),)),
    Sight("statements-wallet-file", STATEMENTS, FINANCE, (_of("Hot wallet"), follow("#files a.row-main"))),
    Sight("statements-wallet-form", f"{STATEMENTS}/new?format=chain-balances", FINANCE),
    Sight("statements-asked", STATEMENTS, FINANCE, (_of("Paystack, charges"),)),
    Sight("statements-edit", STATEMENTS, FINANCE, (_of("Zenith"), follow("a[href$='/edit']"))),
    Sight("statements-lines", STATEMENTS, FINANCE, (_of("Zenith"), follow("a[href$='/lines']"))),
    Sight("statements-columns", STATEMENTS, FINANCE, (_of("Zenith"), _sampled)),
    Sight("statements-refused", STATEMENTS, FINANCE, (_of("Zenith"), _of("damaged"))),
    Sight("statements-file", STATEMENTS, FINANCE, (_of("Kraken"), _of("ledgers"))),
    Sight("statements-days", STATEMENTS, FINANCE, (_of("Zenith"), _of("Kept"), _DAYS)),
    Sight("thresholds-faulty", "/console/thresholds", ADMIN, (_blank("Ask for approval", value="-1"),), FAULTY),
    Sight("float-faulty", f"{SETTLEMENTS}/float", FINANCE, (_blank("Ask for approval", amount="0"),), FAULTY),
    Sight("prices-faulty", f"{SETTLEMENTS}/prices", FINANCE, (_blank("Ask for approval", starts_on=""),), FAULTY),
    Sight("disputes", DISPUTES, FINANCE),
    Sight("disputes-answered", f"{DISPUTES}?view=answered", FINANCE),
    Sight("disputes-lost", f"{DISPUTES}?view=lost", FINANCE),
    Sight("dispute", DISPUTES, FINANCE, (_of(),)),
    Sight("dispute-answered", f"{DISPUTES}?view=answered", AUDITOR, (_of(),)),
    Sight("refunds", REFUNDS, FINANCE),
    Sight("refunds-ended", f"{REFUNDS}?view=ended", FINANCE),
    Sight("refunds-read", f"{REFUNDS}?view=stuck", AUDITOR),
    Sight("refund", REFUNDS, FINANCE, (_of(),)),
    Sight("refund-stuck", f"{REFUNDS}?view=stuck", FINANCE, (_of(),)),
    Sight("refund-stuck-read", f"{REFUNDS}?view=stuck", AUDITOR, (_of(),)),
    Sight("refund-ended", f"{REFUNDS}?view=ended", SUPPORT, (_of(),)),
    Sight("payouts", PAYOUTS, TREASURY),
    Sight("payouts-underway", f"{PAYOUTS}?view=underway", TREASURY),
    Sight("payouts-ended", f"{PAYOUTS}?view=ended", TREASURY),
    Sight("payout-code", f"{PAYOUTS}?view=waiting", TREASURY, (_of("code"),)),
    Sight("payout-code-read", f"{PAYOUTS}?view=waiting", AUDITOR, (_of("code"),)),
    Sight("payout-failed", f"{PAYOUTS}?view=ended", TREASURY, (_of(),)),
    Sight("payout-reversed", f"{PAYOUTS}?view=ended", TREASURY, (_of("Reversed"),)),
    Sight("switches", "/console/switches", TREASURY),
    Sight("switches-all", "/console/switches", TREASURY, (_stop_everything,)),
    Sight("switches-read", "/console/switches", AUDITOR),
    Sight("suspense-money-acts", SUSPENSE, FINANCE, (_of("Money is in suspense"),)),
    Sight("suspense-read", SUSPENSE, AUDITOR, (_of(),)),
    Sight("thresholds-change", "/console/thresholds", ADMIN, (follow("a[href*='name=']"),)),
    Sight("thresholds-read", "/console/thresholds", AUDITOR),
    Sight("cases-none", f"{CASES}?view=put_off&queue=finance", OFFICER),
    Sight("case", CASES, FINANCE, (_of(),)),
    Sight("case-suspense", CASES, FINANCE, (_of("Suspense item"),)),
    Sight("payouts-paid", f"{PAYOUTS}?view=paid", AUDITOR),
    Sight("payout-paid", f"{PAYOUTS}?view=paid", AUDITOR, (_of(),)),
    Sight("payout-sent", f"{PAYOUTS}?view=underway", TREASURY, (_of(),)),
    Sight("dispute-lost", f"{DISPUTES}?view=lost", FINANCE, (_of(),)),
    Sight("dispute-won", f"{DISPUTES}?view=won", OFFICER, (_of(),)),
    Sight("refund-failed", f"{REFUNDS}?view=ended", FINANCE, (_of("Failed"),)),
    Sight("case-treasury", CASES, TREASURY, (_of(),)),
    Sight("case-read", f"{CASES}?view=open", AUDITOR, (_of(),)),
    Sight("settlements-open", f"{SETTLEMENTS}?view=open", FINANCE),
    Sight("settlement-failed", f"{SETTLEMENTS}?view=open", FINANCE, (_of("Failed"),)),
    Sight("settlement-announced", f"{SETTLEMENTS}?view=open", AUDITOR, (_of("Announced"),)),
    Sight("settlements-none", f"{SETTLEMENTS}?view=closed", AUDITOR),
    Sight("float-read", f"{SETTLEMENTS}/float", AUDITOR),
    Sight("prices-read", f"{SETTLEMENTS}/prices", AUDITOR),
)  # fmt: skip
