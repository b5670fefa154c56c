"""Tables of withdrawals. Amounts are whole kobo."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import ASSETS, NGN, Money
from app.governance.rules import Leg, leg_of
from app.withdrawals.rules import attempt_id

_OPEN = "state IN ('requested', 'held', 'cooling_off', 'approved', 'sending', 'unpaid')"


class Withdrawal(Model):
    """One request for money out. `content_hash` is what approvals are bound to.

    `round_no`, `score`, `band`, `target`, `large`, the policy and its legs are what the newest round of checks came to;
    round 0 is one that nobody has checked. `attempts` counts the payouts that were begun for it.
    """

    __tablename__ = "withdrawals"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "state", "id"),
        Index(
            "ix_withdrawals_open",
            "id",
            postgresql_include=["state", "customer_id", "amount_units", "created_at", "band", "target", "round"],
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_withdrawals_waiting",
            "id",
            postgresql_include=[
                *("customer_id", "amount_units", "created_at", "band", "target", "round"),
                *("legs", "content_hash"),
            ],
            postgresql_where=text("state = 'requested'"),
        ),
        Index(
            "ix_withdrawals_ended",
            "id",
            postgresql_include=["customer_id", "state", "band", "target", "amount_units", "round"],
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        Index(None, "bank_account_id", postgresql_where=text("state = 'settled'")),
        Index(None, "held_until", postgresql_where=text("state = 'cooling_off'")),
        Index(None, "unpaid_at", postgresql_where=text("state = 'unpaid'")),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint("fee_units >= 0", name="fee_not_negative"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("round >= 0", name="round_not_negative"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_percent"),
        CheckConstraint("delay_seconds >= 0", name="delay_forward"),
        CheckConstraint("(round = 0) = (policy_id IS NULL)", name="routed"),
        CheckConstraint("state <> 'cooling_off' OR held_until IS NOT NULL", name="cooling_has_end"),
        CheckConstraint("state <> 'unpaid' OR unpaid_at IS NOT NULL", name="unpaid_since"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    bank_account_id: Mapped[str] = mapped_column(Text, ForeignKey("bank_accounts.id"))
    payout_id: Mapped[str] = mapped_column(Text, unique=True)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    amount_units: Mapped[Decimal] = mapped_column(Numeric(38))
    fee_units: Mapped[Decimal] = mapped_column(Numeric(38))
    hold_id: Mapped[int] = mapped_column(BigInteger)
    round_no: Mapped[int] = mapped_column("round", SmallInteger)
    score: Mapped[int] = mapped_column(SmallInteger)
    band: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    large: Mapped[bool] = mapped_column(Boolean)
    policy_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_policies.id"))
    legs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    delay_seconds: Mapped[int] = mapped_column(Integer)
    content_hash: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    held_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    held_by_compliance: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))  # as they held it
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    unpaid_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """What the bank account receives."""
        return Money(NGN, int(self.amount_units))

    @property
    def fee(self) -> Money:
        """What the customer pays for it."""
        return Money(NGN, int(self.fee_units))

    @property
    def needs(self) -> list[Leg]:
        """Whose yes is needed."""
        return [leg_of(written) for written in self.legs]

    @property
    def approvals_needed(self) -> int:
        """How many must agree."""
        return sum(leg.count for leg in self.needs)

    @property
    def checked(self) -> bool:
        """Whether its checks were done."""
        return self.round_no > 0

    @property
    def attempt_id(self) -> str:
        """The payout of its newest attempt, or of the first where none has begun."""
        return attempt_id(self.payout_id, self.attempts)

    @property
    def attempt_ids(self) -> list[str]:
        """The payouts that were begun for it, the first one first."""
        return [attempt_id(self.payout_id, number + 1) for number in range(self.attempts)]


class Approval(Model):
    """One operator's yes to exactly this content, for one leg. Never changed; to other content it does not count."""

    __tablename__ = "withdrawal_approvals"
    __table_args__ = (UniqueConstraint("withdrawal_id", "operator_id", "content_hash"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    withdrawal_id: Mapped[str] = mapped_column(Text, ForeignKey("withdrawals.id"))
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    leg: Mapped[int] = mapped_column(SmallInteger)
    content_hash: Mapped[str] = mapped_column(Text)
    approved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    voted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


class CheckRow(Model):
    """One check of one round, with what it was given and what came of it. Written once."""

    __tablename__ = "withdrawal_checks"
    __table_args__ = (
        UniqueConstraint("withdrawal_id", "round", "number"),
        Index("ix_withdrawal_checks_against", "number", "withdrawal_id", postgresql_where=text("outcome <> 'pass'")),
        CheckConstraint("round > 0", name="round_positive"),
        CheckConstraint("number BETWEEN 1 AND 18", name="number"),
        CheckConstraint("outcome IN ('pass', 'review', 'hold', 'refuse')", name="outcome_known"),
        CheckConstraint("points BETWEEN 0 AND 100", name="points"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    withdrawal_id: Mapped[str] = mapped_column(Text, ForeignKey("withdrawals.id"))
    round_no: Mapped[int] = mapped_column("round", SmallInteger)
    number: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    points: Mapped[int] = mapped_column(SmallInteger)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    words: Mapped[str] = mapped_column(Text)
    checked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Claim(Model):
    """Who has a withdrawal in hand, until when: a word to colleagues, and no lock on what they may do."""

    __tablename__ = "withdrawal_claims"
    withdrawal_id: Mapped[str] = mapped_column(Text, ForeignKey("withdrawals.id"), primary_key=True)
    held_by: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RefusedAttempt(Model):
    """What a customer asked for and was refused at the door: no withdrawal came of it. Written once."""

    __tablename__ = "withdrawal_refusals"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint("code <> ''", name="code_stated"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    bank_account_id: Mapped[str | None] = mapped_column(Text, ForeignKey("bank_accounts.id"))
    asset: Mapped[str] = mapped_column(Text)
    amount_units: Mapped[Decimal] = mapped_column(Numeric(38))
    code: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    refused_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """How much they asked for."""
        return Money(ASSETS[self.asset], int(self.amount_units))
