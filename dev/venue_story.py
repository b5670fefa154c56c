"""What finance and treasury do at the exchange in the demo: buy dollars, stop a pair, lose sight of an order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.money import ASSETS, NGN, Money
from app.exchange import flows, requests
from app.governance import flows as carrying_out
from app.governance import service as governance
from app.ledger import chart
from app.ledger.journal import Leg
from app.pricing import requests as rates
from app.pricing import service as pricing
from app.pricing.rules import Band, Scope
from dev.market_story import Market
from dev.treasury import Office

VENUE = "kraken"
TETHER = "USDT.TRC20"
FOUNDED_WITH = 18_000_000_000  # units of it
# Three deals at the end: dollars that have come, more than the alarm lets stand; some on their way; some asked for.
ARRIVED = ("USD", 6_200_000, "Lagos Island FX Ltd")
UNDER_WAY = (TETHER, 12_500_000_000, "Harmattan OTC")
ASKED = (TETHER, 9_000_000_000, "Harmattan OTC")
MARGIN = Decimal("1.004")  # what a dealer asks above the price
HIDDEN_FOR = 8  # look-ups: two to four minutes of a worker's asking, which then finds it


@dataclass(frozen=True)
class Desk:
    """Who asks, who agrees, and the market."""

    office: Office
    market: Market
    work_off: Callable[[], None]

    def found(self, at: datetime) -> None:
        """The owners bring dollars to the exchange on the first day."""
        asset = ASSETS[TETHER]
        brought = Money(asset, FOUNDED_WITH)
        legs = (
            Leg(chart.at_venue(VENUE, asset=asset), brought),
            Leg(chart.house(chart.CAPITAL, asset=asset), -brought),
        )
        self.office.book_by_hand(legs, "What the owners brought to the exchange.", at)
        with self.market.held(at):  # (but what is agreed to is agreed to now)
            self._fund(brought)

    def fill_in_parts(self, *, parts: int, then_stop: bool = False) -> None:
        """From now on the exchange fills orders so; `then_stop`: it cancels what is left after the first part."""
        rest: dict[str, object] = {"fill_stop": 1, "rest": "canceled"} if then_stop else {"fill_stop": None}
        self.market.control("knobs", {"fill_parts": parts, **rest})

    def read_balances(self) -> None:
        """What the exchange says that it holds."""
        flows.read_balances(venue=self.market.venue, actor=actor.system("demo"))
        leave()

    def lose_sight(self) -> None:
        """The next order is taken, its answer lost, and the exchange does not show it for a while."""
        self.market.control(
            "knobs", {"answer": "drop", "answer_times": 1, "answer_to": "AddOrder", "hide_orders": HIDDEN_FOR}
        )

    def see_again(self) -> None:
        """Later orders are shown at once."""
        self.market.control("knobs", {"answer": "normal", "hide_orders": 0})

    def leave_work_for_people(self) -> None:
        """Deals over the counter, a pair that is stopped, spreads that are asked for."""
        for deal in (ARRIVED, UNDER_WAY):
            self.office.carry_out(self._ask_for_deal(*deal))
        self._ask_for_deal(*ASKED)
        self._fund(Money(ASSETS[ARRIVED[0]], ARRIVED[1]))
        for _ in range(3):  # (that something differs is told after three readings)
            self.read_balances()
        self._stop_a_pair()
        self._ask_for_spreads()
        self.work_off()

    def _ask_for_deal(self, code: str, units: int, counterparty: str) -> tuple[str, str]:
        got = Money(ASSETS[code], units)
        who = actor.operator(self.office.finance)
        whole = Decimal(got.units).scaleb(-got.asset.decimals)
        kobo = int(whole * self.market.costs("USDT", clock.now()) * MARGIN * 100)
        with transaction(who):
            asked = requests.request_deal(
                Money(NGN, kobo), got=got, counterparty=counterparty,
                reason="What our customers bought this week has to be bought.", maker=who.id, actor=who,
            )  # fmt: skip
        return asked.id, asked.payload_hash

    def _fund(self, money: Money) -> None:
        amount = Decimal(money.units).scaleb(-money.asset.decimals)
        self.market.control("fund", {"asset": money.asset.code.partition(".")[0], "amount": f"{amount:f}"})

    def _stop_a_pair(self) -> None:
        """Nothing is dealt in one coin for an hour; a day ago it was another, and two people let it go on."""
        first, second = actor.operator(self.office.treasury), actor.operator(self.office.treasury2)
        why = "Its network is halted: deposits and withdrawals stand still everywhere."
        for pair, ago, over in (("TON/USDT", timedelta(hours=26), True), ("BNB/USDT", timedelta(hours=1), False)):
            with clock.at(clock.now() - ago), transaction(first, reason=why):
                halt = pricing.turn_off(pair, reason=why, actor=first).id
            said = "The network makes blocks again, and exchanges take its coins."
            with transaction(first):
                asked = rates.request_go_on(halt, reason=said, maker=first.id, actor=first)
            if over:
                with transaction(second):
                    governance.approve(asked.id, operator_id=second.id, shown=asked.payload_hash, actor=second)
                carrying_out.carry_out(asked.id, actor=actor.system("demo"))
                leave()

    def _ask_for_spreads(self) -> None:
        who = actor.operator(self.office.finance)
        bands = (Band(0, 90), Band(100_000_000, 70), Band(1_000_000_000, 55))
        starts_on = (clock.now().astimezone(clock.WAT) + timedelta(days=2)).date()
        with transaction(who):
            rates.request_spreads(
                Scope("BTC", "buy", "*"), bands, starts_on=starts_on,
                reason="Others ask less for Bitcoin since the beginning of the month.", maker=who.id, actor=who,
            )  # fmt: skip
