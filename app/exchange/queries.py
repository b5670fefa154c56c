"""Reads of our own position and dealing: exposure, hedges, what venues hold, what is owed beside what is held."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select

from app.core import clock
from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.money import ASSETS, NGN, Money
from app.exchange import rules
from app.exchange.models import Deal, ExposureAlert, Fill, Hedge, HedgePolicy, VenueAsset, VenueReading
from app.exchange.rules import DealState, Policy
from app.ledger import balances, chart, prices

PAGE = 50
# Our own in an asset is the reverse of what stands on accounts that are neither what we have nor what we owe: they are
# few, however many customers there are.
_POSITIONS = """
SELECT b.asset, -sum(b.debits - b.credits) AS units
  FROM ledger.accounts a JOIN ledger.balances b ON b.account_id = a.id
 WHERE a.class IN ('equity', 'income', 'expense') AND a.asset <> 'NGN' GROUP BY b.asset
"""
_OFF = "SELECT 1 FROM switches WHERE state = 'off' AND scope = 'hedging'"
# From one currency to the next along the index: there are a few, and readings of years.
_LATEST = """
WITH RECURSIVE named (currency) AS (
    SELECT min(r.currency) FROM venue_readings r WHERE r.venue = :venue
    UNION ALL
    SELECT (SELECT min(r.currency) FROM venue_readings r WHERE r.venue = :venue AND r.currency > n.currency)
      FROM named n WHERE n.currency IS NOT NULL)
SELECT (SELECT max(r.id) FROM venue_readings r WHERE r.venue = :venue AND r.currency = n.currency) AS id
  FROM named n WHERE n.currency IS NOT NULL
"""
_REMAINING = "SELECT remaining FROM ledger.holds WHERE id = :id"


@dataclass(frozen=True)
class Exposed:
    """The position of one ticker beside its policy, in the policy's asset; `worth` in naira, None without a price."""

    policy: Policy
    own: Money
    beyond: Money
    levels: frozenset[str]
    worth: Money | None
    hedge: Hedge | None

    @property
    def used_percent(self) -> int:
        """How much of what is allowed at all is used."""
        return abs(self.beyond.units) * 100 // self.policy.hard


def policies_for_system(*, at: datetime | None = None) -> list[Policy]:
    """What counts at a moment, one policy for each ticker, by asset."""
    wanted = select(HedgePolicy).where(HedgePolicy.starts_at <= (at or clock.now()))
    found = db.session.scalars(wanted.order_by(HedgePolicy.asset, HedgePolicy.starts_at))
    return list({row.asset: row.policy for row in found}.values())  # (of each asset the last that has begun)


def policy_rows_for_operators() -> list[HedgePolicy]:
    """Every policy that ever counted or will, the newest first."""
    return list(db.session.scalars(select(HedgePolicy).order_by(HedgePolicy.starts_at.desc(), HedgePolicy.asset)))


def policy_for_system(asset: str, *, at: datetime | None = None) -> Policy | None:
    """The policy of one asset."""
    return next((one for one in policies_for_system(at=at) if one.asset == asset), None)


def positions_for_system() -> dict[str, int]:
    """Our own in every asset but naira, in its units; below zero we owe more than we have."""
    return {row.asset: int(row.units) for row in rows(_POSITIONS)}


def exposures_for_operators() -> list[Exposed]:
    """Every ticker with a policy, by its asset."""
    positions, stored = positions_for_system(), prices.as_of(clock.now())
    open_ones = {hedge.asset: hedge for hedge in open_for_system()}
    found = []
    for policy in policies_for_system():
        asset, beyond = ASSETS[policy.asset], rules.exposure(policy, positions)
        found.append(
            Exposed(
                policy,
                Money(asset, rules.own(policy, positions)),
                Money(asset, beyond),
                rules.levels_passed(policy, beyond),
                prices.value(Money(asset, beyond), stored),
                open_ones.get(policy.asset),
            )
        )
    return found


def hedge_for_system(hedge_id: str) -> Hedge | None:
    """One order of ours."""
    return db.session.get(Hedge, hedge_id, populate_existing=True)


def hedge_for_operators(hedge_id: str) -> Hedge:
    """The same, for a page. Raises NotFound."""
    hedge = hedge_for_system(hedge_id)
    if hedge is None:
        raise NotFound
    return hedge


def hedges_for_operators(
    *, states: Collection[str] = (), asset: str = "", before: str = "", limit: int = PAGE
) -> list[Hedge]:
    """Orders of ours, newest first; of one asset, in one of these states, and before one id."""
    wanted = select(Hedge).order_by(Hedge.id.desc()).limit(limit)
    if states:
        wanted = wanted.where(Hedge.state.in_(states))
    if asset:
        wanted = wanted.where(Hedge.asset == asset)
    if before:
        wanted = wanted.where(Hedge.id < before)
    return list(db.session.scalars(wanted))


def named_for_operators(text: str) -> list[str]:
    """Hedges that the venue knows by this name: our client order id, its own id, or that of a trade."""
    named = select(Hedge.id).where((Hedge.cl_ord_id == text.lower()) | (Hedge.venue_order == text))
    traded = select(Fill.hedge_id).where(Fill.trade_id == text)
    return [*db.session.scalars(named), *db.session.scalars(traded)]


def answering_for_operators(asset: str, *, since: datetime, limit: int = 1) -> list[Hedge]:
    """The first orders of ours for a position that were planned from a time on."""
    wanted = select(Hedge).where(Hedge.asset == asset, Hedge.planned_at >= since)
    return list(db.session.scalars(wanted.order_by(Hedge.planned_at).limit(limit)))


