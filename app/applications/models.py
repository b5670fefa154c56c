"""Tables of applications."""

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
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model

_OURS = "state IN ('submitted', 'escalated')"
_HITS = f"{_OURS} AND (screening IN ('open', 'match', 'cleared') OR pep)"


class Application(Model):
    """A customer's way to a tier, or over something that changed. One is under way at a time."""

    __tablename__ = "applications"
    __table_args__ = (
        CheckConstraint("subject IN ('person', 'business')", name="subject_known"),
        CheckConstraint("about IN ('tier', 'review', 'name', 'address', 'phone')", name="about_known"),
        CheckConstraint("wanted IN ('t1', 't2', 't3', 't3_plus')", name="wanted_known"),
        CheckConstraint(
            "state IN ('draft', 'submitted', 'escalated', 'waiting', 'proposed', 'approved', 'rejected', 'abandoned')",
            name="state_known",
        ),
        CheckConstraint(
            "screening IN ('unscreened', 'clear', 'open', 'cleared', 'match', 'unavailable')", name="screened"
        ),
        CheckConstraint(
            "identity IN ('none', 'asked', 'match', 'review', 'shared', 'mismatch', 'unavailable')", name="identified"
        ),
        CheckConstraint("(claimed_by IS NULL) = (claim_until IS NULL)", name="claimed_for_a_while"),
        Index(
            "uq_applications_open",
            "customer_id",
            unique=True,
            postgresql_where=text("state NOT IN ('approved', 'rejected', 'abandoned')"),
        ),
        Index("ix_applications_queue", "state", "queued_at", "id"),
        Index("ix_applications_ours", "queued_at", "id", postgresql_where=text(_OURS)),
        Index("ix_applications_assigned_to", "assigned_to", "queued_at", "id", postgresql_where=text(_OURS)),
        Index("ix_applications_hits", "queued_at", "id", postgresql_where=text(_HITS)),
        Index("ix_applications_due_at", "due_at", "id", postgresql_where=text(_OURS)),
        Index("ix_applications_decided", "queued_at", "id", postgresql_where=text("state IN ('approved', 'rejected')")),
        Index("ix_applications_claim_until", "claim_until", postgresql_where=text("claim_until IS NOT NULL")),
        Index("ix_applications_customer_id", "customer_id", "created_at"),
        Index(
            "ix_applications_review_due_at",
            "review_due_at",
            postgresql_where=text("state = 'approved' AND reviewed_at IS NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    subject: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    wanted: Mapped[str] = mapped_column(Text)
    had: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(Integer, default=0)  # how often it was handed in
    looked_into: Mapped[int] = mapped_column(Integer, default=0)  # the round whose people were held against the lists
    pep: Mapped[bool] = mapped_column(Boolean, default=False)  # holds public office, by their own word
    country: Mapped[str] = mapped_column(Text, default="")
    screening: Mapped[str] = mapped_column(Text, default="unscreened")
    identity: Mapped[str] = mapped_column(Text, default="none")
    name_score: Mapped[int | None] = mapped_column(Integer)  # the lowest of the names compared, 0 to 100
    risk: Mapped[str] = mapped_column(Text, default="low")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    queued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))  # when it came into the hands it is in
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    assigned_to: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))
    claimed_by: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))
    claim_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))
    decided_tier: Mapped[str | None] = mapped_column(Text)
    reason_code: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))
    escalated_by: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))  # who thought it takes others
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # of a refusal: when it ceased to bar
    review_due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reviewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # when the next one took its place
    overdue_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # we asked for it, and waited too long


