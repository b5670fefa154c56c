"""Commands of adjustments: ask for a journal by hand; and book it, which governance does once others have agreed."""

from datetime import datetime
from typing import NoReturn

from app.adjustments import errors, postings, rules
from app.adjustments.rules import Content
from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts
from app.ledger import balances, posting, statements
from app.ledger.errors import AccountBlocked, NoSuchJournal, NoSuchTime
from app.ledger.journal import Journal, Leg


class _Tried(Exception):
    """The end of a dry run: what it wrote goes."""


def request(content: Content, *, operator_id: str, actor: Actor) -> Request:
    """Ask for a journal; nothing is booked before others approve it.

    Raises Related, NoSuchTime, Unbalanced, AccountBlocked, NoSuchJournal, ReasonMissing, TooManyLines, NotHappenedYet,
    and what the books refuse.
    """
    if not content.reason.strip() or len(content.reason) > rules.REASON_MAX:
        raise errors.ReasonMissing
    return governance.submit(KIND.name, content.as_json(), reason=content.reason, maker=operator_id, actor=actor)


def try_out(content: Content) -> None:
    """Look at each line, then book it all and take it back. Raises as `request` does."""
    _check(content)
    try:
        with db.session.begin_nested():
            _post_and_stop(content)
    except _Tried:
        return  # the savepoint is gone, and the journal with it


def _post_and_stop(content: Content) -> NoReturn:
    posting.post(_journal(content, ref="dry run", by="", approved_by=()), key=f"dry run {clock.now()}")
    raise _Tried


def book(content: Content, *, ref: str, requested_by: str, approved_by: tuple[str, ...], told: str = "") -> int:
    """Book what others agreed to, once for a `ref`: the journal's number. Raises as `request` does.

    `told` is the id by which whoever keeps an outside account knows the movement.
    """
    _check(content)
    journal = _journal(content, ref=ref, by=requested_by, approved_by=approved_by, told=told)
    return posting.post(journal, key=f"adjustment:{ref}").journal_id


def _dry_run(payload: Payload) -> None:
    try_out(rules.content_of(payload))


def _book(agreed: Agreed) -> str:
    content = rules.content_of(agreed.payload)
    return str(book(content, ref=agreed.request_id, requested_by=agreed.maker, approved_by=agreed.voters))


def _describe(payload: Payload) -> list[Line]:
    content = rules.content_of(payload)
    lines = [_line(leg) for leg in content.legs]
    if content.corrects:
        lines.append(Line("Corrects", f"journal {content.corrects}"))
    day = content.effective_on
    return [*lines, Line("Takes effect", day.strftime("%-d %B %Y") if day else "when it is booked")]


def _line(leg: Leg) -> Line:
    debit = leg.amount.units > 0
    return Line("Debit" if debit else "Credit", f"{leg.account}: {leg.amount if debit else -leg.amount}")


def _summary(payload: Payload) -> str:
    moved = " and ".join(str(amount) for amount in rules.content_of(payload).debits)
    return f"Book {moved} by hand"


KIND = Kind(
    name="adjustments.journal",
    title="Manual journal",
    make=Permission.JOURNALS_REQUEST,
    dry_run=_dry_run,
    execute=_book,
    describe=_describe,
    summary=_summary,
    facts=lambda payload: Facts(amount=rules.size(rules.content_of(payload))),
    touches=lambda payload: rules.customers_of(rules.content_of(payload)),
)


def _check(content: Content) -> None:
    if len(content.legs) > rules.LINES_MAX:
        raise errors.TooManyLines
    if content.effective_on and not rules.has_come(content.effective_on, at=clock.now()):
        raise errors.NotHappenedYet
    if content.effective_on and content.effective_on.year < rules.YEAR_MIN:
        raise NoSuchTime
    for leg in content.legs:
        _check_account(leg.account)
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


def _journal(content: Content, *, ref: str, by: str, approved_by: tuple[str, ...], told: str = "") -> Journal:
    moment: datetime = clock.now()
    return postings.booked(
        ref=ref,
        legs=content.legs,
        reason=content.reason,
        requested_by=by,
        approved_by=approved_by,
        effective_at=rules.effective_at(content.effective_on, at=moment),
        corrects=content.corrects,
        told=told,
    )
