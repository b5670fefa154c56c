"""What Paystack was to settle on each day beside what it told of and paid, and the settlements themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app.core.db import rows
from app.core.money import NGN, Money, zero
from app.ledger import chart
from app.settlement import working_days
from app.settlement.queries import BEFORE_DUE
from reports import charts
from reports.tables import ByAsset, Line, Parameters, Section, Sums

EFFECTIVE = 6
# Net of fees as they were booked, by the day in Lagos on which they were taken.
_TAKEN = """
SELECT (e.effective_at AT TIME ZONE 'Africa/Lagos')::date AS day, count(*) AS n, sum(e.amount) AS units
  FROM ledger.entries e JOIN ledger.journals j ON j.id = e.journal_id
 WHERE e.account_id = (SELECT id FROM ledger.accounts WHERE code = :clearing)
   AND e.effective_at >= :since AND e.effective_at < :until AND j.key LIKE 'paystack:charge:%'
 GROUP BY 1 ORDER BY 1
"""
_SETTLEMENTS = """
SELECT s.id, s.vendor_id, s.settled_on, s.state, s.gross_units, s.fees_units, s.total_units, s.deducted_units,
       s.effective_units, coalesce(s.journal_id, s.booked_by) IS NOT NULL AS booked,
       (SELECT count(*) FROM settled_charges c WHERE c.settlement_id = s.id) AS n
  FROM settlements s WHERE s.settled_on BETWEEN :first AND :last ORDER BY s.settled_on, s.id
"""
# What journals of these settlements brought to our bank.
_TO_BANK = """
SELECT coalesce(sum(e.amount), 0) AS units
  FROM settlements s JOIN ledger.entries e ON e.journal_id = coalesce(s.journal_id, s.booked_by)
  JOIN ledger.accounts a ON a.id = e.account_id AND a.code = :bank
 WHERE s.settled_on BETWEEN :first AND :last
"""


@dataclass(frozen=True)
class Settling:
    """One day: charges that were due on it, and what settlements of that day came to, were deducted and paid."""

    charges: int
    due: Money
    came_to: Money
    deducted: Money
    paid: Money


NOTHING = Settling(0, zero(NGN), zero(NGN), zero(NGN), zero(NGN))


def sections(asked: Parameters) -> list[Section]:
    """Day by day; then each settlement."""
    return [
        Section(
            "Due and received, day by day",
            ("Day", "Charges due", "Asset", "Due", "Settled", "Deducted", "Paid to our bank", "Settled less due"),
            lambda: _days(asked),
            frozenset({"Charges due", "Due", "Settled", "Deducted", "Paid to our bank", "Settled less due"}),
            note="What is paid on a day is due on the next working day, net of fees. Paystack may settle a day early or"
            " late: then one day is above nothing and its neighbour below.",
            empty="Nothing was due or settled in these days.",
            tally=lambda: ByAsset("Paid to our bank, by the journals of settlements", EFFECTIVE, _to_bank(asked)),
        ),
        Section(
            "Settlements",
            (
                "Day",
                "Settlement",
                "At Paystack",
                "State",
                "Charges",
                "Asset",
                "Gross",
                "Fees",
                "Deducted",
                "Paid",
            ),
            lambda: _each(asked),
            frozenset({"Charges", "Gross", "Fees", "Deducted", "Paid"}),
            empty="Paystack told of no settlement in these days.",
        ),
    ]


def chart_of(asked: Parameters) -> str:
    """Due beside settled, day by day, as a picture."""
    found = by_day(asked)
    return charts.beside(
        sorted(found), {"Due": {day: one.due for day, one in found.items()},
                        "Settled": {day: one.came_to for day, one in found.items()}},
    )  # fmt: skip


def by_day(asked: Parameters) -> dict[date, Settling]:
    """What was due and what came, by day; days with neither are left out."""
    found: dict[date, Settling] = {}
    clearing = chart.house(chart.PAYSTACK_CLEARING, asset=NGN)
    for row in rows(_TAKEN, clearing=clearing, since=asked.since - BEFORE_DUE, until=asked.until):
        day = working_days.after(row.day)
        if asked.first <= day <= asked.last:
            was = found.get(day, NOTHING)
            found[day] = replace(was, charges=was.charges + row.n, due=was.due + Money(NGN, int(row.units)))
    for row in _told(asked):
        if row.booked:  # (one that was closed without a journal was paid by another settlement)
            was = found.get(row.settled_on, NOTHING)
            found[row.settled_on] = replace(
                was,
                came_to=was.came_to + Money(NGN, int(row.total_units)),
                deducted=was.deducted + Money(NGN, int(row.deducted_units)),
                paid=was.paid + Money(NGN, int(row.effective_units)),
            )
    return dict(sorted(found.items()))


def _days(asked: Parameters) -> Iterator[Line]:
    for day, one in by_day(asked).items():
        yield day, one.charges, NGN.code, one.due, one.came_to, one.deducted, one.paid, one.came_to - one.due


def _each(asked: Parameters) -> Iterator[Line]:
    for row in _told(asked):
        amounts = (row.gross_units, row.fees_units, row.deducted_units, row.effective_units)
        yield (
            row.settled_on, row.id, row.vendor_id, row.state, row.n, NGN.code,
            *(Money(NGN, int(units)) for units in amounts),
        )  # fmt: skip


def _told(asked: Parameters) -> list[Any]:
    return rows(_SETTLEMENTS, first=asked.first, last=asked.last)


def _to_bank(asked: Parameters) -> Sums:
    found = rows(_TO_BANK, first=asked.first, last=asked.last, bank=chart.house(chart.BANK, asset=NGN))
    return {NGN.code: Money(NGN, int(found[0].units))}
