"""Books in many assets: eighteen decimals, a swap, prices, and every character that a code or reference may have."""

from datetime import timedelta
from decimal import Decimal

from app.core import clock
from app.core.db import transaction
from app.core.money import ASSETS, Money, parse
from app.ledger import accounts, posting, prices
from app.ledger.journal import Journal, Leg, credit, debit
from tests.makers.books import TESTER, fresh

# Read by a program that takes one of these for its own, they would say something else.
AWKWARD = 'a "b" \\c; d, e | f [2020-01-01] date:2020-01-01  ₦é=1\n2020-01-01 * "x"\t'
# They differ in what another program's names cannot hold.
ALIKE = tuple(
    f"liability:customer:{name}:ETH" for name in ("cus_1a", "cus-1a", "cus.1a", "Cus_1a", "cus__1a", "cus_1A")
)
CODES = (
    *ALIKE,
    "asset:wallet:hot:ETH",
    "asset:wallet:0x1f:ETH",
    "asset:venue:Binance.spot:BTC",
    "liability:customer:cus_1a:BTC",
    "liability:customer:cus_1a:NGN",
    "equity:position:BTC",
    "equity:position:NGN",
    "income:markup:NGN",
    "asset:tron:TR7NHqje:USDT.TRC20",
    "asset:tron:TR7NHqje:USDT.TRC20:cold:USDT.TRC20",  # below another account
    "liability:customer:cus_1a:USDT.TRC20",
    "asset:bank:0123456789:NGN",
)


def of(code: str, amount: str) -> Leg:
    """So much of the account's asset, a debit above zero."""
    money = parse(amount.lstrip("-"), asset=ASSETS[code.rpartition(":")[2]])
    return credit(code, money) if amount.startswith("-") else debit(code, money)


def journals() -> list[Journal]:
    """A story in four assets."""
    yesterday = clock.now() - timedelta(days=1)
    eth, wei = "12345678901.123456789012345678", "0.000000000000000001"  # more digits than a Decimal keeps by itself
    return [
        Journal("deposit", "dep_1", (of("asset:wallet:hot:ETH", eth), of(ALIKE[0], f"-{eth}"))),
        *(Journal("deposit", "dust", (of("asset:wallet:0x1f:ETH", wei), of(code, f"-{wei}"))) for code in ALIKE),
        Journal(
            "deposit",
            AWKWARD,
            (
                of("asset:tron:TR7NHqje:USDT.TRC20", "250.000001"),
                of("asset:tron:TR7NHqje:USDT.TRC20:cold:USDT.TRC20", "3"),
                of("liability:customer:cus_1a:USDT.TRC20", "-253.000001"),
            ),
            effective_at=yesterday,
        ),
        Journal(
            "deposit",
            "",
            (of("asset:bank:0123456789:NGN", "5000000"), of("liability:customer:cus_1a:NGN", "-5000000")),
        ),
        Journal(
            "swap",
            "ord_1",
            (
                of("asset:venue:Binance.spot:BTC", "0.03141592"),
                of("equity:position:BTC", "-0.03141592"),
                of("equity:position:BTC", "0.03"),
                of("liability:customer:cus_1a:BTC", "-0.03"),
                of("liability:customer:cus_1a:NGN", "4500000"),
                of("equity:position:NGN", "-4490000.01"),
                of("income:markup:NGN", "-9999.99"),
            ),
        ),
    ]


def live() -> None:
    """Open the accounts, post the story, reverse its end, keep prices."""
    moment = clock.now()
    with transaction(TESTER):
        for code in CODES:
            accounts.open_account(code, asset=ASSETS[code.rpartition(":")[2]], floor_units=None)
    for journal in journals():
        with transaction(TESTER):
            posted = posting.post(journal, key=fresh())
    with transaction(TESTER):
        posting.reverse(posted.journal_id, kind="swap.reversed", key=fresh())
        for asset, naira in (("BTC", "158000000.5"), ("ETH", "4900000"), ("USDT.TRC20", "1612.34567")):
            prices.record(asset, naira=Decimal(naira), at=moment - timedelta(days=2), source="test")
            prices.record(asset, naira=Decimal(naira) + 1, at=moment, source=AWKWARD)


def move(debited: str, credited: str, units: int) -> Journal:
    """So many units from one account to another of the same asset."""
    amount = Money(ASSETS[debited.rpartition(":")[2]], units)
    return Journal("moved", fresh("ref"), (debit(debited, amount), credit(credited, amount)))
