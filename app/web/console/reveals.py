"""What is masked, and how somebody gets to see it: by saying why, a while long, and on the record.

Another field is one line in FIELDS; a page then shows `ui`'s macro `veiled` of `veil("its kind", its row's id, value)`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, request
from flask.wrappers import Response
from flask_login import current_user

from app.audit import service
from app.audit.errors import TooManyReveals
from app.core.db import atomically
from app.core.errors import Forbidden, NotFound, Refusal
from app.core.permissions import Permission
from app.customers import queries as customers
from app.identity import queries as identity
from app.identity import recoveries, visits
from app.identity.rules import masked_ip, masked_number
from app.payments import queries as payments
from app.web import guards
from app.web.console.base import bp
from app.web.filters import bank_number, masked_email
from app.web.fragments import page, wants_fragment

HIDES_AFTER_SECONDS = 60
WHYS = (
    ("The customer is on the line", "The customer is on the line"),
    ("Review of a withdrawal", "I review a withdrawal"),
    ("Review of the account", "I review the account"),
    ("Investigation", "An investigation, or an authority asks"),
    ("Other", "Something else"),
)


@dataclass(frozen=True)
class Field:
    """One kind of masked field: how it is read (raises NotFound), how it looks while it is masked, who may see it.

    Whatever a field asks for, the door asks for CUSTOMERS_REVEAL.
    """

    kind: str
    title: str
    read: Callable[[str], str]
    mask: Callable[[str], str]
    permission: Permission = Permission.CUSTOMERS_REVEAL

    @property
    def open(self) -> bool:
        """Whether who is signed in may see it."""
        return {self.permission, Permission.CUSTOMERS_REVEAL} <= current_user.permissions


FIELDS = {
    field.kind: field
    for field in (
        Field("account_number", "Account number", payments.account_number_for_operators, bank_number),
        Field("email", "E-mail address", customers.address_for_operators, masked_email),
        Field("phone", "Phone number", identity.number_for_operators, masked_number),
        Field("ip", "IP address", visits.session_ip_for_operators, masked_ip),
        Field("contact", "Address to be", recoveries.contact_for_operators, masked_email),
    )
}


@dataclass(frozen=True)
class Veil:
    """A masked field on a page, and whether who looks may see it."""

    field: Field
    object_id: str
    masked: str
    may: bool


def veil(kind: str, object_id: str, value: str) -> Veil:
    """The masked form of a value for a page. The value itself does not come to the page."""
    field = FIELDS[kind]
    return Veil(field, object_id, field.mask(value), field.open)


@bp.get("/reveal/<kind>/<object_id>")
@guards.operator(Permission.CUSTOMERS_REVEAL, fresh=True)
def ask_to_reveal(kind: str, object_id: str) -> Response:
    """Be asked why: in a dialog, or on a page of its own."""
    return _form(_field(kind), object_id)


@bp.post("/reveal/<kind>/<object_id>")
@guards.operator(Permission.CUSTOMERS_REVEAL, fresh=True)
def reveal(kind: str, object_id: str) -> Response:
    """Show it, once that is written down."""
    field, me, actor = _field(kind), current_user.id, guards.actor()
    value, note = field.read(object_id), request.form.get("reason", "").strip()
    why = request.form.get("why", "") if request.form.get("why", "") in dict(WHYS) else ""
    told, limit = f"{field.title}. {why}: {note}", current_app.extensions["settings"].reveals_a_day

    def deed() -> None:
        service.note_reveal(kind, object_id=object_id, why=why, note=note, operator_id=me, limit=limit)

    def refusal() -> None:
        service.note_refused_reveal(kind, object_id=object_id, why=why, note=note, operator_id=me)

    try:
        atomically(deed, actor=actor, reason=told)
    except TooManyReveals as refused:
        atomically(refusal, actor=actor, reason=told)
        return _form(field, object_id, fault=refused)
    except Refusal as refused:
        return _form(field, object_id, fault=refused)
    answer = page(
        "console/_shown.html" if wants_fragment() else "console/shown.html",
        veil=veil(kind, object_id, value),
        value=value,
        seconds=HIDES_AFTER_SECONDS,
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["HX-Trigger"] = "revealed"
    return answer


def _form(field: Field, object_id: str, *, fault: Refusal | None = None) -> Response:
    field.read(object_id)  # nobody is asked why they want to see what is not there
    answer = page(
        "console/reveal.html",
        block="reveal",
        in_dialog=wants_fragment(),
        status=fault.status if fault else 200,
        field=field,
        object_id=object_id,
        whys=WHYS,
        fault=fault.message if fault else "",
        limited=isinstance(fault, TooManyReveals),
        sent=request.form,
        seconds=HIDES_AFTER_SECONDS,
    )
    answer.headers["HX-Retarget"] = "#reveal"  # (what is sent aims at the masked field)
    return answer


def _field(kind: str) -> Field:
    if kind not in FIELDS:
        raise NotFound
    if not FIELDS[kind].open:
        raise Forbidden
    return FIELDS[kind]
