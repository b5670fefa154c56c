"""Whether the books can be believed: the last proof, the seal, and a halt of payouts that a person may lift."""

from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically, leave, sqlstate
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.ledger import health, proof, seal
from app.web import errors, guards
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.fragments import page

TOO_LONG = "57014"  # PostgreSQL's code for a statement that was given up


@dataclass(frozen=True)
class Asked:
    """What came of asking every invariant now; `finished` is false when it took longer than a page may."""

    findings: dict[str, list[str]]
    finished: bool


@bp.get("/ledger/proof")
@guards.operator(Permission.LEDGER_READ)
def ledger_proof() -> Response:
    """How it stands; asked with `now`, every invariant at this moment."""
    return _page(_ask() if request.args.get("now") else None)


@bp.post("/ledger/proof/halts/<int:halt_id>/lift")
@guards.operator(Permission.LEDGER_LIFT, fresh=True)
def lift_halt(halt_id: int) -> Response | BaseResponse:
    """Let payouts go on, in one's own name and with a reason."""
    actor, reason = guards.actor(), request.form.get("reason", "").strip()
    if not reason:
        return _page(None, status=422, errors_={"reason": health.ReasonMissing.message})
    try:
        atomically(lambda: health.lift(halt_id, actor=actor, reason=reason), actor=actor, reason=reason)
        flash("Lifted. Payouts go on.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.ledger_proof"), 303)


def _ask() -> Asked:
    try:
        return Asked(proof.broken(), finished=True)
    except OperationalError as error:
        if sqlstate(error) != TOO_LONG:
            raise
        leave()
        return Asked({}, finished=False)


def _page(asked: Asked | None, *, status: int = 200, errors_: dict[str, str] | None = None) -> Response:
    return page(
        "console/books/proof.html",
        block="findings",
        status=status,
        asked=asked,
        names=list(proof.INVARIANTS),
        run=health.latest(),
        head=seal.head(),
        unsealed=seal.unsealed(),
        blocks=reads.blocks(),
        errors=errors_ or {},
    )
