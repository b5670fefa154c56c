"""Rules of matching at the console: what counts for an account and since when, other rules tried, asking for them."""

from typing import Any

from flask import redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.core import crypto
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.matching import break_queries, queries, rules, trials
from app.matching.errors import BadRules
from app.matching.models import Trial
from app.matching.rules import Reason, Rule, Step
from app.reconciliation import rule_requests
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.console.breaking.words import REASONS
from app.web.fragments import page

TRIALS = 10
MORE = 2  # empty rows of the form
RULES_MAX = 40
HOUR = 3_600
_TEXTS = ("name", "step", "line", "entry", "pattern", "entry_pattern")
STEPS = (
    (Step.KEY, "A name on both sides"),
    (Step.TOKEN, "A part of their words"),
    (Step.AMOUNT, "The amount alone"),
    (Step.CANCELS, "Their own lines alone"),
    (Step.OPENING, "What was there before"),
)


@bp.get("/matching-rules")
@guards.operator(Permission.RECONCILIATION_READ)
def matching_rules() -> Response:
    """Accounts that statements tell of, and by which rules each is matched."""
    accounts = break_queries.accounts_for_operators()
    rows = []
    for one in accounts:
        found, version = queries.rules_for_operators(one.account)
        rows.append((one, len(found), version, queries.own_version_for_operators(one.account)))
    return page("console/matching_rules/accounts.html", rows=rows)


@bp.get("/matching-rules/of/<outside>")
@guards.operator(Permission.RECONCILIATION_READ)
def matching_rules_of(outside: str) -> Response:
    """The rules of one account: what counts, earlier versions, what was tried."""
    break_queries.account_for_operators(outside)
    found, version = queries.rules_for_operators(outside)
    target = rule_requests.rules_target(outside)
    return page(
        "console/matching_rules/account.html",
        account=outside,
        rules=[(rule, rules.in_words(rule)) for rule in found],
        version=version,
        versions=queries.versions_for_operators(outside),
        trials=trials.of_account_for_operators(outside, limit=TRIALS),
        pending=governance.about_for_operators(target),
        staff=staff_names(),
        may_try=_may_try(),
    )


@bp.get("/matching-rules/of/<outside>/new")
@guards.operator(Permission.RECONCILIATION_RUN)
def new_matching_rules(outside: str) -> Response:
    """A form for other rules, which begins with those that count, or with an earlier version or trial."""
    break_queries.account_for_operators(outside)
    return _form(outside, _typed(_beginning(outside)))


@bp.post("/matching-rules/of/<outside>/trials")
@guards.operator(Permission.RECONCILIATION_RUN)
def try_matching_rules(outside: str) -> Response | BaseResponse:
    """Try rules: they change nothing."""
    break_queries.account_for_operators(outside)
    actor, sent = guards.actor(), request.form
    try:
        told = _read(sent)
        trial_id = atomically(lambda: trials.ask(outside, told, actor=actor).id, actor=actor)
    except Refusal as refused:
        return _form(outside, _sent(sent), fault=refused.message, status=422)
    return redirect(url_for("console.matching_trial", trial_id=trial_id), 303)


@bp.get("/matching-rules/trials/<int:trial_id>")
@guards.operator(Permission.RECONCILIATION_READ)
def matching_trial(trial_id: int) -> Response:
    """What rules would change."""
    return _trial(trials.one_for_operators(trial_id))


@bp.post("/matching-rules/trials/<int:trial_id>/ask")
@guards.operator(Permission.RECONCILIATION_RUN, fresh=True)
def request_matching_rules(trial_id: int) -> Response | BaseResponse:
    """Ask that the rules that were tried count."""
    trial = trials.one_for_operators(trial_id)
    if trial.result is None or "trouble" in trial.result:
        return _trial(trial, fault="They were not tried to their end.", status=422)
    told = rules.read(trial.rules)

    def ask(**by: Any) -> Request:
        return rule_requests.request_rules(trial.account, told, **by)

    try:
        return asking.ask(ask, who="Treasury")
    except Refusal as refused:
        return _trial(trials.one_for_operators(trial_id), fault=refused.message, status=422)


