"""The queue of breaks: which ones, what to do first, how much is open of each reason and age.

Why an entry is open is looked up when it is asked: which days were told of decides (app/matching).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.breaks import queries, rules
from app.breaks.models import Case
from app.breaks.rules import BANDS
from app.core import clock
from app.core.clock import WAT
from app.core.db import rows
from app.core.money import ASSETS
from app.matching import break_queries
from app.matching.rules import Reason

Place = tuple[datetime, int]
Known = tuple[datetime, datetime, int]  # among what is late: since when, then as any other
WORKED_ON = ["open", "proposed"]
LIVE_MAX = 20_000  # so many open breaks are counted when somebody looks; more are counted now and then
NEVER, EVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
WAITING = frozenset({Reason.TIMING, Reason.NOT_COVERED})  # for a statement: nothing is to be done
# (Amounts are compared without abs(), so that an index finds what is rare.)
# Whoever looks for what nobody has, or leaves out what was accepted, asks of each break whether there is such a case.
_ANY = """
SELECT b.id, b.amount, b.at FROM breaks b
 WHERE b.account = :account AND b.closed_by IS NULL AND b.at < :until
   AND (b.at, b.id) > (:after_at, :after_id) AND (b.amount >= :least OR b.amount <= 0 - :least)
   AND NOT EXISTS (SELECT FROM break_cases c
                    WHERE c.subject = break_subject(b)
                      AND ((c.state = 'accepted' AND NOT :accepted) OR (c.taken_by IS NOT NULL AND :unowned)))
 ORDER BY b.at, b.id LIMIT :limit
"""
_THESE = """
SELECT id, amount, at FROM breaks WHERE id = ANY(:these) AND account = :account AND closed_by IS NULL
 ORDER BY at, id LIMIT :limit
"""
# Of one reason: wherever those may be that have it now, each by the index, then put together. (Rows are compared, where
# equal reasons would do: those that are but few PostgreSQL would look for among all, by time.)
_OF_REASON = """
SELECT o.id, o.amount, o.at
  FROM break_spans(:account, :now, ARRAY[CAST(:reason AS text)]) s
 CROSS JOIN LATERAL (
      SELECT b.id, b.amount, b.at FROM breaks b
       WHERE b.account = :account AND b.closed_by IS NULL
         AND (b.reason, b.at, b.id) > (s.noted, greatest(s.since, CAST(:after_at AS timestamptz)),
                                       CASE WHEN :after_at >= s.since THEN :after_id ELSE 0 END)
         AND (b.reason, b.at) < (s.noted, least(s.until, CAST(:until AS timestamptz)))
         AND (b.amount >= :least OR b.amount <= 0 - :least)
         AND NOT EXISTS (SELECT FROM break_cases c
                          WHERE c.subject = break_subject(b)
                            AND ((c.state = 'accepted' AND NOT :accepted) OR (c.taken_by IS NOT NULL AND :unowned)))
       ORDER BY b.reason, b.at, b.id LIMIT :limit) o
 ORDER BY o.at, o.id LIMIT :limit
"""
# What somebody works on is little beside what is open: it is found by its cases.
_WORKED = """
SELECT b.id, b.amount, b.at, b.found_at
  FROM matching_coverage(:account, :now) v
 CROSS JOIN break_cases c
 CROSS JOIN LATERAL (
      SELECT b.* FROM breaks b WHERE b.line_id = c.line_id AND b.closed_by IS NULL
       UNION ALL
      SELECT b.* FROM breaks b WHERE b.journal_id = c.journal_id AND b.leg = c.leg AND b.closed_by IS NULL
       UNION ALL
      SELECT b.* FROM breaks b WHERE b.group_id = c.group_id AND b.closed_by IS NULL
       UNION ALL
      SELECT b.* FROM breaks b WHERE b.row_id = c.row_id AND b.closed_by IS NULL
       UNION ALL
      SELECT b.* FROM breaks b WHERE b.import_id = c.import_id AND b.part = c.part AND b.closed_by IS NULL) b
 WHERE c.account = :account AND c.state = ANY(:states) AND (:owner = '' OR c.taken_by = :owner)
   AND b.account = :account AND b.at < :until
   AND (:reason = '' OR break_reason(b.reason, b.at, v.until, v.covered) = :reason)
   AND (CAST(:due AS timestamptz) IS NULL
        OR (b.found_at < :due AND break_reason(b.reason, b.at, v.until, v.covered) NOT IN ('timing', 'not_covered')))
   AND (b.at, b.id) > (:after_at, :after_id) AND (b.amount >= :least OR b.amount <= 0 - :least)
 ORDER BY b.at, b.id LIMIT :limit
"""
_HOW_MANY = """
SELECT count(*) AS n FROM (SELECT FROM breaks WHERE account = :account AND closed_by IS NULL LIMIT :limit) b
"""
_COUNTED = """
SELECT break_reason(b.reason, b.at, v.until, v.covered) AS reason, (b.at AT TIME ZONE 'Africa/Lagos')::date AS day,
       count(*) AS breaks, sum(b.amount) AS amount, sum(abs(b.amount)) AS size
  FROM matching_coverage(:account, :now) v CROSS JOIN breaks b
 WHERE b.account = :account AND b.closed_by IS NULL GROUP BY 1, 2
