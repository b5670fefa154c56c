"""An auditor beside the books: the rules of the ledger once more, in plain Python numbers and without a database.

It is told of every request and says what must come of it: an answer, or the refusals it deserves.
"""

from dataclasses import dataclass, field

from app.core.errors import Refusal
from app.ledger import errors
from app.ledger.journal import Journal

Refused = type[Refusal]


@dataclass
class Sheet:
    """One account in the auditor's own book; units on the account's normal side."""

    side: int
    floor: int | None
    booked: int = 0
    held: int = 0
    entries: list[int] = field(default_factory=list)
    no_debits: bool = False
    no_credits: bool = False

    def falls(self, *, booked: int, held: int) -> bool:
        """Whether these changes lower what is available, to below the floor."""
        change = booked - held
        return self.floor is not None and change < 0 and self.booked - self.held + change < self.floor


@dataclass
class Reserved:
    """A hold as the auditor knows it."""

    account: str
    units: int
    ended: str = ""


class Auditor:
    """What the books must say."""

    def __init__(self) -> None:
        self.sheets: dict[str, Sheet] = {}
        self.holds: dict[int, Reserved] = {}

    def sheet(self, code: str) -> Sheet:
        """One account."""
        return self.sheets[code]

    # ---------------------------------------------------------------------------------------- what must come of it

    def of_post(self, journal: Journal, *, freed: Reserved | None = None) -> tuple[Refused, ...]:
        """The refusals that a journal deserves; which of several it gets is the database's to choose.

        `freed` is the hold that ends with it.
        """
        if any(leg.account not in self.sheets for leg in journal.legs):
            return (errors.AccountBlocked,)
        if freed is not None and abs(self._moved(journal).get(freed.account, 0)) > freed.units:
            return (errors.HoldExceeded,)
        deserved: list[Refused] = []
        for leg in journal.legs:
            sheet = self.sheets[leg.account]
            if sheet.no_debits if leg.amount.units > 0 else sheet.no_credits:
                deserved.append(errors.AccountBlocked)
        for code, units in self._moved(journal).items():
            spare = freed.units if freed is not None and freed.account == code else 0
            sheet = self.sheets[code]
            after = Sheet(sheet.side, sheet.floor, sheet.booked, sheet.held - spare)
            if after.falls(booked=sheet.side * units, held=0):
                deserved.append(errors.InsufficientFunds)
        return tuple(deserved)

    def of_hold(self, code: str, units: int) -> tuple[Refused, ...]:
        """The refusals that a hold deserves."""
        if self.sheets[code].no_debits:
            return (errors.AccountBlocked,)
        return (errors.InsufficientFunds,) if self.sheets[code].falls(booked=0, held=units) else ()

    def of_capture(self, hold_id: int, journal: Journal) -> tuple[Refused, ...]:
        """The refusals that a capture deserves."""
        reserved = self.holds[hold_id]
        if reserved.ended:
            return (errors.HoldEnded,)
        return self.of_post(journal, freed=reserved)

    # ---------------------------------------------------------------------------------------- what came of it

    def post(self, journal: Journal) -> None:
        """It was posted."""
        for leg in journal.legs:
            sheet = self.sheets[leg.account]
            sheet.booked += sheet.side * leg.amount.units
            sheet.entries.append(sheet.side * leg.amount.units)

    def hold(self, hold_id: int, code: str, units: int) -> None:
        """It was held."""
        self.sheets[code].held += units
        self.holds[hold_id] = Reserved(code, units)

    def end(self, hold_id: int, outcome: str) -> None:
        """The hold has ended."""
        reserved = self.holds[hold_id]
        reserved.ended = outcome
        self.sheets[reserved.account].held -= reserved.units

    def sums(self) -> tuple[int, int]:
        """What is on the debit side and on the credit side of all accounts."""
        debits = sum(sheet.booked for sheet in self.sheets.values() if sheet.side == 1)
        credits_ = sum(sheet.booked for sheet in self.sheets.values() if sheet.side == -1)
        return debits, credits_

    def _moved(self, journal: Journal) -> dict[str, int]:
        moved: dict[str, int] = {}
        for leg in journal.legs:
            moved[leg.account] = moved.get(leg.account, 0) + leg.amount.units
        return moved
