"""Commands of cases: open, take, put off, close; and what the clock does with them by itself."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.cases import errors, events, queries, rules
from app.cases.models import Case, Note
from app.cases.queries import Stuck
from app.cases.rules import MACHINE, PUT_OFF_FOR, STUCK, State
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.machine import Machine
from app.core.permissions import Role
from app.core.tasks import TaskState
from app.identity import queries as identity

MONEY_QUEUES = ("money", "exchange")
LOOK_INTO_IT = "Look into it, and close the case with a note of what you found."


def open(  # noqa: A001 (`cases.open` is what one says)
    kind: str, subject: str, *, owner: str, words: str, actor: Actor, customer_id: str | None = None,
    way_out: str = LOOK_INTO_IT,
) -> str | None:  # fmt: skip
    """Open a case that people close by hand, once for what stands open: its id, None where there is one already.

    For jobs and staff: what is asked for by a customer opens none. `words` are read by all staff whose queues include
    the owner's, so they name nobody.
    """
    moment = clock.now()
    return _open(
        actor,
        kind=kind,
        subject=subject,
        customer_id=customer_id,
        machine="",
        subject_state="",
        move_id=None,
        owner=str(owner),
        words=words,
        way_out=way_out,
        since=moment,
        opened_at=moment,
    )


def open_stuck(stuck: Stuck, *, of: Machine, actor: Actor) -> str | None:
    """Open a case for something that stands still; it closes by itself."""
    wait = of.waits[stuck.state]
    return _open(
        actor,
        kind=STUCK,
        subject=stuck.subject,
        customer_id=stuck.customer_id,
        machine=of.name,
        subject_state=str(stuck.state),
        move_id=stuck.move_id,
        owner=wait.owner,
        words=rules.words_of(of, stuck.state, limit=wait.limit),
        way_out=wait.exit,
        since=stuck.since,
        opened_at=clock.now(),
    )


def take(case_id: str, *, operator_id: str) -> None:
    """Say that one looks after it. It keeps nobody else from acting. Raises NoSuchCase, NotYours, IsClosed."""
    one = _mine(case_id, operator_id)
    one.taken_by = operator_id
    db.session.flush()


def put_off(case_id: str, *, wait: str, note: str, operator_id: str, actor: Actor) -> None:
    """Let it wait for one of PUT_OFF_FOR, with a note. Raises NoSuchCase, NotYours, IsClosed, NoteMissing, BadTime."""
    one, words = _mine(case_id, operator_id), _noted(note)
    if wait not in PUT_OFF_FOR:
        raise errors.BadTime
    one.put_off_until = clock.now() + PUT_OFF_FOR[wait][1]
    one.taken_by = operator_id
    machine.move(one, State.PUT_OFF, machine=MACHINE, actor=actor, reason=words)


def note(case_id: str, *, words: str, operator_id: str) -> None:
    """Write down what one found. Raises NoSuchCase, NotYours, IsClosed, NoteMissing."""
    one = _mine(case_id, operator_id)
    written = Note(
        id=ids.new("cnt"), case_id=one.id, operator_id=operator_id, words=_noted(words), written_at=clock.now()
    )
    db.session.add(written)
    db.session.flush()


def close(case_id: str, *, note: str, operator_id: str, actor: Actor) -> None:
    """Close one that does not close by itself, with a note of what was found.

    Raises NoSuchCase, NotYours, IsClosed, NoteMissing, StandsStill.
    """
    one, words = _mine(case_id, operator_id), _noted(note)
    if one.machine or one.kind == rules.TASK:
        raise errors.StandsStill
    one.taken_by = operator_id
    _end(one, actor=actor, reason=words)


def open_for_tasks(*, actor: Actor) -> int:
    """Open a case for each piece of work that was given up, or should have been done long ago: how many."""
    words = {True: "This piece of work was given up.", False: "This piece of work should have been done long ago."}
    opened = 0
    for task in queries.hanging_tasks_for_system(at=clock.now()):
        given_up, money = task.status == TaskState.DEAD, task.queue in MONEY_QUEUES
        case_id = open(
            rules.TASK,
            rules.subject_of_task(task.id),
            owner=Role.TREASURY if money else Role.ADMIN,
            words=f"{words[given_up]} Its name is {task.kind}.",
            way_out=rules.RETRY_IT if given_up else rules.SEE_THE_WORKERS,
            actor=actor,
        )
        opened += case_id is not None
    return opened


def close_tasks(*, actor: Actor) -> int:
    """Close the cases of work that hangs no more: how many."""
    closed = 0
    for one in _locked_all(queries.done_tasks_for_system(at=clock.now())):
        if one.state != State.CLOSED:
            _end(one, actor=actor, reason="It goes on, or is done.")
            closed += 1
    return closed


def close_moved_on(*, actor: Actor) -> int:
    """Close those whose subject has moved on: how many."""
    closed = 0
    for one in _locked_all(queries.moved_on_for_system()):
        if one.state != State.CLOSED:
            _end(one, actor=actor, reason="It has moved on.")
            closed += 1
    return closed


def open_again(*, actor: Actor) -> int:
    """Open those again that were put off until now: how many."""
    moment, opened = clock.now(), 0
    for one in _locked_all(queries.put_off_until_for_system(at=moment)):
        if one.put_off_until is not None and one.put_off_until <= moment:
            one.put_off_until = None
            machine.move(one, State.OPEN, machine=MACHINE, actor=actor)
            opened += 1
    return opened


def tell() -> int:
    """Tell each queue of what is new in it: of how many. One event for each queue, however much there is."""
    moment, new = clock.now(), Counter[str]()
    for one in _locked_all(queries.untold_for_system()):
        if one.told_at is None:
            one.told_at = moment
            new[one.owner] += 1
    db.session.flush()
    for owner, many in sorted(new.items()):
        outbox.emit(events.Opened(owner=owner, many=many))
    return new.total()


def raise_overdue(*, actor: Actor) -> int:
    """Raise what nobody closed in time, and tell of it again each day: how many. One event for each queue."""
    moment, raised = clock.now(), Counter[str]()
    for one in _locked_all(queries.overdue_for_system(at=moment)):
        if one.state == State.OPEN:
            machine.move(one, State.RAISED, machine=MACHINE, actor=actor)
        elif one.state != State.RAISED or (one.raised_at and one.raised_at > moment - rules.RAISED_AFTER):
            continue  # (somebody else was here between the look and the lock)
        one.raised_at = moment
        raised[one.owner] += 1
    db.session.flush()
    for owner, many in sorted(raised.items()):
        outbox.emit(events.Raised(owner=owner, many=many))
    return raised.total()


def _open(actor: Actor, **facts: object) -> str | None:
    """Two that open the same at one moment open one: the index decides, and the later waits for the earlier."""
    insertion = insert(Case).values(id=ids.new("case"), state=State.OPEN, **facts).on_conflict_do_nothing()
    case_id = db.session.scalar(insertion.returning(Case.id))
    if case_id is not None:
        machine.begin(db.session.get_one(Case, case_id), machine=MACHINE, actor=actor)
    return case_id


def _end(one: Case, *, actor: Actor, reason: str) -> None:
    one.put_off_until, one.closed_at = None, clock.now()
    machine.move(one, State.CLOSED, machine=MACHINE, actor=actor, reason=reason)


def _mine(case_id: str, operator_id: str) -> Case:
    """The case, locked, for somebody who may act on it; a borrowed role does not count."""
    found = _locked_all([case_id])
    if not found:
        raise errors.NoSuchCase
    one = found[0]
    if not rules.may_work(one.owner, state=one.state, roles=identity.roles_for_system(operator_id)):
        raise errors.NotYours
    if one.state == State.CLOSED:
        raise errors.IsClosed
    return one


def _noted(note: str) -> str:
    words = note.strip()
    if not words or len(words) > rules.NOTE_MAX:
        raise errors.NoteMissing
    return words


def _locked_all(case_ids: list[str]) -> list[Case]:
    """As they stand now, until the transaction ends; in the order of their ids: two never wait for each other."""
    wanted = select(Case).where(Case.id.in_(case_ids)).order_by(Case.id).with_for_update()
    return list(db.session.scalars(wanted.execution_options(populate_existing=True)))
