"""Reads of retention. None is for a customer."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.applications.models import FileRow
from app.core.db import db, rows
from app.documents.models import Document
from app.documents.rules import State as DocumentState
from app.retention.models import Batch, Rule, Run
from app.retention.rules import State


@dataclass(frozen=True)
class Due:
    """What is due of a rule's class: how many, since when the oldest, and how many of them a legal hold keeps."""

    rule: Rule
    count: int
    oldest: datetime | None
    held: int

    @property
    def goes(self) -> int:
        """How many a run would forget."""
        return self.count - self.held


@dataclass(frozen=True)
class Story:
    """A run, and how many of each class it has forgotten."""

    run: Run
    done: dict[str, int]

    @property
    def total(self) -> int:
        """Of all classes together."""
        return sum(self.done.values())


def rules_for_system(*, at: datetime) -> list[Rule]:
    """The rule of each class that counts at a moment."""
    begun = select(Rule).where(Rule.starts_at <= at).order_by(Rule.data_class, Rule.starts_at.desc())
    return list(db.session.scalars(begun.ext(distinct_on(Rule.data_class))))


def due_for_system(*, at: datetime) -> list[Due]:
    """What is due at a moment, rule by rule, as the database counts it for a run."""
    found = []
    for rule in rules_for_system(at=at):
        (row,) = rows(
            "SELECT count(*) AS many, min(since) AS oldest, count(*) FILTER (WHERE held) AS held"
            " FROM retention_due(:data_class, :at)",
            data_class=rule.data_class,
            at=at,
        )
        found.append(Due(rule, row.many, row.oldest, row.held))
    return found


def under_way_for_system() -> Run | None:
    """The run that has begun and not ended."""
    return db.session.scalars(select(Run).filter_by(state=State.BEGUN)).one_or_none()


def files_for_system(data_class: str, forgotten: Collection[str]) -> list[str]:
    """The documents that go with these rows of a class: they themselves, or applications' that are still there."""
    if data_class == "files_unattached":
        return sorted(forgotten)
    if not data_class.startswith("applications"):
        return []
    theirs = select(Document.id).join(FileRow, FileRow.document_id == Document.id)
    theirs = theirs.where(FileRow.application_id.in_(forgotten), Document.state != DocumentState.DISCARDED)
    return list(db.session.scalars(theirs.order_by(Document.id)))


def runs_for_operators(*, limit: int = 20) -> list[Story]:
    """The last runs, newest first."""
    runs = list(db.session.scalars(select(Run).order_by(Run.id.desc()).limit(limit)))
    done: dict[str, dict[str, int]] = defaultdict(dict)
    counted = select(Batch.run_id, Batch.data_class, func.sum(Batch.many).label("many"))
    counted = counted.where(Batch.run_id.in_([run.id for run in runs])).group_by(Batch.run_id, Batch.data_class)
    for row in db.session.execute(counted.order_by(Batch.data_class)):
        done[row.run_id][row.data_class] = int(row.many)
    return [Story(run, done[run.id]) for run in runs]


def unattached_for_system(*, before: datetime, limit: int) -> list[str]:
    """Documents that came in before a time and were never put into an application: their ids."""
    attached = select(FileRow.id).where(FileRow.document_id == Document.id).exists()
    lost = select(Document.id).where(
        Document.received_at < before, Document.state != DocumentState.DISCARDED, ~attached
    )
    return list(db.session.scalars(lost.order_by(Document.received_at).limit(limit)))
