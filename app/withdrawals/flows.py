"""Sending a withdrawal: write it down and commit, call the rail, record. Never inside another transaction."""

from app.clients.paystack import Paystack
from app.core.actor import Actor
from app.core.db import atomically
from app.payments import flows as payments
from app.withdrawals import service

TRANSFER_REASON = "Withdrawal"


def send(withdrawal_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """Bring an approved withdrawal to Paystack exactly once, however often and from wherever this is called.

    Killed anywhere in between, the next call finds the payout begun and asks Paystack before it sends. Raises Silent
    or Refused while the end is open; the caller tries again later.
    """
    attempt = atomically(lambda: service.begin_sending(withdrawal_id, actor=actor), actor=actor)
    if attempt is None:
        return
    payments.pay_out(attempt.payout_id, first=attempt.first, paystack=paystack, reason=TRANSFER_REASON, actor=actor)