"""
_KEPT = "SELECT reason, day, breaks, amount, size, counted_at FROM break_figures WHERE account = :account"
# Of what is at least so much, whatever was found so long ago, the longest known first; what waits for its statement is
# never late.
_LATE = """
SELECT b.id, b.amount, b.at, b.found_at FROM matching_coverage(:account, :now) v CROSS JOIN breaks b
 WHERE b.account = :account AND b.closed_by IS NULL AND b.found_at < :due AND b.at >= :since AND b.at < :until
   AND (b.found_at, b.at, b.id) > (:after_found, :after_at, :after_id)
   AND (b.amount >= :least OR b.amount <= 0 - :least)
   AND break_reason(b.reason, b.at, v.until, v.covered) NOT IN ('timing', 'not_covered')
   AND (:reason = '' OR b.reason = :reason)  -- (what does not wait has the reason that was noted)
   AND NOT EXISTS (SELECT FROM break_cases c
                    WHERE c.subject = break_subject(b)
                      AND (c.state = 'accepted' OR (c.taken_by IS NOT NULL AND :unowned)))
 ORDER BY b.found_at, b.at, b.id LIMIT :limit
"""
# Less than a smallest unit of the books: never an entry, and little where tellers tell no more decimals than the books.
_SMALL = """
SELECT b.id, b.amount, b.at FROM breaks b
 WHERE b.account = :account AND b.closed_by IS NULL AND b.amount > 0 - :unit AND b.amount < :unit AND b.amount <> 0
   AND b.at < :until AND (b.at, b.id) > (:after_at, :after_id) AND (:reason = '' OR b.reason = :reason)
   AND (b.amount >= :least OR b.amount <= 0 - :least)
   AND NOT EXISTS (SELECT FROM break_cases c
                    WHERE c.subject = break_subject(b)
                      AND (c.state = 'accepted' OR (c.taken_by IS NOT NULL AND :unowned)))
   AND (:owner = '' OR EXISTS (SELECT FROM break_cases c WHERE c.subject = break_subject(b) AND c.taken_by = :owner))
 ORDER BY b.at, b.id LIMIT :limit
"""
_HOW_SMALL = """
SELECT count(*) AS n, coalesce(sum(s.amount), 0) AS amount
  FROM (SELECT b.amount FROM breaks b
         WHERE b.account = :account AND b.closed_by IS NULL AND b.amount > 0 - :unit AND b.amount < :unit
           AND b.amount <> 0 LIMIT :limit) s
