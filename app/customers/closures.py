"""Asking to close an account, and taking that back. What staff do with a request is theirs to add to the machine."""

from sqlalchemy import select

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.customers import errors, events, queries, rules
from app.customers.models import ClosureRequest, Customer
from app.customers.rules import ClosureState


def ask(customer_id: str, *, reason: str, actor: Actor) -> str:
    """The customer asks to close their account; the reason may be empty. Raises ClosureAskedAlready."""
    # Of two clicks at the same time the second waits here, and is told.
    db.session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    if queries.open_closure(customer_id=customer_id) is not None:
        raise errors.ClosureAskedAlready
    request = ClosureRequest(
        id=ids.new("cl"),
        customer_id=customer_id,
        reason=reason.strip(),
        state=ClosureState.ASKED,
        created_at=clock.now(),
    )
    machine.begin(request, machine=rules.CLOSURE, actor=actor)
    outbox.emit(events.ClosureAsked(closure_id=request.id, customer_id=customer_id))
    return request.id


def withdraw(customer_id: str, *, actor: Actor) -> None:
    """The customer thinks better of it. Raises NoClosure when there is nothing to take back."""
    mine = select(ClosureRequest).filter_by(customer_id=customer_id, state=ClosureState.ASKED)
    request = db.session.scalars(mine.with_for_update()).one_or_none()
    if request is None:
        raise errors.NoClosure
    request.ended_at = clock.now()
    machine.move(request, ClosureState.WITHDRAWN, machine=rules.CLOSURE, actor=actor)
    outbox.emit(events.ClosureWithdrawn(closure_id=request.id, customer_id=customer_id))
