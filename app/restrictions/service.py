"""Commands of restrictions: refuse, place, lift, expire. The accounts in the books follow by triggers of the tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select, text

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.customers import queries as customers
from app.customers import service as customers_service
from app.customers.errors import AccountFrozen
from app.customers.rules import State as AccountState
from app.ledger import accounts
from app.restrictions import errors, events, queries, rules
from app.restrictions.models import Restriction
from app.restrictions.reasons import LISTED, REASONS
from app.restrictions.rules import Kind, State, Way


def refuse(customer_id: str, *, way: Way) -> None:
    """Raise AccountFrozen or Restricted when nothing may go this way; the answer holds until the transaction ends.

    Every command that moves a customer's money asks this first. What is placed at the same moment waits for the
    command's transaction, or that transaction for it.
    """
    frozen = customers_service.stand_still(customer_id) == AccountState.LOCKED
    words = queries.refusal_words(way, owner=customer_id)
    if frozen and way is not Way.IN:
        raise AccountFrozen
    if words is not None:
        raise errors.Restricted(words)


def stops(customer_id: str, *, way: Way) -> bool:
    """Whether a restriction stops what goes this way, until the caller's transaction ends: for money that came."""
    customers_service.stand_still(customer_id)
    return queries.refusal_words(way, owner=customer_id) is not None


@contextmanager
def already_under_way(customer_id: str, *, account: str) -> Iterator[None]:
    """Book the end of what had left, or comes back, before the account was stopped: the world has done it already.

    The account thaws for the body and is frozen again in the same transaction, which holds its rows: nobody else gets
    in between. Both are on the record.
    """
    frozen = customers_service.stand_still(customer_id) == AccountState.LOCKED
    standing = frozen or bool(queries.active_for_operators(customer_id))
    if standing:
        accounts.freeze(account, debits=False, credits_=False)
    yield
    if standing:
        db.session.execute(text("SELECT apply_restrictions(:customer)"), {"customer": customer_id})


def place(
    customer_id: str, *, kind: str, reason: str, note: str, expires_at: datetime | None = None,
    cause: str | None = None, actor: Actor,
) -> Restriction:  # fmt: skip
    """Stop something at once. `note` is for compliance alone. For one `cause` it is done once.

    Raises NoSuchCustomer, BadRestriction, NoteMissing, HoldHasNoEnd, BadExpiry.
    """
    customer, moment, words = customers.one_for_operators(customer_id), clock.now(), note.strip()
    if kind not in set(Kind) or reason not in REASONS:
        raise errors.BadRestriction
    if not words or len(words) > rules.NOTE_MAX:
        raise errors.NoteMissing
    if expires_at is not None and kind == Kind.LEGAL_HOLD:
        raise errors.HoldHasNoEnd
    if expires_at is not None and expires_at <= moment:
        raise errors.BadExpiry
    before = db.session.scalars(select(Restriction).filter_by(cause=cause)).one_or_none() if cause else None
    if before is not None:
        return before
    placed = Restriction(
        id=ids.new("res"),
        customer_id=customer.id,
        kind=kind,
        reason=reason,
        note=words,
        state=State.PLACED,
        placed_by=str(actor),
        placed_at=moment,
        expires_at=expires_at,
        cause=cause,
    )
    machine.begin(placed, machine=rules.MACHINE, actor=actor)  # (without words: all staff read moves)
    outbox.emit(events.Placed(restriction_id=placed.id, customer_id=customer.id))
    return placed


def place_listed(customer_id: str, *, kind: str, cause: str, actor: Actor) -> Restriction | None:
    """Stop whom a list names, once for each `cause`; None where that stands, or was done and lifted since."""
    customers_service.stand_still(customer_id)
    standing = (Restriction.customer_id == customer_id) & (Restriction.state == State.PLACED)
    same = standing & (Restriction.kind == kind) & (Restriction.reason == LISTED)
    if db.session.scalar(select(Restriction.id).where((Restriction.cause == cause) | same).limit(1)):
        return None
    note = "Placed by itself, for what a list says. Decide on the hit, then ask that this be lifted if it was nobody."
    return place(customer_id, kind=kind, reason=LISTED, note=note, cause=cause, actor=actor)


def lift(restriction_id: str, *, request_id: str, actor: Actor) -> None:
    """End one before its time, by a request that others agreed to; the database looks at it too.

    Raises NoSuchRestriction, NotStanding.
    """
    one = _locked(restriction_id)
    if one.state != State.PLACED:
        raise errors.NotStanding
    one.lift_request_id = request_id
    _end(one, State.LIFTED, actor=actor)
    outbox.emit(events.Lifted(restriction_id=one.id, customer_id=one.customer_id))


def expire(*, actor: Actor) -> int:
    """End those whose time is over: how many."""
    moment, ended = clock.now(), 0
    for restriction_id in queries.due_for_system(at=moment):
        one = _locked(restriction_id)
        if one.state == State.PLACED and rules.is_over(one.expires_at, at=moment):
            _end(one, State.EXPIRED, actor=actor)
            outbox.emit(events.Expired(restriction_id=one.id, customer_id=one.customer_id))
            ended += 1
    return ended


def _end(one: Restriction, to: State, *, actor: Actor) -> None:
    one.ended_at = clock.now()
    machine.move(one, to, machine=rules.MACHINE, actor=actor)


def _locked(restriction_id: str) -> Restriction:
    mine = select(Restriction).where(Restriction.id == restriction_id).with_for_update()
    found = db.session.scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise errors.NoSuchRestriction
    return found
