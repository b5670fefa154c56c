"""One break: both sides, what may belong to it, the work on it, and how it may end; and a match of both sides."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from app.breaks import acts, board, errands, errors, flows, queries, requests, rules, service
from app.core import clock
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import atomically, sqlstate
from app.core.errors import Conflict, Refusal
from app.core.money import ASSETS
from app.core.permissions import Permission, granted
from app.governance import queries as governance
from app.identity import queries as identity
from app.matching import break_queries, by_hand
from app.web import guards, pictures, uploads
from app.web.console.base import bp
from app.web.console.breaking import words
from app.web.errors import BUSY, LOCKED
from app.web.fragments import page, stamp, unchanged

SHOWN = 100  # of either side of a match
Answer = TypeVar("Answer")


@bp.get("/breaks/<int:break_id>")
@guards.operator(Permission.RECONCILIATION_READ)
def break_item(break_id: int) -> Response:
    """One break: both sides, and what may belong to it."""
    return _item(break_id, {})


@bp.get("/breaks/cases/<work_id>")
@guards.operator(Permission.RECONCILIATION_READ)
def break_case(work_id: str) -> BaseResponse:
    """The break that there is now about what a case is about; the queue of its account where there is none."""
    account = queries.account_of_case_for_operators(work_id)
    break_id = queries.break_of_for_system(work_id)
    if break_id is None:
        flash("There is no such difference at the moment.", "ok")
        return redirect(url_for("console.breaks_of", outside=account), 303)
    return redirect(url_for("console.break_item", break_id=break_id), 303)


@bp.post("/breaks/<int:break_id>/link")
@guards.operator(Permission.RECONCILIATION_RUN, fresh=True)
def link_break(break_id: int) -> Response | BaseResponse:
    """Say that it belongs together with what was chosen, one or several."""
    actor, reason = guards.actor(), request.form.get("reason", "")
    own, others = break_queries.one_for_operators(break_id), request.form.getlist("with", type=int)
    if own.closed_by is not None or own.import_id is not None:
        return redirect(url_for("console.break_item", break_id=break_id), 303)
    try:
        group_id = unless_matched(
            lambda: service.link(break_id, others=others, reason=reason, actor=actor), actor=actor, reason=reason
        )
    except Refusal as refused:
        return _item(break_id, {"reason": refused.message}, status=refused.status)
    flash("Put together.", "ok")
    return redirect(url_for("console.match", group_id=group_id), 303)


@bp.post("/breaks/<int:break_id>/anew")
@guards.operator(Permission.RECONCILIATION_RUN, fresh=True)
def take_line_anew(break_id: int) -> Response | BaseResponse:
    """Count a line as it was told later."""
    actor, reason = guards.actor(), request.form.get("reason", "")
    told = "Counted as told now. What was told first is taken back."
    return _did(break_id, lambda: service.take_anew(break_id, reason=reason, actor=actor), field="anew", told=told)


@bp.post("/breaks/<int:break_id>/account")
@guards.operator(Permission.RECONCILIATION_RUN, fresh=True)
def take_other_account(break_id: int) -> Response | BaseResponse:
    """Say that an account of the teller is another one than those told of before."""
    actor, reason = guards.actor(), request.form.get("reason", "")
    told = "Counted. What it had before is held against the books."
    return _did(
        break_id, lambda: service.take_account(break_id, reason=reason, actor=actor), field="account", told=told
    )


@bp.post("/breaks/<int:break_id>/work")
@guards.operator(Permission.RECONCILIATION_RUN)
def work_on_break(break_id: int) -> Response | BaseResponse:
    """Give it to somebody or to nobody, or write down what was found."""
    sent, actor = request.form, guards.actor()
    if sent.get("act") == "comment":
        words_of = sent.get("words", "")
        return _did(
            break_id, lambda: service.comment(break_id, words=words_of, actor=actor), field="words", told="Noted."
        )
    owner = current_user.id if sent.get("act") == "take" else sent.get("owner") or None
    return _did(break_id, lambda: service.assign(break_id, owner=owner, actor=actor), field="owner", told="Given.")


@bp.post("/breaks/<int:break_id>/evidence")
@uploads.takes_files()
@guards.operator(Permission.RECONCILIATION_RUN)
def keep_break_evidence(break_id: int) -> Response | BaseResponse:
    """Keep a file that shows how it was."""
    actor = guards.actor()
    try:
        sent = uploads.sent("file")
        flows.keep(break_id, name=sent.name, body=sent.body, actor=actor)
    except Refusal as refused:
        return _item(break_id, {"file": refused.message}, status=refused.status)
    flash("Kept.", "ok")
    return redirect(url_for("console.break_item", break_id=break_id), 303)


@bp.get("/breaks/evidence/<evidence_id>/<int:number>")
@guards.operator(Permission.RECONCILIATION_READ)
def break_evidence(evidence_id: str, number: int) -> Response:
    """A page of a file that was kept."""
    body, media_type = flows.page(evidence_id, number)
    return pictures.file(body, media_type=media_type, name=f"{evidence_id}-{number}")


@bp.post("/breaks/<int:break_id>/ask")
@guards.operator(Permission.JOURNALS_REQUEST, fresh=True)
def ask_about_break(break_id: int) -> Response | BaseResponse:
    """Ask that it be booked, written off, or accepted for a time."""
    sent, actor, maker = request.form, guards.actor(), current_user.id
    act, reason = sent.get("act", ""), sent.get("reason", "")

    def ask() -> object:
        if act == "write_off":
            return requests.request_write_off(break_id, reason=reason, maker=maker, actor=actor)
        if act == "accept":
            until = day(sent.get("until", ""))
            return requests.request_acceptance(break_id, until=until, reason=reason, maker=maker, actor=actor)
        other, on_its_day = sent.get("other", ""), bool(sent.get("on_its_day"))
        return requests.request_journal(
            break_id, other=other, on_its_day=on_its_day, reason=reason, maker=maker, actor=actor
        )

    told = "Asked for. Treasury must agree; until then it stays as it is."
    return _did(break_id, ask, field=f"{act or 'journal'}_ask", told=told)


@bp.get("/matches/<int:group_id>")
@guards.operator(Permission.RECONCILIATION_READ)
def match(group_id: int) -> Response:
    """A match: its lines, its entries, who made it."""
    return _match(group_id, {})


@bp.post("/matches/<int:group_id>/end")
@guards.operator(Permission.RECONCILIATION_RUN, fresh=True)
def end_match(group_id: int) -> Response | BaseResponse:
    """Take it apart, with a reason; a very large one by a task, which its page follows."""
    actor, maker, reason = guards.actor(), current_user.id, request.form.get("reason", "")
    own = break_queries.match_for_operators(group_id)
    try:
        if errands.is_large(group_id):
            unless_matched(lambda: errands.ask_apart(group_id, reason=reason, maker=maker), actor=actor, reason=reason)
            return redirect(url_for("console.match", group_id=group_id), 303)
        unless_matched(lambda: service.take_apart(group_id, reason=reason, actor=actor), actor=actor, reason=reason)
        flash("Taken apart. Its lines and entries are open again.", "ok")
    except Refusal as refused:
        return _match(group_id, {"reason": refused.message}, status=refused.status)
    return redirect(url_for("console.breaks_of", outside=own.account), 303)


def day(told: str) -> date:
    """A day that somebody chose. Raises BadExpiry."""
    try:
        return date.fromisoformat(told)
    except ValueError as unread:
        raise errors.BadExpiry from unread


def workers() -> dict[str, str]:
    """Whom breaks are given to: whoever may work on them, by id."""
    return {
        one.id: one.name
        for one in identity.operators_for_operators()
        if Permission.RECONCILIATION_RUN in granted(identity.roles_for_system(one.id))
    }


def unless_matched(body: Callable[[], Answer], *, actor: Actor, reason: str = "") -> Answer:
    """`atomically`; refused while the account is being matched, so that what was written stays on the page."""
    try:
        return atomically(body, actor=actor, reason=reason)
    except OperationalError as error:
        if sqlstate(error) != LOCKED:
            raise
        raise Conflict(BUSY) from error


def _did(break_id: int, deed: Callable[[], object], *, field: str, told: str) -> Response | BaseResponse:
    try:
        unless_matched(deed, actor=guards.actor(), reason=request.form.get("reason", ""))
    except Refusal as refused:
        return _item(break_id, {field: refused.message}, status=refused.status)
    flash(told, "ok")
    return redirect(url_for("console.break_item", break_id=break_id), 303)


def _item(break_id: int, faults: dict[str, str], *, status: int = 200) -> Response:
    own = break_queries.one_for_operators(break_id)
    (item,) = board.items_for_operators(own.account, [own])
    lines, entries = break_queries.match_sides_for_operators(own.group_id, limit=SHOWN) if own.group_id else ([], [])
    sums = break_queries.match_sums_for_operators(own.group_id) if own.group_id else None
    near = break_queries.candidates_for_operators(own) if own.closed_by is None else []
    exact = any(each.amount == -own.amount for each in near)
    covering = break_queries.covering_for_operators(own) if own.closed_by is None and not exact else []
    together = {each.id for each in covering}
    candidates = [*covering, *(each for each in near if each.id not in together)]
    case, today = item.case, clock.now().astimezone(WAT).date()
    may_work = Permission.RECONCILIATION_RUN in current_user.permissions and own.closed_by is None
    return page(
        "console/breaks/item.html",
        own=own,
        item=item,
        words=words.REASONS,
        of_sheets=words.OF_SHEETS,
        lines=lines,
        entries=entries,
        sums=sums,
        matched=break_queries.match_of_for_operators(own) if own.closed_by is not None else None,
        candidates=candidates,
        together=together,
        differs=_mismatched(own, candidates, lines, entries, sums),
        asset=own.account.rpartition(":")[2],
        case=case,
        asked=governance.one_for_operators(case.request_id).request if case and case.request_id else None,
        trail=queries.trail_for_operators(case.id) if case else [],
        evidence=queries.evidence_for_operators(case.id) if case else [],
        others=queries.others_for_operators(own.account) if may_work else {},
        into=acts.into(own) if may_work else "",
        workers=workers() if may_work else {},
        staff=identity.names_for_operators(),
        may_work=may_work,
        small=rules.is_small(own.amount, asset=ASSETS[own.account.rpartition(":")[2]]) and own.closed_by is None,
        smalls=board.small_for_operators(own.account),
        smalls_max=rules.BULK_MAX,
        large=sums is not None and sums.lines + sums.entries >= by_hand.LARGE,
        most=by_hand.LARGE,
        unit=board.unit_of(own.account),
        first_day=today + timedelta(days=1),
        last_day=today + rules.ACCEPTED_MAX,
        chosen=request.form.getlist("with", type=int),
        typed=request.form,
        errors=faults,
        status=status,
    )


def _mismatched(
    own: Any, candidates: list[Any], lines: list[Any], entries: list[Any], sums: Any
) -> list[tuple[str, Any, Any]]:
    """Both sides field by field: of a match its sums, else the break and what is likeliest to belong to it."""
    if own.group_id is not None:
        line, entry = next(iter(lines), None), next(iter(entries), None)
        return [
            ("Amount", f"{sums.told:+,f}", f"{sums.booked:+,f}"),
            ("Day", line and f"{line.at.astimezone(WAT):%-d %b %Y}", entry and f"{entry.at.astimezone(WAT):%-d %b %Y}"),
            ("Reference", line and (line.refs[0] if line.refs else line.external_id), entry and entry.ref),
        ]
    if not candidates:
        return []
    line, entry = (own, candidates[0]) if own.line_id is not None else (candidates[0], own)
    return [
        ("Amount", f"{line.amount:+,f}", f"{-entry.amount:+,f}"),
        ("Day", f"{line.at.astimezone(WAT):%-d %b %Y}", f"{entry.at.astimezone(WAT):%-d %b %Y}"),
        ("Reference", line.refs[0] if line.refs else line.external_id, entry.ref),
    ]


def _match(group_id: int, faults: dict[str, str], *, status: int = 200) -> Response:
    own = break_queries.match_for_operators(group_id)
    errand = errands.newest_for_operators(own.account, group_id=group_id)
    done = break_queries.steps_for_operators(group_id) if errand and not errand.ended_at else None
    seen = stamp((errand and errand.ended_at, done))
    if "follow" in request.args and (nothing_new := unchanged(seen)):
        return nothing_new
    lines, entries = break_queries.match_sides_for_operators(group_id, limit=SHOWN)
    sums = break_queries.match_sums_for_operators(group_id)
    return page(
        "console/breaks/match.html",
        block="match",
        own=own,
        errand=errand,
        done=done,
        steps=by_hand.STEPS,
        seen=seen,
        large=sums.lines + sums.entries > by_hand.LARGE,
        lines=lines,
        entries=entries,
        sums=sums,
        told=sums.told,
        booked=sums.booked,
        asset=own.account.rpartition(":")[2],
        typed=request.form,
        errors=faults,
        staff=identity.names_for_operators(),
        status=status,
    )
