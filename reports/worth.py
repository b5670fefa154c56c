"""What everything of a customer's is worth in naira now: wallet by wallet and together, with the change of the day."""

from dataclasses import dataclass
from decimal import Decimal

from app.core.money import ASSETS, NGN, Asset, Money
from app.wallets import queries as wallets
from reports import prices
from reports.prices import Line

_TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Held:
    """One wallet: what is in it, what of that is set aside, and its price line (naira has none)."""

    asset: Asset
    booked: Money
    held: Money
    line: Line | None

    @property
    def available(self) -> Money:
        """What may be used."""
        return self.booked - self.held

    @property
    def worth(self) -> Money | None:
        """What is in it, in kobo, rounded towards zero; None while there is no price."""
        if self.line is None:
            return self.booked
        return at_price(self.booked, self.line.price.mid) if self.line.price else None

    @property
    def change(self) -> Money | None:
        """How much more or less it is worth than at the price of a day ago; None where that is not known."""
        if self.line is None:
            return Money(NGN, 0)
        if self.worth is None or self.line.before is None:
            return None
        return self.worth - at_price(self.booked, self.line.before)


@dataclass(frozen=True)
class Worth:
    """All wallets, naira first. What has no price at present is not in `total`: it stands in `without`."""

    wallets: tuple[Held, ...]
    total: Money
    change: Money | None
    without: tuple[Held, ...]

    @property
    def percent(self) -> Decimal | None:
        """The change in hundredths of what it was, to a tenth of one."""
        if self.change is None or self.total.units == self.change.units:
            return None
        return (Decimal(self.change.units) * 100 / (self.total.units - self.change.units)).quantize(_TENTH)


def at_price(money: Money, naira: Decimal) -> Money:
    """What it is worth in kobo at so much naira for a whole one, rounded towards zero."""
    above, below = naira.as_integer_ratio()
    size = abs(money.units) * above * 10**NGN.decimals // (below * 10**money.asset.decimals)
    return Money(NGN, size if money.units >= 0 else -size)


def of_customer(*, customer_id: str) -> Worth:
    """Every wallet: one reading of balances, one of prices, one of the day before."""
    found = wallets.balances_of(customer_id=customer_id)
    lines = prices.board([ASSETS[code] for code, _ in found])
    held = tuple(
        Held(balance.booked.asset, balance.booked, balance.held, lines.get(balance.booked.asset.ticker))
        for _, balance in found
    )
    known = [one.worth for one in held if one.worth is not None]
    changes = [one.change for one in held if one.booked and one.line]
    moved = [change for change in changes if change is not None]
    return Worth(
        held,
        total=sum(known, Money(NGN, 0)),
        change=sum(moved, Money(NGN, 0)) if moved and len(moved) == len(changes) else None,
        without=tuple(one for one in held if one.worth is None and one.booked),
    )
