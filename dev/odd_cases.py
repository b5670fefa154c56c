"""What goes wrong with money in the demo: strays, refunds, disputes, payouts that wait, a settlement that did not come.

Each is brought about where it would be in life, at the simulated vendor or by the people who may, and then left to the
product: what stands on the pages is its own doing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app.clients.paystack import Paystack
from app.core import actor, clock, inbox, tasks
from app.core.db import db, leave, transaction
from app.core.money import NGN, Money
from app.disputes import flows as disputes
from app.governance import flows as carrying_out
from app.governance import service as governance
from app.ledger import balances, chart
from app.payments import payout_flows, refund_requests
from app.payments import refund_flows as refunds
from app.payments.models import Deposit
from app.payments.refund_models import Refund
from app.payments.rules import DepositState
from app.restrictions import queries as restrictions
from app.restrictions.rules import Way
from app.risk import switches
from app.settlement import queries as settlements
from app.withdrawals import queries as withdrawals
from app.withdrawals.rules import State

DEMO = actor.system("demo")
STRAY_KOBO = 3_500_000
PROCESSING_SINCE = 3  # and the first from here on is announced and not paid yet
FAILED_SINCE = 5  # days before the end: the first settlement from there on does not reach the bank
Vendor = Callable[[str, dict[str, object]], dict[str, Any]]


NEWS: tuple[dict[str, object], ...] = (
    {"event": "charge.dispute.create", "data": {"id": 4021, "refund_amount": 2_500_000}},
    {"event": "transfer.success", "data": {"reference": "po_made-in-the-dashboard", "amount": 1_250_000}},
    {"event": "subscription.create", "data": {"id": 771}},
)  # of things that we know nothing of


def stray(vendor: Vendor, *, note: bool) -> None:
    """A transfer to an account number of ours that nobody asked for, and (`note`) events that nothing answers to."""
    sender: dict[str, object] = {
        "amount": STRAY_KOBO,
        "account_number": "9900112233",
        "sender_name": "BLESSING OKON",
    }
    reference = vendor("receive", sender)["reference"]
    told: dict[str, object] = {
        "event": "charge.success", "data": {"reference": reference, "amount": STRAY_KOBO, "currency": "NGN"}
    }  # fmt: skip
    for event in (told, *(NEWS if note else ())):
        with transaction(DEMO):
            external_id = f"demo:{event['event']}:{reference}"
            inbox_id = inbox.receive("paystack", external_id=external_id, body=json.dumps(event).encode())
            tasks.add("payments.hear", ref=str(inbox_id), queue="money")


def settle(vendor: Vendor, *, days_left: int) -> None:
    """Have the vendor settle what is due; one of the last does not reach the bank, and a later one is on its way."""
    made = vendor("settle", {"date": clock.now().astimezone(clock.WAT).date().isoformat()})["settlements"]
    counts = settlements.settlement_counts_for_operators()
    leave()
    if made and 0 < days_left <= FAILED_SINCE and not counts.get("failed"):
        vendor(f"settlements/{made[-1]['id']}/failed", {})
    elif made and days_left <= PROCESSING_SINCE and not counts.get("announced"):
        vendor(f"settlements/{made[-1]['id']}/processing", {})


def send_back(withdrawal_id: str, *, paystack: Paystack, vendor: Vendor) -> None:
    """A bank sends back what it had taken: the customer has it again."""
    one = withdrawals.one_for_operators(withdrawal_id)
    leave()
    if one.state == State.SETTLED:
        vendor(f"transfers/{one.attempt_id}/reverse", {})
        payout_flows.ask(one.attempt_id, paystack=paystack, actor=DEMO)


def stop_and_go_on(*, asks: str, agrees: str, at: datetime) -> None:
    """Payouts to banks were stopped for an hour, and go on since two people agreed."""
    who, other = actor.operator(asks), actor.operator(agrees)
    why = "Three banks send transfers back since half past nine. Until Paystack says what is wrong."
    with clock.at(at - timedelta(hours=1)), transaction(who, reason=why):
        stopped = switches.turn_off("rail:bank", reason=why, actor=who)
    with transaction(who):
        asked = switches.request_on(
            stopped.id, reason="Paystack's status page: the banks take transfers again.", maker=who.id, actor=who
        )
    with transaction(other):
        governance.approve(asked.id, operator_id=other.id, shown=asked.payload_hash, actor=other)
    carrying_out.carry_out(asked.id, actor=DEMO)
    leave()


@dataclass(frozen=True)
class Counter:
    """Where money goes back over: who asks, who agrees, and how the vendor is reached."""

    finance: str
    treasury: str
    paystack: Paystack
    vendor: Vendor
    work_off: Callable[[], None]

    def open(self, at: datetime) -> None:
        """Payers who dispute, and payers who get their money back: of each kind some that are over and some that wait.

        A short story with few customers has fewer of them.
        """
        self.vendor("knobs", {"refund_delay_seconds": 86_400})
        acts: tuple[Callable[[Deposit], None], ...] = (
            lambda charge: self._dispute(charge, "chargeback", at + timedelta(hours=14)),
            lambda charge: self._refund(charge, "They want it on another account.", verb="needs-attention"),
            lambda charge: self._refund(charge, "They paid twice.", verb="process"),
            lambda charge: self._dispute(charge, "fraud", at + timedelta(hours=3)),
            self._wait,
            self._give_back_there,
            lambda charge: self._dispute(charge, "general", at + timedelta(hours=16), then="decline"),
            lambda charge: self._dispute(charge, "chargeback", at + timedelta(hours=20), then="answer"),
            lambda charge: self._refund(charge, "They closed the account they meant to fill.", verb="fail"),
            lambda charge: self._dispute(charge, "fraud", at + timedelta(hours=22), then="accept"),
        )
        for act, charge in zip(acts, self._charges(len(acts)), strict=False):
            act(charge)
        self.work_off()
        self.vendor("knobs", {"refund_delay_seconds": 10})

    def _charges(self, many: int) -> list[Deposit]:
        """The newest that were credited, of as many customers who still have it and may send it; not of the first."""
        lead = select(Deposit.customer_id).order_by(Deposit.id).limit(1).scalar_subquery()
        newest = (
            select(func.max(Deposit.id))
            .where(Deposit.state == DepositState.CREDITED, Deposit.customer_id != lead)
            .group_by(Deposit.customer_id)
        )
        found = list(db.session.scalars(select(Deposit).where(Deposit.id.in_(newest)).order_by(Deposit.id.desc())))
        have = [
            one
            for one in found
            if balances.of(chart.of_customer(one.customer_id, asset=NGN)).available >= one.credited
            and not restrictions.stopped_for_operators(one.customer_id, way=Way.OUT)
        ]
        leave()
        return have[:many]

    def _dispute(self, charge: Deposit, category: str, due_at: datetime, *, then: str = "") -> None:
        opened = self.vendor(
            "disputes", {"reference": charge.reference, "category": category, "due_at": due_at.isoformat()}
        )
        disputes.sweep(paystack=self.paystack, actor=DEMO)
        if then:
            self.vendor(f"disputes/{opened['id']}/{then}", {})
            disputes.sweep(paystack=self.paystack, actor=DEMO)

    def _wait(self, charge: Deposit) -> None:
        self._ask(charge, "The wrong amount: they meant a tenth of it.")

    def _give_back_there(self, charge: Deposit) -> None:
        self.paystack.refund(charge.reference, amount=charge.credited.units // 4, note="Given back on the telephone")
        refunds.sweep(paystack=self.paystack, actor=DEMO)

    def _ask(self, charge: Deposit, reason: str) -> tuple[str, str]:
        who, half = actor.operator(self.finance), Money(NGN, charge.credited.units // 2)
        with transaction(who):
            asked = refund_requests.request_refund(
                charge.reference, amount=half, reason=reason, maker=who.id, actor=who
            )
        return asked.id, asked.payload_hash

    def _refund(self, charge: Deposit, reason: str, *, verb: str) -> None:
        request_id, shown = self._ask(charge, reason)
        who = actor.operator(self.treasury)
        with transaction(who):
            governance.approve(request_id, operator_id=who.id, shown=shown, actor=who)
        carrying_out.carry_out(request_id, actor=DEMO)
        self.work_off()
        number = db.session.scalar(select(Refund.vendor_id).where(Refund.reference == charge.reference))
        leave()
        self.vendor(f"refunds/{number}/{verb}", {})
        refunds.hear(charge.reference, paystack=self.paystack, actor=DEMO)
