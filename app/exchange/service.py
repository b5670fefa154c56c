"""Commands of our own dealing: plan an order, claim it, book what came of it, end it; note exposure and balances."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.clients.venue_orders import Found, Line
from app.core import clock, ids, logs, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import ASSETS, Money
from app.exchange import errors, events, postings, queries, rules
from app.exchange.models import ExposureAlert, Fill, Hedge, VenuePart
from app.exchange.rules import Change, HedgeState, Market, Policy, Seen
from app.ledger import chart, posting
from app.ledger.journal import Journal

Row = TypeVar("Row")
WORDS_MAX = 300
_PASSING = text("SELECT pg_advisory_xact_lock_shared(hashtext('switches'))")
_ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(func.hashtext("exchange.hedges")))


def plan(policy: Policy, *, market: Market, seen: Seen, venue: str, actor: Actor) -> Hedge | None:
    """Write down an order for what the position is now, with a hold on what it may take; None where none is due.

    One planner at a time: what it sees free at the venue is so until its hold is written. Raises HedgingOff.
    """
    db.session.execute(_ONE_AT_A_TIME)
    _refuse_switched_off()
    if any(one.asset == policy.asset for one in queries.open_for_system()):
        return None
    exposed = rules.exposure(policy, queries.positions_for_system())
    quote = ASSETS[queries.assets_for_system(venue)[policy.pair.partition("/")[2]]]
    free = (
        queries.free_at_venue_for_system(venue, policy.asset),
        queries.free_at_venue_for_system(venue, quote.code),
    )
    if not rules.calls_for_one(policy, exposed):
        return None
    planned = rules.plan(policy, exposed, market=market, seen=seen, quote=quote, there=free)
    if planned is None:
        return None
    hedge_id, given = ids.new("hdg"), quote if planned.side == "buy" else ASSETS[policy.asset]
    held = posting.hold(
        chart.at_venue(venue, asset=given), amount=Money(given, planned.held), ref=hedge_id, key=f"hedge:{hedge_id}"
    )
    hedge = Hedge(
        id=hedge_id,
        cl_ord_id=rules.client_order_id(hedge_id),
        venue=venue,
        pair=policy.pair,
        asset=policy.asset,
        quote=quote.code,
        side=planned.side,
        volume_units=Decimal(planned.volume),
        limit_price=planned.limit,
        seen_price=planned.seen,
        exposure_units=Decimal(exposed),
        held_units=Decimal(planned.held),
        hold_id=held.hold_id,
        state=HedgeState.PLANNED,
        planned_at=clock.now(),
    )
    machine.begin(hedge, machine=rules.HEDGE, actor=actor)
    outbox.emit(events.HedgePlanned(hedge_id=hedge.id))
    return hedge


def claim(hedge_id: str, *, actor: Actor) -> Hedge | None:
    """Say that the venue is called for it now, once: who gets it calls, and nobody ever after. None: somebody has.

    From here on nobody can say that the venue has it not, until the venue does.
    """
    hedge = _locked(hedge_id)
    if hedge.state != HedgeState.PLANNED:
        return None
    moment = clock.now()
    db.session.execute(_PASSING)
    if queries.hedging_is_off_for_system():
        _end(hedge, HedgeState.CANCELLED, words="Hedging was switched off before it was sent.", actor=actor)
        return None
    if moment - hedge.planned_at > rules.SENT_WITHIN:
        _end(hedge, HedgeState.CANCELLED, words="It was not sent in time: its price is too old.", actor=actor)
        return None
    hedge.deadline_at = moment + rules.DEADLINE
    machine.move(hedge, HedgeState.SENDING, machine=rules.HEDGE, actor=actor)
    return hedge


def note_sent(hedge_id: str, *, venue_order: str, actor: Actor) -> None:
    """The venue took it, under this name."""
    hedge = _locked(hedge_id)
    if hedge.state in rules.UNCERTAIN:
        hedge.venue_order = venue_order
        machine.move(hedge, HedgeState.SENT, machine=rules.HEDGE, actor=actor)


def note_unknown(hedge_id: str, *, actor: Actor) -> None:
    """The venue did not say whether it took it."""
    hedge = _locked(hedge_id)
    if hedge.state == HedgeState.SENDING:
        machine.move(hedge, HedgeState.UNKNOWN, machine=rules.HEDGE, actor=actor)


def give_up(hedge_id: str, *, words: str, actor: Actor) -> None:
    """It certainly never came to the venue: what was held is free again."""
    hedge = _locked(hedge_id)
    if hedge.state == HedgeState.SENDING:
        _end(hedge, HedgeState.CANCELLED, words=words, actor=actor)


def refuse(hedge_id: str, *, words: str, actor: Actor) -> None:
    """The venue does not have it, and says so or had the time to have it."""
    hedge = _locked(hedge_id)
    if hedge.state in rules.UNCERTAIN:
        _end(hedge, HedgeState.REFUSED, words=words, actor=actor)


def record(hedge_id: str, *, found: Found, lines: Iterable[Line], actor: Actor) -> HedgeState:
    """Apply what the venue says of an order: book its trades that are new, and end it once all of them are booked.

    `lines` are of the venue's ledger, of any trades. Told late, twice, or after it counted as over: a trade is booked
    once, and what happened is booked.
    """
    hedge = _locked(hedge_id)
    by_trade: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.refid in found.trades:
            by_trade[line.refid].append(line)
    unbooked = sorted(by_trade.keys() - queries.booked_trades_for_system(list(by_trade)))
    fresh = [each for each in unbooked if len(by_trade[each]) > 1]  # (the venue's ledger has both sides, or not yet)
    for trade_id in fresh:
        _book(hedge, trade_id, by_trade[trade_id])
    if hedge.state in rules.ENDED and (fresh or hedge.state == HedgeState.REFUSED):
        outbox.emit(events.HedgeSurfaced(hedge_id=hedge.id))
    hedge.venue_order = hedge.venue_order or found.venue_id
    executed = _executed(hedge)
    hedge.filled_units = Decimal(int(executed * 10 ** ASSETS[hedge.asset].decimals))
    complete = executed == Fraction(found.executed)
    if found.open or not complete:
        _go_on(hedge, HedgeState.PARTLY_FILLED if executed else HedgeState.SENT, actor=actor)
    else:
        whole = Fraction(found.executed) >= Fraction(found.volume)
        _end(hedge, HedgeState.FILLED if whole else HedgeState.CANCELLED, words="", actor=actor)
    return HedgeState(hedge.state)


def note_exposure() -> list[ExposureAlert]:
    """Note which limits are passed, and which are not any more: those that are new. Each is told of once."""
    positions = queries.positions_for_system()
    standing = {(alert.asset, alert.level): alert for alert in queries.alerts_standing_for_operators(lock=True)}
    fresh = []
    for policy in queries.policies_for_system():
        beyond = rules.exposure(policy, positions)
        passed = rules.levels_passed(policy, beyond)
        for level in rules.LEVELS:
            alert = standing.get((policy.asset, level))
            if level in passed and alert is None:
                fresh += _alert(policy, level, beyond)
            if level not in passed and alert is not None:
                alert.ended_at = clock.now()
                outbox.emit(events.ExposureBack(alert_id=alert.id, ticker=policy.ticker, level=level))
    db.session.flush()
    return fresh


def _alert(policy: Policy, level: str, beyond: int) -> list[ExposureAlert]:
    row = {"id": ids.new("exp"), "asset": policy.asset, "level": level, "units": beyond, "noted_at": clock.now()}
    statement = insert(ExposureAlert).values(**row).on_conflict_do_nothing().returning(ExposureAlert)
    added = list(db.session.scalars(statement))  # (of two that look at once one is first)
    for alert in added:
        side = "short" if beyond < 0 else "long"
        outbox.emit(events.ExposurePassed(alert_id=alert.id, ticker=policy.ticker, level=level, side=side))
    return added


def _book(hedge: Hedge, trade_id: str, lines: Sequence[Line]) -> None:
    """Book one trade: each currency by what the venue's ledger says, in whole units of ours; the rest is carried on."""
    known = queries.assets_for_system(hedge.venue)
    changes = {known[line.currency]: Change(line.currency, line.amount, line.fee) for line in lines}
    parts = _parts(hedge.venue, sorted(changes))
    booked = {code: rules.book(changes[code], asset=ASSETS[code], part=parts[code].part) for code in sorted(changes)}
    for code, each in booked.items():
        parts[code].part = each.part
    moved = [Money(each.asset, each.net) for each in booked.values()]
    fees = [Money(each.asset, each.fee) for each in booked.values() if each.fee]
    journal = postings.filled(ref=hedge.id, venue=hedge.venue, trade=trade_id, moved=moved, fees=fees)
    journal_id = _taken_from_hold(hedge, journal, key=f"fill:{hedge.venue}:{trade_id}")
    fee = fees[0] if fees else Money(ASSETS[hedge.quote], 0)
    dealt = {code: Decimal(each.net + each.fee) for code, each in booked.items()}
    db.session.add(
        Fill(
            trade_id=trade_id,
            hedge_id=hedge.id,
            base_units=dealt[hedge.asset],
            quote_units=dealt[hedge.quote],
            fee_asset=fee.asset.code,
            fee_units=Decimal(fee.units),
            lines=[
                {"id": line.id, "currency": line.currency, "amount": f"{line.amount:f}", "fee": f"{line.fee:f}"}
                for line in lines
            ],
            journal_id=journal_id,
            traded_at=max(line.at for line in lines),
            booked_at=clock.now(),
        )
    )
    db.session.flush()


