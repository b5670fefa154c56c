"""The queue of breaks: which ones, what to do first, how much is open of each reason and age.

Reasons `timing` and `missing_in_statement` are one until somebody looks: which it is follows from how far the
statements have come, so both are looked for together and told apart by time.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.breaks import queries, rules
from app.breaks.models import Case
from app.breaks.rules import BANDS
from app.core import clock
from app.core.clock import WAT
from app.core.db import rows
from app.matching import break_queries
from app.matching import queries as matching
from app.matching.rules import Reason

Place = tuple[datetime, int]
LIVE_MAX = 20_000  # so many open breaks are counted when somebody looks; more are counted now and then
NEVER, EVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
WAITING = frozenset({Reason.TIMING, Reason.MISSING_IN_STATEMENT})
# Whoever looks for what nobody has, or leaves out what was accepted, asks of each break whether there is such a case.
_ANY = """
SELECT b.id, b.amount, b.at FROM breaks b
 WHERE b.account = :account AND b.closed_by IS NULL AND b.at < :until
   AND (b.at, b.id) > (:after_at, :after_id) AND abs(b.amount) >= :least
   AND NOT EXISTS (SELECT FROM break_cases c
                    WHERE c.subject = coalesce('line:' || b.line_id, 'entry:' || b.journal_id || '.' || b.leg,
                                               'match:' || b.group_id)
                      AND ((c.state = 'accepted' AND NOT :accepted) OR (c.taken_by IS NOT NULL AND :unowned)))
 ORDER BY b.at, b.id LIMIT :limit
"""
_OF_REASON = """
SELECT o.id, o.amount, o.at FROM (
    (SELECT b.id, b.amount, b.at FROM breaks b
      WHERE b.account = :account AND b.closed_by IS NULL AND b.reason = :reason AND b.at < :until
        AND (b.at, b.id) > (:after_at, :after_id) AND abs(b.amount) >= :least
        AND NOT EXISTS (SELECT FROM break_cases c
                         WHERE c.subject = coalesce('line:' || b.line_id, 'entry:' || b.journal_id || '.' || b.leg,
                                                    'match:' || b.group_id)
                           AND ((c.state = 'accepted' AND NOT :accepted) OR (c.taken_by IS NOT NULL AND :unowned)))
      ORDER BY b.at, b.id LIMIT :limit)
    UNION ALL
    (SELECT b.id, b.amount, b.at FROM breaks b
      WHERE b.account = :account AND b.closed_by IS NULL AND b.reason = :or_reason AND b.at < :until
        AND (b.at, b.id) > (:after_at, :after_id) AND abs(b.amount) >= :least
        AND NOT EXISTS (SELECT FROM break_cases c
                         WHERE c.subject = coalesce('line:' || b.line_id, 'entry:' || b.journal_id || '.' || b.leg,
                                                    'match:' || b.group_id)
                           AND ((c.state = 'accepted' AND NOT :accepted) OR (c.taken_by IS NOT NULL AND :unowned)))
      ORDER BY b.at, b.id LIMIT :limit)) o
 ORDER BY o.at, o.id LIMIT :limit
"""
# What somebody works on is little beside what is open: it is found by its cases.
_WORKED = """
SELECT b.id, b.amount, b.at
  FROM break_cases c
 CROSS JOIN LATERAL (
      SELECT b.* FROM breaks b WHERE b.line_id = c.line_id AND b.closed_by IS NULL
       UNION ALL
      SELECT b.* FROM breaks b WHERE b.journal_id = c.journal_id AND b.leg = c.leg AND b.closed_by IS NULL
       UNION ALL
      SELECT b.* FROM breaks b WHERE b.group_id = c.group_id AND b.closed_by IS NULL) b
 WHERE c.account = :account AND c.state = ANY(:states) AND (:owner = '' OR c.taken_by = :owner)
   AND b.account = :account AND (:reason = '' OR b.reason IN (:reason, :or_reason)) AND b.at < :until
   AND (b.at, b.id) > (:after_at, :after_id) AND abs(b.amount) >= :least
 ORDER BY b.at, b.id LIMIT :limit
"""
_HOW_MANY = """
SELECT count(*) AS n FROM (SELECT FROM breaks WHERE account = :account AND closed_by IS NULL LIMIT :limit) b
"""
_COUNTED = """
SELECT b.reason, (b.at AT TIME ZONE 'Africa/Lagos')::date AS day, b.at >= :covered AS waits, count(*) AS breaks,
       sum(b.amount) AS amount, sum(abs(b.amount)) AS size
  FROM breaks b WHERE b.account = :account AND b.closed_by IS NULL GROUP BY 1, 2, 3
