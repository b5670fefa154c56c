"""Whether the books prove: the last check, and the halt of payouts that a failed one raised until a person lifts it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg2.extras import Json
from sqlalchemy import text

from app.core.actor import Actor, Kind
from app.core.db import db, rows
from app.core.errors import Forbidden, NotFound, Unprocessable

Findings = dict[str, list[str]]
PROOF_AGE_MAX = timedelta(minutes=30)  # three proofs left out
SEAL_AGE_MAX = timedelta(minutes=15)
BIGINT_MAX = 2**63 - 1
_KEPT_UP = """
SELECT (SELECT checked_at FROM ledger.checks ORDER BY id DESC LIMIT 1) AS checked_at,
       (SELECT booked_at FROM ledger.journals ORDER BY id LIMIT 1) AS begun_at,
       (SELECT booked_at FROM ledger.journals
         WHERE id > coalesce((SELECT last_id FROM ledger.blocks ORDER BY no DESC LIMIT 1), 0)
         ORDER BY id LIMIT 1) AS unsealed_at
"""


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why payouts may go on."


@dataclass(frozen=True)
class Run:
    """One check of every invariant."""

    checked_at: datetime
    findings: Findings

    @property
    def ok(self) -> bool:
        """Whether all of them held."""
        return not self.findings


@dataclass(frozen=True)
class Halt:
    """Payouts stand still since `raised_at`, because of `findings`."""

    id: int
    raised_at: datetime
    findings: Findings


def record(findings: Findings) -> None:
    """Write down what a check found (nothing: all is well). Findings halt payouts."""
    db.session.execute(text("SELECT ledger.record_check(CAST(:findings AS jsonb))"), {"findings": Json(findings)})


def latest() -> Run | None:
    """The last check, if there was any."""
    found = rows("SELECT checked_at, findings FROM ledger.checks ORDER BY id DESC LIMIT 1")
    return Run(found[0].checked_at, found[0].findings) if found else None


@dataclass(frozen=True)
class Overdue:
    """What stands still that should not: since when the books were not proved, since when journals are not sealed."""

    proof_since: datetime | None
    seal_since: datetime | None


def overdue(moment: datetime) -> Overdue:
    """Whether proof and seal keep up with the books. A proof that does not run finds nothing."""
    found = rows(_KEPT_UP)[0]
    proved, unsealed = found.checked_at or found.begun_at, found.unsealed_at
    return Overdue(
        proved if proved and moment - proved > PROOF_AGE_MAX else None,
        unsealed if unsealed and moment - unsealed > SEAL_AGE_MAX else None,
    )


def standing() -> Halt | None:
    """The first of the halts that stand, if one does. Payouts go on once each was lifted."""
    found = rows("SELECT id, raised_at, findings FROM ledger.halts WHERE lifted_at IS NULL ORDER BY id LIMIT 1")
    return Halt(found[0].id, found[0].raised_at, found[0].findings) if found else None


def lift(halt_id: int, *, actor: Actor, reason: str) -> None:
    """Let payouts go on. Only a person can, and says why. Raises Forbidden, ReasonMissing, NotFound."""
    if actor.kind is not Kind.OPERATOR:
        raise Forbidden
    if not reason.strip():
        raise ReasonMissing
    lifted = (
        halt_id <= BIGINT_MAX
        and db.session.execute(
            text("SELECT ledger.lift_halt(:halt, :reason)"), {"halt": halt_id, "reason": reason.strip()}
        ).scalar_one()
    )
    if not lifted:
        raise NotFound("That halt does not stand any more.")
