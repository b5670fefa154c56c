"""Reads of the queue of withdrawals: a page of a view, narrowed as its reader asks, and how many wait for whom.

Almost all withdrawals have ended. What has not is found by an index of its own, so that no page and no count reads past
what is over; and nobody needs to know of more than a hundred that they are so many. What has ended is looked through a
span at a time, in an index that has everything it is narrowed by: a search that finds nothing does not walk the years.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, UnaryExpression, func, select, text

from app.core import clock, ids
from app.core.db import db
from app.core.money import NGN, Money
from app.identity import queries as identity
from app.withdrawals.models import CheckRow, Claim, Withdrawal
from app.withdrawals.queries import payout_float_for_system
from app.withdrawals.rules import OPEN, Size, State, bounds_of

# A leg that is open, by the votes that count, for somebody with one of these roles who has not voted. (As
# `let_out_votes` counts them for what waits, without a look at the whole row.)
_OPEN_LEG = """(withdrawals.round > 0 AND EXISTS (
    SELECT FROM jsonb_array_elements(withdrawals.legs) WITH ORDINALITY AS l (leg, place)
     WHERE leg -> 'roles' ?| CAST(:roles AS text[])
       AND (leg ->> 'count')::integer > (
        SELECT count(*) FROM withdrawal_approvals a
         WHERE a.withdrawal_id = withdrawals.id AND a.leg = place - 1 AND a.content_hash = withdrawals.content_hash
           AND may_let_out(a.operator_id, a.withdrawal_id, a.leg)))
  AND NOT EXISTS (
    SELECT FROM withdrawal_approvals a WHERE a.withdrawal_id = withdrawals.id AND a.operator_id = :voter
       AND a.content_hash = withdrawals.content_hash))"""
CHECK_DIGITS = 3
COUNTED_MAX = 100
LEAVES = (State.APPROVED, State.SENDING)
SPAN = timedelta(days=31)  # so much of what has ended is looked through at a time
NOBODY = "nobody"


@dataclass(frozen=True)
class Narrowed:
    """What of a queue to list: each condition that is stated. `needs` is an operator whose yes is missing.

    `check` is the number of a check that speaks against it; `hands` who has it in hand, NOBODY or an operator.
    """

    needs: str = ""
    band: str = ""
    size: str = ""
    target: str = ""
    state: str = ""
    check: str = ""
    hands: str = ""


EVERYTHING = Narrowed()


def page_for_operators(
    states: Sequence[State],
    *,
    oldest_first: bool,
    narrowed: Narrowed = EVERYTHING,
    after: str | None = None,
    limit: int = 50,
) -> list[Withdrawal]:
    """Withdrawals in these states; waiting ones are read oldest first, ended ones newest first. Keyset by id."""
    order = Withdrawal.id.asc() if oldest_first else Withdrawal.id.desc()
    inside: Select[str] = select(Withdrawal.id).where(_in(states, narrowed), *_conditions(narrowed))
    if after:
        inside = inside.where(Withdrawal.id > after if oldest_first else Withdrawal.id < after)
    return _these(inside.order_by(order).limit(limit), order)


def ended_for_operators(
    states: Sequence[State],
    *,
    until: datetime,
    narrowed: Narrowed = EVERYTHING,
    after: str | None = None,
    limit: int = 50,
) -> list[Withdrawal]:
    """What has ended of those that were asked for in the SPAN before a moment, newest first. Keyset by id."""
    first, last = _name_of(until - SPAN), _name_of(until)
    last = min(after, last) if after else last
    spanned = (Withdrawal.ended_at.is_not(None), Withdrawal.id >= first, Withdrawal.id < last)
    inside: Select[str] = select(Withdrawal.id).where(*spanned, _in(states, narrowed))
    inside = inside.where(*_conditions(narrowed, since=first)).order_by(Withdrawal.id.desc()).limit(limit)
    return _these(inside, Withdrawal.id.desc())


def is_older_for_operators(moment: datetime) -> bool:
    """Whether anything was asked for before a moment."""
    older = select(Withdrawal.id).where(Withdrawal.id < _name_of(moment)).limit(1)
    return db.session.scalars(older).first() is not None


def _these(inside: Select[str], order: UnaryExpression[str]) -> list[Withdrawal]:
    """Which ones, from an index alone; then those."""
    return list(db.session.scalars(select(Withdrawal).where(Withdrawal.id.in_(inside)).order_by(order)))


def _name_of(moment: datetime) -> str:
    """Before every id of a withdrawal that was asked for from then on: ids sort by time."""
    return f"wd_{ids.begun_at(moment)}"


def _in(states: Sequence[State], narrowed: Narrowed) -> ColumnElement[bool]:
    return Withdrawal.state.in_([state for state in states if state == narrowed.state] or list(states))


def _conditions(narrowed: Narrowed, *, since: str = "") -> list[ColumnElement[bool]]:
    """What is stated; `since` is an id before which none is looked for."""
    stated = ((Withdrawal.band, narrowed.band), (Withdrawal.target, narrowed.target))
    found = [column == value for column, value in stated if value]
    if narrowed.size in set(Size):
        over, up_to = bounds_of(Size(narrowed.size))
        found.append(Withdrawal.amount_units > over)
        found += [Withdrawal.amount_units <= up_to] if up_to else []
    if narrowed.needs:
        found.append(_needs(narrowed.needs))
    if narrowed.check.isascii() and narrowed.check.isdecimal() and len(narrowed.check) < CHECK_DIGITS:
        said = (CheckRow.withdrawal_id == Withdrawal.id) & (CheckRow.round_no == Withdrawal.round_no)
        against = (CheckRow.number == int(narrowed.check)) & (CheckRow.outcome != "pass")
        found.append(select(CheckRow.id).where(said, against, CheckRow.withdrawal_id >= since).exists())
    if narrowed.hands:
        held = (Claim.withdrawal_id == Withdrawal.id) & (Claim.until > clock.now())
        if narrowed.hands == NOBODY:
            found.append(~select(Claim.withdrawal_id).where(held).exists())
        else:
            found.append(select(Claim.withdrawal_id).where(held, Claim.held_by == narrowed.hands).exists())
    return found


def needing_count_for_operators(operator_id: str) -> int:
    """How many wait for this operator's yes; of more than a hundred, a hundred."""
    waiting = select(Withdrawal.id).where(Withdrawal.state == State.REQUESTED, _needs(operator_id)).limit(COUNTED_MAX)
    return db.session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def _needs(operator_id: str) -> ColumnElement[bool]:
    """As `Standing.place_for`, in the database."""
    roles = [str(role) for role in identity.roles_for_system(operator_id)]
    return text(_OPEN_LEG).bindparams(roles=roles, voter=operator_id)  # type: ignore[return-value]


