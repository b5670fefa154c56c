"""Tables of the work on breaks. Amounts are in whole coins, exact, like those of matching."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Case(Model):
    """The work on what a break is about: a line, an entry, a match, a statement. `request_id`: what was asked last."""

    __tablename__ = "break_cases"
    __table_args__ = (
        Index("uq_break_cases_subject", "subject", unique=True),
        Index("ix_break_cases_account", "account", "state"),
        Index("ix_break_cases_taken_by", "taken_by", postgresql_where=text("taken_by IS NOT NULL")),
        Index("ix_break_cases_request_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        CheckConstraint(
            r"subject ~ '^((line|entry|match|row):[0-9.]+|sheet:imp_[0-9a-z]{26}\.[0-9]+)$'", name="subject_written"
        ),
        CheckConstraint("state IN ('open', 'proposed', 'accepted', 'closed')", name="state_known"),
        CheckConstraint(
            "num_nonnulls(line_id, journal_id, group_id, import_id) = 1 AND (leg IS NULL) = (journal_id IS NULL)"
            " AND (import_id IS NULL) = (num_nonnulls(part, row_id) = 0)",
            name="one_subject",
        ),
        CheckConstraint("(state = 'accepted') = (accepted_until IS NOT NULL)", name="accepted_until_when"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    line_id: Mapped[int | None] = mapped_column(BigInteger)
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    leg: Mapped[int | None] = mapped_column(Integer)
    group_id: Mapped[int | None] = mapped_column(BigInteger)
    import_id: Mapped[str | None] = mapped_column(Text)
    part: Mapped[int | None] = mapped_column(Integer)
    row_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))
    accepted_until: Mapped[date | None] = mapped_column(Date)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Note(Model):
    """A line of the trail of a case. Never changed."""

    __tablename__ = "break_notes"
    __table_args__ = (Index("ix_break_notes_case_id", "case_id", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[str] = mapped_column(Text, ForeignKey("break_cases.id"))
    kind: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    evidence_id: Mapped[str | None] = mapped_column(Text)
    noted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Evidence(Model):
    """A file that shows how it was. `sha256` is of the file as it was brought."""

    __tablename__ = "break_evidence"
    __table_args__ = (Index("uq_break_evidence_file", "case_id", "sha256", unique=True),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    case_id: Mapped[str] = mapped_column(Text, ForeignKey("break_cases.id"))
    name: Mapped[str] = mapped_column(Text)
    pages: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class EvidencePage(Model):
    """A page of it, made anew and sealed."""

    __tablename__ = "break_evidence_pages"
    evidence_id: Mapped[str] = mapped_column(Text, ForeignKey("break_evidence.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    media_type: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(Text)
    data_key: Mapped[bytes] = mapped_column(LargeBinary)


class Term(Model):
    """A version of how long breaks may be open and how much may be written off; the newest that has begun counts.

    `deadlines` are pairs of at least so many naira and hours, the largest first; `limits` the most, in kobo, that
    people of a role may ask to write off at once.
    """

    __tablename__ = "break_terms"
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    deadlines: Mapped[list[list[int]]] = mapped_column(JSONB)
    limits: Mapped[dict[str, str]] = mapped_column(JSONB)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))


class Figure(Model):
    """How much was open of a reason and a day when it was last counted; `size` is the sum without signs."""

    __tablename__ = "break_figures"
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    breaks: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    size: Mapped[Decimal] = mapped_column(Numeric)
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Bulk(Model):
    """One deed for many breaks. `scope` says in words which ones; `until` is the day to which they are accepted."""

    __tablename__ = "break_bulks"
    __table_args__ = (
        Index("ix_break_bulks_account", "account", "id"),
        Index("ix_break_bulks_state", "state", "id"),
        CheckConstraint("act IN ('assign', 'comment', 'accept', 'write_off', 'merge')", name="act_known"),
        CheckConstraint("state IN ('asked', 'working', 'done', 'dropped')", name="state_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    act: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))
    until: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text)
    rows_total: Mapped[int] = mapped_column(Integer)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    made_by: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BulkRow(Model):
    """A break of a bulk, with its amount when it was asked for, and what came of it ('' while nothing did)."""

    __tablename__ = "break_bulk_rows"
    __table_args__ = (
        Index("ix_break_bulk_rows_waiting", "bulk_id", "break_id", postgresql_where=text("outcome = ''")),
    )
    bulk_id: Mapped[str] = mapped_column(Text, ForeignKey("break_bulks.id"), primary_key=True)
    break_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    outcome: Mapped[str] = mapped_column(Text, default="", server_default="")
    why: Mapped[str] = mapped_column(Text, default="", server_default="")


class Errand(Model):
    """What somebody asked for that takes longer than a page may, and what came of it.

    That what is new in an account is matched; or, with `group_id`, that a match is taken apart.
    """

    __tablename__ = "break_errands"
    __table_args__ = (
        Index(
            "uq_break_errands_open",
            "account",
            "group_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_break_errands_account", "account", "id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    group_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failed: Mapped[bool] = mapped_column(Boolean, default=False, server_default="false")
    said: Mapped[str] = mapped_column(Text, default="", server_default="")
