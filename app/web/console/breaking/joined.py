"""The accounts of the books that stand for one outside account, and asking that another does, or does no more."""

from collections.abc import Callable
from functools import partial

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import crypto
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.matching import break_queries, joining
from app.reconciliation import joining_requests
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.fragments import page

SUGGESTED = 300  # accounts
CODE_MAX = 120


@bp.get("/breaks/of/<outside>/accounts")
@guards.operator(Permission.RECONCILIATION_READ)
def counted_accounts(outside: str) -> Response:
    """The accounts that are counted as one, what each has, and those that were once."""
    return _show(outside)


@bp.post("/breaks/of/<outside>/accounts")
@guards.operator(Permission.STATEMENTS_IMPORT, fresh=True)
def ask_to_join(outside: str) -> Response | BaseResponse:
    """Ask that another account be counted with this one."""
    return _ask(joining_requests.request_join, outside, field="account")


@bp.post("/breaks/of/<outside>/accounts/leave")
@guards.operator(Permission.STATEMENTS_IMPORT, fresh=True)
def ask_to_leave(outside: str) -> Response | BaseResponse:
    """Ask that one be counted by itself again."""
    return _ask(joining_requests.request_leave, outside, field="leave")


def _ask(request_it: Callable[..., Request], outside: str, *, field: str) -> Response | BaseResponse:
    break_queries.account_for_operators(outside)
    account = request.form.get("account", "").strip()[:CODE_MAX]
    try:
        return asking.ask(partial(request_it, account, joins=outside), who="Treasury")
    except Refusal as refused:
        return _show(outside, {field: refused.message}, status=422)


def _show(outside: str, faults: dict[str, str] | None = None, *, status: int = 200) -> Response:
    break_queries.account_for_operators(outside)
    books, history = joining.books_for_operators(outside), joining.history_for_operators(outside)
    own, asset = {one.code for one in books}, outside.rpartition(":")[2]
    codes = [code for code in reads.house_codes(limit=SUGGESTED) if code.startswith("asset:")]
    return page(
        "console/breaks/joined.html",
        status=status,
        account=outside,
        asset=asset,
        books=books,
        joined={one.account: one for one in history if one.left_at is None},
        left=[one for one in history if one.left_at is not None],
        codes=[code for code in codes if code.rpartition(":")[2] == asset and code not in own],
        pending=governance.about_for_operators(joining_requests.target_of(outside)),
        staff=staff_names(),
        key=crypto.new_token(),
        faults=faults or {},
        typed=request.form,
        may_ask=Permission.STATEMENTS_IMPORT in current_user.permissions,
    )
