"""Commands of the queue of what could not be placed: put something into it, close it."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from app.core import clock, ids, machine
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import Money
from app.payments import errors, queries, rules
from app.payments.models import Deposit, SuspenseItem
from app.payments.rules import DepositState, SuspenseState, Topic


@dataclass(frozen=True)
class Trouble:
    """What could not be placed. `cause` makes it one item however often it is told."""

    cause: str
    event: str
    reference: str
    reason: str
    amount: Money | None = None
    inbox_id: int | None = None
    channel: str = ""
    payer: str = ""
    paid_to: str = ""
    topic: Topic | None = None  # where none is said, the event says it


def suspend(trouble: Trouble, *, actor: Actor, journal_id: int | None = None) -> None:
    """Put something into the visible queue of what could not be placed; the same cause once.

    Money that comes for a known cause is noted on its item, with whose and how much it is; it is open again then.
    """
    known = db.session.scalars(
        select(SuspenseItem).where(SuspenseItem.cause == trouble.cause).with_for_update()
    ).one_or_none()
    if known is not None:
        if journal_id is not None and known.journal_id is None:
            _note_money(known, trouble, journal_id=journal_id)
            if known.state == SuspenseState.RESOLVED:
                machine.move(known, SuspenseState.OPEN, machine=rules.SUSPENSE, actor=actor, reason="money came")
        return
    item = SuspenseItem(
        id=ids.new("sus"),
        cause=trouble.cause,
        inbox_id=trouble.inbox_id,
        event=trouble.event,
        reference=trouble.reference,
        amount_units=trouble.amount.units if trouble.amount else None,
        reason=trouble.reason,
        channel=trouble.channel,
        payer=trouble.payer,
        paid_to=trouble.paid_to,
        topic=trouble.topic or rules.topic_of(trouble.event),
        journal_id=journal_id,
        state=SuspenseState.OPEN,
        created_at=clock.now(),
    )
    machine.begin(item, machine=rules.SUSPENSE, actor=actor)


def resolve(item_id: str, *, note: str, actor: Actor) -> None:
    """Close an item with a note. Raises NotResolvable while money stands in suspense for it."""
    item = locked(item_id)
    if item.journal_id is not None and not queries.is_corrected_for_operators(item):
        raise errors.NotResolvable
    close(item, note=note, actor=actor)


def split(item: SuspenseItem, *, parts: list[Money], note: str, actor: Actor) -> list[str]:
    """Make items of the parts of one, and close it: their ids. The money stays where it stands.

    The caller holds its lock and has the approval; the database asks for it, and that the parts are no more than it.
    """
    made = []
    for number, part in enumerate(parts, 1):
        piece = SuspenseItem(
            id=ids.new("sus"),
            cause=f"{item.cause}/{number}" if not item.parent_id else f"{item.id}/{number}",
            inbox_id=item.inbox_id,
            event=item.event,
            reference=item.reference,
            amount_units=part.units,
            reason=f"part {number} of {len(parts)}: {item.reason}",
            channel=item.channel,
            payer=item.payer,
            paid_to=item.paid_to,
            topic=item.topic,
            parent_id=item.id,
            journal_id=item.journal_id,
            state=SuspenseState.OPEN,
            created_at=clock.now(),
        )
        machine.begin(piece, machine=rules.SUSPENSE, actor=actor, reason=note)
        made.append(piece.id)
    close(item, note=note, actor=actor)
    return made


def locked(item_id: str) -> SuspenseItem:
    """The item as it stands now, until the transaction ends. Raises NotFound."""
    wanted = select(SuspenseItem).where(SuspenseItem.id == item_id).with_for_update()
    item = db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if item is None:
        raise NotFound
    return item


def close(item: SuspenseItem, *, note: str, actor: Actor) -> None:
    """It was dealt with, and so was a deposit whose money it was and that was not credited. The caller holds it."""
    item.note, item.resolved_at = note, clock.now()
    machine.move(item, SuspenseState.RESOLVED, machine=rules.SUSPENSE, actor=actor, reason=note)
    if item.cause == f"charge:{item.reference}":
        left = select(Deposit).filter_by(reference=item.reference, state=DepositState.SUSPENDED).with_for_update()
        deposit = db.session.scalars(left.execution_options(populate_existing=True)).one_or_none()
        if deposit is not None:
            machine.move(deposit, DepositState.CLOSED, machine=rules.DEPOSIT, actor=actor, reason=note)


def _note_money(item: SuspenseItem, trouble: Trouble, *, journal_id: int) -> None:
    """What was told before it came may have been less than this, or nothing: from here on people go by it."""
    item.journal_id, item.reason = journal_id, trouble.reason
    item.amount_units = Decimal(trouble.amount.units) if trouble.amount else None
    item.channel, item.payer, item.paid_to = trouble.channel, trouble.payer, trouble.paid_to
    item.topic = trouble.topic or rules.topic_of(trouble.event)
    db.session.flush()
