"""One journal: its header and legs, what it belongs to, what puts it right, who did it, and whether it is sealed."""

from dataclasses import dataclass
from typing import Any

from flask import abort, url_for
from flask.wrappers import Response
from flask_login import current_user

from app.core.money import ASSETS, Money
from app.core.permissions import Permission
from app.identity import queries as identity
from app.ledger import statements
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.fragments import page
from app.web.guards import operator

P = Permission


@dataclass(frozen=True)
class Subject:
    """The page of a business object that journals are about: what it is called, and who may open it."""

    name: str
    endpoint: str
    argument: str
    permission: Permission


# By the prefix of a reference. A deposit has no page of its own in the console.
SUBJECTS = {
    "wd": Subject("Withdrawal", "console.withdrawal", "withdrawal_id", P.WITHDRAWALS_READ),
    "grq": Subject("Manual journal", "console.journal_request", "request_id", P.JOURNALS_READ),
    "sus": Subject("Suspense item", "console.suspense_item", "item_id", P.SUSPENSE_READ),
}


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
        subject=_subject(header.ref, journal_id),
        related=[other for other in statements.journals_of(header.ref) if other.id != header.id],
        sealed=reads.block_of(journal_id),
        records=reads.audit_of(header.ref, header.request_id) if P.AUDIT_READ in current_user.permissions else None,
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


def _subject(ref: str, journal_id: int) -> tuple[str, str] | None:
    """What the journal is about, and the address of its page for those who may see it."""
    item = reads.suspense_of(journal_id)
    name = item or ref
    subject = SUBJECTS.get(name.partition("_")[0])
    if subject is None or subject.permission not in current_user.permissions:
        return None
    argument: dict[str, Any] = {subject.argument: name}
    return subject.name, url_for(subject.endpoint, **argument)
