"""Posting: the one door into the books. Each call is one round trip to a function of the database that does it all.

Every key is kept for ever: the same key with the same request answers what it answered, with another it is refused.
Call inside `transaction()`; post last, so that the locks on balances are held briefly.
"""

from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import db, sqlstate
from app.core.errors import Refusal
from app.core.money import Money
from app.ledger import errors
from app.ledger.journal import Journal

_REFUSALS: dict[str, type[Refusal]] = {
    "LG001": errors.Unbalanced,
    "LG002": errors.PostingKeyReused,
    "LG003": errors.AccountBlocked,
    "LG004": errors.InsufficientFunds,
    "LG005": errors.Unbalanced,
    "LG006": errors.NoSuchHold,
    "LG007": errors.HoldEnded,
    "LG008": errors.HoldExceeded,
}


_POST = text(
    "SELECT * FROM ledger.post(:key, :kind, :ref, :codes, CAST(:amounts AS numeric[]), :effective,"
    " CAST(:memo AS jsonb))"
)
_CAPTURE = text(
    "SELECT * FROM ledger.capture(:hold, :key, :kind, :ref, :codes, CAST(:amounts AS numeric[]), :effective,"
    " CAST(:memo AS jsonb))"
)
_HOLD = text("SELECT * FROM ledger.hold(:key, :ref, :code, :amount)")
_RELEASE = text("SELECT ledger.release(:hold) AS released")


@dataclass(frozen=True)
class Posted:
    """The journal this key stands for; `replayed` when it was written by an earlier call."""

    journal_id: int
    replayed: bool


@dataclass(frozen=True)
class Held:
    """The hold this key stands for."""

    hold_id: int
    replayed: bool


def post(journal: Journal, *, key: str) -> Posted:
    """Write the journal, or answer what this key wrote before.

    Raises InsufficientFunds, AccountBlocked, PostingKeyReused. Like every refusal these end the transaction.
    """
    row = _call(_POST, key=key, **_written(journal))
    return Posted(row.journal_id, row.replayed)


def hold(account: str, *, amount: Money, ref: str, key: str) -> Held:
    """Reserve `amount` on an account: less is available, nothing moves. Raises as `post` does."""
    row = _call(_HOLD, key=key, ref=ref, code=account, amount=amount.units)
    return Held(row.hold_id, row.replayed)


def capture(hold_id: int, *, journal: Journal, key: str) -> Posted:
    """End a hold by a journal that takes at most what was held from the held account; the rest becomes available.

    Raises HoldEnded, HoldExceeded, NoSuchHold, and as `post` does.
    """
    row = _call(_CAPTURE, hold=hold_id, key=key, **_written(journal))
    return Posted(row.journal_id, row.replayed)


def release(hold_id: int) -> bool:
    """End a hold without moving anything; False when it was released before. Raises HoldEnded when captured."""
    return bool(_call(_RELEASE, hold=hold_id).released)


def _written(journal: Journal) -> dict[str, object]:
    return {
        "kind": journal.kind,
        "ref": journal.ref,
        "codes": [leg.account for leg in journal.legs],
        "amounts": [leg.amount.units for leg in journal.legs],
        "effective": clock.now(),
        "memo": Json(journal.memo),
    }


def _call(function: TextClause, **arguments: object) -> Any:
    try:
        return db.session.execute(function, arguments).one()
    except DBAPIError as error:
        refusal = _REFUSALS.get(sqlstate(error))
        if refusal is None:
            raise
        raise refusal from error
