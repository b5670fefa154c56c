"""Reads of reconciliation."""

from sqlalchemy import func, select

from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.money import NGN
from app.ledger import chart
from app.reconciliation.models import Reconciliation, ReconciliationLine
from app.reconciliation.rules import Ours, RunState, Verdict

# What Paystack holds of ours stands on two accounts: the balance that transfers are paid from, and what it took and has
# not settled. The reference at Paystack of each entry: deposits and withdrawals carry ids of their own in the books.
_OURS = """
SELECT e.amount, e.journal_id, e.effective_at, j.kind, coalesce(d.reference, w.payout_id, j.ref) AS reference
  FROM ledger.entries e JOIN ledger.journals j ON j.id = e.journal_id
  LEFT JOIN deposits d ON d.id = j.ref LEFT JOIN withdrawals w ON w.id = j.ref
 WHERE e.account_id IN (SELECT id FROM ledger.accounts WHERE code IN (:balance, :clearing))
 ORDER BY e.journal_id, e.leg
"""


def our_entries_for_system() -> list[Ours]:
    """Every entry of our accounts at Paystack, with the vendor's reference it is about."""
    balance, clearing = (chart.house(each, asset=NGN) for each in (chart.PAYSTACK, chart.PAYSTACK_CLEARING))
    found = rows(_OURS, balance=balance, clearing=clearing)
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
