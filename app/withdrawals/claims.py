"""Who has a withdrawal in hand: a word to colleagues, so that two do not work on one. It keeps nobody from deciding.

A hand lets go by itself when its time is over.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import db
from app.core.errors import IllegalMove
from app.identity import queries as identity
from app.withdrawals import errors, queries, rules
from app.withdrawals.models import Claim
from app.withdrawals.rules import State


def take(withdrawal_id: str, *, operator_id: str) -> datetime:
    """Take it in hand, or keep it there: until when. Raises NotFound, IllegalMove, InOtherHands."""
    if State(queries.one_for_operators(withdrawal_id).state) not in rules.OPEN:
        raise IllegalMove("It has ended: there is nothing to do with it.")
    until = _reach(withdrawal_id, operator_id=operator_id)
    if until is None and not of_for_operators([withdrawal_id]):  # (its time ran out, or it was let go, meanwhile)
        until = _reach(withdrawal_id, operator_id=operator_id)
    if until is not None:
        return until
    holder = of_for_operators([withdrawal_id]).get(withdrawal_id)
    if holder is None:
        raise errors.InOtherHands
    name = identity.operator_for_operators(holder.held_by).name
    raise errors.InOtherHands(f"{name} has it in hand.", by=name, until=holder.until.isoformat())


def _reach(withdrawal_id: str, *, operator_id: str) -> datetime | None:
    """Until when it is theirs; None where somebody else has it."""
    moment = clock.now()
    until = moment + rules.LEASE
    # One statement: of two who reach for it at the same moment the second finds it taken.
    mine = insert(Claim).values(withdrawal_id=withdrawal_id, held_by=operator_id, until=until)
    free = (Claim.until <= moment) | (Claim.held_by == operator_id)
    set_to = {"held_by": operator_id, "until": until}
    taken = mine.on_conflict_do_update(index_elements=[Claim.withdrawal_id], set_=set_to, where=free)
    return until if db.session.scalar(taken.returning(Claim.withdrawal_id)) else None


def let_go(withdrawal_id: str, *, operator_id: str) -> None:
    """Put it back. What somebody else has in hand stays there."""
    mine = update(Claim).where(Claim.withdrawal_id == withdrawal_id, Claim.held_by == operator_id)
    db.session.execute(mine.where(Claim.until > clock.now()).values(until=clock.now()))


def of_for_operators(withdrawal_ids: Collection[str]) -> dict[str, Claim]:
    """Those that somebody has in hand now."""
    held = select(Claim).where(Claim.withdrawal_id.in_(withdrawal_ids), Claim.until > clock.now())
    return {one.withdrawal_id: one for one in db.session.scalars(held.execution_options(populate_existing=True))}
