"""What somebody holds of an asset and what it cost them: average cost in naira. Pure.

The method, as the page says it. What comes in is added at what was paid for it, with fee and spread. What goes out
takes its part of the cost with it, by the average; the part is rounded down to a kobo, so that the rest of the kobo
stays with what is still held, and who has nothing left has no cost left. A sale's gain is what it brought less that
part. What is sent to somebody takes its part along and is no gain. In a swap, what was given is worth its price of that
moment: that is what it brought, and what the other cost.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Move:
    """What one journal did to one asset of the customer's.

    `units` came in, or went out where negative. `kobo` is what was paid or brought for it, as a positive number: None
    where no price was known. `sold` says whether it went for something, and not as a gift.
    """

    asset: str
    units: int
    kobo: int | None
    sold: bool


@dataclass
class Holding:
    """An asset at a time: units, what those cost in kobo, and the gain in kobo of what was sold before.

    `known` is False once something came in whose price nobody knew: then cost and gains are not the whole truth.
    """

    units: int = 0
    cost: int = 0
    realised: int = 0
    known: bool = True

    def take(self, move: Move) -> None:
        """Let one move happen."""
        if move.units >= 0:
            self.units += move.units
            self.cost += move.kobo or 0
            self.known = self.known and move.kobo is not None
            return
        gone = min(-move.units, self.units)
        part = self.cost * gone // self.units if self.units else 0
        self.units += move.units
        self.cost -= part
        if move.sold and move.kobo is None:
            self.known = False
        elif move.sold:
            self.realised += (move.kobo or 0) - part

    def average(self, decimals: int) -> Decimal | None:
        """Naira paid for one whole unit, to whole kobo (half of one up); None while nothing is held."""
        if self.units <= 0:
            return None
        kobo = (2 * self.cost * 10**decimals + self.units) // (2 * self.units)
        return Decimal(kobo).scaleb(-2)
