"""What customers asked for and were refused at the door: nothing came of it, and staff still see that it was tried."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core import clock, ids
from app.core.db import db
from app.core.errors import InProgress, InvalidAmount, KeyReused, Malformed, NotFound, Refusal
from app.core.money import Money
from app.payments import queries as payments
from app.withdrawals.models import RefusedAttempt

DAY = timedelta(days=1)
KEPT_IN_DAY = 50  # of one customer: more tell nothing more
WORDS_MAX = 500
_OF_THE_CALL = (Malformed, InvalidAmount, InProgress, KeyReused)


def note(customer_id: str, *, amount: Money, bank_account_id: str, refused: Refusal) -> None:
    """Write down what was asked for and why it was refused, after what was begun for it was undone.

    What is no request for money out, a mistyped form or a key that came twice, is not kept.
    """
    if amount.units <= 0 or isinstance(refused, _OF_THE_CALL):
        return
    # (two at the same moment may both be the last that is kept: one more does no harm)
    since = f"wdr_{ids.begun_at(clock.now() - DAY)}"
    kept = select(func.count()).where(RefusedAttempt.customer_id == customer_id, RefusedAttempt.id >= since)
    if (db.session.scalar(kept) or 0) >= KEPT_IN_DAY:
        return
    db.session.add(
        RefusedAttempt(
            id=ids.new("wdr"),
            customer_id=customer_id,
            bank_account_id=_theirs(bank_account_id, customer_id=customer_id),
            asset=amount.asset.code,
            amount_units=amount.units,
            code=refused.code,
            words=refused.message[:WORDS_MAX],
            refused_at=clock.now(),
        )
    )
    db.session.flush()


def of_for_operators(
    customer_id: str, *, since: datetime | None = None, before: str = "", limit: int = 10
) -> list[RefusedAttempt]:
    """What a customer tried, the newest first; those since a moment, those before one of them."""
    theirs = select(RefusedAttempt).where(RefusedAttempt.customer_id == customer_id)
    if since:
        theirs = theirs.where(RefusedAttempt.id >= f"wdr_{ids.begun_at(since)}")
    if before:
        theirs = theirs.where(RefusedAttempt.id < before)
    return list(db.session.scalars(theirs.order_by(RefusedAttempt.id.desc()).limit(limit)))


def _theirs(bank_account_id: str, *, customer_id: str) -> str | None:
    try:
        return payments.bank_account(bank_account_id, customer_id=customer_id).id
    except NotFound:
        return None
