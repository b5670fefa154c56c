"""The tables of the books, mapped for reading. Writing them is a right that the running app does not have."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, ForeignKey, Index, LargeBinary, Numeric, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model

SCHEMA = {"schema": "ledger"}


class LedgerAsset(Model):
    """What can be counted, with the decimals of its smallest unit. Never changed."""

    __tablename__ = "assets"
    __table_args__ = SCHEMA
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    decimals: Mapped[int] = mapped_column(SmallInteger)


class Account(Model):
    """One account: a code, a class (the code's first part), one asset."""

    __tablename__ = "accounts"
    __table_args__ = SCHEMA
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    # (class is a keyword of the language, so the attribute is named after what it says)
    account_class: Mapped[str] = mapped_column("class", Text)
    asset: Mapped[str] = mapped_column(Text, ForeignKey("ledger.assets.code"))
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opened_by: Mapped[str] = mapped_column(Text)


class Balance(Model):
    """The account's sums, kept by the posting functions. `side` is 1 for debit-normal, -1 for credit-normal."""

    __tablename__ = "balances"
    __table_args__ = SCHEMA
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.accounts.id"), primary_key=True)
    asset: Mapped[str] = mapped_column(Text)
    side: Mapped[int] = mapped_column(SmallInteger)
    floor: Mapped[Decimal | None] = mapped_column(Numeric)
    no_debits: Mapped[bool] = mapped_column(Boolean)
    no_credits: Mapped[bool] = mapped_column(Boolean)
    debits: Mapped[Decimal] = mapped_column(Numeric)
    credits: Mapped[Decimal] = mapped_column(Numeric)
    held: Mapped[Decimal] = mapped_column(Numeric)
    seq: Mapped[int] = mapped_column(BigInteger)


class JournalRow(Model):
    """The header of a journal: what it was for, in whose name, when it happened and when it was booked."""

    __tablename__ = "journals"
    __table_args__ = (Index("ix_journals_ref", "ref", "id"), SCHEMA)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    ref: Mapped[str] = mapped_column(Text)
    legs: Mapped[int] = mapped_column(SmallInteger)
    memo: Mapped[dict[str, Any]] = mapped_column(JSONB)
    actor: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    effective_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Entry(Model):
    """One leg. `amount` is signed, debit above zero; `balance_after` is debits less credits after this leg."""

    __tablename__ = "entries"
    __table_args__ = SCHEMA
    journal_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    leg: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    seq: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[Decimal] = mapped_column(Numeric)
    effective_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Hold(Model):
    """A reservation on one account."""

    __tablename__ = "holds"
    __table_args__ = SCHEMA
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.accounts.id"))
    amount: Mapped[Decimal] = mapped_column(Numeric)
    ref: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    held_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class HoldEnd(Model):
    """How a hold ended; there is at most one per hold."""

    __tablename__ = "hold_ends"
    __table_args__ = SCHEMA
    hold_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.holds.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(Text)
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Request(Model):
    """What an idempotency key stood for; kept for ever."""

    __tablename__ = "requests"
    __table_args__ = SCHEMA
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    hold_id: Mapped[int | None] = mapped_column(BigInteger)
