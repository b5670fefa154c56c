"""Work of alerts: who is told when payouts stop, wait for somebody, or come back."""

from datetime import timedelta

from app.cases import service as cases
from app.core.db import atomically
from app.core.permissions import Role
from app.identity import queries as identity
from app.market.rules import Why
from app.notifications import alerts
from app.payments import payout_queries
from app.payments import queries as payments
from app.payments.models import Payout
from app.payments.rules import PayoutState
from app.pricing import queries as pricing
from app.risk import queries as risk
from app.risk import rules
from app.withdrawals import queries as withdrawals
from jobs.notifications import tell_holders
from jobs.work import Work

ASK_ANEW = "See with the customer whether the account is right and still open. Their money is theirs to withdraw again."


def switched_off(work: Work) -> timedelta | None:
    """Payouts were stopped: those who can let them go on are told."""
    switch = risk.switch_for_operators(work.subject)
    who = switch.turned_off_by.removeprefix("operator:")
    words = alerts.switched_off(
        rules.switch_in_words(switch.scope),
        by=identity.names_for_operators().get(who, "themselves: a limit was passed"),
        reason=switch.reason,
        page=f"{work.console_url}/console/switches",
    )
    return tell_holders(work, words, roles=(Role.TREASURY, Role.COMPLIANCE_MANAGER))


def breaker_tripped(work: Work) -> timedelta | None:
    """A pair was stopped: those who can let it go on are told."""
    halt = pricing.halt_for_operators(work.subject)
    who = halt.begun_by.removeprefix("operator:")
    words = alerts.breaker_tripped(
        halt.pair,
        by=identity.names_for_operators().get(who, "itself"),
        reason=halt.reason,
        page=f"{work.console_url}/console/rates",
    )
    return tell_holders(work, words, roles=(Role.TREASURY,))


def price_unavailable(work: Work) -> timedelta | None:
    """A pair has had no price for a minute: those who can set one are told."""
    disagree = work.facts.get("why") == Why.DISAGREE
    words = alerts.price_unavailable(work.subject, disagree=disagree, page=f"{work.console_url}/console/rates")
    return tell_holders(work, words, roles=(Role.TREASURY,))


def payout_needs_code(work: Work) -> timedelta | None:
    """Paystack wants a code, unless somebody typed it meanwhile."""
    payout = _payout(work)
    if payout is None or payout.state != PayoutState.AWAITING_OTP:
        return None
    words = alerts.payout_needs_code(payout.amount, page=_page(work))
    return tell_holders(work, words, roles=(Role.TREASURY,))


def payout_lacks_float(work: Work) -> timedelta | None:
    """The balance is too low; of several that wait for it one tells."""
    payout = _payout(work)
    if (
        payout is None
        or payout.state != PayoutState.AWAITING_FLOAT
        or payout_queries.lacked_float_before_for_system(payout)
    ):
        return None
    words = alerts.payout_lacks_float(payout.amount, page=f"{work.console_url}/console/payouts")
    return tell_holders(work, words, roles=(Role.TREASURY, Role.FINANCE))


def payout_reversed(work: Work) -> timedelta | None:
    """A bank sent back what was paid: a case of its own for why, and treasury and finance are told."""
    payout = _payout(work)
    if payout is None:
        return None
    withdrawal = withdrawals.by_payout_for_system(payout.id)
    atomically(
        lambda: cases.open(
            "reversed_payout",
            payout.id,
            owner=Role.TREASURY,
            words="A bank sent back a payout that counted as paid.",
            way_out=ASK_ANEW,
            customer_id=withdrawal.customer_id if withdrawal else None,
            actor=work.actor,
        ),
        actor=work.actor,
    )
    words = alerts.payout_reversed(payout.amount, page=_page(work))
    return tell_holders(work, words, roles=(Role.TREASURY, Role.FINANCE))


def _payout(work: Work) -> Payout | None:
    return payments.payout_for_system(work.subject)


def _page(work: Work) -> str:
    return f"{work.console_url}/console/payouts/{work.subject}"
