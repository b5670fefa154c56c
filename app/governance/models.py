"""Tables of governance."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.governance.rules import Leg, Rule, leg_of, rule_of


class Policy(Model):
    """One version of whom a kind of request needs."""

    __tablename__ = "approval_policies"
    __table_args__ = (UniqueConstraint("kind", "version"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id", use_alter=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def routes(self) -> list[Rule]:
        """The rules, in the order in which they are tried."""
        return [rule_of(written) for written in self.rules]


class Request(Model):
    """One request. `payload_hash`, which a vote is bound to, is made by the database from the payload."""

    __tablename__ = "approval_requests"
    __table_args__ = (
        UniqueConstraint("id", "maker"),
        Index(None, "state", "id"),
        Index(None, "target", "id"),
        Index(None, "maker", "id"),
        Index(None, "expires_at", "id", postgresql_where=text("state = 'pending'")),
        CheckConstraint("expires_at > created_at", name="expires_later"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    payload_hash: Mapped[str] = mapped_column(Text, server_default=FetchedValue())
    reason: Mapped[str] = mapped_column(Text)
    maker: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    policy_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_policies.id"))
    legs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    delay_seconds: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    executed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    result: Mapped[str] = mapped_column(Text, default="")

    @property
    def needs(self) -> list[Leg]:
        """Whose yes is needed."""
        return [leg_of(written) for written in self.legs]

    @property
    def retry_until(self) -> datetime:
        """How long what failed can be tried again: as long after its approval as it was open to votes."""
        return (self.not_before or self.created_at) + (self.expires_at - self.created_at)


class Vote(Model):
    """One person's yes or no to the content they saw. When they voted, the database says."""

    __tablename__ = "approval_votes"
    __table_args__ = (
        UniqueConstraint("request_id", "voter"),
        ForeignKeyConstraint(["request_id", "maker"], ["approval_requests.id", "approval_requests.maker"]),
        CheckConstraint("voter <> maker", name="voter_is_another"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    request_id: Mapped[str] = mapped_column(Text)
    maker: Mapped[str] = mapped_column(Text)
    voter: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    leg: Mapped[int] = mapped_column(Integer)
    answer: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    hash_seen: Mapped[str] = mapped_column(Text)
    voted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class Voided(Model):
    """A vote that counts no more, and why."""

    __tablename__ = "approval_voids"
    vote_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_votes.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    voided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
