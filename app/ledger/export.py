"""The books for other readers: beancount, hledger, csv. A stream of text, complete and exact to the unit.

Opening balances, every journal booked in the span, prices, and at the end what each account holds, as an assertion: it
comes from the running balances and not from the journals, so that whoever reads the file proves one by the other.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

from app.core.money import ASSETS, Money
from app.ledger import as_beancount, as_csv, as_hledger, assets, whole
from app.ledger.journal import Leg
from app.ledger.prices import Price
from app.ledger.whole import Account, Booked, Holding, Span, day

OPENING = "equity:opening-balances:{asset}"  # all openings of an asset sum to zero there
OPENING_ID = 0  # journals of the books begin with 1
OPENING_KIND = "opening"


class Format(StrEnum):
    """Who is to read it."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"


class Writer(Protocol):
    """One format: each function answers with whole lines, or with nothing where the format has no place for it."""

    def head(self, span: Span, /) -> str:
        """What stands at the top."""
        ...

    def account(self, account: Account, /) -> str:
        """That there is such an account."""
        ...

    def journal(self, journal: Booked, /) -> str:
        """A journal with its legs."""
        ...

    def price(self, price: Price, /) -> str:
        """What something was worth."""
        ...

    def closing(self, holding: Holding, on: date, /) -> str:
        """That an account holds so much when the day `on` begins in West Africa Time."""
        ...


WRITERS: dict[Format, Writer] = {
    Format.BEANCOUNT: as_beancount,
    Format.HLEDGER: as_hledger,
    Format.CSV: as_csv,
}


def export(format_: Format, span: Span) -> Iterator[str]:
    """The books of a span as text, piece by piece. Read inside `core.db.whole_books()`."""
    return _Export(WRITERS[format_], span).pieces()


class _Export:
    """One export, and the little it must remember: the newest day, and the accounts that openings stand against."""

    def __init__(self, writer: Writer, span: Span) -> None:
        self._writer = writer
        self._span = span
        self._newest = date.min
        self._ours: set[str] = set()  # accounts against openings that the books have
        self._made: dict[str, str] = {}  # those that they have not, with their asset

    def pieces(self) -> Iterator[str]:
        assets.read()  # (the head names them all)
        yield self._writer.head(self._span)
        for account in whole.accounts(self._span):
            if account.code == OPENING.format(asset=account.asset):
                self._ours.add(account.code)
            yield self._account(account)
        yield from self._openings()
        for journal in whole.journals(self._span):
            yield self._journal(journal)
        for price in whole.prices(self._span):
            yield self._writer.price(price)
        yield from self._closings()

    def _openings(self) -> Iterator[str]:
        since = self._span.since
        if since is None:
            return
        for holding in whole.holdings(since):
            if holding.balance:
                against = OPENING.format(asset=holding.balance.asset.code)
                if against not in self._ours and against not in self._made:
                    self._made[against] = holding.balance.asset.code
                    yield self._account(Account(against, holding.balance.asset.code, since))
                legs = (Leg(holding.code, holding.balance), Leg(against, -holding.balance))
                yield self._journal(Booked(OPENING_ID, OPENING_KIND, "", since, since, legs))

    def _closings(self) -> Iterator[str]:
        on = self._newest + timedelta(days=1)
        for holding in whole.holdings(self._span.until):
            yield self._writer.closing(holding, on)
        for code, asset in self._made.items():  # all balances of an asset sum to zero, and so do their openings
            yield self._writer.closing(Holding(code, Money(ASSETS[asset], 0)), on)

    def _account(self, account: Account) -> str:
        self._newest = max(self._newest, day(account.opened_at))
        return self._writer.account(account)

    def _journal(self, journal: Booked) -> str:
        self._newest = max(self._newest, day(journal.booked_at))
        return self._writer.journal(journal)
