"""The books as csv: one row per leg. Amounts are decimals in the asset's unit, debit positive; times are UTC.

Balances at the beginning of a span are rows of journal 0, of kind `opening`. Prices have no place here.
"""

import csv
import io
from datetime import date

from app.core import money
from app.ledger.prices import Price
from app.ledger.whole import Account, Booked, Holding, Span, instant

COLUMNS = ("journal_id", "booked_at", "effective_at", "kind", "reference", "account", "asset", "amount")


def head(_span: Span) -> str:
    """The columns' names."""
    return rows([COLUMNS])


def account(_account: Account) -> str:
    """Nothing: an account shows in its legs."""
    return ""


def journal(journal: Booked) -> str:
    """A row per leg."""
    booked, effective = instant(journal.booked_at), instant(journal.effective_at)
    return rows(
        [
            (
                str(journal.id), booked, effective, journal.kind, journal.ref,
                leg.account, leg.amount.asset.code, money.plain(leg.amount),
            )
            for leg in journal.legs
        ]
    )  # fmt: skip


def price(_price: Price) -> str:
    """Nothing: csv is one table."""
    return ""


def closing(_holding: Holding, _on: date) -> str:
    """Nothing: csv can assert nothing."""
    return ""


def rows(lines: list[tuple[str, ...]]) -> str:
    """Lines of csv, quoted where they must be (RFC 4180), each ended by a line feed."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
