"""How a difference ends in the books: a journal for it, and a match in which it adds up, in one transaction."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.adjustments import service as adjustments
from app.adjustments.rules import Content
from app.breaks import board, errors, queries, rules, service
from app.breaks.models import Case
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import db, rows
from app.core.money import ASSETS, NGN, Money
from app.ledger import chart
from app.ledger.journal import Leg
from app.matching import break_queries, by_hand, joining
from app.matching.service import turn
from app.payments import suspense
from app.payments.rules import Topic
from app.payments.suspense import Trouble

_LEG = """
SELECT e.leg FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id
 WHERE e.journal_id = :journal AND a.code = :account ORDER BY e.leg LIMIT 1
"""
# Of accounts that are counted together: in which an entry lies, or any of a match.
_LIES_IN = """
SELECT k.code FROM matching_books(:account) k
 WHERE EXISTS (SELECT FROM ledger.entries e
                WHERE e.journal_id = :journal AND e.leg = :leg AND e.account_id = k.id)
    OR EXISTS (SELECT FROM matches m JOIN ledger.entries e ON e.journal_id = m.journal_id AND e.leg = m.leg
                WHERE m.group_id = :group AND e.account_id = k.id)
"""
_TOLD = "SELECT external_id FROM statement_lines WHERE id = :line"


@dataclass(frozen=True)
class Agreement:
    """What others agreed to: the request, who asked, who agreed, and why."""

    request_id: str
    maker: str
    voters: tuple[str, ...]
    reason: str


def content(account: str, units: int, *, other: str, reason: str, on: date | None) -> Content:
    """The journal of a difference: as much to our account as the statement has more, the rest to the other."""
    asset = ASSETS[account.rpartition(":")[2]]
    legs = (Leg(account, Money(asset, units)), Leg(other, Money(asset, -units)))
    return Content(legs, reason, on)


def into(one: Any) -> str:
    """The account of the books that a difference is booked to: where its entries lie, of several that count as one.

    The one that a source stands for where a line has none, or where the entries of a match lie in more than one.
    """
    account: str = one.account
    if one.line_id is not None or len(joining.codes_for_operators(account)) == 1:
        return account
    found = rows(_LIES_IN, account=account, journal=one.journal_id, leg=one.leg, group=one.group_id)
    return found[0].code if len(found) == 1 else account


def bookable(one: Any) -> int:
    """How many units of the books an open break is. Raises BreakGone, ClosesByItself, TooSmall."""
    if one.closed_by is not None:
        raise errors.BreakGone
    (item,) = board.items_for_operators(one.account, [one])
    if item.reason in board.WAITING:
        raise errors.ClosesByItself
    units = rules.units(one.amount, asset=ASSETS[one.account.rpartition(":")[2]])
    if not units:
        raise errors.TooSmall
    return units


def day_of(one: Any) -> date:
    """The day in Lagos on which a break happened: a journal for it takes effect then."""
    day: date = one.at.astimezone(WAT).date()
    return day


def standing(case_id: str, *, amount: Decimal) -> tuple[Case, Any]:
    """A case, locked, and its open break of this amount. Nobody matches in the account until the transaction ends.

    Raises ProposalOver, BreakChanged.
    """
    turn(db.session.get_one(Case, case_id).account)  # (first, as whoever links does: two never wait for each other)
    case, break_id = service.locked(case_id), queries.break_of_for_system(case_id)
    if break_id is None:
        raise errors.ProposalOver
    one = break_queries.one_for_operators(break_id)
    if one.amount != amount:
        raise errors.BreakChanged
    return case, one


def book(case: Case, one: Any, *, other: str, on: date | None, agreed: Agreement, actor: Actor) -> int:
    """Book the difference, put the journal's entry into the match of what differs, close the case: the journal."""
    units = bookable(one)
    told = (rows(_TOLD, line=one.line_id)[0].external_id or "") if one.line_id is not None else ""
    ref, account = f"{agreed.request_id}-{case.id}", into(one)
    journal_id = adjustments.book(
        content(account, units, other=other, reason=agreed.reason, on=on),
        ref=ref,
        requested_by=agreed.maker,
        approved_by=agreed.voters,
        told=told,
    )
    asset = ASSETS[one.account.rpartition(":")[2]]
    if other == chart.house(chart.SUSPENSE, asset=NGN) and units > 0:
        _queue(ref, Money(asset, units), reason=agreed.reason, journal_id=journal_id, actor=actor)
    _put(one, (journal_id, rows(_LEG, journal=journal_id, account=account)[0].leg), agreed.reason, actor=actor)
    words = f"Journal {journal_id} books it."
    service.note(case, "agreed", words=words, request_id=agreed.request_id, actor=actor)
    service.close(case, words=words, actor=actor)
    return journal_id


def _put(one: Any, entry: tuple[int, int], reason: str, *, actor: Actor) -> None:
    """Put an entry to what a break is about: a line, another entry, or a match."""
    if one.group_id is not None:
        by_hand.grow(one.group_id, entry=entry, reason=reason, actor=actor)
        return
    lines = [one.line_id] if one.line_id is not None else []
    entries = [entry] if lines else [(one.journal_id, one.leg), entry]
    by_hand.link(one.account, lines=lines, entries=entries, reason=reason, actor=actor)


def _queue(ref: str, amount: Money, *, reason: str, journal_id: int, actor: Actor) -> None:
    """What is owed to somebody unknown waits where such things are placed."""
    trouble = Trouble(
        cause=f"break:{ref}", event="breaks.booked", reference=ref, reason=reason, amount=amount, topic=Topic.UNKNOWN
    )
    suspense.suspend(trouble, actor=actor, journal_id=journal_id)