def fills_for_operators(hedge_ids: Collection[str]) -> dict[str, list[Fill]]:
    """What came of these, by hedge, in the order of trading."""
    found: dict[str, list[Fill]] = {each: [] for each in hedge_ids}
    wanted = select(Fill).where(Fill.hedge_id.in_(hedge_ids)).order_by(Fill.traded_at, Fill.trade_id)
    for fill in db.session.scalars(wanted):
        found[fill.hedge_id].append(fill)
    return found


def open_for_system() -> list[Hedge]:
    """Orders that have not ended."""
    return list(db.session.scalars(select(Hedge).where(Hedge.ended_at.is_(None)).order_by(Hedge.id)))


def came_to_nothing_for_system(*, since: datetime) -> set[str]:
    """The assets of orders that ended after a moment with nothing dealt."""
    wanted = select(Hedge.asset).where(Hedge.planned_at > since - rules.LASTS_MOST, Hedge.ended_at > since)
    return set(db.session.scalars(wanted.where(Hedge.filled_units == 0)))


def by_client_ids_for_system(client_ids: Collection[str]) -> dict[str, Hedge]:
    """Orders by the id under which the venue has them."""
    found = db.session.scalars(select(Hedge).where(Hedge.cl_ord_id.in_(client_ids)))
    return {hedge.cl_ord_id: hedge for hedge in found}


def booked_trades_for_system(trade_ids: Collection[str]) -> set[str]:
    """Which of these trades are booked."""
    return set(db.session.scalars(select(Fill.trade_id).where(Fill.trade_id.in_(trade_ids))))


def remaining_of_hold_for_system(hold_id: int) -> int:
    """What a hold still holds, in units."""
    return int(rows(_REMAINING, id=hold_id)[0].remaining)


def hedging_is_off_for_system() -> bool:
    """Whether somebody switched it off."""
    return bool(rows(_OFF))


def assets_for_system(venue: str) -> dict[str, str]:
    """As which asset of ours each currency of a venue is booked."""
    found = db.session.scalars(select(VenueAsset).where(VenueAsset.venue == venue))
    return {each.currency: each.asset for each in found}


def free_at_venue_for_system(venue: str, asset: str) -> int:
    """What a venue holds of ours and no order may take, by the books, in units."""
    return balances.of(chart.at_venue(venue, asset=ASSETS[asset])).available.units


def booked_at_venue_for_system(venue: str) -> dict[str, int]:
    """What the books say that a venue holds, by asset, in units."""
    return {
        asset: balances.of(chart.at_venue(venue, asset=ASSETS[asset])).booked.units
        for asset in assets_for_system(venue).values()
    }


def stored_rate_for_system(base: str, quote: str) -> Fraction | None:
    """What one whole base is worth in quote by stored prices; None where either has none that still counts."""
    moment = clock.now()
    stored = prices.as_of(moment)
    found = [stored.get(code) for code in (base, quote)]
    if any(one is None or moment - one.at > rules.PRICE_COUNTS_FOR for one in found):
        return None
    first, second = (Fraction(one.naira) for one in found if one is not None)
    return first * Fraction(1, second) if second else None


def readings_for_operators(venue: str = rules.VENUE) -> list[VenueReading]:
    """The newest reading of each currency."""
    wanted = [row.id for row in rows(_LATEST, venue=venue)]
    return list(
        db.session.scalars(select(VenueReading).where(VenueReading.id.in_(wanted)).order_by(VenueReading.currency))
    )


def readings_of_for_operators(venue: str, currency: str, *, before: int | None, limit: int) -> list[VenueReading]:
    """All of one currency, newest first; before one number."""
    wanted = select(VenueReading).where(VenueReading.venue == venue, VenueReading.currency == currency)
    wanted = wanted if before is None else wanted.where(VenueReading.id < before)
    return list(db.session.scalars(wanted.order_by(VenueReading.id.desc()).limit(limit)))


def last_readings_for_system(venue: str, currency: str, *, limit: int) -> list[VenueReading]:
    """Of one currency, newest first."""
    wanted = select(VenueReading).where(VenueReading.venue == venue, VenueReading.currency == currency)
    return list(db.session.scalars(wanted.order_by(VenueReading.id.desc()).limit(limit)))


def reading_for_system(reading_id: int) -> VenueReading:
    """One reading."""
    return db.session.get_one(VenueReading, reading_id)


def alerts_standing_for_operators(*, lock: bool = False) -> list[ExposureAlert]:
    """Limits that are passed now; locked for who ends them, so that of two only one does."""
    wanted = select(ExposureAlert).where(ExposureAlert.ended_at.is_(None)).order_by(ExposureAlert.noted_at)
    return list(db.session.scalars(wanted.with_for_update() if lock else wanted))


def alert_for_system(alert_id: str) -> ExposureAlert | None:
    """One alert."""
    return db.session.get(ExposureAlert, alert_id)


def deals_for_operators(*, before: str = "", limit: int = PAGE) -> list[Deal]:
    """Deals over the counter, newest first; before one id."""
    wanted = select(Deal).order_by(Deal.id.desc()).limit(limit)
    return list(db.session.scalars(wanted.where(Deal.id < before) if before else wanted))


def agreed_deals_for_system() -> list[Deal]:
    """Those that are on their way, oldest first."""
    return list(db.session.scalars(select(Deal).where(Deal.state == DealState.AGREED).order_by(Deal.id)))


def states_for_operators() -> Counter[str]:
    """How many hedges stand in each state."""
    return Counter({row.state: row.n for row in rows("SELECT state, count(*) AS n FROM hedges GROUP BY state")})


def bank_for_system() -> Money:
    """What our bank account has in the books."""
    return balances.of(chart.house(chart.BANK, asset=NGN)).booked
