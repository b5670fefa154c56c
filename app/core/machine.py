"""State machines as tables. `move` is the only place in the house that sets a state, and it writes the history row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock, logs
from app.core.actor import Actor
from app.core.db import Model, db
from app.core.errors import IllegalMove


@dataclass(frozen=True)
class Wait:
    """How long something may stand in a state, whose queue it is in then, and the way out, in a sentence for them."""

    limit: timedelta
    owner: str
    exit: str


@dataclass(frozen=True)
class Machine:
    """`moves` lists for each state where it may go; a state that may go nowhere is final.

    `waits` says for each state that is not final how long it may last: beyond that a case is opened. `rests` are those
    in which nothing waits, each with the reason. Every state that is not final is in one of the two.
    """

    name: str
    moves: Mapping[StrEnum, frozenset[StrEnum]]
    waits: Mapping[StrEnum, Wait] = field(default_factory=dict)
    rests: Mapping[StrEnum, str] = field(default_factory=dict)

    def allows(self, old: StrEnum, new: StrEnum) -> bool:
        """Whether there is an arrow from `old` to `new`."""
        return new in self.moves.get(old, frozenset())

    def is_final(self, state: StrEnum) -> bool:
        """Whether nothing leads out of `state`."""
        return not self.moves.get(state)


class Move(Model):
    """History: one row per move of any machine, written with the move and never changed."""

    __tablename__ = "moves"
    __table_args__ = (Index(None, "subject", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    machine: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    old_state: Mapped[str | None] = mapped_column(Text)
    new_state: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    moved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def begin(row: Any, *, machine: Machine, actor: Actor, reason: str = "") -> None:
    """Add a fresh row, whose `state` its constructor set, with the first line of its history."""
    db.session.add(row)
    db.session.flush()
    _record(row, machine=machine, old=None, actor=actor, reason=reason)


def move(row: Any, to: StrEnum, *, machine: Machine, actor: Actor, reason: str = "") -> None:
    """Move `row.state` along an arrow of `machine`. The caller holds the row's lock.

    Raises IllegalMove when there is no such arrow.
    """
    old = row.state
    if not machine.allows(old, to):
        raise IllegalMove(
            f"This {machine.name} is {old.replace('_', ' ')} and cannot become {to.replace('_', ' ')}.",
            state=str(old),
            asked=str(to),
        )
    row.state = to
    _record(row, machine=machine, old=old, actor=actor, reason=reason)


def history(subject: str) -> list[Move]:
    """The moves of one row, oldest first."""
    return list(db.session.scalars(select(Move).where(Move.subject == subject).order_by(Move.id)))


def _record(row: Any, *, machine: Machine, old: StrEnum | None, actor: Actor, reason: str) -> None:
    db.session.add(
        Move(
            machine=machine.name,
            subject=row.id,
            old_state=old,
            new_state=row.state,
            actor=str(actor),
            reason=logs.masked(reason),  # people type them, and history is never changed
            moved_at=clock.now(),
        )
    )
    db.session.flush()
