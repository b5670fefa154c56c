"""Posting: the one door into the books. Each call is one round trip to a function of the database that does it all.

Every key is kept for ever: the same key with the same request answers what it answered, with another it is refused.
Journals and holds have each their own keys.
Call inside `transaction()`; post last, so that the locks on balances are held briefly.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from app.core import clock
from app.core.db import db
from app.core.errors import InvalidAmount, Refusal
from app.core.money import Money
from app.ledger.journal import Journal
from app.ledger.refusals import REFUSALS, refused

# Statements in the driver's own form: composing them anew would cost as much as posting does.
_JOURNAL = "%(key)s, %(kind)s, %(ref)s, %(codes)s, %(amounts)s::numeric[], %(effective)s, %(memo)s::jsonb"
_POST = f"SELECT * FROM ledger.post({_JOURNAL}, NULL, %(corrects)s)"  # noqa: S608 (no input)
_CAPTURE = f"SELECT * FROM ledger.capture(%(hold)s, %(keep_rest)s, {_JOURNAL})"  # noqa: S608 (no input)
_BATCH = (
    "SELECT * FROM ledger.post_batch(%(keys)s, %(kinds)s, %(refs)s, %(memos)s::jsonb[], %(effectives)s::timestamptz[],"
    " %(corrects)s::bigint[], %(items)s, %(codes)s, %(amounts)s::numeric[], %(all_or_nothing)s)"
)
_REVERSE = "SELECT * FROM ledger.reverse(%(journal)s, %(key)s, %(kind)s, %(effective)s, %(memo)s::jsonb)"
_HOLD = "SELECT * FROM ledger.hold(%(key)s, %(ref)s, %(code)s, %(amount)s, %(expires)s)"
_RELEASE = "SELECT ledger.release(%(hold)s) AS released"
_EXPIRE = "SELECT ledger.expire_holds(%(limit)s) AS id"


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

    Raises InsufficientFunds, AccountBlocked, PeriodClosed, PostingKeyReused. Like every refusal these end the
    transaction.
    """
    row = _call(_POST, key=key, corrects=journal.corrects, **_written(journal))
    return Posted(row.journal_id, row.replayed)


def batch(items: list[tuple[Journal, str]], *, all_or_nothing: bool = False) -> list[Posted | Refusal]:
    """Write many journals, each under its key, set by set: what came of each, in their order.

    Each sees what those before it left. One that is refused is answered with its refusal and the others are written;
    with `all_or_nothing` the first refusal is raised and nothing is. Raises as `post` does where a whole batch fails.
    """
    if not items:
        return []
    legs = [(number, leg) for number, (journal, _) in enumerate(items, 1) for leg in journal.legs]
    found = _all(
        _BATCH,
        keys=[key for _, key in items],
        kinds=[journal.kind for journal, _ in items],
        refs=[journal.ref for journal, _ in items],
        memos=[Json(journal.memo) for journal, _ in items],
        effectives=[journal.effective_at or clock.pinned() for journal, _ in items],
        corrects=[journal.corrects for journal, _ in items],
        items=[number for number, _ in legs],
        codes=[leg.account for _, leg in legs],
        amounts=[leg.amount.units for _, leg in legs],
        all_or_nothing=all_or_nothing,
    )
    return [REFUSALS[row.refusal]() if row.refusal else Posted(row.journal_id, row.replayed) for row in found]


def reverse(journal_id: int, *, kind: str, key: str, memo: dict[str, Any] | None = None) -> Posted:
    """Undo a journal by its mirror image, linked to it. Raises AlreadyReversed, NoSuchJournal, and as `post` does."""
    row = _call(_REVERSE, journal=journal_id, key=key, kind=kind, effective=clock.pinned(), memo=Json(memo or {}))
    return Posted(row.journal_id, row.replayed)


def hold(account: str, *, amount: Money, ref: str, key: str, expires_at: datetime | None = None) -> Held:
    """Reserve `amount` on an account: less is available, nothing moves. Raises InvalidAmount, and as `post` does.

    From `expires_at` on it cannot be captured, and the sweeper releases it.
    """
    if amount.units <= 0:
        raise InvalidAmount("A hold is of more than nothing.")
    row = _call(_HOLD, key=key, ref=ref, code=account, amount=amount.units, expires=expires_at)
    return Held(row.hold_id, row.replayed)


def capture(hold_id: int, *, journal: Journal, key: str, keep_rest: bool = False) -> Posted:
    """Use a hold for a journal that takes from the held account, at most what remains of the hold.

    The rest becomes available, or with `keep_rest` stays held for another capture. The journal's memo names the hold.
    Raises HoldEnded, HoldExceeded, NoSuchHold, and as `post` does.
    """
    row = _call(_CAPTURE, hold=hold_id, keep_rest=keep_rest, key=key, **_written(journal))
    return Posted(row.journal_id, row.replayed)


def release(hold_id: int) -> bool:
    """End a hold without moving anything; False when it had been released or had expired. Raises HoldEnded."""
    return bool(_call(_RELEASE, hold=hold_id).released)


def expire(*, limit: int) -> list[int]:
    """Release up to `limit` holds whose time is over: their ids."""
    return [row.id for row in _all(_EXPIRE, limit=limit)]


def _written(journal: Journal) -> dict[str, object]:
    return {
        "kind": journal.kind,
        "ref": journal.ref,
        "codes": [leg.account for leg in journal.legs],
        "amounts": [leg.amount.units for leg in journal.legs],
        "effective": journal.effective_at or clock.pinned(),  # (None: when it is booked)
        "memo": Json(journal.memo),
    }


def _call(function: str, **arguments: object) -> Any:
    return _all(function, **arguments)[0]


def _all(function: str, **arguments: object) -> list[Any]:
    with refused():
        return list(db.session.connection().exec_driver_sql(function, arguments))
