"""Matches held against the same rules run again, by the clock and as a month closes: no page waits for it."""

from sqlalchemy import select

from app.closing.models import Rerun
from app.core import clock
from app.core.db import db, rows
from app.matching import again
from app.matching.service import turn

# Of all matches that stood after a run, whoever made them: as they were written down.
_STANDING = """
SELECT coalesce(sum(hash_record_extended(ROW(m.group_id, m.rule, m.line_id, m.journal_id, m.leg), 0)::numeric), 0)
           AS sum
  FROM matches m JOIN matching_runs r ON r.id = m.run_id
 WHERE r.account = :account AND m.run_id <= :run AND (m.ended_by IS NULL OR m.ended_by > :run)
"""
_NEWEST_RUN = (
    "SELECT coalesce(max(r.id), 0) AS run FROM matching_runs r WHERE r.account = :account AND r.ended_at IS NOT NULL"
)


def look_again(account: str) -> bool:
    """Run the rules of an account again, and keep what came of it, unless that was done after its newest run.

    Whether something else came out than what stands. The account's turn is kept to the end of the transaction.
    """
    kept = latest_for_operators(account)
    if kept is not None and kept.run_id == _newest_run(account):
        return False
    turn(account)  # (what stands is what is run again)
    newest = _newest_run(account)
    if not newest or (kept is not None and kept.run_id == newest):
        return False
    found = again.run_again(account)
    made = Rerun(
        account=account,
        run_id=newest,
        rows=found.rows,
        matches=found.matches,
        left_out=found.left_out,
        stood=found.stood,
        again=found.again,
        first=found.first,
        group_id=found.group_id,
        standing=standing_for_operators(account, run=newest),
        ran_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    return made.stood != made.again


def latest_for_operators(account: str) -> Rerun | None:
    """What came of it when the rules of an account were run again last."""
    own = select(Rerun).where(Rerun.account == account).order_by(Rerun.run_id.desc()).limit(1)
    return db.session.scalars(own).one_or_none()


def standing_for_operators(account: str, *, run: int) -> str:
    """A digest of the matches that stood after a run, as they are written down now."""
    return again.short(rows(_STANDING, account=account, run=run)[0].sum)


def _newest_run(account: str) -> int:
    found: int = rows(_NEWEST_RUN, account=account)[0].run
    return found
