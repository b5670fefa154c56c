"""Tables of screening."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.screening.rules import Side

_KINDS = "kind IN ('person', 'organisation', 'vessel', 'address', 'other')"
_RESULTS = "result IN ('clear', 'hits', 'unavailable')"


class ScreeningList(Model):
    """A list, and the version of it that everybody is held against."""

    __tablename__ = "screening_lists"
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    version_id: Mapped[str | None] = mapped_column(Text)
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    live: Mapped[int] = mapped_column(Integer, default=0)
    warned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ListVersion(Model):
    """A file that was loaded, what it changed, and how far that was held against everybody."""

    __tablename__ = "screening_versions"
    __table_args__ = (
        Index(None, "list_code", "id"),
        Index(
            "ix_screening_versions_unfinished",
            "list_code",
            postgresql_where=text("finished_at IS NULL AND refusal = ''"),
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    list_code: Mapped[str] = mapped_column(Text, ForeignKey("screening_lists.code"))
    previous_id: Mapped[str | None] = mapped_column(Text, ForeignKey("screening_versions.id"))
    sha256: Mapped[str] = mapped_column(Text)
    refusal: Mapped[str] = mapped_column(Text, default="")
    entries: Mapped[int] = mapped_column(Integer, default=0)
    added: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    removed: Mapped[int] = mapped_column(Integer, default=0)
    bad_lines: Mapped[int] = mapped_column(Integer, default=0)
    lost_lines: Mapped[int] = mapped_column(Integer, default=0)
    faults: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    loaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    screened_through: Mapped[int] = mapped_column(BigInteger, default=0)
    screened: Mapped[int] = mapped_column(Integer, default=0)
    pairs: Mapped[int] = mapped_column(BigInteger, default=0)
    hits: Mapped[int] = mapped_column(Integer, default=0)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ListEntry(Model):
    """Somebody or something on a list. `version_id` is the version that added, changed or removed it last."""

    __tablename__ = "screening_entries"
    __table_args__ = (
        UniqueConstraint("list_code", "entry_ref"),
        CheckConstraint(_KINDS, name="kind_known"),
        Index(None, "keys", postgresql_using="gin", postgresql_where=text("removed_at IS NULL")),
        Index(None, "version_id", "id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    list_code: Mapped[str] = mapped_column(Text, ForeignKey("screening_lists.code"))
    entry_ref: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text))
    names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    births: Mapped[list[str]] = mapped_column(ARRAY(Text))
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text))
    identifiers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    id_hashes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    raw: Mapped[dict[str, Any]] = mapped_column(JSONB)
    hash: Mapped[str] = mapped_column(Text)
    keys: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    version_id: Mapped[str] = mapped_column(Text, ForeignKey("screening_versions.id"))
    first_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def side(self) -> Side:
        """What is compared."""
        return Side(self.kind, tuple(self.names), tuple(self.births), tuple(self.countries), frozenset(self.id_hashes))


class ScreeningSubject(Model):
    """Whom we hold against the lists: a customer, or somebody who stands behind one."""

    __tablename__ = "screening_subjects"
    __table_args__ = (
        CheckConstraint(_KINDS, name="kind_known"),
        CheckConstraint(_RESULTS, name="result_known"),
        Index(None, "customer_id"),
        Index(
            "ix_screening_subjects_due",
            "screened_at",
            postgresql_where=text("(screened_at IS NULL OR result = 'unavailable') AND retired_at IS NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ref: Mapped[str] = mapped_column(Text, unique=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(Text)
    names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    born: Mapped[str] = mapped_column(Text)
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text))
    id_hashes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    hash: Mapped[str] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    screened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def side(self) -> Side:
        """What is compared."""
        births = (self.born,) if self.born else ()
        return Side(self.kind, tuple(self.names), births, tuple(self.countries), frozenset(self.id_hashes))


class SubjectKeys(Model):
    """What a subject is found by, apart from who they are: row-level security would keep the index from being used."""

    __tablename__ = "screening_subject_keys"
    __table_args__ = (Index(None, "keys", postgresql_using="gin"),)
    subject_id: Mapped[str] = mapped_column(Text, ForeignKey("screening_subjects.id"), primary_key=True)
    keys: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class Hit(Model):
    """A subject and an entry that may be one, what says so, and what was decided."""

    __tablename__ = "screening_hits"
    __table_args__ = (
        CheckConstraint("score BETWEEN 0 AND 100", name="score_percent"),
        CheckConstraint(
            "state IN ('open', 'no_match', 'match_asked', 'match', 'withdrawn', 'dropped')", name="state_known"
        ),
        CheckConstraint(
            "state NOT IN ('no_match', 'withdrawn')"
            " OR (reason <> '' AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="no_match_explained",
        ),
        Index(
            "uq_screening_hits_subject_id", "subject_id", "entry_id", unique=True,
            postgresql_where=text("state IN ('open', 'match_asked', 'match')"),
        ),
        Index(None, "subject_id", "entry_id", "id"),
        Index(None, "entry_id"),
        Index(None, "customer_id", "id"),
        Index(None, "state", "id"),
    )  # fmt: skip
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_id: Mapped[str] = mapped_column(Text, ForeignKey("screening_subjects.id"))
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("screening_entries.id"))
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    score: Mapped[int] = mapped_column(Integer)
    strong: Mapped[bool] = mapped_column(Boolean)
    explanation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    entry_hash: Mapped[str] = mapped_column(Text)
    subject_hash: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(Text, default="")


class ScreeningRun(Model):
    """One time that somebody was held against the lists, in which versions, and what came of it."""

    __tablename__ = "screening_runs"
    __table_args__ = (
        CheckConstraint(_RESULTS, name="result_known"),
        Index(None, "subject_id", "id"),
        Index(None, "customer_id"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_id: Mapped[str] = mapped_column(Text, ForeignKey("screening_subjects.id"))
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    subject_hash: Mapped[str] = mapped_column(Text)
    versions: Mapped[dict[str, str]] = mapped_column(JSONB)
    result: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    hits: Mapped[int] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(Text)
    ran_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
