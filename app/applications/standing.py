"""How a customer stands with lists and registers, written on the application that is under way.

The queue is sorted and filtered by what stands there; who decides has it read anew first.
"""

from datetime import date
from typing import Any

from app.applications import answers, queries
from app.applications.models import Application
from app.applications.rules import Step
from app.identification import queries as identification
from app.identification.queries import Latest
from app.identification.rules import SELF, CheckState, Kind, Verdict, speaks_of
from app.screening import queries as screening
from app.screening.rules import Standing

_LISTS = {
    Standing.MATCH: "match",
    Standing.HITS: "open",
    Standing.UNAVAILABLE: "unavailable",
    Standing.NEVER: "unscreened",
}


def refresh(application: Application) -> None:
    """Read both anew. The caller holds the application's lock, or nobody decides on it."""
    application.screening = of_lists(application.customer_id)
    profile = queries.latest_answers(Step.PROFILE, owner=application.customer_id)
    checks = [one for one in identification.latest_for_system(application.customer_id) if _counts(one, profile)]
    application.identity = of_registers(checks)
    application.name_score = min((one.score for one in checks if one.score is not None), default=None)


def refresh_open(customer_id: str) -> None:
    """The same for what this customer has under way, if anything."""
    application = queries.open_one(owner=customer_id)
    if application is not None:
        refresh(application)


def of_lists(customer_id: str) -> str:
    """As an application says it. `cleared`: there were hits, and somebody said of each that it is somebody else."""
    state = Standing(screening.state_for_system(customer_id))
    if state is not Standing.CLEAR:
        return _LISTS[state]
    return "cleared" if screening.cleared_by_for_system(customer_id) else "clear"


def _counts(check: Latest, profile: dict[str, Any]) -> bool:
    """Not what a register said of the name or birth date that somebody had before."""
    if check.subject != SELF or check.kind not in {Kind.BVN, Kind.NIN} or not profile:
        return True
    born = date.fromisoformat(profile["born"])
    return speaks_of(check.given, name=answers.full_name(profile), birth_date=born)


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
