"""How a customer stands with lists and registers, written on the application that is under way.

The queue is sorted and filtered by what stands there; who decides has it read anew first.
"""

from app.applications import queries
from app.applications.models import Application
from app.identification import queries as identification
from app.identification.queries import Latest
from app.identification.rules import CheckState, Verdict
from app.screening import queries as screening
from app.screening.rules import Standing

_LISTS = {
    Standing.MATCH: "match",
    Standing.HITS: "open",
    Standing.UNAVAILABLE: "unavailable",
    Standing.NEVER: "unscreened",
    Standing.KNOWN: "cleared",
}


def refresh(application: Application) -> None:
    """Read both anew. The caller holds the application's lock, or nobody decides on it."""
    application.screening = of_lists(application.customer_id)
    checks = identification.latest_for_system(application.customer_id)
    application.identity = of_registers(checks)
    application.name_score = min((one.score for one in checks if one.score is not None), default=None)


def refresh_open(customer_id: str) -> None:
    """The same for what this customer has under way, if anything."""
    application = queries.open_one(owner=customer_id)
    if application is not None:
        refresh(application)


def of_lists(customer_id: str) -> str:
    """As an application says it. `cleared`: each hit was decided: somebody else, or only an office that they hold."""
    state = Standing(screening.state_for_system(customer_id))
    if state is not Standing.CLEAR:
        return _LISTS[state]
    return "cleared" if screening.cleared_by_for_system(customer_id) else "clear"


def of_registers(checks: list[Latest]) -> str:
    """The worst of the newest answers; what nobody answered yet comes before all."""
    states = {one.state for one in checks}
    verdicts = {one.verdict for one in checks}
    if CheckState.ASKED in states:
        return "asked"
    if CheckState.UNAVAILABLE in states:
        return "unavailable"
    if verdicts & {Verdict.MISMATCH, Verdict.NOT_FOUND}:
        return "mismatch"
    if Verdict.REVIEW in verdicts or any(one.shared for one in checks):
        return "review"
    return "match" if checks else "none"
