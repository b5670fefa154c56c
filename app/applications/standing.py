"""How a customer stands with lists and registers, written on the application that is under way.

The queue is sorted and filtered by what stands there; who decides has it read anew first.
"""

from datetime import date
from typing import Any

from app.applications import answers, queries, rules, service
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
    Standing.KNOWN: "cleared",
}


def refresh(application: Application) -> None:
    """Read both anew. The caller holds the application's lock."""
    application.screening = of_lists(application.customer_id)
    profile = queries.latest_answers(Step.PROFILE, owner=application.customer_id)
    checks = [one if one is None or _counts(one, profile) else None for one in checks_of(application)]
    application.identity = of_registers(checks)
    scores = (one.score for one in checks if one is not None)
    application.name_score = min((score for score in scores if score is not None), default=None)
    service.weigh(application)


def refresh_open(customer_id: str) -> None:
    """The same for what this customer has under way, if anything."""
    found = queries.open_one(owner=customer_id)
    application = service.locked(found.id) if found is not None else None
    if application is not None and application.state in rules.OPEN:  # (or it was decided in the meantime)
        refresh(application)


def of_lists(customer_id: str) -> str:
    """As an application says it. `cleared`: each hit was decided: somebody else, or only an office that they hold."""
    state = Standing(screening.state_for_system(customer_id))
    if state is not Standing.CLEAR:
        return _LISTS[state]
    return "cleared" if screening.cleared_by_for_system(customer_id) else "clear"


def checks_of(application: Application) -> list[Latest | None]:
    """The look-ups that its own steps rest on; None for a step that none belongs to yet."""
    steps = [each for each in queries.steps_for_operators(application.id) if each.step in rules.NUMBERED]
    named = [[str(each.answers[what]) for what in ("check", "account") if each.answers.get(what)] for each in steps]
    return [
        identification.named_for_system(one, customer_id=application.customer_id)
        for ones in named
        for one in ones or [""]
    ]


def _counts(check: Latest, profile: dict[str, Any]) -> bool:
    """Not what a register said of the name or birth date that somebody had before."""
    if check.subject != SELF or check.kind not in {Kind.BVN, Kind.NIN} or not profile:
        return True
    born = date.fromisoformat(profile["born"])
    return speaks_of(check.given, name=answers.full_name(profile), birth_date=born)


def of_registers(checks: list[Latest | None]) -> str:
    """The worst of their answers; what nobody answered yet comes before all."""
    answered = [one for one in checks if one is not None]
    states = {one.state for one in answered}
    verdicts = {one.verdict for one in answered}
    if CheckState.ASKED in states or len(answered) < len(checks):
        return "asked"
    if CheckState.UNAVAILABLE in states:
        return "unavailable"
    if verdicts & {Verdict.MISMATCH, Verdict.NOT_FOUND}:
        return "mismatch"
    if any(one.shared for one in answered):
        return "shared"
    if Verdict.REVIEW in verdicts:
        return "review"
    return "match" if checks else "none"
