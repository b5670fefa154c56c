"""One journal: its header and legs, what it belongs to, what puts it right, who did it, and whether it is sealed."""

from typing import Any

from flask import abort
from flask.wrappers import Response

from app.core.money import ASSETS, Money
from app.core.permissions import Permission
from app.identity import queries as identity
from app.ledger import statements
from app.web.console import history, objects
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.fragments import page
from app.web.guards import operator


@bp.get("/ledger/journals/<int:journal_id>")
@operator(Permission.LEDGER_READ)
def journal(journal_id: int) -> Response:
    """The whole of it on one page."""
    try:
        header, legs = statements.journal(journal_id)
    except LookupError:
        abort(404)
    memo = dict(header.memo)
    held = memo.pop("hold", None)
    found = reads.hold(int(held)) if str(held).isdecimal() else None
    return page(
        "console/books/journal.html",
        journal=header,
        memo=memo,
        hold=found,
        held=Money(ASSETS[found.asset], int(found.amount)) if found else None,
        legs=[(leg, Money(ASSETS[leg.asset], abs(int(leg.amount)))) for leg in legs],
        sums=_sums(legs),
        subject=objects.place_of(reads.suspense_of(journal_id) or header.ref),
        related=[other for other in statements.journals_of(header.ref) if other.id != header.id],
        sealed=reads.block_of(journal_id),
        history=history.of(header.ref, request_id=header.request_id),
        staff={staff.id: staff.name for staff in identity.operators_for_operators()},
    )


def _sums(legs: list[Any]) -> list[tuple[Money, Money]]:
    """Debits and credits of each asset."""
    sums: dict[str, tuple[int, int]] = {}
    for leg in legs:
        debits, credits_ = sums.get(leg.asset, (0, 0))
        sums[leg.asset] = debits + max(int(leg.amount), 0), credits_ - min(int(leg.amount), 0)
    return [
        (Money(ASSETS[asset], debits), Money(ASSETS[asset], credits_)) for asset, (debits, credits_) in sums.items()
    ]
