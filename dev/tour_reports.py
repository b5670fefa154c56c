"""The pages of reports, their files and schedules. They go on from dev/tour.py."""

from playwright.sync_api import Page

from dev.tour import AUDITOR, FAULTY, FINANCE, Sight, follow

REPORTS = "/console/reports"
NAMES = (
    "finance-pack", "ageing", "settlement", "fee-variance", "revenue", "volumes", "customer-balances", "tax-journal",
)  # fmt: skip


def _nobody_told(page: Page) -> None:
    """Send the form of a schedule without saying who is told."""
    with page.expect_navigation():
        page.get_by_role("button", name="Have it made").click()


REPORTING = (
    Sight("reports", REPORTS, FINANCE),
    *(Sight(f"report-{name}", f"{REPORTS}/{name}", FINANCE if name != "ageing" else AUDITOR) for name in NAMES),
    Sight("report-none", f"{REPORTS}/volumes?from=2001-01-01&to=2001-01-31", AUDITOR),
    Sight("report-faulty", f"{REPORTS}/volumes?from=2001-02-01&to=2001-01-31", FINANCE, (), FAULTY),
    Sight("report-files", f"{REPORTS}/files", FINANCE),
    Sight("report-file", f"{REPORTS}/files", AUDITOR, (follow("tr:has-text('Revenue') a.row-main"),)),
    Sight("report-schedules", f"{REPORTS}/schedules", AUDITOR),
    Sight("report-schedules-faulty", f"{REPORTS}/schedules", FINANCE, (_nobody_told,), FAULTY),
)
