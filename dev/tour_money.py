"""The pages on which staff look after money that went astray or stands still. They go on from dev/tour.py."""

from playwright.sync_api import Page

from dev.tour import ADMIN, AUDITOR, FAULTY, FINANCE, OFFICER, SUPPORT, TREASURY, Sight, Step, follow, send

DISPUTES, REFUNDS, PAYOUTS = "/console/disputes", "/console/refunds", "/console/payouts"
SUSPENSE, SETTLEMENTS, CASES = "/console/suspense", "/console/settlements", "/console/cases"
_ONE = follow("a.row-main")


def _of(words: str) -> Step:
    return follow(f"tr:has-text('{words}') a.row-main")


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


MONEY = (
    Sight("disputes", DISPUTES, FINANCE),
    Sight("disputes-answered", f"{DISPUTES}?view=answered", FINANCE),
    Sight("disputes-lost", f"{DISPUTES}?view=lost", FINANCE),
    Sight("dispute", DISPUTES, FINANCE, (_ONE,)),
    Sight("dispute-answered", f"{DISPUTES}?view=answered", AUDITOR, (_ONE,)),
    Sight("refunds", REFUNDS, FINANCE),
    Sight("refunds-ended", f"{REFUNDS}?view=ended", FINANCE),
    Sight("refunds-read", f"{REFUNDS}?view=stuck", AUDITOR),
    Sight(
        "refunds-faulty", REFUNDS, FINANCE,
        (_blank("Ask for approval", reference="nothing", amount="5", reason="A reason."),), 404,
    ),
    Sight("refund", REFUNDS, FINANCE, (_ONE,)),
    Sight("refund-stuck", f"{REFUNDS}?view=stuck", FINANCE, (_ONE,)),
    Sight("refund-stuck-read", f"{REFUNDS}?view=stuck", AUDITOR, (_ONE,)),
    Sight("refund-ended", f"{REFUNDS}?view=ended", SUPPORT, (_ONE,)),
    Sight("payouts", PAYOUTS, TREASURY),
    Sight("payouts-underway", f"{PAYOUTS}?view=underway", TREASURY),
    Sight("payouts-ended", f"{PAYOUTS}?view=ended", TREASURY),
    Sight("payout-code", f"{PAYOUTS}?view=waiting", TREASURY, (_of("code"),)),
    Sight("payout-code-faulty", f"{PAYOUTS}?view=waiting", TREASURY, (_of("code"), _blank("Let it go", code="x")), 422),
    Sight("payout-code-read", f"{PAYOUTS}?view=waiting", AUDITOR, (_of("code"),)),
    Sight("payout-failed", f"{PAYOUTS}?view=ended", TREASURY, (_ONE,)),
    Sight("payout-reversed", f"{PAYOUTS}?view=ended", TREASURY, (_of("Reversed"),)),
    Sight("switches", "/console/switches", TREASURY),
    Sight("switches-all", "/console/switches", TREASURY, (_stop_everything,)),
    Sight("switches-read", "/console/switches", AUDITOR),
    Sight("suspense-money-acts", SUSPENSE, FINANCE, (_of("Money is in suspense"),)),
    Sight("suspense-read", SUSPENSE, AUDITOR, (_ONE,)),
    Sight("thresholds-change", "/console/thresholds", ADMIN, (follow("a[href*='name=']"),)),
    Sight("thresholds-faulty", "/console/thresholds", ADMIN, (_blank("Ask for approval", value="-1"),), FAULTY),
    Sight("thresholds-read", "/console/thresholds", AUDITOR),
    Sight("cases-none", f"{CASES}?view=put_off&queue=finance", OFFICER),
    Sight("case", CASES, FINANCE, (_ONE,)),
    Sight("case-treasury", CASES, TREASURY, (_ONE,)),
    Sight("case-faulty", CASES, TREASURY, (_ONE, _blank("Put it off", note=" ")), FAULTY),
    Sight("case-read", f"{CASES}?view=open", AUDITOR, (_ONE,)),
    Sight("settlements-open", f"{SETTLEMENTS}?view=open", FINANCE),
    Sight("settlement-failed", f"{SETTLEMENTS}?view=open", FINANCE, (_of("Failed"),)),
    Sight("settlement-announced", f"{SETTLEMENTS}?view=open", AUDITOR, (_of("Announced"),)),
    Sight("settlements-none", f"{SETTLEMENTS}?view=closed", AUDITOR),
    Sight("float-read", f"{SETTLEMENTS}/float", AUDITOR),
    Sight("float-faulty", f"{SETTLEMENTS}/float", FINANCE, (_blank("Ask for approval", amount="0"),), FAULTY),
    Sight("prices-read", f"{SETTLEMENTS}/prices", AUDITOR),
    Sight("prices-faulty", f"{SETTLEMENTS}/prices", FINANCE, (_blank("Ask for approval", starts_on=""),), FAULTY),
)  # fmt: skip
