"""Our Paystack account against Paystack's lists: what matches, what does not, and a button that looks again."""

from flask import redirect, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.permissions import Permission
from app.identity import queries as identity
from app.reconciliation import queries, rules, service
from app.reconciliation.models import Reconciliation
from app.web import guards
from app.web.console import history
from app.web.console.base import bp
from app.web.fragments import page

PAGE = 50
VIEWS = {
    "open": rules.UNMATCHED,
    "in_flight": (rules.Verdict.IN_FLIGHT,),
    "matched": (rules.Verdict.MATCHED,),
}


@bp.get("/reconciliation")
@guards.operator(Permission.RECONCILIATION_READ)
def reconciliation() -> Response:
    """The newest run."""
    return _run(queries.latest_for_operators())


@bp.get("/reconciliation/<run_id>")
@guards.operator(Permission.RECONCILIATION_READ)
def reconciliation_run(run_id: str) -> Response:
    """One run; while it is under way the page looks again by itself."""
    return _run(queries.run_for_operators(run_id))


@bp.post("/reconciliation")
@guards.operator(Permission.RECONCILIATION_RUN)
def reconcile() -> BaseResponse:
    """Ask for a run; while one is under way, that one is shown."""
    actor = guards.actor()
    run_id = atomically(lambda: service.ask(actor=actor), actor=actor)
    return redirect(url_for("console.reconciliation_run", run_id=run_id), 303)


def _run(run: Reconciliation | None) -> Response:
    if run is None:
        return page("console/reconciliation.html", block="run", run=None, runs=[], lines=[], counts={}, view="open")
    counts = queries.counts_for_operators(run.id)
    totals = {view: sum(counts.get(verdict, 0) for verdict in verdicts) for view, verdicts in VIEWS.items()}
    asked = request.args.get("view", "")
    view = asked if asked in VIEWS else ("open" if totals["open"] else "matched")
    after = request.args.get("after", 0, type=int)
    lines = queries.lines_for_operators(run.id, verdicts=VIEWS[view], after=after, limit=PAGE + 1)
    return page(
        "console/reconciliation.html",
        block="run",
        run=run,
        runs=queries.runs_for_operators(),
        counts=totals,
        view=view,
        lines=lines[:PAGE],
        next=lines[PAGE - 1].id if len(lines) > PAGE else None,
        first=after == 0,
        history=history.of(run.id),
        staff=identity.names_for_operators(),
    )
