"""How customers of the demo trade, day by day: buy, sell, swap, pay one another; and the first of them, of everything.

Prices are heard right before each act, as in life, and what an act brings about is worked off right after it.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.money import ASSETS, NGN, Asset, Money
from app.customers.rules import Tier
from app.ledger import assets, balances, chart
from app.ledger.errors import InsufficientFunds
from app.risk.errors import LimitExceeded, TierTooLow
from app.trading import alerts, errors, orders, quotes, recurring
from app.trading.rhythms import Every, Rhythm
from app.trading.watching import Beyond
from app.transfers import flows as transfers
from app.transfers.errors import CannotReceive
from dev.cast import TIERS
from dev.market_story import Market
from dev.venue_story import Desk

COINS = ("USDT.TRC20", "BTC", "ETH", "TRX", "TON", "BNB")
LIKED = (30, 30, 18, 10, 6, 6)
ACTS = ("buy", "sell", "swap", "pay")
USUAL = (60, 20, 10, 10)
AT_ONCE = {Tier.T1: 20_000, Tier.T2: 80_000}  # naira, of the others' tier
MOST = 900_000
TRIED = (
    LimitExceeded,
    TierTooLow,
    CannotReceive,
    InsufficientFunds,
    errors.TooSmall,
    errors.BelowMinimum,
    errors.NotEnough,
)
NOTES = ("Lunch on Friday", "Fuel", "Aso ebi", "For the generator", "Thank you!", "Rent, part two", "")
THOUSAND = Decimal(1_000)
LATER = timedelta(minutes=7)  # from one act of a day to the next
PARTS, STOPS, RESTS = 3, 4, 7  # of every so many days: filled in parts; stopped after the first of them; at once again


class Someone(Protocol):
    """A customer of the story."""

    id: str
    email: str


@dataclass
class Traders:
    """Everybody who trades, and what they need: the market, the desk, time, and what is done of itself."""

    people: Sequence[Someone]
    market: Market
    desk: Desk
    moment: Callable[[datetime], AbstractContextManager[None]]
    work_off: Callable[[], None]
    deposit: Callable[..., None]
    luck: random.Random = field(default_factory=lambda: random.Random(2027))  # noqa: S311 (a story, not a secret)

    def day(self, evening: datetime, *, number: int, most: int = 3) -> None:
        """Some of them act, one after the other, and the desk sees what the exchange has."""
        self.market.go_on_until(evening)
        self.desk.fill_in_parts(parts=3 if number % PARTS == 0 else 1, then_stop=number % STOPS == 0)
        others = self.people[1:]
        for place in range(self.luck.randint(1, most) if others else 0):
            person = self.luck.choices(others, [3 + 5 * (each % 4) for each in range(len(others))])[0]
            with self.moment(evening + place * LATER):
                self.market.hear()
                with suppress(*TRIED):
                    self._act(person)
                leave()
                self.work_off()
        if number % RESTS == 0:
            with self.moment(evening + most * LATER):
                self.desk.read_balances()

    def deal(self, person: Someone, give: Asset, get: Asset, typed: Money | None) -> None:
        """Quote and accept, as somebody does who likes what they see."""
        who = actor.customer(person.id)
        with transaction(who):
            quote_id = quotes.make(person.id, give=give, get=get, typed=typed).id
        with transaction(who):
            orders.accept(quote_id, customer_id=person.id, key=f"demo:{quote_id}", actor=who)

    def buy(self, person: Someone, code: str, naira: int) -> None:
        """So much naira's worth; what they lack they pay in before."""
        lacks = naira - self.has(person, NGN.code).units // 100
        leave()
        if lacks > 0:
            self.deposit(person, pays=True, naira=-(-lacks // 10_000) * 10_000)
            self.work_off()
        self.deal(person, NGN, ASSETS[code], Money(NGN, naira * 100))

    def pay(self, person: Someone, to: Someone, amount: Money, note: str) -> None:
        """By their address."""
        transfers.send(
            person.id, typed=to.email, shown=None, amount=amount, note=note, proved=True,
            key=f"demo:{to.id}:{amount.asset.code}:{clock.now().isoformat()}", actor=actor.customer(person.id),
        )  # fmt: skip

    def has(self, person: Someone, code: str) -> Money:
        """What somebody has of something."""
        try:
            return balances.of(chart.of_customer(person.id, asset=ASSETS[code])).available
        except LookupError:
            return Money(ASSETS[code], 0)

    def _act(self, person: Someone) -> None:
        act = self.luck.choices(ACTS, USUAL)[0]
        held = [code for code in COINS if self.has(person, code) >= assets.terms(code).trade_min]
        leave()
        if act in {"sell", "swap"} and held:
            given = self.luck.choice(held)
            part = self.has(person, given).units * self.luck.choice((40, 60, 100)) // 100
            wanted = NGN if act == "sell" else ASSETS[self.luck.choice([code for code in COINS if code != given])]
            self.deal(person, ASSETS[given], wanted, Money(ASSETS[given], part))
            return
        naira = self._of_naira(person)
        if act == "pay":
            others = [one for one in self.people[1:] if one is not person]
            self.pay(person, self.luck.choice(others), Money(NGN, max(naira * 20, 500_00)), self.luck.choice(NOTES))
        else:
            self.deal(person, NGN, ASSETS[self.luck.choices(COINS, LIKED)[0]], Money(NGN, naira * 100))

    def _of_naira(self, person: Someone) -> int:
        """How much they can spend; who has little pays some in before."""
        tier = TIERS.get(self.people.index(person) % 10, Tier.T3)
        there = self.has(person, NGN.code).units // 100
        leave()
        if there < 2 * AT_ONCE[Tier.T1] and tier is not Tier.T1:
            with suppress(LimitExceeded):
                self.deposit(person, pays=True, naira=AT_ONCE.get(tier, self.luck.choice((150_000, 300_000, 600_000))))
            self.work_off()
            there = self.has(person, NGN.code).units // 100
            leave()
        return min(there * self.luck.randint(3, 8) // 10, AT_ONCE.get(tier, MOST)) // 1_000 * 1_000


class Lead:
    """The first customer: bought when it was cheap, holds four coins, and has one of each thing that can wait."""

    def __init__(self, traders: Traders, *, began: datetime, days: int) -> None:
        self._traders, self._days = traders, days
        evenings = {number: began + timedelta(days=number) for number in range(1, days)}
        self._cheap = {code: self._cheapest(code, evenings) for code in ("BTC", "ETH", "TRX", "USDT.TRC20")}
        self._later = max(self._cheap.values())

    def day(self, number: int) -> None:
        """What they do on a day."""
        me, days_left = self._traders.people[0], self._days - number
        if number == 1:
            self._traders.deposit(me, pays=True, naira=900_000)
            self._traders.work_off()
            self._wait_for_what_comes(me)
        for code, naira in (("BTC", 650_000), ("ETH", 420_000), ("TRX", 130_000), ("USDT.TRC20", 380_000)):
            if self._cheap[code] == number:
                self._traders.buy(me, code, naira)
                self._traders.work_off()
        if number == self._later:  # (by then all is there)
            tether, ether = ASSETS["USDT.TRC20"], ASSETS["ETH"]
            self._traders.deal(me, tether, ASSETS["BTC"], Money(tether, 40_000_000))
            self._traders.deal(me, ether, NGN, Money(ether, self._traders.has(me, "ETH").units // 5))
            self._traders.work_off()
        if days_left == 0:
            self._wait(me)

    def _cheapest(self, code: str, evenings: dict[int, datetime]) -> int:
        ticker = code.partition(".")[0]
        return min(evenings, key=lambda number: (self._traders.market.costs(ticker, evenings[number]), number))

    def _wait_for_what_comes(self, me: Someone) -> None:
        """Something bought every week, something that was paused, and an alert that came true."""
        who, local = actor.customer(me.id), clock.now().astimezone(clock.WAT)
        weekly = Rhythm(Every.WEEK, (local.weekday() + 1) % 7)
        with transaction(who):
            recurring.set_up(me.id, give=Money(NGN, 25_000_00), get=ASSETS["BTC"], rhythm=weekly, actor=who)
            monthly = Rhythm(Every.MONTH, 1)
            paused = recurring.set_up(me.id, give=Money(NGN, 15_000_00), get=ASSETS["ETH"], rhythm=monthly, actor=who)
            recurring.pause(paused.id, customer_id=me.id, actor=who)
        self._alert(me, "BTC", percent=101)
        self._alert(me, "BTC", percent=99)

    def _wait(self, me: Someone) -> None:
        """What they can deal with, what waits for them today, and a quote that they let run out."""
        self._traders.deposit(me, pays=True, naira=750_000)
        self._traders.work_off()
        self._alert(me, "BTC", percent=110)
        self._alert(me, "ETH", percent=88)
        with transaction(actor.customer(me.id)):
            quotes.make(me.id, give=NGN, get=ASSETS["BTC"], typed=Money(NGN, 20_000_00))

    def _alert(self, me: Someone, ticker: str, *, percent: int) -> None:
        who, beyond = actor.customer(me.id), Beyond.ABOVE if percent > 100 else Beyond.BELOW  # noqa: PLR2004
        price = (self._traders.market.costs(ticker, clock.now()) * percent / 100).quantize(THOUSAND)
        with transaction(who):
            alerts.set_up(me.id, base=ticker, quote=NGN.code, beyond=beyond, price=price, actor=who)
