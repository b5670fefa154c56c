"""Stored prices: what one whole unit of an asset was worth in naira. For valuing the books, never for dealing."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text

from app.core.db import db, rows
from app.core.money import ASSETS, NGN, Money


@dataclass(frozen=True)
class Price:
    """`naira` for one whole unit of `asset`, as `source` told it at a time."""

    asset: str
    naira: Decimal
    at: datetime
    source: str


def record(asset: str, *, naira: Decimal, at: datetime, source: str) -> None:
    """Keep a price. The first one told for a moment stands."""
    db.session.execute(
        text("SELECT ledger.record_price(:asset, :at, :naira, :source)"),
        {"asset": asset, "at": at, "naira": naira, "source": source},
    )


def as_of(moment: datetime) -> dict[str, Price]:
    """The last price of each asset at or before a moment. Naira is worth itself and has none."""
    found = rows(
        "SELECT p.* FROM ledger.assets a CROSS JOIN LATERAL (SELECT asset, naira, at, source FROM ledger.prices p"
        " WHERE p.asset = a.code AND p.at <= :moment ORDER BY p.at DESC LIMIT 1) p",
        moment=moment,
    )
    return {row.asset: Price(row.asset, row.naira, row.at, row.source) for row in found}


def value(money: Money, prices: dict[str, Price]) -> Money | None:
    """What it is worth in kobo, rounded towards zero; None where no price is known. The remainder is not money."""
    if money.asset == NGN:
        return money
    price = prices.get(money.asset.code)
    if price is None:
        return None
    numerator, denominator = price.naira.as_integer_ratio()
    worth = abs(money.units) * numerator * 10**NGN.decimals // (denominator * 10 ** ASSETS[money.asset.code].decimals)
    return Money(NGN, worth if money.units >= 0 else -worth)
