"""What is held of a deposit for a while after it was credited: hold it, take from it all the same, hold the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import db, rows
from app.core.money import NGN, Money, zero
from app.ledger import balances, chart, posting
from app.payments.models import Deposit
from app.restrictions import service as restrictions


def hold(deposit: Deposit, *, lasts: timedelta) -> None:
    """Keep what was credited from being used for so long; the sweeper of expired holds lets it go."""
    deposit.available_at = clock.now() + lasts
    _hold(deposit, deposit.credited, key=f"pending:{deposit.id}")


def held_of(deposit_id: str | None) -> Money:
    """What is held of a deposit now."""
    remaining = rows(
        "SELECT h.remaining FROM deposits d JOIN ledger.holds h ON h.id = d.hold_id WHERE d.id = :id", id=deposit_id
    )
    return Money(NGN, int(remaining[0].remaining)) if remaining else zero(NGN)


@contextmanager
def past(deposit_id: str | None, *, takes: Money, key: str) -> Iterator[None]:
    """Let the body take so much of a deposit although it is held: it goes back, or its payer wants it back.

    What is left of it is held again until its hour. `key` names what takes it.
    """
    before = held_of(deposit_id)
    if before.units <= 0:
        yield
        return
    deposit = db.session.scalars(select(Deposit).where(Deposit.id == deposit_id).with_for_update()).one()
    before = held_of(deposit_id)  # (as it stands under the lock)
    if deposit.hold_id is not None:
        posting.release(deposit.hold_id)
    yield
    account = chart.of_customer(deposit.customer_id, asset=NGN)
    rest = min(before - min(takes, before), balances.of(account).available)
    deposit.hold_id = None
    if rest.units > 0 and deposit.available_at is not None and deposit.available_at > clock.now():
        _hold(deposit, rest, key=f"pending:{deposit.id}:{key}")
    db.session.flush()


def _hold(deposit: Deposit, amount: Money, *, key: str) -> None:
    account = chart.of_customer(deposit.customer_id, asset=NGN)
    with restrictions.already_under_way(deposit.customer_id, account=account):
        held = posting.hold(account, amount=amount, ref=deposit.id, key=key, expires_at=deposit.available_at)
    deposit.hold_id = held.hold_id
