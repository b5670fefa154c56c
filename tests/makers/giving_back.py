"""Refunds and disputes for tests: charges that were credited, what Paystack tells of them, and who asks and agrees."""

import itertools
import secrets
from datetime import datetime, timedelta

from app.clients.paystack_answers import Charge
from app.clients.paystack_answers import Dispute as ToldDispute
from app.clients.paystack_answers import Refund as ToldRefund
from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.money import NGN, Money, zero
from app.core.permissions import Role
from app.disputes import requests as dispute_requests
from app.disputes import service as disputes
from app.disputes.models import Dispute
from app.governance import flows, queries
from app.governance import service as governance
from app.governance.models import Request
from app.ledger import chart, posting
from app.ledger.journal import Journal, credit, debit
from app.payments import deposits, refund_queries, refund_requests, refunds
from app.payments.refund_models import Refund
from app.payments.refunds import Destination
from tests.makers import people
from tests.makers.people import Customer

SYSTEM = actor.system("test")
NOTHING = zero(NGN)
# A dispute's status and resolution, in Paystack's words.
OPENED = ("awaiting-merchant-feedback", "")
ANSWERED = ("awaiting-bank-feedback", "")
LOST = ("resolved", "auto-accepted")
WON = ("resolved", "declined")
_numbers = itertools.count(secrets.randbelow(10**9) * 10**6)


def credited(owner: Customer, amount: Money, *, channel: str = "bank_transfer") -> str:
    """A charge that was credited to them: its reference."""
    with transaction(owner.actor):
        deposit = deposits.start(owner.id, amount=amount, actor=owner.actor)
    charge = Charge(deposit.reference, "success", amount.units, amount.units, 0, "NGN", "test", channel, clock.now())
    with transaction(SYSTEM):
        deposits.settle(deposit.id, charge=charge, our_domain="test", actor=SYSTEM)
    leave()
    return deposit.reference


def spent(owner: Customer, amount: Money) -> None:
    """So much of their money is not there any more: it went out, and is booked."""
    legs = (debit(owner.account, amount), credit(chart.house(chart.WITHDRAWAL_FEES, asset=NGN), amount))
    with transaction(SYSTEM):
        posting.post(Journal("test.spent", owner.id, legs), key=f"spent:{owner.id}:{next(_numbers)}")
    leave()


def told_refund(reference: str, amount: Money, status: str = "pending", *, vendor_id: str = "") -> ToldRefund:
    """What Paystack says of a refund."""
    number = vendor_id or f"{next(_numbers)}"
    return ToldRefund(number, status, amount.units, amount.units, "NGN", reference, None, clock.now())


def ask_refund(reference: str, amount: Money, *, maker: str = "") -> Request:
    """Finance asks that a deposit go back."""
    maker = maker or people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        return refund_requests.request_refund(
            reference, amount=amount, reason="They ask for it.", maker=maker, actor=who
        )


def vote(request: Request) -> None:
    """Treasury agrees."""
    voter = people.operator(Role.TREASURY)[0]
    with transaction(who := actor.operator(voter)):
        governance.approve(request.id, operator_id=voter, shown=request.payload_hash, actor=who)


def agree(request: Request) -> None:
    """Treasury agrees, and it is carried out."""
    vote(request)
    flows.carry_out(request.id, actor=SYSTEM)
    leave()


def asked(reference: str, amount: Money) -> Refund:
    """A refund that two people agreed to: it is out of the account, and Paystack was not told."""
    agree(ask_refund(reference, amount))
    (found,) = [each for each in refund_queries.of_charge_for_operators(reference) if each.state == "asked"]
    leave()
    return found


def say(refund: Refund, status: str, *, from_balance: Money = NOTHING) -> str:
    """Have Paystack say this of a refund: the state it has then."""
    vendor_id = refund.vendor_id or f"v{refund.id}"
    told = told_refund(refund.reference, refund.amount, status, vendor_id=vendor_id)
    with transaction(SYSTEM):
        found = refunds.record(refund.id, told=told, from_balance=from_balance, actor=SYSTEM)
    leave()
    return str(found)


def adopted(told: ToldRefund) -> str:
    """Write down a refund that was made at Paystack: its id."""
    with transaction(SYSTEM):
        found = refunds.adopt(told, actor=SYSTEM)
    assert found is not None
    with transaction(SYSTEM):
        refunds.record(found, told=told, from_balance=NOTHING, actor=SYSTEM)
    leave()
    return found


def stuck() -> str:
    """A refund that cannot reach its payer: its id."""
    charge = credited(people.customer(), people.naira(200))
    return adopted(told_refund(charge, people.naira(200), "needs-attention"))


def ask_redirect(refund_id: str, *, maker: str = "") -> Request:
    """Finance asks that it go to another account."""
    maker, to = maker or people.operator(Role.FINANCE)[0], Destination(people.ZENITH, "0123456789", "ADA OBI")
    with transaction(who := actor.operator(maker)):
        return refund_requests.request_redirect(refund_id, to=to, reason="It is theirs.", maker=maker, actor=who)


def told_dispute(
    reference: str,
    amount: Money | None,
    said: tuple[str, str] = OPENED,
    *,
    vendor_id: str = "",
    due_at: datetime | None = None,
) -> ToldDispute:
    """What Paystack says of a dispute."""
    return ToldDispute(
        id=vendor_id or f"{next(_numbers)}",
        status=said[0],
        resolution=said[1],
        category="chargeback",
        refund_amount=amount.units if amount else None,
        currency="NGN",
        transaction_reference=reference,
        transaction_id="1",
        due_at=due_at or clock.now() + timedelta(hours=16),
        resolved_at=None,
        created_at=clock.now() - timedelta(minutes=1),
    )


def dispute(told: ToldDispute, amount: Money, *, from_balance: Money = NOTHING) -> Dispute:
    """Apply what Paystack says of a dispute."""
    with transaction(SYSTEM):
        found = disputes.apply(told, amount=amount, from_balance=from_balance, actor=SYSTEM)
    leave()
    return found


def disputed() -> str:
    """A dispute that is under way, though it was due some days ago: its id."""
    worth = people.naira(200)
    told = told_dispute(credited(people.customer(), worth), worth, due_at=clock.now() - timedelta(days=3))
    return dispute(told, worth).id


def ask_letting_go(dispute_id: str, *, maker: str = "") -> Request:
    """Finance asks that a dispute count as won."""
    maker = maker or people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        return dispute_requests.request_letting_go(dispute_id, reason="It is archived.", maker=maker, actor=who)


def pending(target: str) -> int:
    """How many requests about it wait."""
    return len(queries.about_for_operators(target))