def _taken_from_hold(hedge: Hedge, journal: Journal, *, key: str) -> int:
    """Post it out of what was held for it; where that is not enough, or is free again, what happened is booked."""
    account, left = (
        chart.at_venue(hedge.venue, asset=hedge.held.asset),
        queries.remaining_of_hold_for_system(hedge.hold_id),
    )
    taken = -sum(leg.amount.units for leg in journal.legs if leg.account == account)
    if 0 < taken <= left:
        return posting.capture(hedge.hold_id, journal=journal, key=key, keep_rest=taken < left).journal_id
    if left:
        posting.release(hedge.hold_id)
    return posting.post(journal, key=key).journal_id


def _parts(venue: str, codes: Sequence[str]) -> Mapping[str, VenuePart]:
    """What the venue has of each beyond whole units, locked, in one order."""
    for code in codes:
        db.session.execute(insert(VenuePart).values(venue=venue, asset=code, part=0).on_conflict_do_nothing())
    wanted = select(VenuePart).where(VenuePart.venue == venue, VenuePart.asset.in_(codes)).order_by(VenuePart.asset)
    found = db.session.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return {each.asset: each for each in found}


def _executed(hedge: Hedge) -> Fraction:
    """What was dealt in by all fills that are booked, in whole coins of the base, exact."""
    wanted = select(Fill.lines).where(Fill.hedge_id == hedge.id)
    base = hedge.pair.partition("/")[0]
    amounts = [line["amount"] for lines in db.session.scalars(wanted) for line in lines if line["currency"] == base]
    return abs(sum((Fraction(amount) for amount in amounts), Fraction(0)))


