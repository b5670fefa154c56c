"""The queue of withdrawals: views with counts, filters in the address, views of one's own. What has ended, by spans."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import parse_qsl

from flask import redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.applications import views
from app.core import clock
from app.core.clock import WAT
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.customers import queries as customers
from app.identity import queries as identity
from app.payments import queries as payments
from app.payments.models import BankAccount
from app.web import errors, guards
from app.web.console.base import bp
from app.web.fragments import page
from app.withdrawals import checks, claims, queries, queue, rules
from app.withdrawals.models import CheckRow, Claim, Withdrawal
from app.withdrawals.queries import Standing
from app.withdrawals.queue import NOBODY, Narrowed
from app.withdrawals.rules import State

PAGE = 25
VIEWS = {
    "waiting": rules.WAITING,
    "stopped": rules.STOPPED,
    "underway": rules.UNDERWAY,
    "ended": rules.ENDED,
}
NARROWED_BY = ("size", "band", "to", "check", "state", "hands")
VALUE_MAX = 60
ONE_DAY = timedelta(days=1)
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Row:
    """A withdrawal with what an operator reads beside it."""

    withdrawal: Withdrawal
    customer: str
    tier: str
    account: BankAccount
    standing: Standing
    reasons: list[CheckRow]  # what speaks against it, the heaviest first
    uses: int
    claim: Claim | None  # who has it in hand
    roles: Collection[str]  # of the operator who looks, without what is borrowed

    @property
    def given(self) -> int:
        """How many approvals count."""
        return self.standing.given

    @property
    def mine(self) -> bool:
        """Whether the operator who looks has approved it already."""
        return self.standing.voted(current_user.id)

    @property
    def lacking(self) -> list[str]:
        """Whose yes is missing, leg by leg: the roles of which one may give it."""
        open_legs = (leg.leg for leg in self.standing.legs if leg.given < leg.leg.count)
        return [" or ".join(role.replace("_", " ") for role in sorted(leg.roles)) for leg in open_legs]

    @property
    def needs_me(self) -> bool:
        """Whether a yes of theirs is missing."""
        one = self.withdrawal
        if one.state != State.REQUESTED or not one.checked:
            return False
        return self.standing.place_for(current_user.id, roles=self.roles) is not None


@dataclass(frozen=True)
class Span:
    """The days that are looked through; the day before them, where anything is older, and the span after."""

    first: date
    last: date
    earlier: date | None
    later: date | None
    today: date


@bp.get("/withdrawals")
@guards.operator(Permission.WITHDRAWALS_READ)
def withdrawals() -> Response:
    """One view of the queue, narrowed as its address says, a page at a time."""
    view, given, after = _view(request.args), _given(request.args), request.args.get("after")
    states, narrowed = VIEWS.get(view, rules.WAITING), _narrowed(view, given)
    span = _span(request.args.get("until", "")) if view == "ended" else None
    if span:
        ends = _begins(span.last + ONE_DAY)
        found = queue.ended_for_operators(states, until=ends, narrowed=narrowed, after=after, limit=PAGE + 1)
    else:
        found = queue.page_for_operators(states, oldest_first=True, narrowed=narrowed, after=after, limit=PAGE + 1)
    counts = queue.counts_for_operators()
    return page(
        "console/withdrawals.html",
        block="results",
        view=view,
        given=given,
        span=span,
        until=span.last.isoformat() if span and span.later else None,
        names={str(number): name for number, (name, _) in checks.CHECKS.items() if may_know(number)},
        states=states,
        counts={name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()}
        | {"me": queue.needing_count_for_operators(current_user.id), "ended": None},
        counted_max=queue.COUNTED_MAX,
        rows=rows(found[:PAGE]),
        next=found[PAGE - 1].id if len(found) > PAGE else None,
        first=after is None,
        cooling=counts.get(rules.State.COOLING_OFF, 0),
        cooled_at=queue.next_to_cool_for_operators() if view in {"me", "waiting", "stopped"} else None,
        float_left=queue.float_for_operators() if view != "ended" else None,
        may_see=may_see,
        staff=identity.names_for_operators(),
        saved=[
            (one, dict(parse_qsl(one.filters))) for one in views.saved(owner=current_user.id, queue=views.WITHDRAWALS)
        ],
    )


@bp.post("/withdrawals/views")
@guards.operator(Permission.WITHDRAWALS_READ)
def save_withdrawals_view() -> BaseResponse:
    """Keep the view and the filters that are on under a name."""
    given = {"view": _view(request.form), **_given(request.form)}
    name, me = request.form.get("name", ""), current_user.id
    _kept(lambda: views.save(name, given, operator_id=me, queue=views.WITHDRAWALS))
    return redirect(url_for("console.withdrawals", **given), 303)  # type: ignore[arg-type]


@bp.post("/withdrawals/views/<view_id>/rename")
@guards.operator(Permission.WITHDRAWALS_READ)
def rename_withdrawals_view(view_id: str) -> BaseResponse:
    """Call a kept view otherwise."""
    _kept(lambda: views.rename(view_id, request.form.get("name", ""), owner=current_user.id))
    return redirect(url_for("console.withdrawals"), 303)


@bp.post("/withdrawals/views/<view_id>/delete")
@guards.operator(Permission.WITHDRAWALS_READ)
def forget_withdrawals_view(view_id: str) -> BaseResponse:
    """Keep it no longer."""
    _kept(lambda: views.forget(view_id, owner=current_user.id))
    return redirect(url_for("console.withdrawals"), 303)


def rows(found: list[Withdrawal]) -> list[Row]:
    """Withdrawals with what stands beside them."""
    owners = {one.customer_id for one in found}
    names, tiers = customers.names_for_operators(owners), customers.tiers_for_operators(owners)
    accounts = payments.accounts_for_operators({one.bank_account_id for one in found})
    standings = queries.standings_for_operators(found)
    reasons = queue.reasons_for_operators({one.id for one in found})
    uses = queries.uses_for_operators({one.bank_account_id for one in found})
    held = claims.of_for_operators({one.id for one in found})
    roles = identity.roles_for_system(current_user.id)
    return [
        Row(
            one,
            names[one.customer_id],
            tiers[one.customer_id],
            accounts[one.bank_account_id],
            standings[one.id],
            reasons[one.id],
            uses[one.bank_account_id],
            held.get(one.id),
            roles,
        )
        for one in found
    ]


def may_see(check: CheckRow) -> bool:
    """Whether what this check found is theirs to know: what the lists say is compliance's."""
    return may_know(check.number)


