"""What two people must agree to: a price of our own, other spreads, a feed changed, that a halted pair goes on."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from app.core import clock, ids
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import db
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.payloads import begins, beside, starts_at
from app.market import queries as market
from app.market import rules as market_rules
from app.market import service as market_service
from app.market.rules import percent
from app.pricing import errors, queries, rules, service
from app.pricing.models import PriceOverride, Spread
from app.pricing.rules import ANY, Band, HaltState, Ladder, Scope, Side

TIERS = ("t0", "t1", "t2", "t3", "t3_plus")
AGE_MAX = (5, 604_800)  # seconds
WEIGHT_MAX = 10
NO_BAND = "no band of its own"
_SIDES = {Side.BUY: "bought", Side.SELL: "sold", Side.SWAP: "swapped", ANY: "bought, sold or swapped"}


def request_override(pair: str, price: Decimal, *, minutes: int, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a pair be priced by us, from the moment it is agreed to and for so many minutes.

    Raises NoSuchPair, BadOverride, and as governance does.
    """
    payload = {"pair": pair, "price": f"{price:f}", "minutes": minutes, "was": _present(pair)}
    return governance.submit(OVERRIDE.name, payload, target=pair_target(pair), reason=reason, maker=maker, actor=actor)


def request_go_on(halt_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a pair be dealt in again. Raises NotFound, GoesOnAlready, AskedAlready, and as governance does."""
    halt, target = queries.halt_for_operators(halt_id), halt_target(halt_id)
    if governance_queries.about_for_operators(target):
        raise errors.AskedAlready
    payload = {"halt_id": halt.id, "pair": halt.pair, "cause": halt.cause, "was": halt.reason}
    return governance.submit(GO_ON.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def request_feed(
    feed_id: str, *, weight: int, age_max_seconds: int, active: bool, reason: str, maker: str, actor: Actor
) -> Request:
    """Ask that a feed be turned on or off, weigh otherwise, or may be older. Raises NoSuchFeed, BadFeed."""
    feed = market.feed(feed_id)
    if feed is None:
        raise errors.NoSuchFeed
    payload = {
        "feed": feed_id,
        "name": feed.name,
        "weight": weight,
        "age_max_seconds": age_max_seconds,
        "active": active,
        "was": {"weight": feed.weight, "age_max_seconds": feed.age_max_seconds, "active": feed.active},
    }
    target = f"feed:{feed_id}"
    return governance.submit(FEED.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def request_spreads(
    scope: Scope, bands: Sequence[Band], *, starts_on: date, reason: str, maker: str, actor: Actor
) -> Request:
    """Ask for a schedule of spreads from a day on (it begins at midnight in Lagos). Raises BadSpreads, DayTaken."""
    before = _in_force(scope)
    payload = {
        "scope": [scope.ticker, scope.side, scope.tier],
        "bands": [_written(band) for band in bands],
        "was": [_written(band) for band in before.bands] if before else [],
        "starts_on": starts_on.isoformat(),
    }
    target = spreads_target(scope)
    return governance.submit(SPREADS.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def pair_target(pair: str) -> str:
    """What requests for a price of our own are filed under."""
    return f"pair:{pair}"


def halt_target(halt_id: str) -> str:
    """What requests to end a halt are filed under."""
    return f"halt:{halt_id}"


def spreads_target(scope: Scope) -> str:
    """What requests about the spreads of a scope are filed under."""
    return f"spreads:{scope.ticker}.{scope.side}.{scope.tier}"


def in_words(scope: Scope) -> str:
    """`BTC bought, any tier`."""
    what = "Anything" if scope.ticker == ANY else scope.ticker
    side = ANY if scope.side == ANY else Side(scope.side)
    tier = "any tier" if scope.tier == ANY else f"tier {scope.tier.removeprefix('t').replace('_plus', '+')}"
    return f"{what} {_SIDES[side]}, {tier}"


def size_in_words(band: Band) -> str:
    """`From ₦1,000,000.00`."""
    return f"From {Money(NGN, band.from_kobo)}" if band.from_kobo else "Any amount"


# ------------------------------------------------------------------------------------------ a price of our own


def _present(pair: str) -> str | None:
    newest = market.latest().get(pair)
    return None if newest is None or newest.made.mid is None else f"{newest.made.mid.normalize():f}"


def _check_override(payload: Payload) -> None:
    pair, price = queries.pair(payload["pair"]), rules.read_price(payload["price"])
    if pair is None or pair.crossed:
        raise errors.NoSuchPair
    if price is None:
        raise errors.BadOverride("Write the price in digits, above nought, like 1,486.50.")
    if not 0 < payload["minutes"] <= rules.MINUTES_MAX:
        raise errors.BadOverride("A price of our own is for at least a minute and at most a day.")


def _override(agreed: Agreed) -> str:
    """From now on: it was agreed to for what is so at present. The database looks at the request too."""
    _check_override(agreed.payload)
    moment, minutes = clock.now(), agreed.payload["minutes"]
    override = PriceOverride(
        id=ids.new("ovr"),
        pair=agreed.payload["pair"],
        price=Decimal(agreed.payload["price"]),
        starts_at=moment,
        ends_at=moment + timedelta(minutes=minutes),
        request_id=agreed.request_id,
    )
    db.session.add(override)
    db.session.flush()
    return f"Counts until {override.ends_at.astimezone(WAT):%H:%M}"


def _describe_override(payload: Payload) -> list[Line]:
    lines = [Line(payload["pair"], payload["price"], was=payload["was"] or "no price")]
    if payload["was"]:
        new, old = Fraction(payload["price"]), Fraction(payload["was"])
        share = market_rules.apart(new, old)
        lines.append(Line("Away from the feeds' price", f"{'−' if new < old else '+'}{percent(int(share))}"))
    return [*lines, Line("For", f"{payload['minutes']} minutes from the moment it is agreed to")]


# ------------------------------------------------------------------------------------------ a halted pair


def _check_go_on(payload: Payload) -> None:
    if queries.halt_for_operators(payload["halt_id"]).state == HaltState.ENDED:
        raise errors.GoesOnAlready


def _go_on(agreed: Agreed) -> str:
    halt = service.go_on(
        agreed.payload["halt_id"], request_id=agreed.request_id, reason=agreed.reason, actor=agreed.actor
    )
    return f"{halt.pair} is dealt in again"


def _describe_go_on(payload: Payload) -> list[Line]:
    return [
        Line(payload["pair"], "dealt in", was="stopped"),
        Line("Stopped because", payload["was"]),
        Line("Price now", _present(payload["pair"]) or "none"),
    ]


# ------------------------------------------------------------------------------------------ a feed


def _check_feed(payload: Payload) -> None:
    feed = market.feed(payload["feed"])
    if feed is None:
        raise errors.NoSuchFeed
    if not 1 <= payload["weight"] <= WEIGHT_MAX:
        raise errors.BadFeed(f"A feed weighs from 1 to {WEIGHT_MAX}.")
    if not AGE_MAX[0] <= payload["age_max_seconds"] <= AGE_MAX[1]:
        raise errors.BadFeed("A price may be from five seconds to seven days old.")
    wanted = (payload["weight"], payload["age_max_seconds"], payload["active"])
    if wanted == (feed.weight, feed.age_max_seconds, feed.active):
        raise errors.BadFeed("It is so already.")
    standing = market.feeds()
    for pair in next(one.pairs for one in standing if one.feed.id == feed.id):
        weights = {one.feed.name: one.feed.weight for one in standing if one.feed.active and pair in one.pairs}
        weights.pop(feed.name, None)
        fault = market_rules.fault_of_weights(weights | ({feed.name: payload["weight"]} if payload["active"] else {}))
        if fault:
            raise errors.BadFeed(f"Of {pair}, {fault}")


def _change_feed(agreed: Agreed) -> str:
    _check_feed(agreed.payload)
    wanted = {name: agreed.payload[name] for name in ("weight", "age_max_seconds", "active")}
    market_service.change_feed(agreed.payload["feed"], request_id=agreed.request_id, **wanted)
    return f"{agreed.payload['name']} is {'on' if wanted['active'] else 'off'}"


def _describe_feed(payload: Payload) -> list[Line]:
    return [Line("Feed", payload["name"]), *beside(_feed_in_words(payload), _feed_in_words(payload["was"]))]


def _feed_in_words(facts: Payload) -> dict[str, str]:
    return {
        "Counts": "yes" if facts["active"] else "no",
        "Weight": str(facts["weight"]),
        "May be as old as": f"{facts['age_max_seconds']} seconds",
    }


# ------------------------------------------------------------------------------------------ spreads


def _in_force(scope: Scope) -> Ladder | None:
    begun = [one for one in queries.ladders() if one.scope == scope and one.starts_at <= clock.now()]
    return max(begun, key=lambda one: one.starts_at, default=None)


def _check_spreads(payload: Payload) -> None:
    scope, bands = Scope(*payload["scope"]), [_band(written) for written in payload["bands"]]
    tickers = {ticker for pair in market.pairs() for ticker in (pair.base, pair.quote)}
    if scope.ticker not in {ANY, *tickers} or scope.side not in {ANY, *Side} or scope.tier not in {ANY, *TIERS}:
        raise errors.BadSpreads("Nothing like this is dealt in.")
    fault = rules.fault_of_bands(bands)
    if fault:
        raise errors.BadSpreads(fault)
    if payload["bands"] == payload["was"]:
        raise errors.BadSpreads("These are the spreads that count now.")
    begin = starts_at(payload)
    if begin <= clock.now():
        raise errors.BadSpreads("Spreads begin on a day to come: nobody is surprised by one that has begun.")
    if any(one.scope == scope and one.starts_at == begin for one in queries.ladders()):
        raise errors.DayTaken


def _set_spreads(agreed: Agreed) -> str:
    _check_spreads(agreed.payload)
    ticker, side, tier = agreed.payload["scope"]
    for band in map(_band, agreed.payload["bands"]):
        db.session.add(
            Spread(
                id=ids.new("spr"),
                ticker=ticker,
                side=side,
                tier=tier,
                from_kobo=band.from_kobo,
                bps=band.bps,
                starts_at=starts_at(agreed.payload),
                request_id=agreed.request_id,
            )
        )
    db.session.flush()
    return f"Begins on {agreed.payload['starts_on']}"


def _describe_spreads(payload: Payload) -> list[Line]:
    now, was = _bands_in_words(payload["bands"]), _bands_in_words(payload["was"])
    gone = {size: NO_BAND for size in was if size not in now}
    lines = beside(now | gone, was, without=NO_BAND)
    return [Line("For", in_words(Scope(*payload["scope"]))), *lines, begins(payload)]


def _bands_in_words(written: Sequence[Payload]) -> dict[str, str]:
    return {size_in_words(band): percent(band.bps) for band in map(_band, written)}


def _written(band: Band) -> dict[str, str | int]:
    """Kobo as text: JSON's numbers are not exact everywhere."""
    return {"from": str(band.from_kobo), "bps": band.bps}


def _band(written: dict[str, str | int]) -> Band:
    return Band(int(written["from"]), int(written["bps"]))


OVERRIDE = Kind(
    name="pricing.override",
    title="A price of our own",
    make=Permission.RATES_REQUEST,
    dry_run=_check_override,
    execute=_override,
    describe=_describe_override,
    summary=lambda payload: f"Price {payload['pair']} at {payload['price']} for {payload['minutes']} minutes",
)
GO_ON = Kind(
    name="pricing.go_on",
    title="Dealing in a pair again",
    make=Permission.RATES_REQUEST,
    dry_run=_check_go_on,
    execute=_go_on,
    describe=_describe_go_on,
    summary=lambda payload: f"Deal in {payload['pair']} again",
)
FEED = Kind(
    name="pricing.feed",
    title="A feed of prices",
    make=Permission.RATES_REQUEST,
    dry_run=_check_feed,
    execute=_change_feed,
    describe=_describe_feed,
    summary=lambda payload: f"Change the feed {payload['name']}",
)
SPREADS = Kind(
    name="pricing.spreads",
    title="Spreads",
    make=Permission.RATES_REQUEST_SPREADS,
    dry_run=_check_spreads,
    execute=_set_spreads,
    describe=_describe_spreads,
    summary=lambda payload: f"Set spreads: {in_words(Scope(*payload['scope']))}",
)
