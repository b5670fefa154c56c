"""Every page on which customers see prices and trade, and states of the console that only a trading business has."""

from playwright.sync_api import Page

from dev.tour import AUDITOR, CUSTOMER, FAULTY, FINANCE, MISSING, NEWCOMER, TREASURY, Sight, Step, follow, send

TRADE, TRANSFERS = "/trade", "/transfers"
RATES, EXPOSURE, HELD, ASSETS = "/console/rates", "/console/exposure", "/console/treasury", "/console/assets"


def _type(field: str, amount: str) -> Step:
    """Type an amount, and wait until the page says what it comes to, or why it cannot be."""

    def step(page: Page) -> None:
        page.locator(f"#{field}").fill(amount)
        page.locator("#preview .kv, #preview .note, #preview .alert, #preview dl").first.wait_for()

    return step


def _of(words: str = "") -> Step:
    """Open the first row that says so; where a short story has none, the list itself is what is looked at."""

    def step(page: Page) -> None:
        found = page.locator(f"tr:has-text('{words}') a.row-main" if words else "a.row-main")
        if found.count():
            with page.expect_navigation():
                found.first.click()

    return step


def _line(words: str) -> Step:
    return follow(f"a.line:has-text('{words}')")


CUSTOMERS = (
    Sight("prices", "/prices", CUSTOMER),
    Sight("prices-new", "/prices", NEWCOMER),
    Sight("asset-btc", "/assets/BTC", CUSTOMER),
    Sight("asset-btc-week", "/assets/BTC?span=1w", CUSTOMER),
    Sight("asset-btc-month", "/assets/BTC?span=1m", CUSTOMER),
    Sight("asset-btc-year", "/assets/BTC?span=1y", CUSTOMER),
    Sight("asset-usdt", "/assets/USDT", CUSTOMER),
    Sight("asset-none-held", "/assets/TON", NEWCOMER),
    Sight("asset-stopped", "/assets/BNB", CUSTOMER),
    Sight("asset-unknown", "/assets/DOGE", CUSTOMER, status=MISSING),
    Sight("trade-buy", f"{TRADE}?get=BTC", CUSTOMER),
    Sight("trade-sell", f"{TRADE}?give=ETH&get=NGN", CUSTOMER),
    Sight("trade-swap", f"{TRADE}?give=USDT.TRC20&get=TRX", CUSTOMER),
    Sight("trade-stopped", f"{TRADE}?get=BNB", CUSTOMER, (_type("give_amount", "20,000"),)),
    Sight("trade-too-much", f"{TRADE}?get=BTC", CUSTOMER, (_type("give_amount", "900,000,000"),)),
    Sight("trade-faulty", f"{TRADE}?get=BTC", CUSTOMER, (send("Continue", give_amount="many"),), FAULTY),
    Sight("trade-unverified", f"{TRADE}?get=BTC", NEWCOMER, (_type("give_amount", "5,000"),)),
    Sight("order-bought", "/activity?kind=trade", CUSTOMER, (_line("Bought"),)),
    Sight("order-sold", "/activity?kind=trade", CUSTOMER, (_line("Sold"),)),
    Sight("order-swapped", "/activity?kind=trade", CUSTOMER, (_line("Swapped"),)),
    Sight("activity-trades", "/activity?kind=trade", CUSTOMER),
    Sight("portfolio", "/portfolio", CUSTOMER),
    Sight("portfolio-none", "/portfolio", NEWCOMER),
    Sight("wallets-new", "/wallets", NEWCOMER),
    Sight("recurring", "/recurring", CUSTOMER),
    Sight("recurring-none", "/recurring", NEWCOMER),
    Sight("alerts", "/alerts", CUSTOMER),
    Sight("alerts-none", "/alerts", NEWCOMER),
    Sight("more", "/more", CUSTOMER),
    Sight("handle-none", f"{TRANSFERS}/handle", NEWCOMER),
    Sight("money-asked-none", f"{TRANSFERS}/requests", NEWCOMER),
)  # fmt: skip

# What needs prices of this minute: on a floor where feeds are asked.
ALIVE = (
    Sight("trade-typed", f"{TRADE}?get=BTC", CUSTOMER, (_type("give_amount", "20,000"),)),
    Sight("trade-typed-coin", f"{TRADE}?get=BTC", CUSTOMER, (_type("get_amount", "0.001"),)),
    Sight("trade-review", f"{TRADE}?get=BTC", CUSTOMER, (send("Continue", give_amount="20,000"),)),
    Sight(
        "trade-review-swap", f"{TRADE}?give=USDT.TRC20&get=TRX", CUSTOMER, (send("Continue", give_amount="5"),)
    ),
)  # fmt: skip

STAFF = (
    Sight("rate-stopped", f"{RATES}/pairs/BNB-USDT", TREASURY),
    Sight("rate-went-on", f"{RATES}/pairs/TON-USDT", AUDITOR),
    Sight("hedge-parts", f"{EXPOSURE}/hedges?view=ended", AUDITOR, (_of("Cancelled"),)),
    Sight("hedges-asset", f"{EXPOSURE}/hedges?view=ended&asset=BTC", TREASURY),
    Sight("results-none", f"{EXPOSURE}/results?from=2020-01-01&to=2020-01-31", AUDITOR),
    Sight("venue-readings", f"{HELD}/venues/USDT", AUDITOR),
    Sight("assets", ASSETS, FINANCE),
    Sight("assets-read", ASSETS, AUDITOR),
    Sight("asset", f"{ASSETS}/BTC", FINANCE),
    Sight("asset-read", f"{ASSETS}/USDT.TRC20", AUDITOR),
    Sight("request-of-a-deal", "/console/approvals", TREASURY, (_of("over the counter"),)),
    Sight("request-of-spreads", "/console/approvals", AUDITOR, (_of("spreads"),)),
    Sight("request-of-a-pair", "/console/approvals", AUDITOR, (_of("again"),)),
)
