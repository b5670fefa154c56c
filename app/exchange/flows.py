"""Steps of our own dealing that cross the world. None runs inside a transaction.

An order is written down and committed, claimed and committed, sent; what came of it is asked back under our own id. It
is never sent again: what the venue does not know when it cannot come any more counts as never sent, and the position
asks for another order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from app.clients.http import Refused, Silent, Unreached
from app.clients.venue_orders import NO_PAIR, Found, Line, Order, VenueOrders
from app.core import clock
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.errors import NotFound
from app.core.money import ASSETS, plain
from app.exchange import holdings, queries, rules, service
from app.exchange.errors import NoKey
from app.exchange.models import Deal, Hedge
from app.exchange.rules import HedgeState, Market, Policy, Seen

CLOCKS_DIFFER = timedelta(minutes=2)  # the venue's and ours, at most
SWEPT_BACK = timedelta(hours=6)


class Verdict(StrEnum):
    """What looking at a position came to."""

    PLANNED = "planned"
    TOO_SMALL = "too small"  # for the venue
    LACKING = "lacking"  # what is free at the venue does not allow it
    DOUBTED = "doubted"  # the venue's price is far from the stored one
    UNLISTED = "unlisted"  # the venue does not deal in its pair now


@dataclass(frozen=True)
class Look:
    """What came of one asset's position."""

    asset: str
    verdict: Verdict


def look(*, venue: VenueOrders, actor: Actor) -> list[Look]:
    """Note what passes a limit, and write down an order for each position that asks for one.

    However many trades brought it about: an order answers the position, not a trade. After one that came to nothing the
    next waits a little. Raises Silent, Refused, HedgingOff.
    """
    atomically(service.note_exposure, actor=actor)
    if not venue.deals:
        return []
    positions = queries.positions_for_system()
    busy = {hedge.asset for hedge in queries.open_for_system()}
    busy |= queries.came_to_nothing_for_system(since=clock.now() - rules.PAUSE)
    due = [
        policy
        for policy in queries.policies_for_system()
        if policy.asset not in busy and rules.calls_for_one(policy, rules.exposure(policy, positions))
    ]
    return [Look(policy.asset, _answer(policy, positions, venue=venue, actor=actor)) for policy in due]


def hedge_now(asset: str, *, venue: VenueOrders, actor: Actor) -> Verdict:
    """Answer one position now, however little it is beside its policy; its price stays within it.

    Raises NotFound where nothing is dealt in at the venue, NoKey, HedgingOff, Silent, Refused.
    """
    policy = queries.policy_for_system(asset)
    if policy is None or not policy.pair:
        raise NotFound
    if not venue.deals:
        raise NoKey
    return _answer(replace(policy, threshold=0), queries.positions_for_system(), venue=venue, actor=actor)


def carry(hedge_id: str, *, venue: VenueOrders, actor: Actor) -> timedelta | None:
    """Bring an order one step further, however often this is called: how long until the next, None when it is over.

    Raises Silent while the venue does not answer, Refused for a no to a question.
    """
    hedge = queries.hedge_for_system(hedge_id)
    if hedge is None or hedge.state in rules.ENDED:
        return None
    leave()
    if hedge.state == HedgeState.PLANNED:
        venue.market(hedge.pair)  # (so that what its deadline is short for is the order alone)
        claimed = atomically(lambda: service.claim(hedge_id, actor=actor), actor=actor)
        if claimed is None:
            return rules.ASKED_SOONEST
        return _send(claimed, venue=venue, actor=actor)
    return _ask(hedge, venue=venue, actor=actor)


def sweep(*, venue: VenueOrders, since: datetime | None = None, actor: Actor) -> list[Found]:
    """Hold the venue's orders against ours: book what was not, and answer those that are none of ours."""
    begin = since or clock.now() - SWEPT_BACK
    leave()
    if not venue.deals:
        return []
    found = venue.recent(begin)
    known = queries.by_client_ids_for_system([each.client_id for each in found])
    for each in found:
        hedge = known.get(each.client_id)
        if hedge is not None and hedge.state in rules.ENDED and _differs(hedge, each):
            _apply(hedge, each, venue=venue, actor=actor)
    return [each for each in found if each.client_id not in known]


def read_balances(*, venue: VenueOrders, actor: Actor) -> None:
    """Read what the venue holds beside the books, and book the deals that have arrived there."""
    waiting = queries.agreed_deals_for_system()
    leave()
    if not venue.deals:
        return
    if waiting:
        _receive(waiting, venue=venue, actor=actor)
    told = venue.balances()
    atomically(lambda: holdings.note_balances(told, venue=venue.name), actor=actor)


