"""Reads of reconciliation."""

from sqlalchemy import func, select

from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.money import NGN
from app.ledger import chart
from app.reconciliation.models import Reconciliation, ReconciliationLine
from app.reconciliation.rules import DEDUCTED, FROM_BALANCE, Ours, RunState, Verdict

# What Paystack holds of ours stands on two accounts: the balance that transfers are paid from, and what it took and has
# not settled. The reference at Paystack of each entry: deposits and withdrawals carry ids of their own in the books.
# A withdrawal is about its newest attempt: those before it failed, and took nothing.
# What refunds and disputes took is told by Paystack as a sum per settlement, so it is compared as a sum.
_OURS = """
SELECT e.amount, e.journal_id, e.effective_at, j.kind,
       CASE WHEN j.kind LIKE 'disputes.%' OR j.kind LIKE 'payments.refund%'
            THEN CASE WHEN a.code = :clearing THEN :deducted ELSE :from_balance END
            WHEN t.id IS NOT NULL THEN 'top-up ' || t.vendor_line
            WHEN w.attempts > 1 THEN w.payout_id || '-' || w.attempts
            ELSE coalesce(d.reference, w.payout_id, j.ref) END AS reference
  FROM ledger.entries e JOIN ledger.journals j ON j.id = e.journal_id JOIN ledger.accounts a ON a.id = e.account_id
  LEFT JOIN deposits d ON d.id = j.ref LEFT JOIN withdrawals w ON w.id = j.ref LEFT JOIN top_ups t ON t.id = j.ref
 WHERE e.account_id IN (SELECT id FROM ledger.accounts WHERE code IN (:balance, :clearing))
   AND j.kind <> 'settlement.settled'
UNION ALL  -- what our bank was paid; a fee that had become another one by then belongs to its charge
SELECT -s.effective_units, s.journal_id, s.ended_at, 'settlement.settled', 'settlement ' || s.vendor_id
  FROM settlements s WHERE s.state = 'posted'
UNION ALL
SELECT c.amount_units - c.fees_units - c.booked_units, s.journal_id, s.ended_at, 'settlement.settled', c.reference
  FROM settled_charges c JOIN settlements s ON s.id = c.settlement_id
 WHERE s.state = 'posted' AND c.booked_units <> c.amount_units - c.fees_units
   AND abs(c.booked_units - c.amount_units + c.fees_units) <= c.fees_units
 ORDER BY 2, 1
"""


def our_entries_for_system() -> list[Ours]:
    """Every entry of our accounts at Paystack, with the vendor's reference it is about."""
    balance, clearing = (chart.house(each, asset=NGN) for each in (chart.PAYSTACK, chart.PAYSTACK_CLEARING))
    found = rows(_OURS, balance=balance, clearing=clearing, deducted=DEDUCTED, from_balance=FROM_BALANCE)
    return [Ours(row.kind, row.reference, int(row.amount), row.journal_id, row.effective_at) for row in found]


def latest_for_operators() -> Reconciliation | None:
    """The newest run that has not failed to start: running, done or failed."""
    return db.session.scalars(select(Reconciliation).order_by(Reconciliation.id.desc()).limit(1)).one_or_none()


def runs_for_operators(*, limit: int = 10) -> list[Reconciliation]:
    """The newest runs."""
    return list(db.session.scalars(select(Reconciliation).order_by(Reconciliation.id.desc()).limit(limit)))


def run_for_operators(run_id: str) -> Reconciliation:
    """One run. Raises NotFound."""
    found = db.session.get(Reconciliation, run_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def running_for_system() -> Reconciliation | None:
    """The run that is under way, if any, locked."""
    running = select(Reconciliation).where(Reconciliation.state == RunState.RUNNING).with_for_update()
    return db.session.scalars(running).one_or_none()


def counts_for_operators(run_id: str) -> dict[str, int]:
    """How many lines of a run have each verdict."""
    counted = (
        select(ReconciliationLine.verdict, func.count().label("n"))
        .where(ReconciliationLine.reconciliation_id == run_id)
        .group_by(ReconciliationLine.verdict)
    )
    return {row.verdict: row.n for row in db.session.execute(counted)}


def lines_for_operators(
    run_id: str, *, verdicts: tuple[Verdict, ...], after: int = 0, limit: int = 50
) -> list[ReconciliationLine]:
    """Lines of a run with these verdicts, in order, those after an id."""
    wanted = select(ReconciliationLine).where(
        ReconciliationLine.reconciliation_id == run_id,
        ReconciliationLine.verdict.in_(verdicts),
        ReconciliationLine.id > after,
    )
    return list(db.session.scalars(wanted.order_by(ReconciliationLine.id).limit(limit)))
