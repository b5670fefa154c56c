"""The pages of our own position and of treasury, and customers' orders. They go on from dev/tour.py."""

from playwright.sync_api import Page

from dev.tour import AUDITOR, FAULTY, FINANCE, SUPPORT, TREASURY, Sight, Step, click, send

ORDERS, EXPOSURE, COVER = "/console/orders", "/console/exposure", "/console/treasury"
HEDGES, DEALS = f"{EXPOSURE}/hedges", f"{EXPOSURE}/deals"


def _of(words: str = "") -> Step:
    """Open the first that says so; where there is none, the list itself is what is looked at."""

    def step(page: Page) -> None:
        found = page.locator(f"tr:has-text('{words}') a.row-main" if words else "a.row-main")
        if found.count():
            page.goto(str(found.first.get_attribute("href")))

    return step


def _drawer(page: Page) -> None:
    """Open the first order beside the list."""
    if page.locator("a.row-main").count():
        page.locator("a.row-main").first.click()
        page.locator("dialog.drawer[open] #drawer-title").wait_for()


def _costs(page: Page) -> None:
    """Wait for what comes after the page: what positions cost."""
    page.locator("#positions").wait_for()


def _blank(button: str, **fields: str) -> Step:
    """Send a form whose page says what is missing: the browser's own look at it is left out."""

    def step(page: Page) -> None:
        page.locator("form").evaluate_all("(forms) => forms.forEach((form) => form.noValidate = true)")
        send(button, **fields)(page)

    return step


# What asks for a fresh proof comes first: they have just signed in.
DEALING = (
    Sight("policy-faulty", f"{EXPOSURE}?asset=BTC", FINANCE, (_blank("Ask for approval", soft="0"),), FAULTY),
    Sight("deals-faulty", DEALS, FINANCE, (_blank("Ask for approval", paid="0"),), FAULTY),
    Sight("orders", ORDERS, FINANCE),
    Sight("orders-swaps", f"{ORDERS}?view=swap", SUPPORT),
    Sight("orders-none", f"{ORDERS}?asset=BNB&size=large", SUPPORT),
    Sight("orders-faulty", f"{ORDERS}?from=nonsense", SUPPORT, (), FAULTY),
    Sight("orders-drawer", ORDERS, FINANCE, (_drawer,)),
    Sight("order", ORDERS, FINANCE, (_of("Bought"),)),
    Sight("order-sold", f"{ORDERS}?view=sell", FINANCE, (_of(),)),
    Sight("order-read", ORDERS, SUPPORT, (_of(),)),
    Sight("exposure", EXPOSURE, TREASURY, (_costs,)),
    Sight("exposure-stop", EXPOSURE, TREASURY, (click("[data-open=stop-hedging]", shows="#stop-hedging[open]"),)),
    Sight("exposure-read", EXPOSURE, AUDITOR, (_costs,)),
    Sight("exposure-ask", f"{EXPOSURE}?asset=BTC", FINANCE),
    Sight("hedges-underway", f"{HEDGES}?view=underway", TREASURY),
    Sight("hedges-unknown", f"{HEDGES}?view=unknown", TREASURY),
    Sight("hedges-ended", f"{HEDGES}?view=ended", AUDITOR),
    Sight("hedge", f"{HEDGES}?view=ended", TREASURY, (_of("Filled"),)),
    Sight("hedge-unknown", f"{HEDGES}?view=unknown", TREASURY, (_of(),)),
    Sight("deals", DEALS, FINANCE),
    Sight("deals-read", DEALS, AUDITOR),
    Sight("results", f"{EXPOSURE}/results", FINANCE),
    Sight("results-year", f"{EXPOSURE}/results?from=2026-01-01", AUDITOR),
    Sight("owed-and-held", COVER, TREASURY),
    Sight("venue-balances", f"{COVER}/venues", TREASURY),
    Sight("venue-balances-read", f"{COVER}/venues", AUDITOR),
)
