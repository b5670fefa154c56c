"""What outside accounts and the books differ by: the accounts, the queue of one, and its matching now."""

from datetime import datetime, timedelta

from flask import make_response, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.breaks import board, errands, rules
from app.breaks import queries as work
from app.breaks.models import Errand
from app.core import clock
from app.core.db import atomically
from app.core.permissions import Permission
from app.identity import queries as identity
from app.matching import break_queries, joining, queries
from app.web import guards
from app.web.console.base import bp
from app.web.console.breaking import words
from app.web.console.statements.sources import by_account
from app.web.fragments import page, stamp, unchanged, wants_fragment

PAGE = 50
BULKS = 5
SHORTCUTS = (("Choose the row", ("X",)), ("Do the chosen", ("D",)), ("Do all that fit", ("A",)))
SAID_FOR = timedelta(minutes=5)  # what came of matching that was asked for
OVERDUE_MAX = 100  # counted; the page says when there are more


@bp.get("/breaks")
@guards.operator(Permission.RECONCILIATION_READ)
def breaks() -> Response:
    """Accounts that statements tell of: both sides, and what is open."""
    accounts = break_queries.accounts_for_operators()
    boards = {each.account: board.board_for_operators(each.account) for each in accounts}
    return page(
        "console/breaks/accounts.html",
        accounts=accounts,
        boards=boards,
        words=words.REASONS,
        bands=[name for name, _, _ in rules.BANDS],
        sources=by_account(),
        others=joining.others_for_operators(),
    )


@bp.get("/breaks/of/<outside>")
@guards.operator(Permission.RECONCILIATION_READ)
def breaks_of(outside: str) -> Response | BaseResponse:
    """What is open in one account, the oldest first; it follows by itself while somebody matches there."""
    accounts, narrowed = break_queries.accounts_for_operators(), words.chosen()
    narrowed.pop("row", None)  # (of the queue they are the ones with a tick)
    other = request.args.get("account", outside)
    if other != outside:
        return _elsewhere(url_for("console.breaks_of", outside=other, **narrowed))  # type: ignore[arg-type]
    own = break_queries.account_for_operators(outside)
    working, follows = queries.is_working_for_operators(outside), "follow" in request.args
    errand = errands.newest_for_operators(outside)
    waits = errand is not None and errand.ended_at is None
    seen = stamp((own.matched_at, working, errand and errand.ended_at))
    if follows and (nothing_new := unchanged(seen)):
        return nothing_new
    found = board.queue_for_operators(outside, words.sought(narrowed), after=_place(), limit=PAGE + 1)
    last = found[PAGE - 1].row if len(found) > PAGE else None
    staff, shown = identity.names_for_operators(), board.board_for_operators(outside)
    counted_max = 1 if shown.counted_at else OVERDUE_MAX  # (whether there are any is all that is quick to say of many)
    return page(
        "console/breaks/queue.html",
        block="queue" if follows else "results",
        account=outside,
        accounts=[one.account for one in accounts],
        working=working,
        waits=waits,
        done=errand if errand and _is_news(errand, own.matched_at) else None,
        seen=seen,
        after=request.args.get("after", ""),
        picked=words.picked(),
        own=own,
        counted=len(joining.codes_for_operators(outside)),
        board=shown,
        bands=[name for name, _, _ in rules.BANDS],
        price=work.price_for_operators(outside),
        overdue=board.overdue_for_system(outside, limit=counted_max),
        overdue_max=counted_max,
        small=board.small_for_operators(outside),
        unit=board.unit_of(outside),
        chosen=narrowed,
        words=words.REASONS,
        views=words.VIEWS,
        ages=words.ages(),
        leasts=words.LEASTS,
        staff=staff,
        me=current_user.id,
        bulks=work.bulks_for_operators(outside, limit=BULKS),
        acts=words.ACTS,
        shortcuts=SHORTCUTS,
        items=found[:PAGE],
        older=f"{last.at.isoformat()}|{last.id}" if last is not None else "",
        first="after" not in request.args,
    )


@bp.post("/breaks/of/<outside>")
@guards.operator(Permission.RECONCILIATION_RUN)
def match_account(outside: str) -> BaseResponse:
    """Have what is new in one account matched now. Its page follows."""
    maker = current_user.id
    atomically(lambda: errands.ask_match(outside, maker=maker), actor=guards.actor())
    return redirect(url_for("console.breaks_of", outside=outside), 303)


def _is_news(errand: Errand, matched_at: datetime | None) -> bool:
    """Whether the page says what came of it: for some minutes; that it failed until somebody else matched there."""
    if errand.ended_at is None:
        return False
    if errand.failed:
        return matched_at is None or matched_at < errand.ended_at
    return clock.now() - errand.ended_at < SAID_FOR


def _elsewhere(place: str) -> BaseResponse:
    return make_response("", 204, {"HX-Redirect": place}) if wants_fragment() else redirect(place, 303)


def _place() -> tuple[datetime, int] | None:
    at, _, number = request.args.get("after", "").partition("|")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, int(number)) if number and moment.tzinfo else None
    except ValueError:
        return None