def _trial(trial: Trial, *, fault: str = "", status: int = 200) -> Response:
    now, _ = queries.rules_for_operators(trial.account)
    told, names = rules.read(trial.rules), {rule.name: rule for rule in now}
    return page(
        "console/matching_rules/trial.html",
        block="trial",
        status=status,
        fault=fault,
        trial=trial,
        result=trial.result or {},
        done=trials.how_far_for_operators(trial.id) if trial.ended_at is None else None,
        rules=[(rule, rules.in_words(rule), names.get(rule.name)) for rule in told],
        gone=[rule for rule in now if rule.name not in {each.name for each in told}],
        as_now=told == now,
        words={str(reason): words for reason, words in REASONS.items()},
        reasons=[str(each) for each in Reason],
        key=crypto.new_token(),
        staff=staff_names(),
        may_try=_may_try(),
    )


def _form(outside: str, typed: list[dict[str, str]], *, fault: str = "", status: int = 200) -> Response:
    return page(
        "console/matching_rules/form.html",
        status=status,
        fault=fault,
        account=outside,
        rows=typed + [{}] * max(0, min(MORE, RULES_MAX - len(typed))),
        steps=STEPS,
        lines=list(rules.LINE_WORDS.items()),
        entries=list(rules.ENTRY_WORDS.items()),
    )


def _beginning(outside: str) -> list[Rule]:
    """Where the form begins: a trial's rules or an earlier version's, if the address names one, else what counts."""
    trial, version = request.args.get("trial", type=int), request.args.get("version", type=int)
    if trial is not None:
        return list(rules.read(trials.one_for_operators(trial).rules))
    for one in queries.versions_for_operators(outside):
        if one.version == version:
            return list(rules.read(one.rules))
    return list(queries.rules_for_operators(outside)[0])


def _typed(found: list[Rule]) -> list[dict[str, str]]:
    return [
        {
            "name": one.name, "step": one.step, "line": one.line, "entry": one.entry,
            "confidence": str(one.confidence), "pattern": one.pattern, "entry_pattern": one.entry_pattern,
            "bare": "1" if one.bare else "", "before": str(one.before_seconds // HOUR),
            "after": str(one.after_seconds // HOUR), "place": str(place),
        }
        for place, one in enumerate(found, 1)
    ]  # fmt: skip


def _sent(sent: MultiDict[str, str]) -> list[dict[str, str]]:
    """The rows that were sent; one without a name is none."""
    fields = (*_TEXTS, "confidence", "bare", "before", "after", "place")
    found = [{name: sent.get(f"{name}-{row}", "").strip() for name in fields} for row in range(RULES_MAX)]
    return [row for row in found if row["name"]]


def _read(sent: MultiDict[str, str]) -> list[Rule]:
    """The rules that were sent, in the order of their places. Raises BadRules."""
    found: list[tuple[int, int, dict[str, object]]] = []
    for row in _sent(sent):
        try:
            numbers = {name: int(row[name] or 0) for name in ("place", "confidence", "before", "after")}
        except ValueError as unread:
            raise BadRules(f"Write place, confidence and hours of “{row['name']}” in digits.") from unread
        told: dict[str, object] = {name: row[name] for name in _TEXTS}
        told |= {"confidence": numbers["confidence"], "bare": bool(row["bare"])}
        told |= {"before_seconds": numbers["before"] * HOUR, "after_seconds": numbers["after"] * HOUR}
        found.append((numbers["place"], len(found), told))
    return list(rules.read([told for _, _, told in sorted(found, key=lambda each: each[:2])]))


def _may_try() -> bool:
    return Permission.RECONCILIATION_RUN in current_user.permissions
