"""How old what stands in clearing and in suspense is at the end of a day, and what Paystack owes by the day it is due.

Both are taken apart into what each charge or item explains; what none explains is a line of its own, so that the lines
always come to what the ledger has.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from app.core.clock import WAT
from app.core.db import rows
from app.core.money import NGN, Money, zero
from app.ledger import balances, chart
from app.settlement import working_days
from reports.tables import TICK, ByAsset, Line, Parameters, Section

BUCKETS = (("0–1 days", 1), ("2–3 days", 3), ("4–7 days", 7), ("8–30 days", 30), ("over 30 days", None))
UNEXPLAINED = "not explained by any of these"
REST_OF_CLEARING = "refunds and disputes to be deducted, and what no charge explains"

# A charge is open while no settlement that had it had taken effect by then. The account is given by its number, as in
# app/settlement/queries.py: the planner then knows how busy it is.
_CHARGES = """
SELECT (e.effective_at AT TIME ZONE 'Africa/Lagos')::date AS day, count(*) AS n, sum(e.amount) AS units
  FROM ledger.entries e JOIN ledger.journals j ON j.id = e.journal_id
  LEFT JOIN settled_charges c ON c.reference = substr(j.key, 17)
  LEFT JOIN settlements s ON s.id = c.settlement_id
  LEFT JOIN ledger.journals b ON b.id = coalesce(s.journal_id, s.booked_by)
 WHERE e.account_id = :clearing AND e.effective_at < :until AND j.key LIKE 'paystack:charge:%'
   AND (c.reference IS NULL OR b.effective_at >= :until)
 GROUP BY 1 ORDER BY 1
"""
_ACCOUNT = "SELECT id FROM ledger.accounts WHERE code = :code"
# Money stands in suspense for an item that has a journal; what a newer decision took out of it ended it.
_ITEMS = """
SELECT i.id, i.reference, i.reason, i.amount_units AS units, i.created_at
  FROM suspense_items i
 WHERE i.journal_id IS NOT NULL AND i.amount_units IS NOT NULL AND i.created_at < :until
   AND (i.resolved_at IS NULL OR i.resolved_at >= :until)
 ORDER BY i.created_at, i.id
"""


@dataclass(frozen=True)
class Open:
    """What was taken on one day and is not settled."""

    day: date
    count: int
    amount: Money


def sections(asked: Parameters) -> list[Section]:
    """Clearing and suspense by age; then each item of suspense."""
    return [clearing(asked), suspense(asked), _items_section(asked)]


def clearing(asked: Parameters) -> Section:
    """What Paystack has taken and not settled, by age."""
    return Section(
        "Clearing at Paystack, by age",
        ("Age", "Charges", "Asset", "Amount"),
        lambda: _aged([(one.day, one.count, one.amount) for one in open_charges(asked)], _clearing(asked), asked),
        frozenset({"Charges", "Amount"}),
        note="Charges that no settlement had by then, net of Paystack's fees. Age is counted from the day of payment.",
        empty="Nothing stood in clearing.",
        tally=partial(_tally, "Clearing at Paystack, by the ledger", 3, chart.PAYSTACK_CLEARING, asked),
    )


def suspense(asked: Parameters) -> Section:
    """What could not be placed, by age."""
    return Section(
        "Suspense, by age",
        ("Age", "Items", "Asset", "Amount"),
        lambda: _aged(_items(asked), _balance(chart.SUSPENSE, asked), asked),
        frozenset({"Items", "Amount"}),
        note="Money that came and that nobody had placed by then.",
        empty="Nothing stood in suspense.",
        tally=partial(_tally, "Suspense, by the ledger", 3, chart.SUSPENSE, asked),
    )


def due(asked: Parameters) -> Section:
    """What Paystack owes by the working day on which it is to be here."""
    return Section(
        "Settlement due",
        ("Due on", "Charges", "Asset", "Amount", "Standing"),
        lambda: _due(asked),
        frozenset({"Charges", "Amount"}),
        note="What was paid on a day is settled on the next working day. The last line is what no charge explains:"
        " refunds and disputes that wait to be deducted.",
        empty="Paystack owed nothing.",
        tally=partial(_tally, "Clearing at Paystack, by the ledger", 3, chart.PAYSTACK_CLEARING, asked),
    )


def open_charges(asked: Parameters) -> list[Open]:
    """Charges that were open at the end of the last day, by the day on which they were taken."""
    account = rows(_ACCOUNT, code=chart.house(chart.PAYSTACK_CLEARING, asset=NGN))
    found = rows(_CHARGES, clearing=account[0].id, until=asked.until) if account else []
    return [Open(row.day, row.n, Money(NGN, int(row.units))) for row in found]


def _items_section(asked: Parameters) -> Section:
    return Section(
        "Suspense, item by item",
        ("Since", "Item", "Reference", "Reason", "Asset", "Amount"),
        lambda: (
            (row.created_at, row.id, row.reference, row.reason, NGN.code, Money(NGN, int(row.units)))
            for row in rows(_ITEMS, until=asked.until)
        ),
        frozenset({"Amount"}),
        empty="Nothing stood in suspense.",
    )


def _items(asked: Parameters) -> list[tuple[date, int, Money]]:
    return [
        (row.created_at.astimezone(WAT).date(), 1, Money(NGN, int(row.units)))
        for row in rows(_ITEMS, until=asked.until)
    ]


def _aged(found: list[tuple[date, int, Money]], balance: Money, asked: Parameters) -> Iterator[Line]:
    """Lines by age, and the rest of the balance; buckets with nothing in them are left out."""
    counts, sums = dict.fromkeys(range(len(BUCKETS)), 0), dict.fromkeys(range(len(BUCKETS)), zero(NGN))
    for day, count, amount in found:
        place = bucket_of((asked.last - day).days)
        counts[place] += count
        sums[place] += amount
    for place, (name, _) in enumerate(BUCKETS):
        if counts[place]:
            yield name, counts[place], NGN.code, sums[place]
    if rest := balance - sum(sums.values(), zero(NGN)):
        yield UNEXPLAINED, None, NGN.code, rest


def bucket_of(days: int) -> int:
    """The number of the bucket that so many days fall into."""
    return next(place for place, (_, most) in enumerate(BUCKETS) if most is None or days <= most)


def _due(asked: Parameters) -> Iterator[Line]:
    days: dict[date, tuple[int, Money]] = {}
    for one in open_charges(asked):
        day = working_days.after(one.day)
        count, amount = days.get(day, (0, zero(NGN)))
        days[day] = (count + one.count, amount + one.amount)
    for day, (count, amount) in sorted(days.items()):
        yield day, count, NGN.code, amount, "late" if day <= asked.last else "to come"
    if rest := _clearing(asked) - sum((amount for _, amount in days.values()), zero(NGN)):
        yield None, None, NGN.code, rest, REST_OF_CLEARING


def _clearing(asked: Parameters) -> Money:
    return _balance(chart.PAYSTACK_CLEARING, asked)


def _balance(template: str, asked: Parameters) -> Money:
    code = chart.house(template, asset=NGN)
    return Money(NGN, balances.effective_at(code, asked.until - TICK)) if rows(_ACCOUNT, code=code) else zero(NGN)


def _tally(what: str, column: int, template: str, asked: Parameters) -> ByAsset:
    return ByAsset(what, column, {NGN.code: _balance(template, asked)})
