"""Quotes: what an order would be, priced, checked and kept for a few seconds. Nothing moves and nothing is held."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from app.core import clock, ids
from app.core.db import db, rows
from app.core.money import NGN, Asset, Money, zero
from app.customers import queries as customers
from app.ledger import assets as ledger_assets
from app.ledger import balances, chart
from app.pricing import queries as pricing
from app.pricing.queries import Price
from app.restrictions import service as restrictions
from app.restrictions.rules import Way
from app.risk import queries as risk_queries
from app.risk import service as risk
from app.risk import switches
from app.risk.errors import SwitchedOff
from app.risk.rules import Direction, Rail, Scope
from app.risk.rules import worth as counts_for
from app.risk.service import Intent
from app.trading import errors, rules
from app.trading.models import Dealt, Quote
from app.trading.rules import Deal, Side, Typed

A_MINUTE = 60  # quotes of one customer


@dataclass(frozen=True)
class Wanted:
    """What somebody would deal in, and the amount that they wrote: None for all they have of what they give."""

    give: Asset
    get: Asset
    typed: Money | None

    @property
    def which(self) -> Typed:
        """Which amount that is."""
        if self.typed is None:
            return Typed.ALL
        return Typed.GIVE if self.typed.asset == self.give else Typed.GET


def make(customer_id: str, *, give: Asset, get: Asset, typed: Money | None, replaces: str | None = None) -> Quote:
    """Price what a customer would deal in, and keep it: `typed` is of either asset, None for all that is available.

    Everything that would refuse the order by now refuses the quote: it is asked for in vain by nobody.
    Raises TooManyQuotes, SameAsset, AccountFrozen, Restricted, TradingOff, NotTraded, NoPrice (and its kinds), NoFee,
    TooSmall, BelowMinimum, AboveMaximum, NothingThere, NotEnough, TierTooLow, LimitExceeded, InvalidAmount,
    NoSuchQuote (of the replaced one).
    """
    if replaces is not None:
        locked(replaces, customer_id=customer_id)
    _refuse_flood(customer_id)
    quote = offered(customer_id, give=give, get=get, typed=typed)
    quote.replaces = replaces
    db.session.add(quote)
    db.session.flush()
    return quote


def offered(customer_id: str, *, give: Asset, get: Asset, typed: Money | None) -> Quote:
    """What `make` would keep, kept nowhere: for who is still typing. Raises as `make` does."""
    wanted, side = Wanted(give, get, typed), rules.side_of(give, get)
    refuse_stopped(customer_id, give=give, get=get)
    least = least_traded(give, get)
    moment, bounds = clock.now(), risk_queries.thresholds_without_owner("order_max", "quote_seconds")
    amount = _all_of(customer_id, give) if typed is None else typed  # (nothing, typed, is not everything)
    price = price_now(give, get)
    tier = customers.tier_in_force(owner=customer_id)
    deal = Deal(give, get, price.mid, _spread(amount, tier=tier.counts, side=side, give=give, get=get))
    scope = Scope(Rail.INSIDE, Direction.IN if side is Side.SELL else Direction.OUT, deal.money.code)
    bands = [one.band for one in risk_queries.schedule_without_owner(scope, at=moment)]
    terms = rules.terms(deal, typed=amount, bands=bands)
    rules.refuse_less(terms.give, least=least[give])
    rules.refuse_less(terms.get, least=least[get])
    worth = _worth(terms.get if side is Side.SELL else terms.give)
    rules.refuse_more(worth, most=Money(NGN, bounds["order_max"]))
    quote = Quote(
        id=ids.new("qt"),
        customer_id=customer_id,
        side=side,
        typed=wanted.which,
        give_asset=give.code,
        give_units=terms.give.units,
        get_asset=get.code,
        get_units=terms.get.units,
        value_units=terms.value.units,
        spread_units=terms.spread.units,
        fee_units=terms.fee.units,
        rounding_units=terms.rounding.units,
        spread_bps=deal.spread_bps,
        mid=price.mid,
        rate=deal.rate,
        worth_units=worth.units,
        priced_at=price.at,
        sources=list(price.by),
        legs=list(price.legs),
        created_at=moment,
        expires_at=moment + timedelta(seconds=bounds["quote_seconds"]),
    )
    refuse_unaffordable(quote)
    risk.refuse_over(intent(quote.id, quote), tier=tier)
    return quote


def again(quote_id: str, *, customer_id: str) -> Quote:
    """The same amount at the price of now, in place of a quote that ran out. Raises NoSuchQuote, and as `make` does."""
    old = locked(quote_id, customer_id=customer_id)
    typed = {Typed.GIVE: old.give, Typed.GET: old.get, Typed.ALL: None}[Typed(old.typed)]
    return make(customer_id, give=old.give.asset, get=old.get.asset, typed=typed, replaces=old.id)


def forget_unused(*, limit: int) -> int:
    """Delete some of those that nobody used and that ran out a month ago: how many went. The database says which."""
    return int(rows("SELECT forget_quotes(:most) AS gone", most=limit)[0].gone)


def locked(quote_id: str, *, customer_id: str) -> Quote:
    """One of the customer's own quotes, until the transaction ends nobody else's. Raises NoSuchQuote."""
    mine = select(Quote).where(Quote.id == quote_id, Quote.customer_id == customer_id).with_for_update()
    found = db.session.scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise errors.NoSuchQuote
    return found


def refuse_stopped(customer_id: str, *, give: Asset, get: Asset) -> None:
    """Raise what lets nobody, or not this customer, deal in these at present; the answer holds until the end.

    Raises AccountFrozen, Restricted, TradingOff.
    """
    restrictions.refuse(customer_id, way=Way.TRADE)
    try:
        switches.refuse(rail=Rail.INSIDE, asset=give.code, other=get.code)
    except SwitchedOff as off:
        raise errors.TradingOff from off


def least_traded(*assets: Asset) -> dict[Asset, Money]:
    """The least of each that is traded. Raises NotTraded where one is closed for trading."""
    terms = {one.asset: one for one in ledger_assets.all_terms()}
    for asset in assets:
        if not terms[asset].open:
            raise errors.NotTraded(asset=asset.code)
    return {asset: terms[asset].trade_min for asset in assets}


def refuse_unaffordable(dealt: Quote) -> None:
    """Raise NotEnough when its customer does not have by now what they would give."""
    there = available(dealt.customer_id, dealt.give.asset)
    if there < dealt.give:
        facts = {"asset": dealt.give_asset, "available": str(there.units), "needed": str(dealt.give.units)}
        raise errors.NotEnough(f"That takes {dealt.give}; {there} is available.", **facts)


def available(customer_id: str, asset: Asset) -> Money:
    """What a customer has of something and is free to give: nothing where they have no wallet."""
    try:
        there = balances.of(chart.of_customer(customer_id, asset=asset)).available
    except LookupError:
        return zero(asset)
    return max(zero(asset), there)


def price_now(give: Asset, get: Asset) -> Price:
    """The price that may be dealt at now: money for a coin. Raises NoPrice, and its kinds."""
    coin, money = (give, get) if rules.side_of(give, get) is Side.SELL else (get, give)
    return pricing.dealing(rules.ticker_of(coin), rules.ticker_of(money))


def intent(ref: str, dealt: Dealt) -> Intent:
    """What it counts against its owner's limits, once: naira that comes in for a sale, what is given otherwise.

    Whichever it is, what they have in all is no more by it.
    """
    way = Direction.IN if dealt.side == Side.SELL else Direction.OUT
    asset = dealt.get_asset if dealt.side == Side.SELL else dealt.give_asset
    return Intent(ref, dealt.customer_id, Rail.INSIDE, way, dealt.worth, asset, was_theirs=True)


def _refuse_flood(customer_id: str) -> None:
    """Each is a row: nobody fills the table by asking. (Ids sort by time, so the last minute's are a range of them.)"""
    since = f"qt_{ids.begun_at(clock.now() - timedelta(minutes=1))}"
    lately = select(func.count()).where(Quote.customer_id == customer_id, Quote.id >= since)
    if (db.session.scalar(lately) or 0) >= A_MINUTE:
        raise errors.TooManyQuotes


def _all_of(customer_id: str, asset: Asset) -> Money:
    there = available(customer_id, asset)
    if not there:
        raise errors.NothingThere
    return there


def _spread(amount: Money, *, tier: str, side: Side, give: Asset, get: Asset) -> int:
    """By the size of what was typed: what it comes to in the end depends on the spread itself."""
    coin = rules.ticker_of(give if side is Side.SELL else get)
    return pricing.spread_bps(coin, side=side, tier=tier, worth=_worth(amount))


def _worth(money: Money) -> Money:
    if money.asset == NGN:
        return money
    return counts_for(money, naira=pricing.dealing(rules.ticker_of(money.asset), rules.ticker_of(NGN)).mid)
