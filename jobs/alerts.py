"""Work of alerts: who is told when payouts stop, wait for somebody, or come back."""

from datetime import timedelta

from app.core.permissions import Role
from app.identity import queries as identity
from app.notifications import alerts
from app.payments import payout_queries
from app.payments import queries as payments
from app.payments.models import Payout
from app.payments.rules import PayoutState
from app.risk import queries as risk
from app.risk import rules
from jobs.notifications import tell_holders
from jobs.work import Work


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
    """A bank sent back what was paid."""
    payout = _payout(work)
    if payout is None:
        return None
    words = alerts.payout_reversed(payout.amount, page=_page(work))
    return tell_holders(work, words, roles=(Role.TREASURY, Role.FINANCE))


def _payout(work: Work) -> Payout | None:
    return payments.payout_for_system(work.subject)


def _page(work: Work) -> str:
    return f"{work.console_url}/console/payouts/{work.subject}"
