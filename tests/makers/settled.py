"""Charges as Paystack took them and settlements as it tells of them, with the bookings behind them."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.clients.paystack_answers import Charge, Settlement
from app.core import actor, clock
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import db, leave, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.models import Request
from app.governance.rules import State
from app.ledger import balances, chart, posting
from app.payments import postings
from app.payments.models import SuspenseItem
from app.settlement import queries, requests, service
from app.settlement.models import Settlement as Settled
from app.settlement.rules import SettlementState
from tests.makers import books, governed, people

SYSTEM = actor.system("test")
CLEARING = chart.house(chart.PAYSTACK_CLEARING, asset=NGN)
BANK = chart.house(chart.BANK, asset=NGN)
FLOAT = chart.house(chart.PAYSTACK, asset=NGN)


def charge(amount: int = 500_000, *, fees: int = 17_500, known: bool = True, at: datetime | None = None) -> Charge:
    """A charge of so many kobo; a known one is booked to clearing (and suspense)."""
    reference = f"test-{secrets.token_hex(8)}"
    moment = at or clock.now()
    if known:
        journal = postings.suspended(ref=reference, paid=Money(NGN, amount), fees=Money(NGN, fees))
        with clock.at(moment), transaction(SYSTEM):
            posting.post(journal, key=f"paystack:charge:{reference}")
    return Charge(reference, "success", amount, amount, fees, "NGN", "test", "card", moment)


def told(charges: Sequence[Charge], *, deductions: int = 0, **changes: Any) -> Settlement:
    """What Paystack says of a settlement of these charges; `changes` make it say something else."""
    gross, fees = sum(one.amount for one in charges), sum(one.fees for one in charges)
    facts: dict[str, Any] = {
        "id": str(secrets.randbits(64)),
        "status": "success",
        "currency": "NGN",
        "gross": gross,
        "fees": fees,
        "total": gross - fees,
        "effective": gross - fees - deductions,
        "deductions": deductions,
        "settled_on": clock.now().astimezone(WAT).date(),
        "created_at": clock.now(),
    }
    return Settlement(**facts | changes)


def note(said: Settlement, charges: Sequence[Charge]) -> SettlementState:
    """Tell the house of it."""
    with transaction(SYSTEM):
        return service.note(said, charges=charges, actor=SYSTEM)


def close(said: Settlement) -> None:
    """Somebody closes one that did not tie, without a journal of theirs."""
    settlement_id = row(said).id
    with transaction(SYSTEM):
        service.close(settlement_id, note="its charges came by another", actor=SYSTEM)


def row(said: Settlement) -> Settled:
    """Our row for it, as it is now."""
    leave()
    return db.session.scalars(select(Settled).where(Settled.vendor_id == said.id)).one()


def trouble(cause: str, *, begins: bool = False) -> str:
    """What stands in the suspense queue for a cause (or one that begins so): the reason, nothing when there is none."""
    leave()
    same = SuspenseItem.cause.startswith(cause) if begins else SuspenseItem.cause == cause
    return db.session.scalars(select(SuspenseItem.reason).where(same)).one_or_none() or ""


def booked(code: str) -> int:
    """What an account holds, in kobo."""
    leave()
    return balances.of(code).booked.units


def in_the_bank(naira: int) -> None:
    """So much more on our bank account."""
    books.post(books.move(BANK, chart.house(chart.CAPITAL, asset=NGN), naira * 100))
    leave()


def top_up(amount: Money) -> str:
    """A top-up that finance asked for and treasury agreed to: its id."""
    in_the_bank(amount.units // 100 + 1)
    agree(lambda maker, who: requests.request_top_up(amount, reason="x", maker=maker, actor=who), by=Role.TREASURY)
    return next(one.id for one in queries.agreed_top_ups_for_system() if one.amount == amount)


def agree(ask: Callable[[str, Actor], Request], *, by: Role) -> str:
    """Somebody of finance asks, somebody else agrees, it is carried out: the request's id."""
    maker, voter = people.operator(Role.FINANCE)[0], people.operator(by)[0]
    with transaction(who := actor.operator(maker)):
        asked = ask(maker, who)
    with transaction(who := actor.operator(voter)):
        governance.approve(asked.id, operator_id=voter, shown=asked.payload_hash, actor=who)
    governed.carry_out(asked)
    leave()
    assert governance_queries.one_for_operators(asked.id).request.state == State.EXECUTED
    return asked.id
