"""A small house that deals: customers' orders, hedges in every state, deals over the counter, a venue that was read."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from app.clients.venue_orders import VenueOrders
from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.money import NGN, Money, plain
from app.core.permissions import Role
from app.exchange import flows, holdings, queries, requests, service
from app.exchange.models import Deal, Hedge
from app.exchange.rules import Market, Seen
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.models import Request
from app.ledger import chart, prices
from app.ledger.journal import Journal, credit, debit
from app.trading.models import Order
from tests.makers import books, dealing, governed, people, priced, trading
from tests.makers.coins import BTC, ETH, TRX, USDT
from tests.makers.dealing import SYSTEM
from tests.makers.exchange import ExchangeProcess
from tests.makers.people import naira

BANK = chart.house(chart.BANK, asset=NGN)


@dataclass(frozen=True)
class Story:
    """What there is of each kind, by id."""

    orders: list[Order]
    filled: Hedge
    refused: Hedge
    unknown: Hedge
    deals: list[Deal]


def told(exchange: ExchangeProcess) -> Story:
    """Tell it, in the books of whoever calls, with this venue."""
    venue = dealing.client(exchange)
    opened(exchange)
    orders = traded()
    refused = _refused(exchange, venue)
    dealing.look(venue)
    dealing.carry(venue)
    filled = dealing.last("ETH")
    orders += traded()
    deals = [
        agreed_deal(naira(16_050_000), Money(USDT, 10_000_000_000)),
        agreed_deal(naira(8_040_000), Money(USDT, 5_000_000_000)),
    ]
    exchange.fund("USDT", "10000")
    read(venue)
    exchange.fund("TRX", "12.5")  # that nobody knows of
    for _ in range(3):
        read(venue)
    return Story(orders, filled, refused, _unknown(exchange, venue), deals)


def opened(exchange: ExchangeProcess) -> None:
    """Prices that stand still, and owners' money: some at the venue, some on our bank account."""
    priced.at()
    for pair, price in priced.USUAL.items():
        if pair in {"BTC/USDT", "ETH/USDT", "TRX/USDT"}:
            exchange.price(pair, price)
    with transaction(SYSTEM):
        for code, worth in {"BTC": "96000000", "ETH": "4800000", "TRX": "192", "USDT.TRC20": "1600"}.items():
            prices.record(code, naira=Decimal(worth), at=clock.now() - timedelta(minutes=1), source="test")
    for money in (Money(USDT, 40_000_000_000), Money(BTC, 10_000_000), Money(ETH, 2 * 10**18)):
        brought(money)
        exchange.fund(money.asset.code.partition(".")[0], plain(money))
    books.post(books.move(BANK, chart.house(chart.CAPITAL, asset=NGN), naira(90_000_000).units))
    leave()


def traded() -> list[Order]:
    """One of each kind, by people who have what it takes."""
    buyer, seller = trading.dealer(naira(60_000_000)), trading.dealer(Money(BTC, 4_000_000), Money(TRX, 900_000_000))
    quotes = [
        (buyer, trading.quoted(buyer, naira(2_400_000))),
        (buyer, trading.quoted(buyer, Money(ETH, 4 * 10**17), get=ETH)),
        (seller, trading.quoted(seller, Money(BTC, 1_250_000), give_asset=BTC, get=NGN)),
        (seller, trading.quoted(seller, Money(TRX, 700_000_000), give_asset=TRX, get=ETH)),
        (buyer, trading.quoted(buyer, naira(25_000))),
    ]
    return [trading.accepted(who, quote) for who, quote in quotes]


def planned() -> str:
    """An order of our own for bitcoin that no venue has heard of yet, in books that need no venue: its id."""
    standing = [one.id for one in queries.open_for_system() if one.asset == BTC.code]
    leave()
    if standing:
        return standing[0]
    brought(Money(BTC, 50_000_000))
    policy = queries.policy_for_system(BTC.code)
    assert policy is not None
    market = Market(Decimal("0.1"), Decimal("0.00000001"), Decimal("0.0001"), Decimal("0.5"))
    seen = Seen(Decimal(59_990), Decimal(60_010))
    with transaction(SYSTEM):
        hedge = service.plan(policy, market=market, seen=seen, venue=dealing.VENUE, actor=SYSTEM)
    leave()
    assert hedge is not None
    return hedge.id


def brought(money: Money) -> None:
    """Owners' money comes to the venue, in the books."""
    capital = chart.house(chart.CAPITAL, asset=money.asset)
    legs = (debit(chart.at_venue(dealing.VENUE, asset=money.asset), money), credit(capital, money))
    books.post(Journal("test.brought", books.fresh(), legs))
    leave()


def noted(currency: str = "BTC", amount: str = "0.5") -> str:
    """A venue said that it holds so much: the currency."""
    with transaction(SYSTEM):
        holdings.note_balances({currency: Decimal(amount)}, venue=dealing.VENUE)
    leave()
    return currency


def deal(dollars: int) -> str:
    """A deal over the counter that is on its way: its id."""
    books.post(books.move(BANK, chart.house(chart.CAPITAL, asset=NGN), naira(dollars * 1_700).units))
    leave()
    return agreed_deal(naira(dollars * 1_600), Money(USDT, dollars * 1_000_000)).id


def read(venue: VenueOrders) -> None:
    """Ask the venue what it holds."""
    flows.read_balances(venue=venue, actor=SYSTEM)
    leave()


def agreed(asked: Request) -> str:
    """Treasury says yes, as often as it takes, and it is carried out: the request's id."""
    while governance_queries.one_for_operators(asked.id).request.state == "pending":
        voter = people.operator(Role.TREASURY)[0]
        with transaction(who := actor.operator(voter)):
            governance.approve(asked.id, operator_id=voter, shown=asked.payload_hash, actor=who)
        leave()
    governed.carry_out(asked)
    leave()
    return asked.id


def agreed_deal(paid: Money, got: Money) -> Deal:
    maker = people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        asked = requests.request_deal(
            paid, got=got, counterparty="Chidi Exchange Ltd", reason="For hedging.", maker=maker, actor=who
        )
    agreed(asked)
    found = next(one for one in queries.deals_for_operators() if one.got == got)
    leave()
    return found


def _refused(exchange: ExchangeProcess, venue: VenueOrders) -> Hedge:
    """Our key may not trade when the first one comes."""
    exchange.knobs(denied="trade")
    dealing.look(venue)
    first = queries.open_for_system()[0].id
    leave()
    flows.carry(first, venue=venue, actor=SYSTEM)
    exchange.knobs(denied="nothing")
    return dealing.last("BTC")


def _unknown(exchange: ExchangeProcess, venue: VenueOrders) -> Hedge:
    """The venue takes one and does not answer."""
    exchange.knobs(answer="drop", answer_to="AddOrder", hide_orders=3)
    dealing.look(venue)
    for hedge in queries.open_for_system():
        leave()
        flows.carry(hedge.id, venue=venue, actor=SYSTEM)
    exchange.knobs(answer="normal", answer_to=None, hide_orders=0)
    return dealing.last("ETH")
