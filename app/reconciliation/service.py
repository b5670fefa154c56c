"""Commands of reconciliation."""

from decimal import Decimal

from sqlalchemy import select

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.money import NGN
from app.ledger import balances, chart
from app.reconciliation import events, queries, rules
from app.reconciliation.models import Reconciliation, ReconciliationLine
from app.reconciliation.rules import Line, RunState

PAYSTACK = "paystack"


def ask(*, actor: Actor) -> str:
    """Ask for a run: its id. While one is under way, that one is the answer, unless it has lost its worker."""
    running = queries.running_for_system()
    if running is not None and clock.now() - running.started_at < rules.RUN_LIMIT:
        return running.id
    if running is not None:
        _end(running, RunState.FAILED, actor=actor, error="It took too long and was given up.")
    run = Reconciliation(
        id=ids.new("rec"),
        account=chart.house(chart.PAYSTACK, asset=NGN),
        source=PAYSTACK,
        state=RunState.RUNNING,
        started_at=clock.now(),
    )
    machine.begin(run, machine=rules.RUN, actor=actor)
    outbox.emit(events.RunAsked(run_id=run.id))
    return run.id


def finish(run_id: str, *, lines: list[Line], theirs_units: int, actor: Actor) -> None:
    """Keep the result of a run; a run that ended is left as it is."""
    run = _locked(run_id)
    if run.state != RunState.RUNNING:
        return
    db.session.add_all(
        ReconciliationLine(
            reconciliation_id=run_id,
            kind=line.kind,
            reference=line.reference,
            verdict=line.verdict,
            ours_units=line.ours,
            theirs_units=line.theirs,
            journal_id=line.journal_id,
            happened_at=line.happened_at,
        )
        for line in lines
    )
    run.ours_units = Decimal(balances.of(run.account).booked.units)
    run.theirs_units = Decimal(theirs_units)
    _end(run, RunState.DONE, actor=actor)


def fail(run_id: str, *, error: str, actor: Actor) -> None:
    """The run could not be made: say why, so that the page does not wait for it."""
    run = _locked(run_id)
    if run.state == RunState.RUNNING:
        _end(run, RunState.FAILED, actor=actor, error=error)


def _end(run: Reconciliation, to: RunState, *, actor: Actor, error: str = "") -> None:
    run.error, run.ended_at = error, clock.now()
    machine.move(run, to, machine=rules.RUN, actor=actor, reason=error)


def _locked(run_id: str) -> Reconciliation:
    return db.session.scalars(select(Reconciliation).where(Reconciliation.id == run_id).with_for_update()).one()
