"""An account's entries page by page, a journal with its legs, the journals about one thing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.db import rows
from app.core.money import ASSETS, Money


@dataclass(frozen=True)
class StatementLine:
    """One entry of an account; amounts on the account's normal side, `balance` that of the whole account after it.

    `cursor` names the line for the next page.
    """

    seq: int
    journal_id: int
    kind: str
    ref: str
    amount: Money
    balance: Money
    effective_at: datetime
    booked_at: datetime
    cursor: str


SEQ_MAX, STRIPES_MAX = 2**63 - 1, 64
_PAGE = """
SELECT p.*, j.kind, j.ref
  FROM ledger.statement_page(:code, CAST(:booked_at AS timestamptz), CAST(:seq AS bigint), CAST(:stripe AS smallint),
                             CAST(:since AS timestamptz), :limit) p
  JOIN ledger.journals j ON j.id = p.journal_id
 ORDER BY p.booked_at DESC, p.seq DESC, p.stripe DESC
"""


def statement(
    code: str, *, before: str = "", since: datetime | None = None, until: datetime | None = None, limit: int = 50
) -> list[StatementLine]:
    """Entries of one account, newest first: those before a line's `cursor`, booked from `since` and before `until`.

    Raises ValueError for a cursor that none of ours is.
    """
    top: tuple[datetime | str, int, int] = (until or "infinity", 0, 0)
    if before:
        booked_at, seq, stripe = before.split("|")
        top = (datetime.fromisoformat(booked_at), int(seq), int(stripe))
        if not (0 <= top[1] <= SEQ_MAX and 0 <= top[2] < STRIPES_MAX):
            raise ValueError(before)
    found = rows(
        _PAGE,
        code=code,
        booked_at=top[0],
        seq=top[1],
        stripe=top[2],
        since=since or "-infinity",
        limit=limit,
    )
    return [
        StatementLine(
            row.seq, row.journal_id, row.kind, row.ref, _money(row.asset, row.amount), _money(row.asset, row.balance),
            row.effective_at, row.booked_at, f"{row.booked_at.isoformat()}|{row.seq}|{row.stripe}",
        )
        for row in found
    ]  # fmt: skip


def journal(journal_id: int) -> tuple[Any, list[Any]]:
    """One journal's header and its legs with their account codes. Raises LookupError.

    The header says which journal reverses it (`reversed_by`) and which correct it (`corrected_by`).
    """
    header = rows(
        "SELECT j.*, (SELECT r.id FROM ledger.journals r WHERE r.reverses = j.id) AS reversed_by,"
        " ARRAY(SELECT c.id FROM ledger.journals c WHERE c.corrects = j.id ORDER BY c.id) AS corrected_by"
        " FROM ledger.journals j WHERE j.id = :id",
        id=journal_id,
    )
    if not header:
        raise LookupError(journal_id)
    legs = rows(
        "SELECT e.leg, a.code, e.asset, e.amount, e.balance_after, e.seq, e.stripe FROM ledger.entries e"
        " JOIN ledger.accounts a ON a.id = e.account_id WHERE e.journal_id = :id ORDER BY e.leg",
        id=journal_id,
    )
    return header[0], legs


def journals_of(ref: str, *, limit: int = 100) -> list[Any]:
    """The journals about one business object, oldest first."""
    return rows(
        "SELECT id, kind, effective_at, actor FROM ledger.journals WHERE ref = :ref ORDER BY id LIMIT :limit",
        ref=ref,
        limit=limit,
    )


def _money(asset: str, units: Any) -> Money:
    return Money(ASSETS[asset], int(units))
