"""The books, for reading: accounts and balances, an account's statement, a journal with its legs, the proof."""

from flask import abort, request
from flask.wrappers import Response

from app.core.money import ASSETS, Money
from app.core.permissions import Permission
from app.ledger import balances, chart, proof
from app.web.console.base import bp
from app.web.fragments import page
from app.web.guards import operator

PAGE = 40


@bp.get("/ledger")
@operator(Permission.LEDGER_READ)
def ledger() -> Response:
    """House accounts one by one, customers' accounts, and the trial balance."""
    wanted = request.args.get("q", "").strip()
    everything = balances.everything()
    purposes = {
        chart.house(code, asset=asset): words
        for code, words in chart.PURPOSES.items()
        for asset in ASSETS.values()
        if "{customer}" not in code
    }
    shown = [balance for balance in everything if wanted.lower() in balance.code.lower()]
    return page(
        "console/ledger.html",
        block="accounts",
        q=wanted,
        house=[balance for balance in shown if balance.code in purposes],
        customers=sorted((b for b in shown if b.code not in purposes), key=lambda b: -b.booked.units)[:PAGE],
        customers_count=sum(b.code not in purposes for b in shown),
        purposes=purposes,
        classes=balances.by_class(),
    )


@bp.get("/ledger/accounts/<code>")
@operator(Permission.LEDGER_READ)
def account(code: str) -> Response:
    """One account's statement, newest first."""
    try:
        balance = balances.of(code)
    except LookupError:
        abort(404)
    lines = balances.statement(code, before=request.args.get("before", type=int), limit=PAGE + 1)
    return page(
        "console/account.html",
        block="lines",
        balance=balance,
        lines=lines[:PAGE],
        older=lines[PAGE - 1].seq if len(lines) > PAGE else None,
        first="before" not in request.args,
    )


@bp.get("/ledger/journals/<int:journal_id>")
@operator(Permission.LEDGER_READ)
def journal(journal_id: int) -> Response:
    """One journal: header, legs, and the others about the same thing."""
    try:
        header, legs = balances.journal(journal_id)
    except LookupError:
        abort(404)
    return page(
        "console/journal.html",
        journal=header,
        legs=[(leg, Money(ASSETS[leg.asset], abs(int(leg.amount)))) for leg in legs],
        related=[other for other in balances.journals_of(header.ref) if other.id != header.id],
    )


@bp.get("/ledger/proof")
@operator(Permission.LEDGER_READ)
def ledger_proof() -> Response:
    """Run every invariant of the books now."""
    broken = proof.broken()
    return page("console/proof.html", block="findings", broken=broken, names=list(proof.INVARIANTS))
