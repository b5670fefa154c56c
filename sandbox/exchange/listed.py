"""What the venue lists: its assets with their codes and decimals, its pairs with their steps and minimums.

Codes follow the venue's old habit (XXBT, XETH, ZUSD) where it has one. The pairs of TRX, TON and BNB against USDT are
the sandbox's own: what a venue lists changes from month to month.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

LOT_DECIMALS = 8
TAKER_BPS = 26
MAKER_BPS = 16
_TIERS = (0, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000)
_TAKER = ("0.26", "0.24", "0.22", "0.20", "0.18", "0.16", "0.14", "0.12", "0.10")
_MAKER = ("0.16", "0.14", "0.12", "0.10", "0.08", "0.06", "0.04", "0.02", "0.00")


@dataclass(frozen=True, slots=True)
class Route:
    """One way in and out: the deposit method's name, the network's, and what a withdrawal costs and needs at least."""

    deposit: str
    network: str
    fee: Decimal
    minimum: Decimal
    prefix: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An asset: its code and its altname at the venue, its ticker elsewhere."""

    code: str
    altname: str
    ticker: str
    decimals: int
    display_decimals: int
    routes: tuple[Route, ...] = ()

    @property
    def is_fiat(self) -> bool:
        """Money of a state, as the statement's `subclass` tells."""
        return self.code.startswith("Z")

    def units(self, amount: Decimal) -> int:
        """An amount in the asset's smallest unit. Raises ValueError when it has more decimals than the asset."""
        scaled = amount.scaleb(self.decimals)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} has more than {self.decimals} decimals")
        return int(scaled)

    def nearest(self, amount: Decimal) -> int:
        """The nearest number of units; halves go up."""
        return int(amount.scaleb(self.decimals).to_integral_value(rounding=ROUND_HALF_UP))

    def amount(self, units: int) -> Decimal:
        """Units as an amount, exactly."""
        return Decimal(units).scaleb(-self.decimals)

    def text(self, units: int, *, decimals: int | None = None) -> str:
        """Units as the venue prints them: every decimal, or as many as asked."""
        return f"{self.amount(units):.{self.decimals if decimals is None else decimals}f}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A market: `base` is bought and sold for `quote`."""

    id: str
    altname: str
    base: Listed
    quote: Listed
    price_decimals: int
    cost_decimals: int
    minimum: Decimal
    half_spread_ppm: int
    cost_minimum: Decimal = Decimal("0.5")

    @property
    def symbol(self) -> str:
        """The pair in tickers: `BTC/USD`."""
        return f"{self.base.ticker}/{self.quote.ticker}"

    @property
    def wsname(self) -> str:
        """The pair in altnames: `XBT/USD`."""
        return f"{self.base.altname}/{self.quote.altname}"

    @property
    def tick(self) -> Decimal:
        """The smallest step of its price."""
        return Decimal(1).scaleb(-self.price_decimals)

    def price_text(self, price: Decimal) -> str:
        """A price as the venue prints it."""
        return f"{price:.{self.price_decimals}f}"

    def shape(self) -> dict[str, Any]:
        """The pair as AssetPairs tells it."""
        return {
            "altname": self.altname, "wsname": self.wsname, "aclass_base": "currency", "base": self.base.code,
            "aclass_quote": "currency", "quote": self.quote.code, "lot": "unit", "cost_decimals": self.cost_decimals,
            "pair_decimals": self.price_decimals, "lot_decimals": LOT_DECIMALS, "lot_multiplier": 1,
            "leverage_buy": [], "leverage_sell": [],
            "fees": [[above, float(rate)] for above, rate in zip(_TIERS, _TAKER, strict=True)],
            "fees_maker": [[above, float(rate)] for above, rate in zip(_TIERS, _MAKER, strict=True)],
            "fee_volume_currency": "ZUSD", "margin_call": 80, "margin_stop": 40, "ordermin": f"{self.minimum:f}",
            "costmin": f"{self.cost_minimum:f}", "tick_size": f"{self.tick:f}", "status": "online",
        }  # fmt: skip


USD = Listed("ZUSD", "USD", "USD", 4, 2)
BTC = Listed("XXBT", "XBT", "BTC", 10, 5, (
    Route("Bitcoin", "Bitcoin", Decimal("0.00015"), Decimal("0.0004"), "bc1q"),
))  # fmt: skip
ETH = Listed("XETH", "ETH", "ETH", 10, 5, (
    Route("Ether (Hex)", "Ethereum", Decimal("0.0005"), Decimal("0.002"), "0x"),
))  # fmt: skip
USDT = Listed("USDT", "USDT", "USDT", 8, 4, (
    Route("Tether USD (ERC20)", "Ethereum", Decimal("3.2"), Decimal(10), "0x"),
    Route("Tether USD (TRC20)", "Tron", Decimal("2.5"), Decimal(5), "T"),
))  # fmt: skip
TRX = Listed("TRX", "TRX", "TRX", 8, 5, (Route("Tron", "Tron", Decimal("1.5"), Decimal(20), "T"),))
TON = Listed("TON", "TON", "TON", 9, 5, (Route("Toncoin", "Toncoin", Decimal("0.05"), Decimal(1), "UQ"),))
BNB = Listed("BNB", "BNB", "BNB", 10, 5, (
    Route("BNB Smart Chain", "BNB Smart Chain", Decimal("0.0005"), Decimal("0.005"), "0x"),
))  # fmt: skip
ASSETS = {asset.code: asset for asset in (USD, BTC, ETH, USDT, TRX, TON, BNB)}

_BY_NAME = {name: asset for asset in ASSETS.values() for name in (asset.code, asset.altname, asset.ticker)}


def _against_usdt(base: Listed, price_decimals: int, minimum: str, half_spread_ppm: int) -> Pair:
    name = f"{base.altname}USDT"
    return Pair(name, name, base, USDT, price_decimals, 8, Decimal(minimum), half_spread_ppm)


def _against_usd(base: Listed, price_decimals: int, minimum: str, half_spread_ppm: int) -> Pair:
    # The old codes stand together in the id (XXBTZUSD); what came later is named by altnames (TRXUSD).
    old = base.code != base.ticker or base is USDT
    altname = f"{base.altname}USD"
    name = f"{base.code}{USD.code}" if old else altname
    return Pair(name, altname, base, USD, price_decimals, 5, Decimal(minimum), half_spread_ppm)


PAIRS = {
    pair.id: pair
    for pair in (
        _against_usd(BTC, 1, "0.00005", 40),
        _against_usd(ETH, 2, "0.001", 60),
        _against_usd(TRX, 6, "20", 300),
        _against_usd(TON, 4, "2", 400),
        _against_usd(BNB, 2, "0.005", 250),
        _against_usd(USDT, 5, "5", 20),
        _against_usdt(BTC, 1, "0.00005", 50),
        _against_usdt(ETH, 2, "0.001", 70),
        _against_usdt(TRX, 6, "20", 320),
        _against_usdt(TON, 4, "2", 420),
        _against_usdt(BNB, 2, "0.005", 270),
    )
}
_PAIR_BY_NAME = {
    name: pair for pair in PAIRS.values() for name in (pair.id, pair.altname, pair.wsname, pair.symbol)
}  # fmt: skip


def asset(name: str) -> Listed | None:
    """The asset of this code, altname or ticker."""
    return _BY_NAME.get(name)


def pair(name: str) -> Pair | None:
    """The pair of this id, altname, wsname or symbol."""
    return _PAIR_BY_NAME.get(name)