def may_know(number: int) -> bool:
    """Whether what a check of this number finds is theirs to know."""
    return number not in checks.KEPT or Permission.SCREENING_READ in current_user.permissions


def _kept(deed: Callable[[], object]) -> None:
    try:
        atomically(deed, actor=guards.actor())
    except Refusal as refused:
        errors.say(refused)


def _view(args: Mapping[str, str]) -> str:
    asked = args.get("view", "")
    return asked if asked in VIEWS or asked == "me" else "waiting"


def _given(args: Mapping[str, str]) -> dict[str, str]:
    """The filters that are on, as they stand in the address; what a check found is asked for by who may know it."""
    given = {name: text for name in NARROWED_BY if (text := args.get(name, "").strip()[:VALUE_MAX])}
    check = given.get("check", "")
    if check.isascii() and check.isdecimal() and not may_know(int(check)):
        del given["check"]
    return given


def _narrowed(view: str, given: Mapping[str, str]) -> Narrowed:
    hands = {"mine": current_user.id, NOBODY: NOBODY}.get(given.get("hands", ""), "")
    return Narrowed(
        needs=current_user.id if view == "me" else "",
        band=given.get("band", ""),
        size=given.get("size", ""),
        target=given.get("to", ""),
        state=given.get("state", ""),
        check=given.get("check", ""),
        hands=hands,
    )


def _span(text: str) -> Span:
    """The days up to the one that the address names, or to today."""
    today, days = clock.now().astimezone(WAT).date(), queue.SPAN.days
    try:
        last = min(max(date.fromisoformat(text), EARLIEST), today)
    except ValueError:
        last = today
    first = last - timedelta(days=days - 1)
    older = queue.is_older_for_operators(_begins(first))
    later = min(last + timedelta(days=days), today) if last < today else None
    return Span(first, last, first - ONE_DAY if older else None, later, today)


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), WAT)
