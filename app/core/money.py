"""Money: an asset and a whole number of its smallest units (kobo, satoshi, wei). There is no float anywhere.

Units are Python integers and PostgreSQL `numeric` whole numbers; a size of 10^38 units or more is refused everywhere.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from app.core.errors import InvalidAmount

UNITS_LIMIT = 10**38  # the ledger's domain `units` refuses this size too
_DECIMAL = re.compile(r"(?P<whole>[0-9]{1,3}(,[0-9]{3}){1,12}|[0-9]{1,38})(\.(?P<fraction>[0-9]{1,30}))?")


class Rounding(Enum):
    """Which way a division that does not come out goes; the remainder is always handed back to the caller."""

    DOWN = "down"  # towards zero: what we pay out
    UP = "up"  # away from zero: what we charge


@dataclass(frozen=True)
class Asset:
    """Something that is counted: `decimals` digits below the point, `digits` of them shown; `ticker` is priced."""

    code: str
    decimals: int
    symbol: str = field(default="", compare=False)
    ticker: str = field(default="", compare=False)
    name: str = field(default="", compare=False)
    network: str = field(default="", compare=False)
    digits: int = field(default=2, compare=False)
    colour: str = field(default="#000000", compare=False)
    mark: str = field(default="", compare=False)


class Assets(Mapping[str, Asset]):
    """Every asset by its code, in the order of lists. The assembly says what `known` is: app/ledger/assets.py."""

    known: Callable[[str | None], Mapping[str, Asset]] = staticmethod(lambda _code: {NGN.code: NGN})

    def __getitem__(self, code: str) -> Asset:
        return NGN if code == NGN.code else self.known(code)[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known(None))

    def __len__(self) -> int:
        return len(self.known(None))


NGN: Asset = Asset("NGN", 2, "₦", "NGN", "Naira", colour="#0b6243", mark="₦")
ASSETS = Assets()  # naira is known without a database


@dataclass(frozen=True, order=False)
class Money:
    """`units` of `asset`, in its smallest unit; may be negative. Arithmetic refuses to mix assets."""

    asset: Asset
    units: int

    def __post_init__(self) -> None:
        """Refuse what is not a whole number of a storable size."""
        if type(self.units) is not int:
            raise TypeError(f"units must be int, not {type(self.units).__name__}")
        if abs(self.units) >= UNITS_LIMIT:
            raise InvalidAmount("That amount is too large to book.")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.asset, self.units + self._same(other).units)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.asset, self.units - self._same(other).units)

    def __neg__(self) -> "Money":
        return Money(self.asset, -self.units)

    def __lt__(self, other: "Money") -> bool:
        return self.units < self._same(other).units

    def __le__(self, other: "Money") -> bool:
        return self.units <= self._same(other).units

    def __bool__(self) -> bool:
        return self.units != 0

    def __str__(self) -> str:
        return format_money(self)

    def _same(self, other: "Money") -> "Money":
        if other.asset != self.asset:
            raise TypeError(f"{self.asset.code} and {other.asset.code} do not mix")
        return other


def zero(asset: Asset) -> Money:
    """Nothing of `asset`."""
    return Money(asset, 0)


def parse(text: str, *, asset: Asset) -> Money:
    """Read `1250`, `1,250.00` or `1250.5` as a positive or zero amount of `asset`.

    Only ASCII digits, one point, and commas in their proper places: no sign, exponent or other writing of digits.
    Raises InvalidAmount, also for more decimals than the asset has (nothing is rounded on the way in).
    """
    found = _DECIMAL.fullmatch(text.strip().removeprefix(asset.symbol or asset.code).strip())
    if found is None:
        raise InvalidAmount("Write the amount in digits, like 1,250.00.")
    fraction = found["fraction"] or ""
    if len(fraction) > asset.decimals:
        raise InvalidAmount(f"{asset.code} has at most {asset.decimals} decimals.", decimals=asset.decimals)
    return Money(asset, int(found["whole"].replace(",", "") + fraction.ljust(asset.decimals, "0")))


def parts(money: Money) -> tuple[str, str]:
    """The written amount before and from the point: `("−₦1,250", ".00")`."""
    whole, fraction = divmod(abs(money.units), 10**money.asset.decimals)
    sign = "−" if money.units < 0 else ""
    tail = f".{fraction:0{money.asset.decimals}d}" if money.asset.decimals else ""
    return f"{sign}{money.asset.symbol or money.asset.code + ' '}{whole:,}", tail


def format_money(money: Money) -> str:
    """The amount as people read it: `₦1,250.00`, `−₦3.10`. `parse` reads the positive ones back."""
    return "".join(parts(money))


def plain(money: Money) -> str:
    """The amount for a form field or a program: `1250.00`, ASCII only."""
    whole, fraction = divmod(abs(money.units), 10**money.asset.decimals)
    sign = "-" if money.units < 0 else ""
    return f"{sign}{whole}" + (f".{fraction:0{money.asset.decimals}d}" if money.asset.decimals else "")


def allocate(money: Money, weights: list[int]) -> list[Money]:
    """Split by `weights` so that the shares sum to `money` exactly; leftover units go to the first shares, one each.

    Raises ValueError when there is no positive weight or a negative one.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be whole, not negative, and sum to more than zero")
    sign = -1 if money.units < 0 else 1
    shares = [abs(money.units) * weight // total for weight in weights]
    for index in [i for i, weight in enumerate(weights) if weight][: abs(money.units) - sum(shares)]:
        shares[index] += 1
    return [Money(money.asset, sign * share) for share in shares]


def portion(money: Money, *, bps: int, rounding: Rounding) -> tuple[Money, int]:
    """`bps` ten-thousandths of `money`, rounded as stated, and the rest: `units * bps == portion * 10_000 + rest`."""
    exact = money.units * bps
    size, rest = divmod(abs(exact), 10_000)
    if rest and rounding is Rounding.UP:
        size += 1
    units = size if exact >= 0 else -size
    return Money(money.asset, units), exact - units * 10_000
