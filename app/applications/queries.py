"""Reads of applications."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from app.applications import answers, past, rules
from app.applications.errors import NoSuchStep
from app.applications.models import Answer, Application, ChecklistItem, FileRow, Happening, Note, StepRow
from app.applications.rules import About, State, Step, StepState, Subject
from app.core import clock, crypto
from app.core.db import db
from app.core.errors import NotFound
from app.customers.models import Customer
from app.customers.rules import Tier
from app.documents import queries as documents

PAGE = 50
COUNT_MAX = 1000
VIEWS = ("open", "unclaimed", "mine", "hits", "escalated", "waiting", "proposed", "late", "decided")
CUSTOMERS_SEE = frozenset(
    {"begun", "step_done", "submitted", "asked_again", "approved", "rejected", "abandoned", "claimed"}
)


@dataclass(frozen=True)
class StepView:
    """One step: its answers opened, the files in its slots, why it has to be done again."""

    row: StepRow
    answers: dict[str, Any]
    files: dict[str, FileRow]
    earlier: tuple[FileRow, ...] = ()

    @property
    def step(self) -> Step:
        """Which."""
        return Step(self.row.step)


@dataclass(frozen=True)
class Item:
    """A question of the check-list, and its present answer (empty until there is one)."""

    code: str
    step: str
    question: str
    may_be_na: bool
    answer: str
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True)
class Queue:
    """What to list: each condition that is stated."""

    view: str = "open"  # one of VIEWS
    tier: str = ""
    about: str = ""
    subject: str = ""
    risk: str = ""
    screening: str = ""
    country: str = ""
    assignee: str = ""  # an operator's id, `none`, or anyone
    again: bool = False
    asked: str = ""  # an id of a customer or an application, whole


@dataclass(frozen=True)
class Row:
    """A line of the queue."""

    application: Application
    customer_name: str
    customer_tier: str


# ---- the customer's own


def open_one(*, owner: str) -> Application | None:
    """What is under way."""
    return db.session.scalars(select(Application).where(_own(owner), Application.state.in_(rules.OPEN))).one_or_none()


def all_of(*, owner: str, limit: int = 20) -> list[Application]:
    """A customer's applications, newest first."""
    mine = select(Application).where(_own(owner)).order_by(Application.created_at.desc(), Application.id.desc())
    return list(db.session.scalars(mine.limit(limit)))


