"""Work of the naira rail."""

from contextlib import suppress
from datetime import timedelta

from app.cases import service as cases
from app.core import clock, inbox
from app.core.db import atomically, leave
from app.core.errors import NotFound
from app.core.permissions import Role
from app.disputes import flows as disputes
from app.identification import flows as identification
from app.payments import breaker, dedicated, flows, payout_flows, queries, refund_flows, rules
from app.payments.intake import flows as intake
from app.payments.rules import PayoutState
from jobs.work import Work, until_it_answers

HEARD_WITHIN = timedelta(days=1)


def hear(work: Work) -> timedelta | None:
    """Act on one webhook. While Paystack is away, or does not show what it tells of, it waits, for a day.

    Then whoever treats failed work looks at it, or whoever deals with what is in suspense.
    """
    message = inbox.read(int(work.subject))
    if message.handled_at is not None:
        return None
    late = clock.now() - message.received_at > HEARD_WITHIN
    return _hear(work) if late else _hear_patiently(work)


@until_it_answers
def watch_deposit(work: Work) -> timedelta | None:
    """Ask about an open checkout: its webhook may be lost."""
    return flows.watch_deposit(work.subject, paystack=work.clients.paystack, actor=work.actor)


@until_it_answers
def watch_payout(work: Work) -> timedelta | None:
    """Ask about a sent payout: its webhook may be lost, and some ends have none."""
    return payout_flows.watch(work.subject, paystack=work.clients.paystack, actor=work.actor)


@until_it_answers
def read_kept(work: Work) -> timedelta | None:
    """Read what a payout that ended unpaid cost; when that cannot be read for days, somebody asks Paystack."""
    try:
        return payout_flows.read_kept(work.subject, paystack=work.clients.paystack, actor=work.actor)
    finally:  # (also where the ledger cannot be read at all)
        _tell_of_late(work)


def _tell_of_late(work: Work) -> None:
    payout = queries.payout_for_system(work.subject)
    unread = payout and payout.kept_units is None and payout.state in {PayoutState.FAILED, PayoutState.REVERSED}
    ended = payout.settled_at if payout and unread else None
    leave()
    if ended and clock.now() - ended > rules.FEE_LATE_AFTER:
        words = "A payout ended unpaid days ago, and Paystack's ledger does not show its money put back."
        ask = "Ask Paystack where the money is, by our reference; what its ledger says then is booked by itself."
        atomically(
            lambda: cases.open(
                "payout_not_put_back",
                work.subject,
                owner=Role.FINANCE,
                words=words,
                way_out=ask,
                actor=work.actor,
            ),
            actor=work.actor,
        )


def watch_outflow(work: Work) -> timedelta | None:
    """Turn the rail off when far more leaves than usual, or too little is left."""
    atomically(lambda: breaker.look(actor=work.actor), actor=work.actor)
    return None


def measure_outflow(work: Work) -> timedelta | None:
    """Write down what usually leaves."""
    atomically(breaker.measure, actor=work.actor)
    return None


@until_it_answers
def send_refund(work: Work) -> timedelta | None:
    """Tell Paystack what goes back to a payer."""
    return refund_flows.send(work.subject, paystack=work.clients.paystack, actor=work.actor)


@until_it_answers
def redirect_refund(work: Work) -> timedelta | None:
    """Tell Paystack where a refund goes that could not reach its payer."""
    return refund_flows.redirect(work.subject, paystack=work.clients.paystack, actor=work.actor)


@until_it_answers
def watch_refund(work: Work) -> timedelta | None:
    """Ask about a refund that Paystack has: its webhook may be lost."""
    return refund_flows.watch(work.subject, paystack=work.clients.paystack, actor=work.actor)


def sweep_refunds(work: Work) -> timedelta | None:
    """Find refunds that were made at Paystack and nobody told us of."""
    refund_flows.sweep(paystack=work.clients.paystack, actor=work.actor)
    return None


def refresh_banks(work: Work) -> timedelta | None:
    """Keep the list of banks fresh."""
    flows.refresh_banks(paystack=work.clients.paystack, actor=work.actor)
    return None


@until_it_answers
def open_account(work: Work) -> timedelta | None:
    """Have Paystack open a customer's own account number."""
    return intake.open_account(work.subject, paystack=work.clients.paystack, actor=work.actor)


@until_it_answers
def close_account(work: Work) -> timedelta | None:
    """Have Paystack close a customer's own account number."""
    return intake.close_account(work.subject, paystack=work.clients.paystack, actor=work.actor)


def give_up_account(work: Work) -> timedelta | None:
    """Whoever asked to close their account takes no more money in by a number of their own."""
    with suppress(NotFound):  # (they have none)
        atomically(
            lambda: dedicated.give_up(
                customer_id=work.facts["customer_id"], reason="they asked to close their account", actor=work.actor
            ),
            actor=work.actor,
        )
    return None


def sweep_charges(work: Work) -> timedelta | None:
    """Find what was paid and nobody told us of."""
    intake.sweep(paystack=work.clients.paystack, actor=work.actor)
    return None


@until_it_answers
def _hear_patiently(work: Work) -> timedelta | None:
    return _hear(work, waits=True)


def _hear(work: Work, *, waits: bool = False) -> timedelta | None:
    inbox_id = int(work.subject)
    heard = identification.hear(inbox_id, paystack=work.clients.paystack, actor=work.actor) or disputes.hear(
        inbox_id, paystack=work.clients.paystack, actor=work.actor
    )
    if heard is None:
        outcome = intake.hear(inbox_id, paystack=work.clients.paystack, actor=work.actor) or flows.hear(
            inbox_id, paystack=work.clients.paystack, actor=work.actor, waits=waits
        )
    elif heard.placed:
        outcome = heard.words
    else:
        outcome = flows.put_aside(
            inbox_id, event=heard.event, reference=heard.reference, reason=heard.words, actor=work.actor
        )
    atomically(lambda: inbox.settle(inbox_id, outcome=outcome), actor=work.actor)
    return None
