"""Commands of adjustments: request, approve, reject, withdraw."""

from sqlalchemy import select

from app.adjustments import errors, postings, rules
from app.adjustments.models import JournalRequest
from app.adjustments.rules import Content, State
from app.core import clock, ids, machine
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.ledger import balances, posting, statements
from app.ledger.errors import AccountBlocked, NoSuchJournal, NoSuchTime
from app.ledger.journal import Journal


def request(content: Content, *, operator_id: str, owns: str | None, actor: Actor) -> JournalRequest:
    """Ask for a journal; nothing is booked before somebody else approves it.

    `owns` is the customer whom this operator is privately, if any. Raises OwnAccount, NoSuchTime, Unbalanced,
    AccountBlocked, NoSuchJournal, ReasonMissing, TooManyLines, NotHappenedYet.
    """
    if rules.is_about(content, owns):
        raise errors.OwnAccount
    request_id = ids.new("jrq")
    _check(content, ref=request_id)
    asked = JournalRequest(
        id=request_id,
        legs=[{"account": leg.account, "units": str(leg.amount.units)} for leg in content.legs],
        reason=content.reason,
        effective_on=content.effective_on,
        corrects=content.corrects,
        content_hash=content.hash,
        requested_by=operator_id,
        state=State.REQUESTED,
        created_at=clock.now(),
    )
    machine.begin(asked, machine=rules.MACHINE, actor=actor)
    return asked


def approve(request_id: str, *, operator_id: str, content_hash: str, owns: str | None, actor: Actor) -> int:
    """Another person's yes to the content they were shown: it is booked at once. The journal's number.

    Raises OwnRequest, OwnAccount, ContentChanged, IllegalMove, and as posting does.
    """
    asked = _open(request_id, to=State.BOOKED, actor=actor)
    _check_approver(asked, operator_id, owns)
    if content_hash != asked.content_hash or asked.content.hash != asked.content_hash:
        raise errors.ContentChanged
    posted = posting.post(_journal(asked.content, ref=asked.id, by=asked.requested_by), key=f"adjustment:{asked.id}")
    asked.journal_id = posted.journal_id
    _decide(asked, State.BOOKED, operator_id=operator_id, actor=actor)
    return posted.journal_id


def reject(request_id: str, *, operator_id: str, reason: str, owns: str | None, actor: Actor) -> None:
    """Another person's no, with a reason for who asked. Raises OwnRequest, OwnAccount, ReasonMissing, IllegalMove."""
    if not reason.strip():
        raise errors.ReasonMissing
    asked = _open(request_id, to=State.REJECTED, actor=actor)
    _check_approver(asked, operator_id, owns)
    _decide(asked, State.REJECTED, operator_id=operator_id, actor=actor, reason=reason.strip())


def withdraw(request_id: str, *, operator_id: str, actor: Actor) -> None:
    """Who asked thinks better of it. Raises NotYourRequest, IllegalMove."""
    asked = _open(request_id, to=State.WITHDRAWN, actor=actor)
    if asked.requested_by != operator_id:
        raise errors.NotYourRequest
    _decide(asked, State.WITHDRAWN, operator_id=operator_id, actor=actor)


def _check_approver(asked: JournalRequest, operator_id: str, owns: str | None) -> None:
    """Who may decide: anybody but who asked, which the database holds to as well, and whose own money it is."""
    if operator_id == asked.requested_by:
        raise errors.OwnRequest
    if rules.is_about(asked.content, owns):
        raise errors.OwnAccount


def _check(content: Content, *, ref: str) -> None:
    if not content.reason.strip() or len(content.reason) > rules.REASON_MAX:
        raise errors.ReasonMissing
    if len(content.legs) > rules.LINES_MAX:
        raise errors.TooManyLines
    if content.effective_on and not rules.has_come(content.effective_on, at=clock.now()):
        raise errors.NotHappenedYet
    if content.effective_on and content.effective_on.year < rules.YEAR_MIN:
        raise NoSuchTime
    for leg in content.legs:
        _check_account(leg.account)
    _journal(content, ref=ref, by="")  # refuses what does not balance
    if content.corrects is not None:
        try:
            statements.journal(content.corrects)
        except LookupError as unknown:
            raise NoSuchJournal(f"There is no journal {content.corrects}.") from unknown


def _check_account(code: str) -> None:
    try:
        found = balances.of(code)
    except LookupError as unknown:
        raise AccountBlocked(f"There is no account {code}.") from unknown
    if found.closed:
        raise AccountBlocked(f"The account {code} is closed.")


def _journal(content: Content, *, ref: str, by: str) -> Journal:
    return postings.booked(
        ref=ref,
        legs=content.legs,
        reason=content.reason,
        requested_by=by,
        effective_at=rules.effective_at(content.effective_on, at=clock.now()),
        corrects=content.corrects,
    )


def _open(request_id: str, *, to: State, actor: Actor) -> JournalRequest:
    """The request, locked. Raises NotFound, IllegalMove when it has ended."""
    wanted = select(JournalRequest).where(JournalRequest.id == request_id).with_for_update()
    found = db.session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound
    if not rules.MACHINE.allows(State(found.state), to):
        machine.move(found, to, machine=rules.MACHINE, actor=actor)  # refuses, in its own words
    return found


def _decide(asked: JournalRequest, to: State, *, operator_id: str, actor: Actor, reason: str = "") -> None:
    asked.decided_by, asked.decided_at = operator_id, clock.now()
    machine.move(asked, to, machine=rules.MACHINE, actor=actor, reason=reason)