def _answer(policy: Policy, positions: dict[str, int], *, venue: VenueOrders, actor: Actor) -> Verdict:
    quote = queries.assets_for_system(venue.name)[policy.pair.partition("/")[2]]
    stored = queries.stored_rate_for_system(policy.asset, quote)
    leave()
    try:
        there = venue.market(policy.pair)
    except Refused as refusal:
        if refusal.code != NO_PAIR:
            raise
        return Verdict.UNLISTED  # (what is amiss with one pair keeps no other position from being answered)
    market = Market(there.tick, there.lot, there.least, there.least_cost)
    if rules.too_small(policy, rules.exposure(policy, positions), market=market):
        return Verdict.TOO_SMALL
    seen = Seen(*venue.seen(policy.pair))
    if rules.far_apart(policy, seen=seen, stored=stored):
        return Verdict.DOUBTED
    hedge = atomically(
        lambda: service.plan(policy, market=market, seen=seen, venue=venue.name, actor=actor), actor=actor
    )
    if hedge is not None:
        return Verdict.PLANNED
    left = rules.exposure(policy, queries.positions_for_system())
    busy = any(each.asset == policy.asset for each in queries.open_for_system())
    small = rules.too_small(policy, left, market=market) or not rules.calls_for_one(policy, left)
    return Verdict.PLANNED if busy else Verdict.TOO_SMALL if small else Verdict.LACKING


def _send(hedge: Hedge, *, venue: VenueOrders, actor: Actor) -> timedelta | None:
    """Call the venue, the one time that this is done for an order."""
    deadline = hedge.deadline_at or clock.now()
    order = Order(
        hedge.cl_ord_id, hedge.pair, hedge.side, plain(hedge.volume), f"{hedge.limit_price.normalize():f}", deadline
    )
    try:
        venue_order = venue.place(order)
    except Unreached:
        words = "The venue could not be reached: it certainly does not have it."
        atomically(lambda: service.give_up(hedge.id, words=words, actor=actor), actor=actor)
        return None
    except Silent:
        atomically(lambda: service.note_unknown(hedge.id, actor=actor), actor=actor)
        return rules.ASKED_SOONEST
    except Refused as refusal:
        return _refused(hedge, refusal, venue=venue, actor=actor)
    atomically(lambda: service.note_sent(hedge.id, venue_order=venue_order, actor=actor), actor=actor)
    sent = queries.hedge_for_system(hedge.id)
    return _ask(sent, venue=venue, actor=actor) if sent else None


def _refused(hedge: Hedge, refusal: Refused, *, venue: VenueOrders, actor: Actor) -> timedelta | None:
    """The venue said no. That ends nothing until it also says that it does not know the id."""
    found = venue.find(hedge.cl_ord_id)
    if found is not None:
        return _apply(hedge, found, venue=venue, actor=actor)
    words = f"The venue refused: {refusal.message}"
    atomically(lambda: service.refuse(hedge.id, words=words, actor=actor), actor=actor)
    return None


def _ask(hedge: Hedge, *, venue: VenueOrders, actor: Actor) -> timedelta | None:
    """Ask for it by our id, and apply the answer."""
    leave()
    found = venue.find(hedge.cl_ord_id)
    if found is None:
        return _not_found(hedge, venue=venue, actor=actor)
    if found.open and service.since_when(hedge) > rules.CANCEL_AFTER and venue.cancel(hedge.cl_ord_id):
        found = venue.find(hedge.cl_ord_id) or found
    return _apply(hedge, found, venue=venue, actor=actor)


def _not_found(hedge: Hedge, *, venue: VenueOrders, actor: Actor) -> timedelta | None:
    """The venue does not show it. It never had it when it cannot come any more, and holds what the books say.

    One that it named to us it has, whatever it shows.
    """
    age = service.since_when(hedge)
    if hedge.state not in rules.UNCERTAIN or age < rules.CERTAIN_AFTER:
        return rules.ask_again(age)
    told = venue.balances()
    if not holdings.explains(told, venue=venue.name, asset=hedge.asset):
        leave()
        return rules.ask_again(age)
    leave()
    if venue.find(hedge.cl_ord_id) is None:
        words = "The venue never had it: it did not show when it could not come any more."
        atomically(lambda: service.refuse(hedge.id, words=words, actor=actor), actor=actor)
        return None
    return rules.ask_again(age)


def _apply(hedge: Hedge, found: Found, *, venue: VenueOrders, actor: Actor) -> timedelta | None:
    lines: list[Line] = []
    if found.trades and set(found.trades) - queries.booked_trades_for_system(found.trades):
        leave()
        lines = venue.lines(found.opened_at - CLOCKS_DIFFER, kind="trade")
    leave()
    state = atomically(lambda: service.record(hedge.id, found=found, lines=lines, actor=actor), actor=actor)
    return None if state in rules.ENDED else rules.ask_again(service.since_when(hedge))


def _differs(hedge: Hedge, found: Found) -> bool:
    """Whether the venue has dealt in more of it than is booked."""
    return int(found.executed * 10 ** ASSETS[hedge.asset].decimals) != int(hedge.filled_units)


def _receive(waiting: Sequence[Deal], *, venue: VenueOrders, actor: Actor) -> None:
    """Deposits at the venue, each for the deal of its amount; what was there before two people agreed is another's."""
    since = min(deal.created_at for deal in waiting) - CLOCKS_DIFFER
    for line in venue.lines(since, kind="deposit"):
        for deal in waiting:
            if line.at < deal.created_at - CLOCKS_DIFFER:
                continue
            receive = partial(holdings.receive_deal, deal.id, line=line, venue=venue.name, actor=actor)
            if atomically(receive, actor=actor):
                break
