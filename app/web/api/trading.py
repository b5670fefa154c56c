"""Quotes and orders for programs: what would be given and got, for a few seconds; and one order made of it."""

from typing import Any

from flask import Blueprint, jsonify, make_response, request
from flask.wrappers import Response
from flask_login import current_user

from app.core.db import atomically
from app.core.errors import Malformed
from app.identity.scopes import Scope
from app.trading import orders, queries, quotes, rules
from app.trading.models import Order, Quote
from app.web import guards
from app.web.api import bodies

ALL = "all"


def register(bp: Blueprint) -> None:
    """Hang these doors in the API."""
    bp.post("/quotes")(ask_quote)
    bp.get("/quotes/<quote_id>")(show_quote)
    bp.post("/orders")(place_order)
    bp.get("/orders")(list_orders)
    bp.get("/orders/<order_id>")(show_order)


@guards.api(Scope.ORDERS_WRITE)
def ask_quote() -> Response:
    """Price what would be given for what: nothing moves. `amount` is of either, or "all" of what is given."""
    body, owner = bodies.sent(), current_user.id
    give, get = bodies.asset(body, "give"), bodies.asset(body, "get")
    typed = None if body.get("amount") == ALL else bodies.amount(body, of=(give, get))
    replaces = body.get("replaces")
    if replaces is not None and not isinstance(replaces, str):
        raise Malformed("replaces is the id of a quote.", field="replaces")
    made = atomically(
        lambda: quotes.make(owner, give=give, get=get, typed=typed, replaces=replaces), actor=guards.actor()
    )
    return make_response(jsonify(_quote(made)), 201)


@guards.api(Scope.ORDERS_READ)
def show_quote(quote_id: str) -> Response:
    """One quote, and whether it was used."""
    return jsonify(_quote(queries.quote(quote_id, customer_id=current_user.id)))


@guards.api(Scope.ORDERS_WRITE)
def place_order() -> Response:
    """Make an order of a quote; needs `Idempotency-Key`. The same key again answers the same order."""
    quote_id, key, owner, actor = bodies.text(bodies.sent(), "quote"), bodies.key(), current_user.id, guards.actor()
    made, replayed = atomically(lambda: orders.accept(quote_id, customer_id=owner, key=key, actor=actor), actor=actor)
    return make_response(jsonify(_order(made)), 200 if replayed else 201)


@guards.api(Scope.ORDERS_READ)
def list_orders() -> Response:
    """Orders, newest first, a page at a time."""
    found, older = queries.orders(customer_id=current_user.id, before=request.args.get("before"))
    return jsonify({"orders": [_order(one) for one in found], "next": older})


@guards.api(Scope.ORDERS_READ)
def show_order(order_id: str) -> Response:
    """One order."""
    return jsonify(_order(queries.one(order_id, customer_id=current_user.id)))


def _quote(quote: Quote) -> dict[str, Any]:
    return _dealt(quote) | {
        "expires_at": quote.expires_at.isoformat(),
        "priced_at": quote.priced_at.isoformat(),
        "used": quote.used_at is not None,
        "replaces": quote.replaces,
    }


def _order(order: Order) -> dict[str, Any]:
    return _dealt(order) | {"quote": order.quote_id, "state": order.state}


def _dealt(dealt: Quote | Order) -> dict[str, Any]:
    """A rate is a decimal number in a string: whole money for one whole coin, the spread in it and the fee not."""
    return {
        "id": dealt.id,
        "side": dealt.side,
        "give": bodies.told(dealt.give),
        "get": bodies.told(dealt.get),
        "fee": bodies.told(dealt.fee),
        "spread": bodies.told(dealt.spread),
        "rate": {"coin": dealt.coin, "money": dealt.money, "price": rules.exactly(dealt.rate)},
        "created_at": dealt.created_at.isoformat(),
    }
