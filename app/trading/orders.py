"""Orders: a quote that its customer accepts becomes one, whole and at once, or nothing happens."""

from typing import Any

from app.core import clock, idempotency, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.ledger import chart, posting
from app.ledger.journal import Journal
from app.risk import queries as risk_queries
from app.risk import service as risk
from app.trading import errors, events, postings, queries, quotes, rules
from app.trading.models import Order, Quote
from app.trading.rules import Side, State
from app.wallets import queries as wallet_queries
from app.wallets import service as wallets

_BOOKED = {Side.BUY: postings.bought, Side.SELL: postings.sold, Side.SWAP: postings.swapped}


def accept(quote_id: str, *, customer_id: str, key: str, actor: Actor) -> tuple[Order, bool]:
    """Make an order of a quote: both wallets move in this transaction, or nothing does. The same key is one order.

    Answers the order, and whether it was there before.

    Raises NoSuchQuote, QuoteUsed, QuoteExpired, PriceMoved, AccountFrozen, Restricted, TradingOff, NotTraded, NoPrice
    (and its kinds), TierTooLow, LimitExceeded, NotEnough, AccountBlocked, KeyReused, Malformed (a key that is none).
    """
    made: list[Order] = []

    def body() -> dict[str, str]:
        made.append(fill(quote_id, customer_id=customer_id, actor=actor))
        return {"id": made[0].id}

    answer, replayed = idempotency.once(key, actor=actor, request={"do": "order", "quote": quote_id}, body=body)
    return queries.one(answer["id"], customer_id=customer_id) if replayed else made[0], replayed


def fill(quote_id: str, *, customer_id: str, actor: Actor, run_id: str | None = None) -> Order:
    """The same for a caller that has a key of its own: `run_id` is the day of a recurring order. Raises as `accept`."""
    # The quote's lock is what makes one order of many tries: who waited for it finds it used.
    quote = quotes.locked(quote_id, customer_id=customer_id)
    _refuse_over(quote)
    quotes.refuse_stopped(customer_id, give=quote.give.asset, get=quote.get.asset)
    quotes.least_traded(quote.give.asset, quote.get.asset)
    _refuse_moved(quote)
    order = _placed(quote, run_id)
    risk.check(quotes.intent(order.id, order))
    # (Counted one after the other: of two orders for one balance the second sees what the first has left.)
    quotes.refuse_unaffordable(quote)
    if not wallet_queries.is_open(quote.get_asset, customer_id=customer_id):
        wallets.open_wallet(customer_id, asset=quote.get.asset)
    machine.begin(order, machine=rules.MACHINE, actor=actor)
    machine.move(order, State.FILLED, machine=rules.MACHINE, actor=actor)
    quote.used_at = order.created_at
    risk.settle(order.id)
    outbox.emit(events.Traded(order_id=order.id))
    db.session.flush()
    posting.post(_journal(order, quote), key=f"{order.id}:order")
    return order


def _refuse_over(quote: Quote) -> None:
    if quote.used_at is not None:
        raise errors.QuoteUsed(order_id=queries.of_quote(quote.id, customer_id=quote.customer_id).id)
    if rules.is_over(quote.expires_at, at=clock.now()):
        raise errors.QuoteExpired(expired_at=quote.expires_at.isoformat())


def _refuse_moved(quote: Quote) -> None:
    bps = risk_queries.thresholds_without_owner("quote_moved_bps")["quote_moved_bps"]
    now = quotes.price_now(quote.give.asset, quote.get.asset).mid
    if rules.ran_away(Side(quote.side), quoted=quote.mid, now=now, bps=bps):
        raise errors.PriceMoved


def _placed(quote: Quote, run_id: str | None) -> Order:
    return Order(
        id=ids.new("ord"),
        customer_id=quote.customer_id,
        quote_id=quote.id,
        run_id=run_id,
        side=quote.side,
        give_asset=quote.give_asset,
        give_units=quote.give_units,
        get_asset=quote.get_asset,
        get_units=quote.get_units,
        spread_units=quote.spread_units,
        fee_units=quote.fee_units,
        rounding_units=quote.rounding_units,
        rate=quote.rate,
        worth_units=quote.worth_units,
        state=State.PLACED,
        created_at=clock.now(),
    )


def _journal(order: Order, quote: Quote) -> Journal:
    memo: dict[str, Any] = {
        "quote": quote.id,
        "mid": rules.exactly(quote.mid),
        "rate": rules.exactly(quote.rate),
        "sources": quote.sources,
        "legs": quote.legs,
        "priced_at": quote.priced_at.isoformat(),
    }
    return _BOOKED[Side(order.side)](
        ref=order.id,
        payer=chart.of_customer(order.customer_id, asset=order.give.asset),
        taker=chart.of_customer(order.customer_id, asset=order.get.asset),
        give=order.give,
        get=order.get,
        fee=order.fee,
        spread=order.spread,
        rounding=order.rounding,
        memo=memo,
    )
