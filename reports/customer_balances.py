"""What each customer was owed at the end of a day, by what had taken effect by then; any number of customers.

Customers are named by their ids alone: the list can be handed to an auditor without anybody's name in it.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.core.db import db, rows
from app.core.money import ASSETS, NGN, Money, zero
from app.ledger import prices, trial
from app.ledger.prices import Price
from app.ledger.trial import Basis
from app.ledger.whole import CHUNK_ROWS
from reports.tables import TICK, ByAsset, Line, Parameters, Section, Sums

FOLDED = "liability:customer:*:"
BALANCE = 2
# The fence (OFFSET 0) keeps the planner from taking customers' accounts for a few, and going through all balances for
# each of them.
_ALL = """
SELECT split_part(x.code, ':', 3) AS customer, x.asset, -x.balance AS units
  FROM (SELECT a.code, a.asset, b.balance
          FROM ledger.effective_balances(:moment) b JOIN ledger.accounts a ON a.id = b.account_id OFFSET 0) x
 WHERE left(x.code, 19) = 'liability:customer:' AND (:asset = '' OR x.asset = :asset) AND x.balance <> 0
 ORDER BY x.code
"""
# A page asks account by account, as app/ledger/balances.py does: nobody waits for the balances of all to see fifty.
_PART = """
SELECT b.code, split_part(b.code, ':', 3) AS customer, b.asset, x.units
  FROM ledger.balances b CROSS JOIN LATERAL (
       SELECT ledger.balance_at(b.code, :moment) - coalesce((
              SELECT sum(CASE WHEN e.booked_at > :moment THEN e.amount ELSE -e.amount END) FROM ledger.entries e
               WHERE e.account_id = b.account_id AND e.effective_at <> e.booked_at
                 AND (e.effective_at <= :moment) <> (e.booked_at <= :moment)), 0) AS units) x
 WHERE b.code > :after AND b.code LIKE 'liability:customer:%' AND b.stripe = 0
   AND (:asset = '' OR b.asset = :asset) AND x.units <> 0
 ORDER BY b.code LIMIT :limit
"""
_COUNT = """
SELECT count(*) AS n FROM ledger.accounts WHERE code LIKE 'liability:customer:%' AND (:asset = '' OR asset = :asset)
"""


def sections(asked: Parameters) -> list[Section]:
    """What all of them are owed in each asset, and then each."""
    return [
        Section(
            "Owed to customers",
            ("Asset", "Owed", "In naira"),
            lambda: _totals(asked),
            frozenset({"Owed", "In naira"}),
            note="By what had taken effect by the end of the day; worth by the last price stored then, towards zero.",
            empty="No customer had anything by then.",
        ),
        Section(
            "Customer by customer",
            ("Customer", "Asset", "Balance", "In naira"),
            lambda: _lines(asked),
            frozenset({"Balance", "In naira"}),
            note="Accounts that held nothing are left out.",
            empty="No customer had anything by then.",
            tally=lambda: ByAsset("Customers' balances, by the trial balance", BALANCE, owed(asked)),
            part=lambda after, limit: _part(asked, after, limit),
            expected=lambda: int(rows(_COUNT, asset=asked.asset)[0].n),
        ),
    ]


def owed(asked: Parameters) -> Sums:
    """What the trial balance has for all customers at the end of the last day, by asset."""
    return {
        line.asset: line.normal
        for line in trial.trial_balance(asked.until - TICK, basis=Basis.EFFECTIVE)
        if line.code.startswith(FOLDED) and asked.asset in {"", line.asset}
    }


def _totals(asked: Parameters) -> Iterator[Line]:
    known, totals = prices.as_of(asked.until - TICK), owed(asked)
    for code in ASSETS:
        if total := totals.get(code):
            yield code, total, prices.value(total, known)


def _lines(asked: Parameters) -> Iterator[Line]:
    known = prices.as_of(asked.until - TICK)
    streamed = {"yield_per": CHUNK_ROWS}
    found = db.session.execute(text(_ALL), {"moment": asked.until, "asset": asked.asset}, execution_options=streamed)
    for row in found:
        yield _line(row, known)


def _part(asked: Parameters, after: str, limit: int) -> tuple[list[Line], str]:
    known = prices.as_of(asked.until - TICK)
    found = rows(_PART, moment=asked.until - TICK, asset=asked.asset, after=after, limit=limit + 1)
    return [_line(row, known) for row in found[:limit]], found[limit - 1].code if len(found) > limit else ""


def _line(row: Any, known: dict[str, Price]) -> Line:
    amount = Money(ASSETS[row.asset], int(row.units))
    return row.customer, row.asset, amount, prices.value(amount, known)


def worth(asked: Parameters) -> Money:
    """What all of it is worth in naira, of what has a price."""
    known = prices.as_of(asked.until - TICK)
    worths = [prices.value(amount, known) for amount in owed(asked).values()]
    return sum((one for one in worths if one is not None), zero(NGN))
