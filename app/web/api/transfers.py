"""Transfers for programs: pay another customer, and see what was sent and received."""

from typing import Any

from flask import Blueprint, jsonify, make_response, request
from flask.wrappers import Response
from flask_login import current_user

from app.core.errors import Malformed
from app.core.money import ASSETS
from app.identity.scopes import Scope
from app.transfers import flows, queries
from app.transfers.queries import Side
from app.web import guards
from app.web.api import bodies
from app.web.throttle import throttle

PAGE = 20


def register(bp: Blueprint) -> None:
    """Hang these doors in the API."""
    bp.post("/transfers")(send_transfer)
    bp.get("/transfers")(list_transfers)
    bp.get("/transfers/<transfer_id>")(show_transfer)


@guards.api(Scope.TRANSFERS_WRITE)
def send_transfer() -> Response:
    """Pay another customer, by address, number or @handle; needs `Idempotency-Key`.

    `name`, if given, is the masked name that must be found. The same key again answers the same transfer.
    """
    body, owner = bodies.sent(), current_user.id
    to, amount = bodies.text(body, "to"), bodies.amount(body, of=tuple(ASSETS.values()))
    note, name = body.get("note", ""), body.get("name")
    if not isinstance(note, str) or not (name is None or isinstance(name, str)):
        raise Malformed("note and name are texts.", field="note")
    throttle().finding(owner)
    sent, replayed = flows.send(
        owner,
        typed=to,
        shown=name,
        amount=amount,
        note=note,
        proved=current_user.fresh,
        key=bodies.key(),
        actor=guards.actor(),
    )
    side = queries.one(sent, customer_id=owner)
    return make_response(jsonify(_transfer(side)), 200 if replayed else 201)


@guards.api(Scope.TRANSFERS_READ)
def list_transfers() -> Response:
    """What was sent and received, newest first, a page at a time."""
    found = queries.list_of(customer_id=current_user.id, before=request.args.get("before"), limit=PAGE + 1)
    older = found[PAGE - 1].transfer.id if len(found) > PAGE else None
    return jsonify({"transfers": [_transfer(one) for one in found[:PAGE]], "next": older})


@guards.api(Scope.TRANSFERS_READ)
def show_transfer(transfer_id: str) -> Response:
    """One of them."""
    return jsonify(_transfer(queries.one(transfer_id, customer_id=current_user.id)))


def _transfer(side: Side) -> dict[str, Any]:
    one = side.transfer
    return {
        "id": one.id,
        "direction": "in" if side.incoming else "out",
        "name": side.other_name,
        "amount": bodies.told(one.amount),
        "note": one.note,
        "request": one.request_id,
        "created_at": one.created_at.isoformat(),
    }
