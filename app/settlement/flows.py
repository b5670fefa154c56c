"""Steps of settlement that cross the world: read what Paystack paid and holds. None runs inside a transaction."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from functools import partial

from app.clients.http import Refused, Silent, Unreadable
from app.clients.paystack import Paystack
from app.clients.paystack_answers import Charge, LedgerEntry, Settlement
from app.core import clock
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import atomically, leave
from app.core.money import NGN
from app.payments import balance_flows, balance_lines, refund_queries
from app.payments import flows as payments
from app.payments.errors import LedgerNotReadYet
from app.settlement import queries, rules, service
from app.settlement.models import TopUp
from app.settlement.rules import SettlementState

LOOKED_BACK = timedelta(days=10)  # past the longest row of holidays
CLOCKS_DIFFER = timedelta(minutes=2)  # Paystack's and ours, at most
REFUND_TOLD_WITHIN = timedelta(days=3)  # one that was made at Paystack is written down here so late at most
_ENDED = frozenset({SettlementState.POSTED, SettlementState.CLOSED})


def pull(*, paystack: Paystack, actor: Actor) -> int:
    """Read Paystack's settlements and book what was paid; then note what is late. How many were looked at.

    Of one that ended nothing is booked again: it is compared. One that fails keeps no other from being taken, and none
    keeps what is late from being noted. Raises Silent and Refused; what was recorded until then stays.
    """
    try:
        return _read(paystack=paystack, actor=actor)
    finally:  # (most of all when Paystack says nothing)
        atomically(service.note_late, actor=actor)


def note_charges(settlement_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """Read what a settlement that people booked is made of, so that it is not owed any more. Raises Silent."""
    vendor_id = queries.settlement_for_operators(settlement_id).vendor_id
    leave()
    charges = list(paystack.settlement_charges(vendor_id))
    atomically(lambda: service.note_charges(settlement_id, charges=charges), actor=actor)


def read_float(*, paystack: Paystack, actor: Actor) -> None:
    """Read Paystack's balance beside the books, and book the top-ups that have arrived in it."""
    waiting = queries.agreed_top_ups_for_system()
    leave()
    if waiting:
        _receive(waiting, paystack=paystack, actor=actor)
    taken = _taken_for_refunds(paystack=paystack, actor=actor)
    theirs = paystack.balance()
    atomically(lambda: service.note_float(theirs, taken=taken), actor=actor)


def _read(*, paystack: Paystack, actor: Actor) -> int:
    oldest, today = queries.oldest_open_for_system(), clock.now().astimezone(WAT).date()
    leave()
    # (it is listed by the day it was made, which is some days before the one it is paid on)
    since = datetime.combine(min(today, oldest or today) - LOOKED_BACK, time(), WAT)
    told = [one for one in paystack.settlements(since=since) if one.currency == NGN.code]
    known = queries.known_for_system([one.id for one in told])
    looked_at, failed = 0, list[Exception]()
    for one in sorted(told, key=lambda each: (each.settled_on, each.id)):
        try:
            if known.get(one.id) in _ENDED:
                atomically(partial(service.compare, one, actor=actor), actor=actor)
                continue
            looked_at += 1
            _take(one, paystack=paystack, actor=actor)
        except Exception as error:  # noqa: BLE001 (it is raised below, when the others were taken)
            failed.append(error)
    if failed:
        raise failed[0]
    return looked_at


def _take(told: Settlement, *, paystack: Paystack, actor: Actor) -> None:
    """One settlement: its charges once it is paid, those first that no news had told us of."""
    leave()
    charges = list(paystack.settlement_charges(told.id)) if told.status == rules.PAID else []
    faults = _hear_of(charges, paystack=paystack, actor=actor)
    # One that cannot be read waits in suspense while the rest is booked; while Paystack is away nobody knows yet.
    if not any(isinstance(each, Silent | Refused) and not isinstance(each, Unreadable) for each in faults):
        atomically(lambda: service.note(told, charges=charges, actor=actor), actor=actor)
    if faults:
        raise faults[0]


def _hear_of(charges: Sequence[Charge], *, paystack: Paystack, actor: Actor) -> list[Exception]:
    """A charge whose news was lost is money of somebody's: it is looked up and placed before it is settled.

    One that cannot be keeps no other from being placed: why they could not.
    """
    faults = list[Exception]()
    booked = queries.booked_for_system(charge.reference for charge in charges)
    leave()
    for charge in charges:
        if charge.reference in booked:
            continue
        try:
            payments.look_up_charge(charge.reference, paystack=paystack, actor=actor)
        except Exception as fault:  # noqa: BLE001 (it is raised above, when the others were placed)
            faults.append(fault)
    return faults


def _receive(waiting: Sequence[TopUp], *, paystack: Paystack, actor: Actor) -> None:
    """Lines of the balance that bring money and are nothing else's, each for the top-up of its amount.

    What was there before two people agreed to it is another one's.
    """
    since = min(top_up.created_at for top_up in waiting) - CLOCKS_DIFFER
    last = queries.readings_for_operators(limit=1)
    leave()
    if last:  # (what was there by then was looked at; of a busy shop the days before would be too long to read)
        since = max(since, min(last[0].read_at, clock.now()) - balance_flows.STILL_MOVING)
    lines = [line for line in paystack.balance_ledger(since=since, until=clock.now()) if _is_top_up(line)]
    for line in sorted(lines, key=lambda one: one.id):
        for top_up in waiting:
            if _may_be(line, top_up) and atomically(
                lambda one=top_up, line_id=line.id: service.receive_top_up(one.id, vendor_line=line_id, actor=actor),  # type: ignore[misc]
                actor=actor,
            ):
                break


def _taken_for_refunds(*, paystack: Paystack, actor: Actor) -> int:
    """What Paystack took from the balance for refunds that are under way: the books have it once they are paid."""
    vendor_ids, first = refund_queries.under_way_for_system()
    leave()
    if first is None:
        return 0
    causes: set[balance_lines.Cause] = {(balance_lines.REFUND, each) for each in vendor_ids}
    with suppress(LedgerNotReadYet):  # (then it counts as unexplained until it is read)
        return -balance_flows.moved(causes, since=first - REFUND_TOLD_WITHIN, paystack=paystack, actor=actor)
    return 0


def _may_be(line: LedgerEntry, top_up: TopUp) -> bool:
    new = line.created_at is None or line.created_at >= top_up.created_at - CLOCKS_DIFFER
    return new and line.difference == top_up.amount.units


def _is_top_up(line: LedgerEntry) -> bool:
    return line.currency == NGN.code and line.difference > 0 and line.model.lower() not in rules.OTHER_LINES
