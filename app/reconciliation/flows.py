"""A run: fetch Paystack's lists, compare them with our account, keep the result."""

from datetime import datetime, time

from app.clients.http import Refused, Silent
from app.clients.paystack import Paystack
from app.clients.paystack_answers import Charge, LedgerEntry, Settlement, Transfer
from app.core import clock
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import atomically, leave
from app.core.money import NGN
from app.reconciliation import queries, rules, service
from app.reconciliation.rules import DEDUCTED, FROM_BALANCE, Theirs

_CHARGES_THAT_COUNT = frozenset({"success", "reversed"})
_TRANSFERS_TAKEN = frozenset({"success", "pending", "otp", "received", "processing"})
_GIVEN_BACK = frozenset({"refund", "dispute"})
_OTHER_LINES = _GIVEN_BACK | {"transfer", "transaction", "settlement"}
_TRANSFERS_FINAL = frozenset({"success", "failed", "reversed", "abandoned", "blocked", "rejected"})


def run(run_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """Make one run. When Paystack does not answer the run is kept as failed, with the reason."""
    leave()
    try:
        theirs = [_from_charge(charge) for charge in paystack.charges() if charge.status in _CHARGES_THAT_COUNT]
        settled = [one for one in paystack.settlements() if one.currency == NGN.code and one.status == "success"]
        theirs += [_from_settlement(one) for one in settled]
        lines = [line for line in paystack.balance_ledger() if line.currency == NGN.code]
        theirs += [_from_transfer(transfer, lines) for transfer in paystack.transfers()]
        theirs += [_from_line(line) for line in lines if _is_top_up(line)]
        theirs += _sums(settled, lines)
        balance = paystack.balance()
    except (Silent, Refused) as trouble:
        words = f"Paystack did not give its lists: {trouble}"
        atomically(lambda: service.fail(run_id, error=words, actor=actor), actor=actor)
        return
    except Exception:
        words = "Paystack's lists could not be read."
        atomically(lambda: service.fail(run_id, error=words, actor=actor), actor=actor)
        raise

    def compare_and_keep() -> None:
        since = clock.now() - rules.DEDUCTED_WITHIN
        lines = rules.match(queries.our_entries_for_system(), theirs, deducted_since=since)
        service.finish(run_id, lines=lines, theirs_units=balance, actor=actor)

    atomically(compare_and_keep, actor=actor)


def _from_charge(charge: Charge) -> Theirs:
    return Theirs("charge", charge.reference, charge.amount - charge.fees, charge.paid_at, _settled(charge.paid_at))


def _from_transfer(transfer: Transfer, lines: list[LedgerEntry]) -> Theirs:
    """What a transfer took; of one that ended unpaid what their ledger shows it kept: nothing, mostly."""
    if transfer.status in _TRANSFERS_TAKEN:
        taken = transfer.amount + (transfer.fee or 0)
    else:
        own = (line for line in lines if (line.model.lower(), line.model_row) == ("transfer", transfer.id))
        taken = -sum(line.difference for line in own)
    final = transfer.status in _TRANSFERS_FINAL and _settled(transfer.created_at)
    return Theirs("transfer", transfer.reference, -taken, transfer.created_at, final)


def _from_settlement(one: Settlement) -> Theirs:
    paid_on = datetime.combine(one.settled_on, time(), WAT)
    return Theirs("settlement", f"settlement {one.id}", -one.effective, paid_on, _settled(one.created_at))


def _from_line(line: LedgerEntry) -> Theirs:
    return Theirs("top-up", f"top-up {line.id}", line.difference, line.created_at, _settled(line.created_at))


def _is_top_up(line: LedgerEntry) -> bool:
    return line.difference > 0 and line.model.lower() not in _OTHER_LINES


def _sums(settled: list[Settlement], lines: list[LedgerEntry]) -> list[Theirs]:
    """What refunds and disputes took: of settlements, and of the balance. Nothing where nothing was taken."""
    deducted = sum(abs(one.deductions) for one in settled)
    returned = sum(line.difference for line in lines if line.model.lower() in _GIVEN_BACK)
    found = (Theirs("deductions", DEDUCTED, -deducted, None), Theirs("refunds", FROM_BALANCE, returned, None))
    return [one for one in found if one.units]


def _settled(happened_at: datetime | None) -> bool:
    """Whether news of it had the time to reach us."""
    return happened_at is None or clock.now() - happened_at > rules.GRACE
