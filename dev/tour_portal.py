"""Every page on which a customer adds, withdraws or trades, and how to come there."""

from playwright.sync_api import Page

from dev.tour import CUSTOMER, FAULTY, NEWCOMER, NOBODY, Sight, Step, click, follow, send


def _line(words: str) -> Step:
    return follow(f"a.line:has-text('{words}')")


def _type_amount(naira: str, *, shows: str) -> Step:
    """Type an amount, and wait for what the page says of it."""

    def step(page: Page) -> None:
        page.locator("#amount").fill(naira)
        page.locator(shows).wait_for()

    return step


MONEY = (
    Sight("deposit", "/deposit", CUSTOMER),
    Sight("deposit-faulty", "/deposit", CUSTOMER, (send("Continue", amount="5"),), FAULTY),
    Sight("deposit-typed", "/deposit", CUSTOMER, (_type_amount("20,000", shows="#preview .kv"),)),
    Sight("deposit-over", "/deposit", CUSTOMER, (_type_amount("9,000,000", shows="#preview .note"),)),
    Sight("deposit-ussd", "/deposit?method=ussd&amount=5,000", CUSTOMER),
    Sight("account-number", "/deposit/account", CUSTOMER),
    Sight("cards", "/cards", CUSTOMER),
    Sight("deposit-credited", "/activity?kind=deposit", CUSTOMER, (_line("In your wallet"),)),
    Sight("deposit-open", "/activity?kind=deposit", CUSTOMER, (_line("Waiting for your payment"),)),
    Sight("withdraw", "/withdraw", CUSTOMER),
    Sight("withdraw-empty", "/withdraw", NEWCOMER),
    Sight("withdraw-faulty", "/withdraw", CUSTOMER, (send("Continue", amount="4999999"),), FAULTY),
    Sight("withdraw-typed", "/withdraw", CUSTOMER, (_type_amount("20,000", shows="#preview .kv"),)),
    Sight("bank-accounts", "/withdraw/accounts", CUSTOMER),
    Sight("withdraw-review", "/withdraw", CUSTOMER, (send("Continue", amount="5000"),)),
    Sight("bank-account", "/withdraw/account", CUSTOMER),
    Sight("withdrawal-checked", "/activity?kind=withdrawal", CUSTOMER, (_line("Being checked"),)),
    Sight(
        "withdrawal-cancel",
        "/activity?kind=withdrawal",
        CUSTOMER,
        (_line("Being checked"), click("form[data-confirm] button", shows="#confirm")),
    ),
    Sight("withdrawal-declined", "/activity?kind=withdrawal", CUSTOMER, (_line("Declined"),)),
    Sight("withdrawal-paid", "/activity?kind=withdrawal", CUSTOMER, (_line("Paid"),)),
    Sight("activity", "/activity", CUSTOMER),
    Sight("activity-none", "/activity?stands=nothing&until=2020-01-01", CUSTOMER),
    Sight(
        "receipt",
        "/activity?kind=deposit&stands=done",
        CUSTOMER,
        (_line("In your wallet"), follow("a[href^='/receipts/']")),
    ),
    Sight("check-receipt", "/receipts/check", NOBODY),
    Sight(
        "check-receipt-faulty", "/receipts/check", NOBODY, (send("Check it", reference="dep_1", code="AAAA"),), FAULTY
    ),
)

TRADES = (
    Sight("prices", "/prices", CUSTOMER),
    Sight("coin", "/assets/BTC", CUSTOMER),
    Sight("coin-year", "/assets/ETH?span=1y", CUSTOMER),
    Sight("coin-several", "/assets/USDT?span=1w", CUSTOMER),
    Sight("coin-none", "/assets/TON", NEWCOMER),
    Sight("trade", "/trade?get=BTC", CUSTOMER),
    Sight("trade-typed", "/trade?get=BTC&give_amount=20,000", CUSTOMER),
    Sight("trade-other-side", "/trade?give=BTC&get=NGN&get_amount=5,000", CUSTOMER),
    Sight("trade-both", "/trade?get=BTC", CUSTOMER, (send("Continue", give_amount="5", get_amount="5"),), FAULTY),
    Sight("trade-over", "/trade?get=ETH&give_amount=900,000,000", CUSTOMER),
    Sight("portfolio", "/portfolio", CUSTOMER),
    Sight("portfolio-empty", "/portfolio", NEWCOMER),
    Sight("recurring", "/recurring", CUSTOMER),
    Sight("recurring-faulty", "/recurring", CUSTOMER, (send("Set it up", amount="1"),), FAULTY),
    Sight("alerts", "/alerts", CUSTOMER),
    Sight("activity-trades", "/activity?kind=trade", CUSTOMER),
    Sight("more", "/more", CUSTOMER),
    Sight("home-new", "/", NEWCOMER),
)
