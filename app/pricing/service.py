"""What stops a pair, what lets it go on by itself, and what its price is worth to the books."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.money import ASSETS, NGN
from app.ledger import prices as ledger
from app.market import queries as market
from app.market import rules as market_rules
from app.market.models import Pair
from app.market.queries import Latest
from app.market.rules import PRICES_KEPT, Why, percent
from app.pricing import errors, events, queries, rules
from app.pricing.models import PairHalt, PriceOverride
from app.pricing.rules import AGREE_FOR, HaltState

REASON_MAX = 500


def heed(latest: Mapping[str, Latest], at: datetime, *, actor: Actor) -> None:
    """Stop what disagrees or moved too fast, and let go on whose feeds have agreed for long enough.

    Called in the transaction that writes these prices, before anybody can deal at them.
    """
    standing = {(halt.pair, halt.cause): halt for halt in queries.halts_standing()}
    for pair in market.pairs():
        made = latest[pair.code].made if pair.code in latest and not pair.crossed else None
        if made is None:
            continue
        disagreeing = standing.get((pair.code, HaltState.DISAGREEING))
        if made.why is Why.DISAGREE and disagreeing is None:
            told = ", ".join(sorted(made.verdicts))
            _trip(pair, HaltState.DISAGREEING, f"Its feeds disagree: {told}.", actor=actor)
        if disagreeing is not None:
            _settle(disagreeing, agrees=made.mid is not None, at=at, actor=actor)
        if made.mid is not None and (pair.code, HaltState.MOVED) not in standing:
            far = market_rules.farthest(made.mid, _before(pair, at))
            if far > pair.move_bps:
                minutes = pair.move_seconds // 60
                words = f"It moved by {percent(ceil(far))}, more than {percent(pair.move_bps)} in {minutes} minutes."
                _trip(pair, HaltState.MOVED, words, actor=actor)


def turn_off(pair_code: str, *, reason: str, actor: Actor) -> PairHalt:
    """Have nothing dealt in a pair from now on. Raises NoSuchPair, HaltReasonMissing, HaltedAlready."""
    pair, words = queries.pair(pair_code), reason.strip()
    if pair is None:
        raise errors.NoSuchPair
    if not words or len(words) > REASON_MAX:
        raise errors.HaltReasonMissing
    halt = _trip(pair, HaltState.OFF, words, actor=actor)
    if halt is None:
        raise errors.HaltedAlready
    return halt


def go_on(halt_id: str, *, request_id: str, reason: str, actor: Actor) -> PairHalt:
    """End a halt as a request that was approved says; the database looks at it too. Raises NotFound, GoesOnAlready."""
    halt = queries.halt_for_operators(halt_id, lock=True)
    if halt.state == HaltState.ENDED:
        raise errors.GoesOnAlready
    halt.request_id = request_id
    _end(halt, reason=reason, actor=actor)
    return halt


def end_override(override_id: str, *, actor: Actor) -> PriceOverride:
    """End a price that people set before its time: the feeds' counts again. Raises NotFound, OverEarlier."""
    override = queries.override_for_operators(override_id, lock=True)
    if override.ended_at is not None or override.ends_at <= clock.now():
        raise errors.OverEarlier
    override.ended_at, override.ended_by = clock.now(), str(actor)
    db.session.flush()
    return override


def value(*, at: datetime) -> list[str]:
    """Tell the books what assets are worth in naira: the codes of those that have a price nobody doubts."""
    valued = []
    for code, asset in ASSETS.items():
        if asset == NGN:
            continue
        with suppress(errors.NoPrice):
            price = queries.sound(code.partition(".")[0], NGN.code)
            ledger.record(code, naira=price.mid, at=at, source=", ".join(price.by))
            valued.append(code)
    return valued


def _trip(pair: Pair, cause: HaltState, reason: str, *, actor: Actor) -> PairHalt | None:
    """Stop a pair; None where it is stopped for this already."""
    statement = insert(PairHalt).values(
        id=ids.new("hlt"),
        pair=pair.code,
        state=cause,
        cause=cause,
        reason=reason,
        begun_by=str(actor),
        begun_at=clock.now(),
    )
    # (of two at once one is first)
    added = db.session.scalar(statement.on_conflict_do_nothing().returning(PairHalt.id))
    if added is None:
        return None
    halt = db.session.get_one(PairHalt, added)
    machine.begin(halt, machine=rules.HALT, actor=actor, reason=reason)
    outbox.emit(events.BreakerTripped(halt_id=halt.id))
    return halt


def _settle(halt: PairHalt, *, agrees: bool, at: datetime, actor: Actor) -> None:
    """Note since when its feeds agree again; when that is long enough the disagreement is over."""
    halt = queries.halt_for_operators(halt.id, lock=True)
    if halt.state == HaltState.ENDED:  # (by somebody, meanwhile)
        return
    if not agrees:
        halt.agree_since = None
    elif halt.agree_since is None:
        halt.agree_since = at
    elif at - halt.agree_since >= AGREE_FOR:
        _end(halt, reason="Its feeds have agreed for five minutes.", actor=actor)
    db.session.flush()


def _end(halt: PairHalt, *, reason: str, actor: Actor) -> None:
    halt.ended_at = clock.now()
    machine.move(halt, HaltState.ENDED, machine=rules.HALT, actor=actor, reason=reason)
    outbox.emit(events.WentOn(halt_id=halt.id))


def _before(pair: Pair, at: datetime) -> list[Decimal]:
    """What a price is held against: those of the last minutes; after a silence the last one before, however long ago.

    Not those before two people let the pair go on: they have seen that it moved.
    """
    ended = select(func.max(PairHalt.ended_at)).where(PairHalt.pair == pair.code, PairHalt.request_id.is_not(None))
    agreed = db.session.scalar(ended)
    since = agreed or at - PRICES_KEPT
    recent = market.mids(pair.code, since=max(since, at - timedelta(seconds=pair.move_seconds)), until=at)
    last = recent or market.mids(pair.code, since=since, until=at, last=1)
    if last:
        return last
    closed = market.last_close(pair.code, since=agreed, until=at)
    return [] if closed is None else [closed]