def _go_on(hedge: Hedge, to: HedgeState, *, actor: Actor) -> None:
    if hedge.state != to and rules.HEDGE.allows(HedgeState(hedge.state), to):
        machine.move(hedge, to, machine=rules.HEDGE, actor=actor)
    db.session.flush()


def _end(hedge: Hedge, to: HedgeState, *, words: str, actor: Actor) -> None:
    """It is over: nothing is held for it any more. One that had ended keeps the time of its first end."""
    if not rules.HEDGE.allows(HedgeState(hedge.state), to):
        db.session.flush()
        return
    if queries.remaining_of_hold_for_system(hedge.hold_id):
        posting.release(hedge.hold_id)
    hedge.words = logs.masked(words)[:WORDS_MAX]
    hedge.ended_at = hedge.ended_at or clock.now()
    machine.move(hedge, to, machine=rules.HEDGE, actor=actor, reason=hedge.words)
    outbox.emit(events.HedgeEnded(hedge_id=hedge.id))


def _refuse_switched_off() -> None:
    """The answer holds until the transaction ends; the database asks too."""
    db.session.execute(_PASSING)
    if queries.hedging_is_off_for_system():
        raise errors.HedgingOff


def _locked(hedge_id: str) -> Hedge:
    wanted = select(Hedge).where(Hedge.id == hedge_id).with_for_update().execution_options(populate_existing=True)
    hedge = db.session.scalars(wanted).one_or_none()
    if hedge is None:
        raise NotFound
    return hedge


def since_when(hedge: Hedge) -> timedelta:
    """How long ago the venue was first called for it."""
    begun = hedge.deadline_at - rules.DEADLINE if hedge.deadline_at else hedge.planned_at
    return clock.now() - begun
