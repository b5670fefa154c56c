"""Tables of matching. Amounts are in whole coins (naira, bitcoin), exact, above zero where we have more."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, LargeBinary, Numeric, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Joined(Model):
    """An account of the books that is counted together with another, or was until it left.

    What of it took effect before `since` counts from then on; None where all counts from when it took effect.
    """

    __tablename__ = "matching_joined"
    __table_args__ = (
        Index("uq_matching_joined_account", "account", unique=True, postgresql_where=sql("left_at IS NULL")),
        Index("ix_matching_joined_joins", "joins"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    joins: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(Text)
    joined_by: Mapped[str] = mapped_column(Text)
    joined_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str] = mapped_column(Text)
    left_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    left_by: Mapped[str | None] = mapped_column(Text)
    left_reason: Mapped[str | None] = mapped_column(Text)
    left_request_id: Mapped[str | None] = mapped_column(Text)


class RuleSet(Model):
    """Rules of an account, or ('') of all that have none of their own."""

    __tablename__ = "matching_rules"
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str] = mapped_column(Text)


class Trial(Model):
    """Rules tried on a copy of an account, and what they would change there."""

    __tablename__ = "matching_trials"
    __table_args__ = (Index("ix_matching_trials_account", "account", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class Mark(Model):
    """How far a stripe's entries were copied, or a source's lines looked at."""

    __tablename__ = "matching_marks"
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    side: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[str] = mapped_column(Text, primary_key=True)
    upto: Mapped[int] = mapped_column(BigInteger)
    booked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Run(Model):
    """Whoever made or ended matches: the rules at some time, or somebody by hand."""

    __tablename__ = "matching_runs"
    __table_args__ = (Index("ix_matching_runs_account", "account", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    rules_version: Mapped[int] = mapped_column(Integer)
    as_of: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    made_by: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)


class Match(Model):
    """A line and an entry that belong together; of a larger group one row for each line and each entry.

    A line, and an entry, is in one match at most that nobody ended. `ended_by` is the run that ended it.
    """

    __tablename__ = "matches"
    __table_args__ = (
        Index("ix_matches_group", "group_id"),
        Index("uq_matches_line", "line_id", unique=True, postgresql_where=sql("ended_by IS NULL")),
        Index("uq_matches_entry", "journal_id", "leg", unique=True, postgresql_where=sql("ended_by IS NULL")),
    )
    group_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger)
    rule: Mapped[str] = mapped_column(Text)
    confidence: Mapped[int] = mapped_column(SmallInteger)
    line_id: Mapped[int | None] = mapped_column(BigInteger, primary_key=True)
    journal_id: Mapped[int | None] = mapped_column(BigInteger, primary_key=True)
    leg: Mapped[int | None] = mapped_column(Integer)
    ended_by: Mapped[int | None] = mapped_column(BigInteger)


class Break(Model):
    """What the two sides differ by in a line, an entry or a group; `amount` is the statement's less the books'.

    Or what is wrong with a part or a row of a file, which moves nothing: `as_told` is by how much. `reason` is what was
    noted; whether an entry's day was told of is found when it is read (break_queries). `at` is when the money moved,
    `found_at` since when it is known to differ: None while an entry's day was not told of.
    """

    __tablename__ = "breaks"
    __table_args__ = (
        Index(
            "uq_breaks_line", "line_id", unique=True, postgresql_where=sql("closed_by IS NULL AND line_id IS NOT NULL")
        ),
        Index(
            "uq_breaks_entry",
            "journal_id",
            "leg",
            unique=True,
            postgresql_where=sql("closed_by IS NULL AND journal_id IS NOT NULL"),
        ),
        Index(
            "uq_breaks_group",
            "group_id",
            unique=True,
            postgresql_where=sql("closed_by IS NULL AND group_id IS NOT NULL"),
        ),
        Index(
            "uq_breaks_part",
            "import_id",
            "part",
            "reason",
            unique=True,
            postgresql_where=sql("closed_by IS NULL AND part IS NOT NULL"),
        ),
        Index("uq_breaks_row", "row_id", unique=True, postgresql_where=sql("row_id IS NOT NULL")),
        Index("ix_breaks_open", "account", "at", "id", postgresql_where=sql("closed_by IS NULL")),
        Index("ix_breaks_reason", "account", "reason", "at", "id", postgresql_where=sql("closed_by IS NULL")),
        Index("ix_breaks_amount", "account", "amount", "at", "id", postgresql_where=sql("closed_by IS NULL")),
        Index(
            "ix_breaks_found",
            "account",
            "found_at",
            "at",
            "id",
            postgresql_where=sql("closed_by IS NULL AND found_at IS NOT NULL"),
        ),
        Index(
            "ix_breaks_waiting", "account", "at", "id", postgresql_where=sql("closed_by IS NULL AND found_at IS NULL")
        ),
        Index("ix_breaks_line_was", "line_id", postgresql_where=sql("closed_by IS NOT NULL AND line_id IS NOT NULL")),
        Index(
            "ix_breaks_entry_was",
            "journal_id",
            "leg",
            postgresql_where=sql("closed_by IS NOT NULL AND journal_id IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    line_id: Mapped[int | None] = mapped_column(BigInteger)
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    leg: Mapped[int | None] = mapped_column(Integer)
    group_id: Mapped[int | None] = mapped_column(BigInteger)
    import_id: Mapped[str | None] = mapped_column(Text)
    part: Mapped[int | None] = mapped_column(Integer)
    row_id: Mapped[int | None] = mapped_column(BigInteger)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    as_told: Mapped[Decimal | None] = mapped_column(Numeric)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    found_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opened_by: Mapped[int] = mapped_column(BigInteger)
    closed_by: Mapped[int | None] = mapped_column(BigInteger)
