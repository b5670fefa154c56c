"""What finance and treasury do in the demo business: found it, fund the float, take settlements, correct by hand."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.adjustments import service as adjustments
from app.adjustments.rules import Content
from app.clients.paystack import Paystack
from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.core.money import NGN, Money
from app.governance import flows as carrying_out
from app.governance import queries as requests_made
from app.governance import service as governance
from app.governance.rules import State
from app.ledger import chart, prices
from app.ledger.journal import Leg
from app.settlement import flows as settlement
from app.settlement import queries, requests, service
from dev import breaking, closing, odd_cases, told
from dev.odd_cases import Vendor

CAPITAL = Money(NGN, 200_000_000_00)
FLOAT = Money(NGN, 40_000_000_00)
PRICES_NAIRA = (("USD", "1532.40"), ("BTC", "148250000"), ("ETH", "5120300.50"), ("USDT.TRC20", "1530.15"))


@dataclass(frozen=True)
class Office:
    """Who asks and who agrees, and how the demo reaches the vendor."""

    finance: str
    treasury: str
    treasury2: str
    paystack: Paystack
    vendor: Vendor

    def found(self, at: datetime) -> None:
        """The owners put money into the bank, and most of it goes into the float: both took effect on the first day.

        It is asked for and agreed to now: nobody agrees to anything in the past.
        """
        legs = (Leg(chart.house(chart.BANK, asset=NGN), CAPITAL), Leg(chart.house(chart.CAPITAL, asset=NGN), -CAPITAL))
        self.book_by_hand(legs, "What the owners put in.", at)
        who = actor.operator(self.finance)
        with transaction(who):
            asked = requests.request_top_up(FLOAT, reason="To pay out from.", maker=who.id, actor=who)
        self.carry_out((asked.id, asked.payload_hash))
        (top_up,) = queries.agreed_top_ups_for_system()
        leave()
        self.vendor("clock", {"now": at.isoformat()})
        self.vendor("topup", {"amount": FLOAT.units})
        line = next(iter(self.paystack.balance_ledger()))
        with clock.at(at), transaction(who := actor.system("demo")):
            service.receive_top_up(top_up.id, vendor_line=line.id, actor=who)

    def book_by_hand(self, legs: tuple[Leg, ...], reason: str, at: datetime) -> None:
        """A journal that took effect on the day of `at`: asked for, agreed to and booked."""
        self.carry_out(self._ask(legs, reason, effective_on=at.astimezone(WAT).date()))

    def take_settlements(self, *, days_left: int) -> None:
        """What is due by this day reaches the bank, and the float is looked at."""
        odd_cases.settle(self.vendor, days_left=days_left)
        settlement.pull(paystack=self.paystack, actor=actor.system("demo"))
        settlement.read_float(paystack=self.paystack, actor=actor.system("demo"))
        leave()

    def correct_by_hand(self, at: datetime) -> None:
        """Finance asks for three journals: one is booked, one rejected, one waits. And prices are known."""
        with transaction(actor.system("demo")):
            for asset, naira in PRICES_NAIRA:
                prices.record(asset, naira=Decimal(naira), at=at - timedelta(hours=1), source="demo")
        booked = self._ask_about_fees(100, "Paystack gave a fee back: it is less cost, and was booked as income.")
        rejected = self._ask_about_fees(2_500, "Round the fees of this month.")
        self._ask_about_fees(350, "Two fees of 14 November were booked as income that Paystack had taken back.")
        self._agree(booked)
        who = actor.operator(self.treasury)
        with transaction(who):
            governance.deny(rejected[0], operator_id=who.id, reason="Say which fees, and by how much.", actor=who)

    def _ask_about_fees(self, naira: int, reason: str) -> tuple[str, str]:
        amount = Money(NGN, naira * 100)
        income, cost = (chart.house(each, asset=NGN) for each in (chart.WITHDRAWAL_FEES, chart.PAYSTACK_FEES))
        return self._ask((Leg(income, amount), Leg(cost, -amount)), reason)

    def _ask(self, legs: tuple[Leg, ...], reason: str, effective_on: date | None = None) -> tuple[str, str]:
        who, content = actor.operator(self.finance), Content(legs, reason, effective_on)
        with transaction(who):
            asked = adjustments.request(content, operator_id=who.id, actor=who)
        return asked.id, asked.payload_hash

    def bring_statements(self, at: datetime) -> None:
        """What the bank and the exchange tell by then."""
        told.bring(self.finance, at=at)
        self.carry_out(told.ask_for_wallet(self.finance))
        self.book_by_hand(told.brought(), "What the owners brought to our own wallet.", at - timedelta(days=2))
        told.tell_of_wallet(self.finance, at=at)

    def match_statements(self, at: datetime) -> None:
        """What was told, held against the books."""
        told.match(at=at)
        told.try_rules(self.finance, at=at)
        for asked in breaking.begin(self.finance, at=at):
            self.carry_out(asked)
        closing.close(self.finance, self.treasury, at=at)

    def carry_out(self, asked: tuple[str, str]) -> None:
        """Treasury agrees to what finance asked for, and it is done."""
        self._agree(asked)
        carrying_out.carry_out(asked[0], actor=actor.system("demo"))
        leave()

    def _agree(self, asked: tuple[str, str]) -> None:
        """By one of treasury, or both of them where so much needs two."""
        for one in (self.treasury, self.treasury2):
            who = actor.operator(one)
            with transaction(who):
                governance.approve(asked[0], operator_id=who.id, shown=asked[1], actor=who)
            state = requests_made.one_for_operators(asked[0]).request.state
            leave()
            if state != State.PENDING:
                return