class StepRow(Model):
    """One step of an application. The answers are sealed JSON; `again_*` say what has to be done again, and why."""

    __tablename__ = "application_steps"
    __table_args__ = (
        UniqueConstraint("application_id", "step"),
        CheckConstraint("state IN ('open', 'done', 'again')", name="state_known"),
        Index("ix_application_steps_customer_id", "customer_id"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    application_id: Mapped[str] = mapped_column(Text, ForeignKey("applications.id"))
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    step: Mapped[str] = mapped_column(Text)
    place: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    answers_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    again_code: Mapped[str | None] = mapped_column(Text)
    again_words: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RoundRow(Model):
    """What a step said when it was handed in for this time, sealed for the step."""

    __tablename__ = "application_rounds"
    __table_args__ = (
        Index("ix_application_rounds_application_id", "application_id"),
        Index("ix_application_rounds_customer_id", "customer_id"),
        UniqueConstraint("step_id", "round"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    application_id: Mapped[str] = mapped_column(Text, ForeignKey("applications.id"))
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    step_id: Mapped[str] = mapped_column(Text, ForeignKey("application_steps.id"))
    round: Mapped[int] = mapped_column(Integer)
    answers_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class FileRow(Model):
    """A file that a step was given; a later one in its slot takes its place; the earlier one stays to be seen."""

    __tablename__ = "application_files"
    __table_args__ = (
        Index("ix_application_files_application_id", "application_id"),
        Index("ix_application_files_customer_id", "customer_id"),
        UniqueConstraint("document_id"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    application_id: Mapped[str] = mapped_column(Text, ForeignKey("applications.id"))
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    step: Mapped[str] = mapped_column(Text)
    slot: Mapped[str] = mapped_column(Text)
    document_id: Mapped[str] = mapped_column(Text, ForeignKey("documents.id"))
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    replaced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Happening(Model):
    """One line of an application's story. `facts` are codes and ids; nothing personal stands in it."""

    __tablename__ = "application_events"
    __table_args__ = (
        Index("ix_application_events_application_id", "application_id", "id"),
        Index("ix_application_events_customer_id", "customer_id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    application_id: Mapped[str] = mapped_column(Text, ForeignKey("applications.id"))
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    what: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    happened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ChecklistItem(Model):
    """A question that a reviewer answers about a step before a tier is approved."""

    __tablename__ = "checklist_items"
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    step: Mapped[str] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text)
    place: Mapped[int] = mapped_column(Integer)
    may_be_na: Mapped[bool] = mapped_column(Boolean)
    abouts: Mapped[list[str]] = mapped_column(ARRAY(Text))  # empty: every application that has the step
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Answer(Model):
    """A reviewer's answer to an item. A later one takes its place; it holds while what it is about is not rewritten."""

    __tablename__ = "application_answers"
    __table_args__ = (
        CheckConstraint("answer IN ('yes', 'no', 'na')", name="answer_known"),
        Index(
            "uq_application_answers_current",
            "application_id",
            "item",
            unique=True,
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    application_id: Mapped[str] = mapped_column(Text, ForeignKey("applications.id"))
    item: Mapped[str] = mapped_column(Text, ForeignKey("checklist_items.code"))
    answer: Mapped[str] = mapped_column(Text)
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    answered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    replaced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Note(Model):
    """What compliance tells compliance. The customer and support never see it."""

    __tablename__ = "application_notes"
    __table_args__ = (Index("ix_application_notes_application_id", "application_id"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    application_id: Mapped[str] = mapped_column(Text, ForeignKey("applications.id"))
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    words: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class View(Model):
    """Somebody of ours opened an application, with everything personal that stands in it."""

    __tablename__ = "application_views"
    __table_args__ = (Index("ix_application_views_application_id", "application_id", "viewed_at"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    application_id: Mapped[str] = mapped_column(Text, ForeignKey("applications.id"))
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    viewed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SavedView(Model):
    """Somebody's own way to look at a queue: the part of its address after the question mark, under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (
        UniqueConstraint("operator_id", "queue", "name"),
        CheckConstraint("queue IN ('applications', 'withdrawals')", name="queue_known"),
        CheckConstraint("length(name) BETWEEN 1 AND 40", name="name_length"),
        CheckConstraint("length(filters) <= 500", name="filters_length"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    queue: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    filters: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
