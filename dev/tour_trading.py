"""Every page with prices, trades, transfers and our own position on it, and how to come there."""

from playwright.sync_api import Page

from dev.tour import AUDITOR, CUSTOMER, FAULTY, FINANCE, MISSING, NEWCOMER, SUPPORT, TREASURY, Sight, Step, follow, send

TRADE, TRANSFERS, ORDERS = "/trade", "/transfers", "/console/orders"
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
    Sight("wallets", "/wallets", CUSTOMER),
    Sight("wallets-new", "/wallets", NEWCOMER),
    Sight("recurring", "/recurring", CUSTOMER),
    Sight("recurring-none", "/recurring", NEWCOMER),
    Sight("alerts", "/alerts", CUSTOMER),
    Sight("alerts-none", "/alerts", NEWCOMER),
    Sight("more", "/more", CUSTOMER),
    Sight("transfers", TRANSFERS, CUSTOMER),
    Sight("transfers-none", TRANSFERS, NEWCOMER),
    Sight("transfer", TRANSFERS, CUSTOMER, (_line("Aisha"),)),
    Sight("transfer-new", f"{TRANSFERS}/new", CUSTOMER),
    Sight(
        "transfer-faulty", f"{TRANSFERS}/new", CUSTOMER, (send("Continue", to="nobody@nowhere.example", amount="10"),),
        FAULTY,
    ),
    Sight(
        "transfer-review", f"{TRANSFERS}/new", CUSTOMER, (send("Continue", to="@aisha", amount="2,500", note="Lunch"),)
    ),
    Sight("money-asked", f"{TRANSFERS}/requests", CUSTOMER),
    Sight("money-asked-none", f"{TRANSFERS}/requests", NEWCOMER),
    Sight("money-ask", f"{TRANSFERS}/ask", CUSTOMER),
    Sight("split", f"{TRANSFERS}/split", CUSTOMER),
    Sight("handle", f"{TRANSFERS}/handle", CUSTOMER),
    Sight("handle-none", f"{TRANSFERS}/handle", NEWCOMER),
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
    Sight("policy-faulty", EXPOSURE, FINANCE, (send("Ask for approval", reason=" "),), FAULTY),
    Sight("deals", f"{EXPOSURE}/deals", FINANCE),
    Sight("rates", RATES, TREASURY),
    Sight("rates-read", RATES, AUDITOR),
    Sight("rate", f"{RATES}/pairs/BTC-USDT", TREASURY),
    Sight("rate-stopped", f"{RATES}/pairs/BNB-USDT", TREASURY),
    Sight("rate-read", f"{RATES}/pairs/USDT-NGN", AUDITOR),
    Sight("feed", f"{RATES}/feeds/kraken", TREASURY),
    Sight("feed-read", f"{RATES}/feeds/bank", AUDITOR),
    Sight("spreads", f"{RATES}/spreads", FINANCE),
    Sight("spreads-read", f"{RATES}/spreads", AUDITOR),
    Sight("orders", ORDERS, TREASURY),
    Sight("orders-sold", f"{ORDERS}?view=sell", SUPPORT),
    Sight("orders-none", f"{ORDERS}?view=swap&from=2020-01-01&to=2020-01-02", AUDITOR),
    Sight("console-order", ORDERS, SUPPORT, (_of(),)),
    Sight("exposure", EXPOSURE, TREASURY),
    Sight("exposure-finance", EXPOSURE, FINANCE),
    Sight("exposure-read", EXPOSURE, AUDITOR),
    Sight("hedges", f"{EXPOSURE}/hedges?view=ended", TREASURY),
    Sight("hedges-unknown", f"{EXPOSURE}/hedges?view=unknown", TREASURY),
    Sight("hedges-underway", f"{EXPOSURE}/hedges?view=underway", AUDITOR),
    Sight("hedge", f"{EXPOSURE}/hedges?view=ended", TREASURY, (_of(),)),
    Sight("hedge-parts", f"{EXPOSURE}/hedges?view=ended", AUDITOR, (_of("Cancelled"),)),
    Sight("hedge-unknown", f"{EXPOSURE}/hedges?view=unknown", TREASURY, (_of(),)),
    Sight("deals-read", f"{EXPOSURE}/deals", AUDITOR),
    Sight("results", f"{EXPOSURE}/results", FINANCE),
    Sight("results-none", f"{EXPOSURE}/results?from=2020-01-01&to=2020-01-31", AUDITOR),
    Sight("standings", f"{EXPOSURE}/standings", FINANCE),
    Sight("held", HELD, TREASURY),
    Sight("held-read", HELD, AUDITOR),
    Sight("venues", f"{HELD}/venues", TREASURY),
    Sight("venue-readings", f"{HELD}/venues/USDT", AUDITOR),
    Sight("assets", ASSETS, FINANCE),
    Sight("assets-read", ASSETS, AUDITOR),
    Sight("asset", f"{ASSETS}/BTC", FINANCE),
    Sight("asset-read", f"{ASSETS}/USDT.TRC20", AUDITOR),
)