def counts_for_operators() -> dict[str, int]:
    """How many withdrawals that have not ended are in each state."""
    # (counted one by one: to sort so many rows by their state takes longer than to read them)
    counted = (func.count().filter(Withdrawal.state == state).label(state) for state in OPEN)
    row = db.session.execute(select(*counted).where(Withdrawal.state.in_(OPEN))).one()
    return dict(row._mapping)  # noqa: SLF001 (public, by its documentation)


def reasons_for_operators(withdrawal_ids: Collection[str]) -> dict[str, list[CheckRow]]:
    """What speaks against each withdrawal in its newest round, the heaviest first."""
    wanted = (
        select(CheckRow)
        .join(Withdrawal, (Withdrawal.id == CheckRow.withdrawal_id) & (Withdrawal.round_no == CheckRow.round_no))
        .where(CheckRow.withdrawal_id.in_(withdrawal_ids), CheckRow.outcome != "pass")
        .order_by(CheckRow.points.desc(), CheckRow.number)
    )
    found: dict[str, list[CheckRow]] = {withdrawal_id: [] for withdrawal_id in withdrawal_ids}
    for row in db.session.scalars(wanted):
        found[row.withdrawal_id].append(row)
    return found


def next_to_cool_for_operators() -> datetime | None:
    """When the next one that cools off is checked again."""
    return db.session.scalar(select(func.min(Withdrawal.held_until)).where(Withdrawal.state == State.COOLING_OFF))


def float_for_operators() -> Money:
    """What payouts are paid from, less what was approved and has not left it."""
    leaves = select(func.sum(Withdrawal.amount_units)).where(Withdrawal.state.in_(LEAVES))
    return payout_float_for_system() - Money(NGN, int(db.session.scalar(leaves) or 0))