def one(application_id: str, *, owner: str) -> Application:
    """One of a customer's own. Raises NotFound."""
    found = db.session.scalars(select(Application).where(_own(owner), Application.id == application_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def steps(application_id: str, *, owner: str) -> list[StepView]:
    """The steps of an application of one's own, in order."""
    return _steps(application_id, and_(StepRow.customer_id == owner))


def step(application_id: str, step_name: str, *, owner: str) -> StepView:
    """One of them. Raises NoSuchStep."""
    found = next((each for each in steps(application_id, owner=owner) if each.row.step == step_name), None)
    if found is None:
        raise NoSuchStep
    return found


def story(application_id: str, *, owner: str) -> list[Happening]:
    """What happened that a customer may know of, oldest first; nobody of ours is named in it."""
    mine = select(Happening).where(Happening.application_id == application_id, Happening.customer_id == owner)
    return list(db.session.scalars(mine.where(Happening.what.in_(CUSTOMERS_SEE)).order_by(Happening.id)))


def latest_answers(step_name: Step, *, owner: str) -> dict[str, Any]:
    """What a customer answered to a step last; what was refused or given up is as if it was never said."""
    theirs = select(StepRow).join(Application).where(StepRow.customer_id == owner, StepRow.step == step_name)
    theirs = theirs.where(StepRow.answers_sealed.is_not(None), Application.state.in_([*rules.OPEN, State.APPROVED]))
    newest = db.session.scalars(theirs.order_by(StepRow.id.desc()).limit(1)).one_or_none()
    return _opened(newest) if newest else {}


# ---- operators'


def list_for_operators(
    queue: Queue, *, operator_id: str, after: tuple[datetime, str] | None = None, limit: int = PAGE
) -> list[Row]:
    """A page of the queue, what waits longest first; decided ones newest first. Keyset by (queued_at, id)."""
    newest_first = queue.view == "decided"
    place = tuple_(Application.queued_at, Application.id)
    wanted = select(Application).where(*_conditions(queue, operator_id))
    if after:
        wanted = wanted.where(place < after if newest_first else place > after)
    ends = (
        (Application.queued_at.desc(), Application.id.desc())
        if newest_first
        else (Application.queued_at, Application.id)
    )
    found = db.session.scalars(wanted.order_by(*ends).limit(limit)).all()
    # (Not in one statement: the planner would begin with all customers.)
    whose = select(Customer).where(Customer.id.in_({one.customer_id for one in found}))
    theirs = {one.id: one for one in db.session.scalars(whose)}
    return [Row(one, theirs[one.customer_id].name, theirs[one.customer_id].tier) for one in found]


def counts_for_operators(*, operator_id: str, views: Collection[str] = VIEWS) -> dict[str, int]:
    """How many are in each view; from COUNT_MAX on they are not counted, so that it takes as long for any number."""
    some = []
    for view in views:
        conditions = _conditions(Queue(view=view), operator_id)
        first = select(Application.id).where(*conditions).limit(COUNT_MAX).subquery()
        some.append(select(func.count()).select_from(first).scalar_subquery().label(view))
    found = db.session.execute(select(*some)).mappings().one()
    return {view: found[view] for view in views}


def unclaimed_for_operators(queue: Queue, *, operator_id: str, limit: int = 20) -> list[str]:
    """The first of a queue that nobody holds: one's own share first, then nobody's, then others'."""
    free = (Application.claim_until.is_(None) | (Application.claim_until <= clock.now())) & Application.state.in_(
        rules.OURS
    )
    whose = Application.assigned_to
    found: list[str] = []
    for share in (whose == operator_id, whose.is_(None), whose != operator_id):  # (each is read in its index's order)
        wanted = select(Application.id).where(*_conditions(queue, operator_id), free, share)
        wanted = wanted.order_by(Application.queued_at, Application.id).limit(limit - len(found))
        found += db.session.scalars(wanted)
        if len(found) >= limit:
            break
    return found


def one_for_operators(application_id: str) -> Application:
    """Any application. Raises NotFound."""
    found = db.session.get(Application, application_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def of_customer_for_operators(customer_id: str) -> list[Application]:
    """A customer's applications, newest first."""
    theirs = select(Application).where(Application.customer_id == customer_id)
    return list(db.session.scalars(theirs.order_by(Application.created_at.desc()).limit(PAGE)))


def risks_for_operators(customer_ids: Collection[str]) -> dict[str, str]:
    """The risk class of each customer's newest application, by customer."""
    newest = select(Application.customer_id, Application.risk).where(Application.customer_id.in_(set(customer_ids)))
    newest = newest.ext(distinct_on(Application.customer_id))
    newest = newest.order_by(Application.customer_id, Application.created_at.desc(), Application.id.desc())
    return {row.customer_id: row.risk for row in db.session.execute(newest)}


def steps_for_operators(application_id: str) -> list[StepView]:
    """The steps of any application, with the files that were replaced as well."""
    return _steps(application_id)


def profile_for_operators(application: Application) -> dict[str, Any]:
    """What a customer said of themself in this application; where it did not ask, what holds."""
    own = select(StepRow).filter_by(application_id=application.id, step=Step.PROFILE)
    row = db.session.scalars(own).one_or_none()
    return (_opened(row) if row else {}) or latest_answers(Step.PROFILE, owner=application.customer_id)


def story_for_operators(application_id: str) -> list[Happening]:
    """Everything that happened, oldest first."""
    theirs = select(Happening).where(Happening.application_id == application_id).order_by(Happening.id)
    return list(db.session.scalars(theirs))


def notes_for_operators(application_id: str) -> list[Note]:
    """What compliance wrote down, newest first."""
    theirs = select(Note).where(Note.application_id == application_id).order_by(Note.id.desc())
    return list(db.session.scalars(theirs))


def checklist_for_operators(application: Application) -> list[Item]:
    """What a reviewer has to answer about this application's steps, in their order."""
    moment = application.created_at
    in_force = (ChecklistItem.starts_at <= moment) & (
        ChecklistItem.ends_at.is_(None) | (ChecklistItem.ends_at > moment)
    )
    current = and_(
        Answer.item == ChecklistItem.code, Answer.application_id == application.id, Answer.replaced_at.is_(None)
    )
    done = db.session.execute(select(StepRow.step, StepRow.done_at).where(StepRow.application_id == application.id))
    done_at = {row.step: row.done_at for row in done}
    wanted = (
        select(ChecklistItem, Answer)
        .join(StepRow, and_(StepRow.step == ChecklistItem.step, StepRow.application_id == application.id))
        .outerjoin(Answer, current)
        .where(
            in_force, (func.cardinality(ChecklistItem.abouts) == 0) | ChecklistItem.abouts.contains([application.about])
        )
        .order_by(StepRow.place, ChecklistItem.place)
    )
    return [_item(item, answer, done_at) for item, answer in db.session.execute(wanted)]


def blockers_for_operators(application: Application, *, tier: Tier) -> list[str]:
    """What stands against approving this tier, in sentences; empty when nothing does."""
    subject, today = Subject(application.subject), clock.now().astimezone(clock.WAT).date()
    counted, given = rules.counted(tier, subject=subject), steps_for_operators(application.id)
    if application.about == About.NAME:
        counted = (*counted, Step.DOCUMENT)
    done = {each.row.step for each in given if each.row.state == StepState.DONE}
    undone = {each.row.step for each in given} - done
    lacking = {*undone, *rules.missing(tier, shown=past.shown(owner=application.customer_id) | done, subject=subject)}
    blockers = [f"The step “{step}” is not done." for step in dict.fromkeys(counted) if step in lacking]
    blockers += [
        f"The step “{each.row.step}” is out of date by now: ask for it again."
        for each in given
        if each.step in counted and answers.outdated(each.step, each.answers, today=today)
    ]
    unread = _with_unread_files([each for each in given if each.step in counted])
    blockers += [f"A file of the step “{step}” has not been checked." for step in unread]
    items = [item for item in checklist_for_operators(application) if item.step in counted]
    unanswered = sum(not item.answer for item in items)
    if unanswered:
        blockers.append(f"{unanswered} of {len(items)} questions are not answered.")
    blockers += [f"Answered no: {item.question}" for item in items if item.answer == "no"]
    said = {
        "unscreened": "The lists have not been searched yet.",
        "unavailable": "The lists could not be searched.",
        "open": "A hit on a list waits for somebody's word.",
        "match": "This person is on a list.",
    }
    if application.screening in said:
        blockers.append(said[application.screening])
    if application.looked_into != application.round:
        blockers.append("Whom it names has not been held against the lists since it was handed in.")
    if application.identity in {"asked", "unavailable"}:
        blockers.append("A registry has not answered yet.")
    return blockers


def unavailable_for_system() -> list[str]:
    """The customers under way of whom it could not be said whether a list names them."""
    unknown = Application.state.in_(rules.OPEN) & (Application.screening == "unavailable")
    return list(db.session.scalars(select(Application.customer_id).where(unknown).order_by(Application.id)))


def forgotten_for_system(*, before: datetime, limit: int) -> list[tuple[str, str]]:
    """What lies in customers' hands since before a time, and is theirs to end: ids and customers."""
    lain = select(Application.id, Application.customer_id).where(
        Application.state.in_(rules.THEIRS), Application.queued_at < before, Application.about.not_in(rules.ASKED_BY_US)
    )
    return [(row.id, row.customer_id) for row in db.session.execute(lain.order_by(Application.queued_at).limit(limit))]


def due_for_review_for_system(*, at: datetime, limit: int) -> list[tuple[str, str]]:
    """Approved applications whose customers should be looked at again: ids and customers.

    What is under way comes first; a draft of the customer's own not for ever.
    """
    under_way = select(Application.customer_id).where(Application.state.in_(rules.OPEN))
    long_due = Application.review_due_at <= at - rules.OVERDUE_AFTER[About.REVIEW]
    but_drafts = under_way.where((Application.state != State.DRAFT) | Application.about.in_(rules.ASKED_BY_US))
    due = select(Application.id, Application.customer_id).where(
        Application.state == State.APPROVED,
        Application.reviewed_at.is_(None),
        Application.review_due_at <= at,
        Application.customer_id.not_in(under_way) | (long_due & Application.customer_id.not_in(but_drafts)),
    )
    found = db.session.execute(due.order_by(Application.review_due_at).limit(limit))
    return [(row.id, row.customer_id) for row in found]


def _conditions(queue: Queue, operator_id: str) -> list[ColumnElement[bool]]:
    moment, ours = clock.now(), Application.state.in_(rules.OURS)
    views: dict[str, list[ColumnElement[bool]]] = {
        "open": [ours],
        "mine": [ours, Application.assigned_to == operator_id],
        "unclaimed": [ours, Application.claim_until.is_(None) | (Application.claim_until <= moment)],
        "hits": [ours, Application.screening.in_(["open", "match", "cleared"]) | Application.pep],
        "escalated": [Application.state == State.ESCALATED],
        "waiting": [Application.state == State.WAITING],
        "proposed": [Application.state == State.PROPOSED],
        "late": [ours, Application.due_at < moment],
        "decided": [Application.state.in_([State.APPROVED, State.REJECTED])],
    }
    found = list(views.get(queue.view, views["open"]))
    stated: Collection[tuple[Any, str]] = (
        (Application.wanted, queue.tier),
        (Application.about, queue.about),
        (Application.subject, queue.subject),
        (Application.risk, queue.risk),
        (Application.screening, queue.screening),
        (Application.country, queue.country),
    )
    found += [column == value for column, value in stated if value]
    if queue.assignee:
        nobody = queue.assignee == "none"
        found.append(Application.assigned_to.is_(None) if nobody else Application.assigned_to == queue.assignee)
    if queue.again:
        found.append(Application.round > 1)
    if queue.asked:
        found.append((Application.id == queue.asked) | (Application.customer_id == queue.asked))
    return found


def _own(owner: str) -> ColumnElement[bool]:
    return Application.customer_id == owner


def _steps(application_id: str, *more: ColumnElement[bool]) -> list[StepView]:
    rows = db.session.scalars(
        select(StepRow).where(StepRow.application_id == application_id, *more).order_by(StepRow.place)
    ).all()
    every = select(FileRow).where(FileRow.application_id == application_id).order_by(FileRow.added_at, FileRow.id)
    files = list(db.session.scalars(every))
    return [
        StepView(
            row,
            _opened(row),
            {file.slot: file for file in files if file.step == row.step and file.replaced_at is None},
            tuple(file for file in files if file.step == row.step and file.replaced_at is not None),
        )
        for row in rows
    ]


def _with_unread_files(steps: list[StepView]) -> list[str]:
    ids = {file.document_id for each in steps for file in each.files.values()}
    ready = {one.id for one in documents.many_for_operators(ids) if one.ready}
    return [each.row.step for each in steps if any(file.document_id not in ready for file in each.files.values())]


def _opened(row: StepRow) -> dict[str, Any]:
    if row.answers_sealed is None:
        return {}
    opened: dict[str, Any] = json.loads(crypto.unseal(row.answers_sealed, context=row.id))
    return opened


def _item(item: ChecklistItem, answer: Answer | None, done_at: Mapping[str, datetime | None]) -> Item:
    if answer and not rules.stands(answer.answered_at, step=Step(item.step), done_at=done_at):
        answer = None
    return Item(
        item.code,
        item.step,
        item.question,
        item.may_be_na,
        answer.answer if answer else "",
        answer.operator_id if answer else None,
        answer.answered_at if answer else None,
    )
