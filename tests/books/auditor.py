"""An auditor beside the books: the rules of the ledger once more, in plain Python numbers and without a database.

It is told of every request and says what must come of it: an answer, or the refusals it deserves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.core.errors import Refusal
from app.core.money import ASSETS, NGN, Asset, Money
from app.ledger import errors
from app.ledger.journal import Journal, Leg
from app.ledger.posting import Posted
from tests.makers.books import fresh
from tests.makers.coins import BTC

Refused = type[Refusal]
# Of each account in a story: class, side, floor, asset, hot.
CHART: tuple[tuple[str, int, int | None, Asset, bool], ...] = (
    ("asset", 1, None, NGN, False),
    ("asset", 1, None, NGN, True),
    ("asset", 1, None, BTC, False),
    ("liability", -1, 0, NGN, False),
    ("liability", -1, 0, NGN, False),
    ("liability", -1, -50, NGN, False),
    ("liability", -1, 0, BTC, False),
    ("asset", 1, 0, NGN, False),
    ("income", -1, None, NGN, False),
)


@dataclass
class Sheet:
    """One account in the auditor's own book; units on the account's normal side."""

    side: int
    floor: int | None
    asset: str = "NGN"
    hot: bool = False
    booked: int = 0
    held: int = 0
    entries: list[tuple[int, datetime | None]] = field(default_factory=list)  # units, and when they took effect
    no_debits: bool = False
    no_credits: bool = False
    closed: bool = False

    def falls(self, *, booked: int, held: int) -> bool:
        """Whether these changes lower what is available, to below the floor."""
        change = booked - held
        return self.floor is not None and change < 0 and self.booked - self.held + change < self.floor

    @property
    def no_way_out(self) -> bool:
        """Whether the direction in which money leaves is frozen."""
        return self.no_credits if self.side == 1 else self.no_debits


@dataclass
class Reserved:
    """A hold as the auditor knows it. `over` when its time was over from the beginning."""

    account: str
    units: int
    over: bool
    remaining: int
    ended: str = ""


@dataclass
class Months:
    """Which months the books take nothing in any more: those before `closed`, and one that is being closed."""

    closed: datetime
    closing: datetime | None = None
    settled: bool = False

    def take(self, journal: Journal) -> bool:
        """Whether it may take effect when it does."""
        if journal.effective_at is None:
            return True
        if journal.effective_at < self.closed:
            return False
        if self.closing is None or journal.effective_at >= self.closing:
            return True
        return not self.settled and journal.corrects is not None


class Auditor:
    """What the books must say."""

    def __init__(self, months: Months) -> None:
        self.sheets: dict[str, Sheet] = {}
        self.holds: dict[int, Reserved] = {}
        self.keys: dict[str, tuple[Journal, int]] = {}
        self.reversed: set[int] = set()
        self.months = months

    def proposes(self, legs: list[tuple[str, int]], last: str, *, month: int = 0) -> Journal:
        """Debits (credits, below zero) on those accounts that have the last one's asset, balanced on that one.

        A month below zero says around which end of the closed ones it took effect; zero and more: it takes effect now.
        Every other one of those says that it corrects a journal.
        """
        asset = ASSETS[self.sheets[last].asset]
        same = [(code, units) for code, units in legs if self.sheets[code].asset == asset.code]
        same = same or [(last, abs(legs[0][1]))]
        total = sum(units for _, units in same)
        if not total:
            same, total = [*same, (last, 1)], 1
        written = tuple(Leg(code, Money(asset, units)) for code, units in [*same, (last, -total)])
        at = self.months.closed + timedelta(days=20 * (month + 3)) if month < 0 else None
        corrects = next((id_ for _, id_ in self.keys.values()), None) if month < 0 and month % 2 else None
        return Journal("test.moved", fresh("ref"), written, effective_at=at, corrects=corrects)

    # ---------------------------------------------------------------------------------------- what must come of it

    def of_post(self, journal: Journal, *, freed: tuple[str, int] = ("", 0)) -> tuple[Refused, ...]:
        """The refusals that a journal deserves; which of several it gets is the database's to choose.

        `freed` is how much of which account's holds ends with it.
        """
        if any(leg.account not in self.sheets for leg in journal.legs):
            return (errors.AccountBlocked,)
        deserved: list[Refused] = []
        for leg in journal.legs:
            sheet = self.sheets[leg.account]
            if sheet.no_debits if leg.amount.units > 0 else sheet.no_credits:
                deserved.append(errors.AccountBlocked)
        for code, units in moved(journal).items():
            sheet = self.sheets[code]
            spare = freed[1] if freed[0] == code else 0
            after = Sheet(sheet.side, sheet.floor, booked=sheet.booked, held=sheet.held - spare)
            if after.falls(booked=sheet.side * units, held=0):
                deserved.append(errors.InsufficientFunds)
        if not self.months.take(journal):
            deserved.append(errors.PeriodClosed)
        return tuple(deserved)

    def of_key(self, key: str, journal: Journal) -> tuple[Refused, ...]:
        """The refusal that a key used before deserves."""
        used = self.keys.get(key)
        return (errors.PostingKeyReused,) if used and used[0] != journal else ()

    def of_batch(self, items: Sequence[tuple[Journal, str]]) -> list[tuple[Refused, ...]]:
        """What each item of a batch deserves, each seeing what those before it left; nothing is booked."""
        found: list[tuple[Refused, ...]] = []
        saved = {code: (sheet.booked, len(sheet.entries)) for code, sheet in self.sheets.items()}
        keys: set[str] = set()
        for journal, key in items:
            if key in keys:
                must: tuple[Refused, ...] = (errors.DuplicateKey,)
            elif key in self.keys:
                must = self.of_key(key, journal)
            else:
                must = self.of_post(journal)
                if not must:
                    self.book(journal)
            keys.add(key)
            found.append(must)
        for code, (booked, entries) in saved.items():
            self.sheets[code].booked = booked
            del self.sheets[code].entries[entries:]
        return found

    def of_hold(self, code: str, units: int) -> tuple[Refused, ...]:
        """The refusals that a hold deserves."""
        sheet = self.sheets[code]
        if sheet.hot:
            return (errors.AccountUnfit,)
        if sheet.no_way_out:
            return (errors.AccountBlocked,)
        return (errors.InsufficientFunds,) if sheet.falls(booked=0, held=units) else ()

    def of_capture(self, hold_id: int, journal: Journal, *, keep: bool) -> tuple[Refused, ...]:
        """The refusals that a capture deserves."""
        hold = self.holds[hold_id]
        if hold.ended or hold.over:
            return (errors.HoldEnded,)
        taken = self.taken(hold, journal)
        if not 0 < taken <= hold.remaining:
            return (errors.HoldExceeded,)
        return self.of_post(journal, freed=(hold.account, taken if keep else hold.remaining))

    def of_reversal(self, mirror: Journal, journal_id: int) -> tuple[Refused, ...]:
        """The refusals that a reversal deserves."""
        return (errors.AlreadyReversed,) if journal_id in self.reversed else self.of_post(mirror)

    def of_close(self, code: str) -> tuple[Refused, ...]:
        """The refusal that closing an account deserves."""
        sheet = self.sheets[code]
        return (errors.AccountUnfit,) if not sheet.closed and (sheet.booked or sheet.held) else ()

    # ---------------------------------------------------------------------------------------- what came of it

    def book(self, journal: Journal) -> None:
        """It was posted."""
        for leg in journal.legs:
            sheet = self.sheets[leg.account]
            sheet.booked += sheet.side * leg.amount.units
            sheet.entries.append((sheet.side * leg.amount.units, journal.effective_at))

    def hold(self, hold_id: int, code: str, units: int, *, over: bool) -> None:
        """It was held."""
        self.sheets[code].held += units
        self.holds[hold_id] = Reserved(code, units, over, units)

    def capture(self, hold_id: int, journal: Journal, *, keep: bool) -> None:
        """It was captured."""
        hold = self.holds[hold_id]
        taken = self.taken(hold, journal)
        self._less(hold, taken, "captured")
        if not keep and hold.remaining:
            self._less(hold, hold.remaining, "released")
        self.book(journal)

    def end(self, hold_id: int, outcome: str) -> None:
        """What was left of the hold has ended."""
        self._less(self.holds[hold_id], self.holds[hold_id].remaining, outcome)

    def close(self, code: str) -> None:
        """It was closed."""
        sheet = self.sheets[code]
        sheet.closed = sheet.no_debits = sheet.no_credits = True

    def expects(self, journal: Journal, answer: Any) -> bool:
        """Whether this answer to a post is the one he would have given; if so he notes it."""
        must = self.of_post(journal)
        if must:
            return isinstance(answer, must)
        self.book(journal)
        return isinstance(answer, Posted)

    # ---------------------------------------------------------------------------------------- what must be true

    def sums(self) -> dict[str, int]:
        """Debits less credits over all accounts, per asset: nothing."""
        sums: dict[str, int] = {}
        for sheet in self.sheets.values():
            sums[sheet.asset] = sums.get(sheet.asset, 0) + sheet.side * sheet.booked
        return sums

    def effective(self, code: str, moment: datetime) -> int:
        """What took effect on an account before a moment of the past."""
        return sum(units for units, at in self.sheets[code].entries if at is not None and at < moment)

    def taken(self, hold: Reserved, journal: Journal) -> int:
        """How much of a held account a journal takes."""
        return -self.sheets[hold.account].side * moved(journal).get(hold.account, 0)

    def _less(self, hold: Reserved, units: int, outcome: str) -> None:
        hold.remaining -= units
        self.sheets[hold.account].held -= units
        if not hold.remaining:
            hold.ended = outcome


def moved(journal: Journal) -> dict[str, int]:
    """What a journal moves on each account: debits less credits."""
    found: dict[str, int] = {}
    for leg in journal.legs:
        found[leg.account] = found.get(leg.account, 0) + leg.amount.units
    return found
