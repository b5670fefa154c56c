"""The tables of the books, mapped for reading. Writing them is a right that the running app does not have."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
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


class AssetVersion(Model):
    """How an asset looks and from what amount on it is traded and sent; its newest version counts."""

    __tablename__ = "asset_versions"
    __table_args__ = SCHEMA
    code: Mapped[str] = mapped_column(Text, ForeignKey("ledger.assets.code"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    ticker: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    network: Mapped[str] = mapped_column(Text)
    symbol: Mapped[str] = mapped_column(Text)
    mark: Mapped[str] = mapped_column(Text)
    digits: Mapped[int] = mapped_column(SmallInteger)
    colour: Mapped[str] = mapped_column(Text)
    trade_min_units: Mapped[Decimal] = mapped_column(Numeric(38))
    send_min_units: Mapped[Decimal] = mapped_column(Numeric(38))
    position: Mapped[int] = mapped_column(SmallInteger)
    open: Mapped[bool] = mapped_column(Boolean)
    request_id: Mapped[str | None] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Account(Model):
    """One account: a code, a class (the code's first part), one asset."""

    __tablename__ = "accounts"
    __table_args__ = (
        Index("ix_accounts_own", "class", postgresql_where=text("class = ANY (ARRAY['equity', 'income', 'expense'])")),
        SCHEMA,
    )
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    # (class is a keyword of the language, so the attribute is named after what it says)
    account_class: Mapped[str] = mapped_column("class", Text)
    asset: Mapped[str] = mapped_column(Text, ForeignKey("ledger.assets.code"))
    stripes: Mapped[int] = mapped_column(SmallInteger)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opened_by: Mapped[str] = mapped_column(Text)


class Balance(Model):
    """The sums of an account or of one of its stripes. `side` is 1 for debit-normal, -1 for credit-normal."""

    __tablename__ = "balances"
    __table_args__ = (UniqueConstraint("code", "stripe"), SCHEMA)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.accounts.id"), primary_key=True)
    stripe: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    stripes: Mapped[int] = mapped_column(SmallInteger)
    code: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    side: Mapped[int] = mapped_column(SmallInteger)
    floor: Mapped[Decimal | None] = mapped_column(Numeric)
    no_debits: Mapped[bool] = mapped_column(Boolean)
    no_credits: Mapped[bool] = mapped_column(Boolean)
    closed: Mapped[bool] = mapped_column(Boolean)
    debits: Mapped[Decimal] = mapped_column(Numeric)
    credits: Mapped[Decimal] = mapped_column(Numeric)
    held: Mapped[Decimal] = mapped_column(Numeric)
    seq: Mapped[int] = mapped_column(BigInteger)
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class JournalRow(Model):
    """The header of a journal: what it was for, in whose name, when it happened and when it was booked."""

    __tablename__ = "journals"
    __table_args__ = (
        Index("ix_journals_ref", "ref", "id"),
        Index("ix_journals_told", text("(memo ->> 'told'::text)"), postgresql_where=text("memo ? 'told'::text")),
        SCHEMA,
    )
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(Text)
    ref: Mapped[str] = mapped_column(Text)
    legs: Mapped[int] = mapped_column(Integer)
    memo: Mapped[dict[str, Any]] = mapped_column(JSONB)
    actor: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    reverses: Mapped[int | None] = mapped_column(BigInteger)
    corrects: Mapped[int | None] = mapped_column(BigInteger)
    effective_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Entry(Model):
    """One leg. `amount` is signed, debit above zero; `balance_after` is the stripe's debits less credits after it."""

    __tablename__ = "entries"
    __table_args__ = SCHEMA
    journal_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    leg: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    stripe: Mapped[int] = mapped_column(SmallInteger)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    seq: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[Decimal] = mapped_column(Numeric)
    effective_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Hold(Model):
    """A reservation on one account, and what remains of it."""

    __tablename__ = "holds"
    __table_args__ = SCHEMA
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.accounts.id"))
    amount: Mapped[Decimal] = mapped_column(Numeric)
    remaining: Mapped[Decimal] = mapped_column(Numeric)
    ref: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    held_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class HoldPart(Model):
    """How a part of a hold ended."""

    __tablename__ = "hold_parts"
    __table_args__ = SCHEMA
    hold_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.holds.id"), primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    outcome: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Period(Model):
    """A month that is being closed or is closed."""

    __tablename__ = "periods"
    __table_args__ = SCHEMA
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    begun_by: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    nth: Mapped[int] = mapped_column(SmallInteger, default=1)


class PeriodBalance(Model):
    """An account's balance (debits less credits) by effective date at the end of a month, the nth time it closed."""

    __tablename__ = "period_balances"
    __table_args__ = SCHEMA
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.accounts.id"), primary_key=True)
    balance: Mapped[Decimal] = mapped_column(Numeric)
    nth: Mapped[int] = mapped_column(SmallInteger, default=1, primary_key=True)


class PriceRow(Model):
    """What one whole unit of an asset was worth in naira."""

    __tablename__ = "prices"
    __table_args__ = SCHEMA
    asset: Mapped[str] = mapped_column(Text, ForeignKey("ledger.assets.code"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    naira: Mapped[Decimal] = mapped_column(Numeric)
    source: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)


class Block(Model):
    """A block of the seal: the hashes of consecutive journals, and the hash of the block before."""

    __tablename__ = "blocks"
    __table_args__ = SCHEMA
    no: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    journals: Mapped[int] = mapped_column(Integer)
    leaves: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Check(Model):
    """What a run over every invariant found."""

    __tablename__ = "checks"
    __table_args__ = SCHEMA
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    findings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    actor: Mapped[str] = mapped_column(Text)


class HaltRow(Model):
    """A time in which payouts stood still because the books did not prove."""

    __tablename__ = "halts"
    __table_args__ = SCHEMA
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    findings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_by: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)


class SealState(Model):
    """Where the sealer stands: journals up to `candidate` are final once transactions up to `horizon` have ended."""

    __tablename__ = "seal_state"
    __table_args__ = SCHEMA
    one: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    candidate: Mapped[int] = mapped_column(BigInteger)
    horizon: Mapped[int | None] = mapped_column(BigInteger)