"""
_FOUND = "SELECT found_at FROM breaks WHERE id = :id AND account = :account"


@dataclass(frozen=True)
class Sought:
    """Which breaks of an account: of a reason, of a band of age, of at least so many naira, whose, in which state.

    `view` is todo (not accepted), late (of these), small (of these: less than a smallest unit), proposed, accepted or
    all; `owner` is '' for anybody's, 'none', or who has them. Where `these` are named it is exactly these, of those
    that are open.
    """

    view: str = "todo"
    reason: str = ""
    band: int | None = None
    least: Decimal = Decimal(0)
    owner: str = ""
    these: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Item:
    """A break in the queue: what it is about, why, what it is worth in naira, when it is due; the work on it.

    Its age counts from when the money moved (`row.at`), its deadline from when it was found (`row.found_at`).
    """

    row: Any
    reason: str
    worth: Decimal | None
    due_at: datetime | None
    case: Case | None

    @property
    def age_days(self) -> int:
        """Days since the money moved, in Lagos."""
        moved: date = self.row.at.astimezone(WAT).date()
        return max((clock.now().astimezone(WAT).date() - moved).days, 0)

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

    def oldest_of(self, reason: str) -> int:
        """The place in BANDS of the oldest of a reason."""
        return max((place for place, cell in enumerate(self.cells[reason]) if cell.breaks), default=0)

    def of_reason(self, reason: str) -> Cell:
        """All of a reason."""
        return _sum(self.cells[reason])


def ids_for_operators(
    account: str, sought: Sought, *, after: Place | None = None, before: datetime = EVER, limit: int
) -> list[Any]:
    """The numbers, amounts and times of open breaks, the oldest first, from after a place on, that happened before.

    Of what is late those that are known for the longest are first. Of an asset that has no price nothing is known to be
    worth at least so much.
    """
    if sought.these is not None:
        return rows(_THESE, account=account, these=list(sought.these), limit=limit)
    if sought.least and queries.price_for_operators(account) is None:
        return []
    since, until = _times(sought)
    until = min(until, before)
    # (one lower bound, not two: an index is read from the first it is given)
    place_at, place_id = max(after or (since, 0), (since, 0))
    place: dict[str, Any] = {
        "account": account,
        "until": until,
        "least": _coins(account, sought.least),
        "after_at": place_at,
        "after_id": place_id,
        "limit": limit,
    }
    both = {"reason": sought.reason, "now": clock.now()}
    whose = {"unowned": sought.owner == "none", "owner": "" if sought.owner == "none" else sought.owner}
    if sought.view == "small":
        return rows(_SMALL, **place, **whose, reason=sought.reason, unit=unit_of(account))
    if sought.view == "late":
        return _late({**place, **both, **whose, "since": since}, _known(account, after))
    states = {"proposed": ["proposed"], "accepted": ["accepted"], "all": ["open", "proposed", "accepted"]}
    if sought.view in {"proposed", "accepted"} or sought.owner not in {"", "none"}:
        named = "" if sought.owner == "none" else sought.owner
        return rows(_WORKED, **place, **both, states=states.get(sought.view, WORKED_ON), owner=named, due=None)
    plain = {"accepted": sought.view == "all", "unowned": sought.owner == "none"}
    return rows(_OF_REASON, **place, **both, **plain) if sought.reason else rows(_ANY, **place, **plain)


def queue_for_operators(account: str, sought: Sought, *, after: Place | None, limit: int) -> list[Item]:
    """Open breaks, the oldest first."""
    found = ids_for_operators(account, sought, after=after, limit=limit)
    return items_for_operators(account, break_queries.shown_for_operators([row.id for row in found]))


def items_for_operators(account: str, found: list[Any]) -> list[Item]:
    """Breaks of an account with what they are worth, when they are due, and the work on them."""
    terms = queries.terms_for_operators()
    price, cases = queries.price_for_operators(account), queries.cases_of_for_operators(found)
    made = []
    for row in found:
        worth = None if price is None else row.amount * price
        waits = row.reason in WAITING or row.found_at is None
        due = None if waits else rules.due_at(row.found_at, worth=worth, terms=terms)
        made.append(Item(row, row.reason, worth, due, cases.get(rules.subject_of(row))))
    return made


def board_for_operators(account: str) -> Board:
    """How much is open of each reason and age: counted now, or where that is very much, as it was counted last."""
    if rows(_HOW_MANY, account=account, limit=LIVE_MAX + 1)[0].n <= LIVE_MAX:
        return _board(counted_for_system(account), None)
    kept = rows(_KEPT, account=account)
    return _board(kept, kept[0].counted_at if kept else None)


def counted_for_system(account: str) -> list[Any]:
    """How much is open now, by reason and day in Lagos."""
    return rows(_COUNTED, account=account, now=clock.now())


def overdue_for_system(account: str, *, before: datetime = EVER, limit: int) -> int:
    """How many of what happened before should have been closed by now: at most so many."""
    return len(ids_for_operators(account, Sought(view="late"), before=before, limit=limit))


def small_for_operators(account: str) -> Cell:
    """How many open breaks are less than a smallest unit of the books, and what they come to: the first so many."""
    (found,) = rows(_HOW_SMALL, account=account, unit=unit_of(account), limit=rules.BULK_MAX)
    return Cell(found.n, found.amount, abs(found.amount))


def unit_of(account: str) -> Decimal:
    """The smallest unit of an account's asset, in whole coins."""
    return Decimal(1).scaleb(-ASSETS[account.rpartition(":")[2]].decimals)


def _late(place: dict[str, Any], known: Known) -> list[Any]:
    """What is late by any of the terms, what is known for the longest first: each term is looked for by itself.

    What somebody has is little, and found by its cases.
    """
    found: dict[int, Any] = {}
    after = dict(zip(("after_found", "after_at", "after_id"), known, strict=True))
    owned = {"after_at": place["since"], "after_id": 0, "states": WORKED_ON, "limit": rules.BULK_MAX + 1}
    for naira, hours in queries.terms_for_operators():
        term = {
            "due": place["now"] - timedelta(hours=hours),
            "least": max(place["least"], _coins(place["account"], naira)),
        }
        own = (
            rows(_WORKED, **{**place, **owned, **term}) if place["owner"] else rows(_LATE, **{**place, **after, **term})
        )
        found |= {row.id: row for row in own}
    late = sorted((row for row in found.values() if _place_of(row) > known), key=_place_of)
    return late[: place["limit"]]


def _place_of(row: Any) -> Known:
    return row.found_at, row.at, row.id


def _known(account: str, after: Place | None) -> Known:
    """The place among what is late of the break that a page ended with."""
    at, number = after or (NEVER, 0)
    found = rows(_FOUND, id=number, account=account) if after else []
    return (found and found[0].found_at) or NEVER, at, number


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


def _times(sought: Sought) -> tuple[datetime, datetime]:
    """From when to when it happened: whole days in Lagos for an age."""
    since, until = NEVER, EVER
    if sought.band is not None:
        _, youngest, end = BANDS[sought.band]
        tomorrow = clock.now().astimezone(WAT).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        until = tomorrow - timedelta(days=youngest) if youngest else EVER
        since = tomorrow - timedelta(days=end) if end is not None else NEVER
    return since, until


def _coins(account: str, naira: Decimal) -> Decimal:
    """So many naira in whole coins of an account, by the price of now; nothing where there is none."""
    price = queries.price_for_operators(account)
    return naira / price if price else Decimal(0)
