"""Commands of what venues hold for us: what they say beside the books; deals over the counter, and policies."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select

from app.clients.venue_orders import Line
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import ASSETS, Money
from app.exchange import errors, events, postings, queries, rules
from app.exchange.models import Deal, HedgePolicy, VenueReading
from app.exchange.rules import DealState, Policy
from app.ledger import posting


def note_balances(told: Mapping[str, Decimal], *, venue: str) -> list[VenueReading]:
    """Keep what a venue says that it holds beside the books; tell when one begins to differ for good.

    One reading may differ because an order is on its way: those that follow each other tell.
    """
    known, booked = queries.assets_for_system(venue), queries.booked_at_venue_for_system(venue)
    readings = []
    for currency in sorted(told.keys() | {name for name, asset in known.items() if booked[asset]}):
        asset, amount = known.get(currency), told.get(currency, Decimal(0))
        if asset is None and not amount:
            continue
        before = queries.last_readings_for_system(venue, currency, limit=rules.READINGS_THAT_MATTER - 1)
        theirs = _units(amount, asset) if asset else int(amount != 0)
        reading = VenueReading(
            venue=venue,
            currency=currency,
            asset=asset,
            told=amount,
            theirs_units=Decimal(theirs),
            ours_units=Decimal(booked[asset] if asset else 0),
            differs=False,
            read_at=clock.now(),
        )
        row = [reading, *before]
        reading.differs = len(row) == rules.READINGS_THAT_MATTER and all(each.unexplained for each in row)
        db.session.add(reading)
        db.session.flush()
        if reading.differs and not before[0].differs:
            outbox.emit(events.BalanceDiffers(reading_id=reading.id))
        readings.append(reading)
    return readings


def explains(told: Mapping[str, Decimal], *, venue: str, asset: str) -> bool:
    """Whether the books say what the venue says of one asset: then no order of ours was dealt in unseen."""
    currency = next(name for name, code in queries.assets_for_system(venue).items() if code == asset)
    return _units(told.get(currency, Decimal(0)), asset) == queries.booked_at_venue_for_system(venue)[asset]


def agree_deal(paid: Money, *, got: Money, counterparty: str, request_id: str, actor: Actor) -> Deal:
    """Two people agreed: treasury pays at the bank. The database asks for the approved request."""
    deal = Deal(
        id=ids.new("otc"),
        paid_units=Decimal(paid.units),
        asset=got.asset.code,
        got_units=Decimal(got.units),
        counterparty=counterparty,
        request_id=request_id,
        state=DealState.AGREED,
        created_at=clock.now(),
    )
    machine.begin(deal, machine=rules.DEAL, actor=actor)
    return deal


def receive_deal(deal_id: str, *, line: Line, venue: str, actor: Actor) -> bool:
    """The venue's ledger shows it: book both sides. False when it had ended, or the line is another's."""
    deal = _locked(deal_id)
    known = queries.assets_for_system(venue)
    taken = db.session.scalar(select(Deal.id).where(Deal.venue_line == line.id))
    if deal.state != DealState.AGREED or taken is not None or known.get(line.currency) != deal.asset:
        return False
    if Fraction(line.amount) - Fraction(line.fee) != Fraction(deal.got.units, 10**deal.got.asset.decimals):
        return False
    journal = postings.bought_over_the_counter(
        ref=deal.id, venue=venue, paid=deal.paid, got=deal.got, counterparty=deal.counterparty
    )
    posted = posting.post(journal, key=f"deal:{deal.id}")
    deal.venue_line, deal.journal_id, deal.ended_at = line.id, posted.journal_id, clock.now()
    machine.move(deal, DealState.ARRIVED, machine=rules.DEAL, actor=actor)
    return True


def abandon_deal(deal_id: str, *, note: str, actor: Actor) -> None:
    """Nothing came of it. Raises NotFound, DealEnded, NoteMissing."""
    deal = _locked(deal_id)
    if deal.state != DealState.AGREED:
        raise errors.DealEnded
    if not note:
        raise errors.NoteMissing
    deal.note, deal.ended_at = note, clock.now()
    machine.move(deal, DealState.ABANDONED, machine=rules.DEAL, actor=actor, reason=note)


def set_policy(policy: Policy, *, starts_at: object, request_id: str) -> None:
    """From then on this counts for its ticker. The request says so too."""
    db.session.add(
        HedgePolicy(
            id=ids.new("hpo"),
            asset=policy.asset,
            pair=policy.pair or None,
            target_units=Decimal(policy.target),
            threshold_units=Decimal(policy.threshold),
            soft_units=Decimal(policy.soft),
            hard_units=Decimal(policy.hard),
            slippage_bps=policy.slippage_bps,
            apart_bps=policy.apart_bps,
            starts_at=starts_at,
            request_id=request_id,
        )
    )
    db.session.flush()


def _units(amount: Decimal, asset: str) -> int:
    """Whole units of ours in what a venue writes, cut."""
    return int(Fraction(amount) * 10 ** ASSETS[asset].decimals // 1)


def _locked(deal_id: str) -> Deal:
    wanted = select(Deal).where(Deal.id == deal_id).with_for_update().execution_options(populate_existing=True)
    deal = db.session.scalars(wanted).one_or_none()
    if deal is None:
        raise NotFound
    return deal
