"""Commands of the work on breaks: who has one, what was found, linking, taking apart, following what runs do."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.breaks import board, errors, queries, rules
from app.breaks.models import Case, Figure, Note
from app.breaks.rules import MACHINE, State
from app.cases import service as cases
from app.core import clock, ids, machine
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import db
from app.core.permissions import Permission, Role, granted
from app.identity import queries as identity
from app.matching import break_queries, by_hand
from app.matching.rules import Reason
from app.matching.service import turn
from app.statements import queries as sources
from app.statements import restating

OVERDUE = "breaks_overdue"
ABOUT = ("account", "line_id", "journal_id", "leg", "group_id", "import_id", "part", "row_id")


def opened(one: Any, *, actor: Actor) -> Case:
    """The work on what an open break is about, locked; begun where there was none. Raises BreakGone."""
    if one.closed_by is not None:
        raise errors.BreakGone
    subject = rules.subject_of(one)
    values = {name: getattr(one, name) for name in ABOUT}
    new = insert(Case).values(id=ids.new("brk"), subject=subject, state=State.OPEN, opened_at=clock.now(), **values)
    made = db.session.scalar(new.on_conflict_do_nothing().returning(Case.id))
    found = locked(db.session.scalars(select(Case.id).where(Case.subject == subject)).one())
    if made:
        machine.begin(found, machine=MACHINE, actor=actor)
        note(found, "opened", actor=actor)
    elif found.state == State.CLOSED:
        reopen(found, words="It differs again.", actor=actor)
    return found


def assign(break_id: int, *, owner: str | None, actor: Actor) -> Case:
    """Give a break to somebody, or to nobody. Raises NotFound, BreakGone, NotOfFinance."""
    if owner and Permission.RECONCILIATION_RUN not in granted(identity.roles_for_system(owner)):
        raise errors.NotOfFinance
    case = opened(break_queries.one_for_operators(break_id), actor=actor)
    if case.taken_by != owner:
        case.taken_by = owner
        note(case, "assigned", words=identity.names_for_operators().get(owner, "") if owner else "", actor=actor)
    return case


def comment(break_id: int, *, words: str, actor: Actor) -> Case:
    """Write down what was found. Raises NotFound, BreakGone, WordsMissing."""
    told = worded(words)
    case = opened(break_queries.one_for_operators(break_id), actor=actor)
    note(case, "comment", words=told, actor=actor)
    return case


def link(break_id: int, *, others: Sequence[int], reason: str, actor: Actor) -> int:
    """Say that what a break is about belongs together with others, one or several on either side: the match.

    What was asked for about any of them meanwhile is refused when it is carried out. Raises NotFound, BreakGone, and as
    matching does.
    """
    own = break_queries.one_for_operators(break_id)
    chosen = [break_queries.one_for_operators(number) for number in others]
    both = [own, *chosen]
    if any(one.closed_by is not None or one.account != own.account for one in both):
        raise errors.BreakGone
    if any(one.import_id is not None for one in both):  # (about a statement itself: nothing belongs to it)
        raise errors.BreakGone
    if any(one.group_id is not None for one in both):
        return merge([one.id for one in both], account=own.account, reason=reason, actor=actor)
    lines = [one.line_id for one in both if one.line_id is not None]
    entries = [(one.journal_id, one.leg) for one in both if one.journal_id is not None]
    _, group_id = by_hand.link(own.account, lines=lines, entries=entries, reason=reason, actor=actor)
    opened(own, actor=actor)
    for case in _known(both):
        note(case, "linked", words=f"Match {group_id}: {reason.strip()}", actor=actor)
        close(case, actor=actor)
    return group_id


def merge(breaks: Sequence[int], *, account: str, reason: str, actor: Actor) -> int:
    """Make one break of several, whatever they are about: the match of all that is in them.

    Its amount is the exact sum; where that is nothing, nothing is open any more. What was asked for about any of them
    is refused when it is carried out. Raises as matching does.
    """
    subjects = queries.subjects_of_for_system(breaks)
    _, group_id = by_hand.merge(account, breaks=breaks, reason=reason, actor=actor)
    words, owners = f"Match {group_id}: {reason.strip()}", set()
    for case in _of_subjects(subjects):
        owners.add(case.taken_by)
        note(case, "linked", words=words, actor=actor)
        close(case, actor=actor)
    left = queries.break_of_group_for_system(group_id)
    if left is not None:
        case = opened(break_queries.one_for_operators(left), actor=actor)
        note(case, "linked", words=f"Made of {len(set(breaks)):,} breaks: {reason.strip()}", actor=actor)
        case.taken_by = owners.pop() if len(owners) == 1 else None
    return group_id


def take_apart(group_id: int, *, reason: str, actor: Actor) -> None:
    """Take a match apart; the work on what it was made of goes on. Raises NotFound, and as matching does."""
    break_queries.match_for_operators(group_id)
    subjects = [f"match:{group_id}", *queries.subjects_in_for_system(group_id)]  # (few of what may be a million)
    by_hand.end(group_id, reason=reason, actor=actor)
    for case in _of_subjects(subjects):
        if case.group_id == group_id:
            close(case, words="It was taken apart.", actor=actor)
        else:
            reopen(case, words=f"Match {group_id} was taken apart: {reason.strip()}", actor=actor)


def take_anew(break_id: int, *, reason: str, actor: Actor) -> None:
    """Count a line as it was told later: what was told first is taken back, and its match is open again.

    Nobody does so by a file that they brought themselves, nor by rows of it that others had read again. Raises
    NotFound, BreakGone, BroughtIt, ReasonMissing, TakenAlready, InLargeMatch.
    """
    own = _decided(break_id, Reason.RESTATED, actor=actor)
    case = opened(own, actor=actor)
    taken = restating.take(own.row_id)
    group_id = break_queries.match_of_line_for_operators(taken.counted)
    if group_id is not None:
        if break_queries.size_for_operators(group_id, limit=by_hand.LARGE + 1) > by_hand.LARGE:
            raise errors.InLargeMatch(f"It is in match {group_id}, which is very large. Take that apart first.")
        take_apart(group_id, reason=reason, actor=actor)
    by_hand.link(own.account, lines=[taken.counted, taken.back], entries=[], reason=reason, actor=actor)
    by_hand.told_anew(own.account, line=taken.now, reason=reason, actor=actor)
    words = f"Counted as it was told later: {reason.strip()}"
    note(case, "taken", words=words, actor=actor)
    close(case, words=words, actor=actor)


def take_account(break_id: int, *, reason: str, actor: Actor) -> None:
    """Say that an account of the teller is another one than those told of before: what it had before counts from now.

    Nobody does so by a file that they brought themselves; and it is what the break says, or nothing. Raises as
    `take_anew` does, and BreakChanged.
    """
    own = _decided(break_id, Reason.ANOTHER_ACCOUNT, actor=actor)
    case = opened(own, actor=actor)
    begun = restating.begin(own.import_id, part=own.part)
    if (begun.import_id, begun.part, begun.delta) != (own.import_id, own.part, own.as_told):
        raise errors.BreakChanged(
            "It begins otherwise by now: a file came that tells of it. It is looked at again soon."
        )
    by_hand.told_anew(own.account, line=begun.id, reason=reason, actor=actor)
    words = f"It is another account: {reason.strip()}"
    note(case, "taken", words=words, actor=actor)
    close(case, words=words, actor=actor)


def refused(request_id: str, *, reason: str, actor: Actor) -> None:
    """What was asked for comes to nothing: it is open again."""
    for case_id in queries.proposed_for_system(request_id):
        case = locked(case_id)
        if case.state == State.PROPOSED and case.request_id == request_id:
            note(case, "refused", words=reason, request_id=request_id, actor=actor)
            machine.move(case, State.OPEN, machine=MACHINE, actor=actor, reason=reason)


def follow(account: str, *, actor: Actor) -> int:
    """Follow what runs did since: close, open again, end what was accepted for a time. How many changed."""
    today = clock.now().astimezone(WAT).date()
    found = queries.to_follow_for_system(account, today=today)
    for row in found:
        case = locked(row.id)
        is_there = queries.break_of_for_system(case.id) is not None
        if not is_there:
            close(case, actor=actor)
        elif case.state == State.CLOSED:
            reopen(case, words="It differs again.", actor=actor)
        elif case.accepted_until is not None and case.accepted_until < today:
            expire(case, actor=actor)
    return len(found)


def count(account: str) -> None:
    """Count how much is open, for accounts where that takes too long while somebody waits."""
    moment = clock.now()
    db.session.execute(delete(Figure).where(Figure.account == account))
    made = [
        {
            "account": account,
            "reason": one.reason,
            "day": one.day,
            "breaks": one.breaks,
            "amount": one.amount,
            "size": one.size,
            "counted_at": moment,
        }
        for one in board.counted_for_system(account)
    ]
    if made:
        db.session.execute(insert(Figure), made)


def notice(account: str, *, actor: Actor) -> None:
    """Tell finance that some should have been closed by now, once while nobody looked into it."""
    many = board.overdue_for_system(account, limit=rules.NOTED_FIRST)
    if many:
        more = " or more" if many == rules.NOTED_FIRST else ""
        cases.open(
            OVERDUE,
            f"breaks:{account}",
            owner=Role.FINANCE,
            words=f"{many}{more} breaks of {account} should have been closed by now.",
            way_out="Look at the oldest first in the account's breaks; close this with a note when they are seen to.",
            actor=actor,
        )


def reopen(case: Case, *, words: str, actor: Actor) -> None:
    """There is a break again about what a closed case is about."""
    if case.state == State.CLOSED:
        note(case, "reopened", words=words, actor=actor)
        machine.move(case, State.OPEN, machine=MACHINE, actor=actor, reason=words)


def expire(case: Case, *, actor: Actor) -> None:
    """Its time is over: it is to be worked on again."""
    note(case, "expired", actor=actor)
    case.accepted_until = None  # (with its state, which the database holds it to)
    machine.move(case, State.OPEN, machine=MACHINE, actor=actor, reason="its time is over")


def close(case: Case, *, words: str = "", actor: Actor) -> None:
    """There is no such difference any more."""
    if case.state != State.CLOSED:
        note(case, "closed", words=words, actor=actor)
        case.accepted_until = None
        machine.move(case, State.CLOSED, machine=MACHINE, actor=actor, reason=words)


def accept(case: Case, *, until: date, request_id: str, actor: Actor) -> None:
    """Others agreed that it stays as it is for a time. It is not to be done, and stays in the sum."""
    note(case, "accepted", words=f"until {until:%-d %B %Y}", request_id=request_id, actor=actor)
    case.request_id, case.accepted_until = request_id, until
    machine.move(case, State.ACCEPTED, machine=MACHINE, actor=actor)


def note(
    case: Case, kind: str, *, words: str = "", request_id: str | None = None, evidence_id: str | None = None,
    actor: Actor,
) -> None:  # fmt: skip
    """Add a line to the trail of a case."""
    line = Note(
        case_id=case.id,
        kind=kind,
        actor=str(actor),
        words=words,
        request_id=request_id,
        evidence_id=evidence_id,
        noted_at=clock.now(),
    )
    db.session.add(line)
    db.session.flush()


def locked(case_id: str) -> Case:
    """As it stands now, until the transaction ends."""
    wanted = select(Case).where(Case.id == case_id).with_for_update()
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()


def worded(told: str) -> str:
    """What somebody wrote. Raises WordsMissing."""
    words = told.strip()
    if not words or len(words) > rules.WORDS_MAX:
        raise errors.WordsMissing
    return words


def _decided(break_id: int, reason: Reason, *, actor: Actor) -> Any:
    """A break that says what a file tells, for whoever did not bring it to decide; nobody else matches meanwhile."""
    turn(break_queries.one_for_operators(break_id).account)  # (first, as whoever links does)
    own = break_queries.one_for_operators(break_id)
    if own.closed_by is not None or own.reason != reason:
        raise errors.BreakGone
    if str(actor) in sources.bringers_of_for_system(own.import_id):
        raise errors.BroughtIt
    return own


def _known(found: list[Any]) -> list[Case]:
    return _of_subjects([rules.subject_of(one) for one in found])


def _of_subjects(subjects: list[str]) -> list[Case]:
    """Those there are, locked in the order of their ids: two never wait for each other."""
    wanted = select(Case).where(Case.subject.in_(subjects)).order_by(Case.id).with_for_update()
    return list(db.session.scalars(wanted.execution_options(populate_existing=True)))
