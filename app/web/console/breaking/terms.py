"""Deadlines and limits of breaks: what counts, what counted before, asking for others."""

from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.breaks import queries, rules, terms
from app.breaks.errors import BadTerms
from app.core import crypto
from app.core.errors import InvalidAmount, Refusal
from app.core.money import NGN, Money, parse, plain
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page

VERSIONS = 20
EMPTY = 2  # rows of the form for more


@bp.get("/breaks/terms")
@guards.operator(Permission.RECONCILIATION_READ)
def break_terms() -> Response:
    """What counts, and what counted before."""
    return _terms()


@bp.post("/breaks/terms")
@guards.operator(Permission.JOURNALS_REQUEST, fresh=True)
def request_break_terms() -> Response | BaseResponse:
    """Ask that other deadlines and limits count."""

    def ask(**by: Any) -> Request:
        return terms.request(_deadlines(), _limits(), **by)

    try:
        return asking.ask(ask, who="Treasury")
    except Refusal as refused:
        return _terms(fault=refused.message, status=422)


def _terms(*, fault: str = "", status: int = 200) -> Response:
    counts = queries.begun_terms_for_operators()
    return page(
        "console/breaks/terms.html",
        status=status,
        fault=fault,
        counts=counts,
        versions=queries.versions_of_terms_for_operators(limit=VERSIONS),
        size=terms.size,
        length=terms.length,
        kobo=lambda most: Money(NGN, int(most)),
        form=request.form or _typed(counts.deadlines, counts.limits),
        numbers=range(min(len(counts.deadlines) + EMPTY, rules.DEADLINES_MAX)),
        askers=terms.ASKERS,
        pending=governance.about_for_operators(terms.TARGET),
        key=crypto.new_token(),
        staff=staff_names(),
        may_ask=Permission.JOURNALS_REQUEST in current_user.permissions,
    )


def _typed(deadlines: list[list[int]], limits: dict[str, str]) -> dict[str, str]:
    """What counts, as it is typed."""
    typed = {f"limit-{role}": plain(Money(NGN, int(most))) for role, most in limits.items()}
    for number, (naira, hours) in enumerate(deadlines):
        typed |= {f"least-{number}": str(naira), f"hours-{number}": str(hours)}
    return typed


def _deadlines() -> list[tuple[int, int]]:
    """Those that were sent; a row that says nothing is none. Raises BadTerms."""
    sent = [
        (request.form.get(f"least-{number}", "").strip(), request.form.get(f"hours-{number}", "").strip())
        for number in range(rules.DEADLINES_MAX)
    ]
    return [(_naira(least), _hours(hours)) for least, hours in sent if least or hours]


def _limits() -> dict[str, int]:
    """In kobo, by role. Raises BadTerms."""
    return {role: _kobo(request.form.get(f"limit-{role}", "")) for role in terms.ASKERS}


def _naira(text: str) -> int:
    found, rest = divmod(_kobo(text), 100)
    if rest:
        raise BadTerms("Write where a deadline begins in whole naira.")
    return found


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(rules.HOURS_MAX))):
        raise BadTerms("Write hours in digits: an hour at least and a year at most.")
    return int(text)


def _kobo(text: str) -> int:
    try:
        return parse(text, asset=NGN).units
    except InvalidAmount as refused:
        raise BadTerms(refused.message) from refused