"""
_KEPT = "SELECT reason, day, breaks, amount, size, counted_at FROM break_figures WHERE account = :account"
_OVERDUE = """
SELECT count(*) AS n FROM (
    SELECT FROM breaks b
     WHERE b.account = :account AND b.closed_by IS NULL AND b.at < :until AND abs(b.amount) >= :least
       AND NOT EXISTS (SELECT FROM break_cases c
                        WHERE c.subject = coalesce('line:' || b.line_id, 'entry:' || b.journal_id || '.' || b.leg,
                                                   'match:' || b.group_id) AND c.state = 'accepted')
     ORDER BY b.at LIMIT :limit) b
"""


@dataclass(frozen=True)
class Sought:
    """Which breaks of an account: of a reason, of a band of age, of at least so many naira, whose, in which state.

    `view` is todo (not accepted), proposed, accepted or all; `owner` is '' for anybody's, 'none', or who has them.
    """

    view: str = "todo"
    reason: str = ""
    band: int | None = None
    least: Decimal = Decimal(0)
    owner: str = ""


@dataclass(frozen=True)
class Item:
    """A break in the queue: what it is about, why, what it is worth in naira, when it is due; the work on it."""

    row: Any
    reason: str
    worth: Decimal | None
    due_at: datetime | None
    case: Case | None

    @property
    def is_late(self) -> bool:
        """Whether it should have been closed by now."""
        accepted = self.case is not None and self.case.state == rules.State.ACCEPTED
        return self.due_at is not None and not accepted and self.due_at <= clock.now()


@dataclass(frozen=True)
class Cell:
    """How much is open of a reason in a band of ages; `size` is the sum without signs, in whole coins."""

    breaks: int
    amount: Decimal
    size: Decimal


@dataclass(frozen=True)
class Board:
    """How much is open of each reason, by band of age; `counted_at` is None where it is as of now."""

    cells: dict[str, list[Cell]]
    counted_at: datetime | None

    @property
    def total(self) -> Cell:
        """All of it."""
        return _sum([cell for cells in self.cells.values() for cell in cells])

    def of_reason(self, reason: str) -> Cell:
        """All of a reason."""
        return _sum(self.cells[reason])


def ids_for_operators(account: str, sought: Sought, *, after: Place | None = None, limit: int) -> list[Any]:
    """The numbers, amounts and times of open breaks, the oldest first, from after a place on."""
    covered = matching.covered_until_for_system(account)
    since, until = _times(sought, covered)
    reason, or_reason = _reasons(sought.reason)
    # (one lower bound, not two: an index is read from the first it is given)
    place_at, place_id = max(after or (since, 0), (since, 0))
    place = {
        "account": account,
        "until": until,
        "least": _coins(account, sought.least),
        "after_at": place_at,
        "after_id": place_id,
        "limit": limit,
    }
    both = {"reason": reason, "or_reason": or_reason}
    states = {"proposed": ["proposed"], "accepted": ["accepted"], "all": ["open", "proposed", "accepted"]}
    if sought.view in {"proposed", "accepted"} or sought.owner not in {"", "none"}:
        named = "" if sought.owner == "none" else sought.owner
        return rows(_WORKED, **place, **both, states=states.get(sought.view, ["open", "proposed"]), owner=named)
    plain = {"accepted": sought.view == "all", "unowned": sought.owner == "none"}
    return rows(_OF_REASON, **place, **both, **plain) if reason else rows(_ANY, **place, **plain)


def queue_for_operators(account: str, sought: Sought, *, after: Place | None, limit: int) -> list[Item]:
    """Open breaks, the oldest first."""
    found = ids_for_operators(account, sought, after=after, limit=limit)
    return items_for_operators(account, break_queries.shown_for_operators([row.id for row in found]))


def items_for_operators(account: str, found: list[Any]) -> list[Item]:
    """Breaks of an account with what they are worth, when they are due, and the work on them."""
    covered, terms = matching.covered_until_for_system(account), queries.terms_for_operators()
    price, cases = queries.price_for_operators(account), queries.cases_of_for_operators(found)
    made = []
    for row in found:
        reason = reason_of(row.reason, at=row.at, covered_until=covered)
        worth = None if price is None else row.amount * price
        due = None if reason == Reason.TIMING else rules.due_at(row.at, worth=worth, terms=terms)
        subject = rules.subject_of(line_id=row.line_id, journal_id=row.journal_id, leg=row.leg, group_id=row.group_id)
        made.append(Item(row, reason, worth, due, cases.get(subject)))
    return made


def reason_of(kept: str, *, at: datetime, covered_until: datetime) -> str:
    """Why it is open: what waits for a statement is missing in it as soon as that has come."""
    if kept not in WAITING:
        return kept
    return str(Reason.TIMING if at >= covered_until else Reason.MISSING_IN_STATEMENT)


def board_for_operators(account: str) -> Board:
    """How much is open of each reason and age: counted now, or where that is very much, as it was counted last."""
    if rows(_HOW_MANY, account=account, limit=LIVE_MAX + 1)[0].n <= LIVE_MAX:
        return _board(counted_for_system(account), None)
    kept = rows(_KEPT, account=account)
    return _board(kept, kept[0].counted_at if kept else None)


def counted_for_system(account: str) -> list[Any]:
    """How much is open now, by reason and day in Lagos."""
    found = rows(_COUNTED, account=account, covered=matching.covered_until_for_system(account))
    sums: dict[tuple[str, date], Figures] = {}
    for row in found:
        waits = Reason.TIMING if row.waits else Reason.MISSING_IN_STATEMENT
        reason = str(waits) if row.reason in WAITING else row.reason
        one = sums.get((reason, row.day), Figures(reason, row.day, 0, Decimal(0), Decimal(0)))
        sums[reason, row.day] = replace(
            one, breaks=one.breaks + row.breaks, amount=one.amount + row.amount, size=one.size + row.size
        )
    return list(sums.values())


@dataclass(frozen=True)
class Figures:
    """How much is open of a reason and a day."""

    reason: str
    day: date
    breaks: int
    amount: Decimal
    size: Decimal


def overdue_for_system(account: str, *, limit: int) -> int:
    """How many should have been closed by now: at most so many."""
    moment, covered = clock.now(), matching.covered_until_for_system(account)
    terms = queries.terms_for_operators()
    return max(
        rows(
            _OVERDUE,
            account=account,
            until=min(moment - timedelta(hours=hours), covered),
            least=_coins(account, least),
            limit=limit,
        )[0].n
        for least, hours in terms
    )


def _board(found: list[Any], counted_at: datetime | None) -> Board:
    today, nothing = clock.now().astimezone(WAT).date(), Cell(0, Decimal(0), Decimal(0))
    cells: dict[str, list[Cell]] = {}
    for row in found:
        own = cells.setdefault(row.reason, [nothing] * len(BANDS))
        place = rules.band_of(row.day, today=today)
        own[place] = _sum([own[place], Cell(row.breaks, row.amount, row.size)])
    return Board(dict(sorted(cells.items(), key=lambda each: -_sum(each[1]).breaks)), counted_at)


def _sum(cells: list[Cell]) -> Cell:
    return Cell(
        sum(cell.breaks for cell in cells),
        sum((cell.amount for cell in cells), Decimal(0)),
        sum((cell.size for cell in cells), Decimal(0)),
    )


def _times(sought: Sought, covered: datetime) -> tuple[datetime, datetime]:
    """From when to when it happened: whole days in Lagos for an age, what is told for what waits."""
    since, until = NEVER, EVER
    if sought.band is not None:
        _, youngest, end = BANDS[sought.band]
        tomorrow = clock.now().astimezone(WAT).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        until = tomorrow - timedelta(days=youngest) if youngest else EVER
        since = tomorrow - timedelta(days=end) if end is not None else NEVER
    if sought.reason == Reason.TIMING:
        since = max(since, covered)
    elif sought.reason == Reason.MISSING_IN_STATEMENT:
        until = min(until, covered)
    return since, until


def _reasons(sought: str) -> tuple[str, str]:
    if sought in WAITING:
        return str(Reason.TIMING), str(Reason.MISSING_IN_STATEMENT)
    return sought, "-"


def _coins(account: str, naira: Decimal) -> Decimal:
    """So many naira in whole coins of an account, by the price of now; nothing where there is none."""
    price = queries.price_for_operators(account)
    return naira / price if price else Decimal(0)
