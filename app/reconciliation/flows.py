"""A run: fetch Paystack's lists, compare them with our account, keep the result."""

from datetime import datetime

from app.clients.http import Refused, Silent
from app.clients.paystack import Charge, Paystack, Transfer
from app.core import clock
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.reconciliation import queries, rules, service
from app.reconciliation.rules import Theirs

_CHARGES_THAT_COUNT = frozenset({"success", "reversed"})
_TRANSFERS_TAKEN = frozenset({"success", "pending", "otp", "received", "processing"})
_TRANSFERS_FINAL = frozenset({"success", "failed", "reversed", "abandoned", "blocked", "rejected"})


def run(run_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """Make one run. When Paystack does not answer the run is kept as failed, with the reason."""
    leave()
    try:
        theirs = [_from_charge(charge) for charge in paystack.charges() if charge.status in _CHARGES_THAT_COUNT]
        theirs += [_from_transfer(transfer) for transfer in paystack.transfers()]
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
        lines = rules.match(queries.our_entries_for_system(), theirs)
        service.finish(run_id, lines=lines, theirs_units=balance, actor=actor)

    atomically(compare_and_keep, actor=actor)


def _from_charge(charge: Charge) -> Theirs:
    return Theirs("charge", charge.reference, charge.amount - charge.fees, charge.paid_at, _settled(charge.paid_at))


def _from_transfer(transfer: Transfer) -> Theirs:
    taken = transfer.amount + (transfer.fee or 0) if transfer.status in _TRANSFERS_TAKEN else 0
    final = transfer.status in _TRANSFERS_FINAL and _settled(transfer.created_at)
    return Theirs("transfer", transfer.reference, -taken, transfer.created_at, final)


def _settled(happened_at: datetime | None) -> bool:
    """Whether news of it had the time to reach us."""
    return happened_at is None or clock.now() - happened_at > rules.GRACE
