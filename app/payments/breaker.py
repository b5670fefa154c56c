"""The naira rail turns itself off: when far more leaves than usual, or too little is left to pay out from."""

from contextlib import suppress

from app.core import clock
from app.core.actor import Actor
from app.core.money import NGN
from app.ledger import balances, chart
from app.payments import payout_queries as queries
from app.risk import queries as risk
from app.risk import rules, switches
from app.risk.errors import OffAlready
from app.risk.rules import Rail

SWITCH = f"rail:{Rail.BANK}"


def look(*, actor: Actor) -> str:
    """Turn the rail off when there is a reason to: the reason, or empty while all is well or it is off already.

    Asked before each payout in a transaction of its own, so that what it turns off stays off though the payout is
    refused; and by the clock.
    """
    if risk.stopped_without_owner(rail=Rail.BANK, asset=NGN.code) is not None:
        return ""
    moment = clock.now()
    why = risk.breaker_without_owner().tripped_by(
        outflow=queries.outflow_for_system(since=moment - rules.OUTFLOW_WINDOW, until=moment),
        usual=risk.usual_outflow_without_owner(rail=Rail.BANK, asset=NGN.code),
        left=balances.of(chart.house(chart.PAYSTACK, asset=NGN)).booked.units,
    )
    if why:
        with suppress(OffAlready):  # (of two that look at once one is first)
            switches.turn_off(SWITCH, reason=why, actor=actor)
    return why


def measure() -> int:
    """Write down what leaves in a busy quarter of an hour of the last thirty days, but for the last hour (kobo)."""
    until = clock.now() - 4 * rules.OUTFLOW_WINDOW
    units = queries.usual_outflow_for_system(since=until - rules.USUAL_OVER, until=until, window=rules.OUTFLOW_WINDOW)
    switches.note_usual(units, rail=Rail.BANK, asset=NGN.code)
    return units
