"""Customers' orders: what was bought, sold and swapped, narrowed as the address says; and one, from price to books."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user

from app.core.clock import WAT
from app.core.errors import Malformed
from app.core.money import ASSETS, NGN, Money, plain
from app.core.permissions import Permission
from app.customers import queries as customers
from app.exchange import queries as exchange
from app.exchange.models import Hedge
from app.identity import queries as identity
from app.ledger import statements
from app.trading import queries
from app.trading.models import Dealt, Order
from app.trading.queries import Asked
from app.trading.rules import Side, State
from app.web import guards, sheets
from app.web.console import history
from app.web.console.base import bp
from app.web.console.books import times
from app.web.console.objects import cases_about
from app.web.fragments import page, wants_fragment

PAGE = 25
BATCH = 500
ONE_DAY = timedelta(days=1)
VALUE_MAX = 60
FIRST_YEAR, LAST_YEAR = 2000, 2200
NARROWED_BY = ("asset", "customer", "from", "to", "state", "size")
VIEWS = {"all": None, "buy": Side.BUY, "sell": Side.SELL, "swap": Side.SWAP}
# What an order is worth, in kobo: above, and at most.
SIZES: dict[str, tuple[int | None, int | None]] = {
    "small": (None, 100_000_00),
    "middle": (100_000_00, 1_000_000_00),
    "large": (1_000_000_00, None),
}
COLUMNS = [
    "order", "made_at", "customer", "side", "give_asset", "give", "get_asset", "get", "rate", "money", "fee", "spread",
    "rounding", "worth_ngn", "state", "quote",
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An order with whose it is."""

    order: Order
    customer: str


@dataclass(frozen=True)
class Terms:
    """What lies between what is given and what is got, all in the money of the deal; `value` is the coin at mid."""

    value: Money
    kept: Money
    kept_bps: int

    @staticmethod
    def of(dealt: Dealt) -> "Terms":
        """The terms of a quote or an order."""
        kept = dealt.fee + dealt.spread + dealt.rounding
        value = dealt.get + kept if dealt.side == Side.SELL else dealt.give - kept
        return Terms(value, kept, kept.units * 10_000 // value.units if value else 0)


@bp.get("/orders")
@guards.operator(Permission.ORDERS_READ)
def orders() -> Response:
    """One view of all orders, newest first, a page at a time."""
    view, given, before = _view(), _given(request.args), request.args.get("before")
    fault, older = "", None
    found: list[Order] = []
    counts: dict[Side, int] = {}
    try:
        asked = _asked(given)
        found, older = queries.orders_for_operators(replace(asked, side=VIEWS[view]), before=before, limit=PAGE)
        counts = queries.counts_for_operators(asked)
    except Malformed as refused:
        fault = refused.message
    names = customers.names_for_operators({one.customer_id for one in found})
    return page(
        "console/dealing/orders.html",
        block="results",
        status=422 if fault else 200,
        fault=fault,
        view=view,
        given=given,
        days={name: times.day_in(given.get(name, "")) for name in ("from", "to")},
        counts={str(side): number for side, number in counts.items()},
        counted_max=queries.COUNTED_MAX,
        rows=[Row(one, names[one.customer_id]) for one in found],
        older=older,
        first=before is None,
        assets=list(ASSETS),
        states=list(State),
        whose=_whose(given.get("customer", "")),
    )


@bp.get("/orders.csv")
@guards.operator(Permission.ORDERS_READ)
def orders_sheet() -> Response:
    """The same as a file, all pages of it. Customers stand by their id."""
    asked = replace(_asked(_given(request.args)), side=VIEWS[_view()])

    def batch(cursor: str) -> tuple[list[sheets.Row], str]:
        found, older = queries.orders_for_operators(asked, before=cursor or None, limit=BATCH)
        return [_cells(one) for one in found], older or ""

    return sheets.long_sheet("orders", COLUMNS, batch)


@bp.get("/orders/<order_id>")
@guards.operator(Permission.ORDERS_READ)
def order(order_id: str) -> Response:
    """One order: a drawer beside the list, or a page of its own."""
    one, quote = queries.one_for_operators(order_id)
    reads_books = Permission.LEDGER_READ in current_user.permissions
    return page(
        "console/dealing/order.html",
        block="drawer",
        in_drawer=wants_fragment(),
        order=one,
        quote=quote,
        terms=Terms.of(one),
        customer=customers.names_for_operators({one.customer_id})[one.customer_id],
        tier=customers.tiers_for_operators({one.customer_id})[one.customer_id],
        journals=[_journal(found.id) for found in statements.journals_of(one.id)] if reads_books else [],
        reads_books=reads_books,
        hedges=_answers(one) if Permission.EXCHANGE_READ in current_user.permissions else None,
        cases=cases_about(one.id),
        history=history.of(one.id, quote.id),
        staff=identity.names_for_operators(),
    )


def _answers(one: Order) -> list[tuple[str, Hedge | None]]:
    """For each of its two assets but naira, the first order of our own for that position since."""
    by_ticker = {policy.ticker: policy.asset for policy in exchange.policies_for_system()}
    tickers = [asset.ticker for asset in (one.get.asset, one.give.asset) if asset != NGN]
    first = {
        ticker: exchange.answering_for_operators(by_ticker[ticker], since=one.created_at)
        for ticker in tickers
        if ticker in by_ticker
    }
    return [(ticker, found[0] if found else None) for ticker, found in first.items()]


def _journal(journal_id: int) -> tuple[Any, list[tuple[Any, Money]]]:
    """A journal's header, and its legs with what each is of."""
    header, legs = statements.journal(journal_id)
    return header, [(leg, Money(ASSETS[leg.asset], abs(int(leg.amount)))) for leg in legs]


def _cells(one: Order) -> sheets.Row:
    amounts = [plain(each) for each in (one.fee, one.spread, one.rounding, one.worth)]
    return [
        one.id, sheets.stamp(one.created_at), one.customer_id, one.side, one.give_asset, plain(one.give),
        one.get_asset, plain(one.get), f"{one.rate:f}", one.money, *amounts, one.state, one.quote_id,
    ]  # fmt: skip


def _view() -> str:
    asked = request.args.get("view", "")
    return asked if asked in VIEWS else "all"


def _given(args: Mapping[str, str]) -> dict[str, str]:
    """The filters that are on, as they stand in the address."""
    return {name: text for name in NARROWED_BY if (text := args.get(name, "").strip()[:VALUE_MAX])}


def _asked(given: Mapping[str, str]) -> Asked:
    """What they mean; of what is none of the choices nothing fits. Raises Malformed for a day that is none."""
    over, upto = SIZES.get(given.get("size", ""), (None, None))
    until = _midnight(given.get("to", ""))
    state = given.get("state", "")
    return Asked(
        asset=given.get("asset"),
        customer_id=given.get("customer"),
        since=_midnight(given.get("from", "")),
        until=until + ONE_DAY if until else None,
        state=State(state) if state in set(State) else None,
        over=over,
        upto=upto,
    )


def _midnight(text: str) -> datetime | None:
    """The first moment of a day in Lagos; None for nothing."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as unread:
        raise Malformed("Write a day like 2026-10-31.") from unread
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Malformed("No orders are kept for that year.")
    return datetime.combine(day, time(), WAT)


def _whose(customer_id: str) -> str:
    return customers.names_for_operators({customer_id}).get(customer_id, "") if customer_id else ""
