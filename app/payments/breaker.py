"""The naira rail turns itself off: when far more leaves than usual, or too little is left to pay out from."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import text

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.money import NGN
from app.ledger import balances, chart
from app.payments import payout_queries as queries
from app.risk import queries as risk
from app.risk import rules, switches
from app.risk.errors import OffAlready
from app.risk.rules import Rail

SWITCH = f"rail:{Rail.BANK}"
_DAY = timedelta(days=1)
# Whole quarters: one that a bound lies in is read from its beginning, so that the later count has all of it.
_COUNT = """
INSERT INTO payout_quarters (starts_at, units)
SELECT date_bin(make_interval(secs => :seconds), created_at, TIMESTAMPTZ 'epoch') AS quarter,
       coalesce(sum(amount_units) FILTER (WHERE state <> 'failed'), 0)
  FROM payouts
 WHERE created_at >= date_bin(make_interval(secs => :seconds), CAST(:since AS timestamptz), TIMESTAMPTZ 'epoch')
   AND created_at < :until
 GROUP BY quarter
    ON CONFLICT (starts_at) DO UPDATE SET units = excluded.units WHERE payout_quarters.units <> excluded.units
"""


def look(*, actor: Actor) -> str:
    """Turn the rail off when there is a reason to: the reason, or empty while all is well or it is off already.

    Asked before each payout in a transaction of its own, so that what it turns off stays off though the payout is
    refused; and by the clock.
    """
    if risk.stopped_without_owner(rail=Rail.BANK, asset=NGN.code) is not None:
        return ""
    moment = clock.now()
    why = risk.breaker_without_owner(target=queries.floor_for_system().target.units).tripped_by(
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
    since = until - rules.USUAL_OVER
    _count(since=since, until=until)
    units = queries.usual_outflow_for_system(since=since, until=until)
    switches.note_usual(units, rail=Rail.BANK, asset=NGN.code)
    return units


def _count(*, since: datetime, until: datetime) -> None:
    """Add up what left in the quarters of an hour that were not counted yet, and anew in those of the day before.

    What fails mostly fails within that day. No statement reads more than a day, however long nobody counted.
    """
    counted = queries.counted_until_for_system(before=until)
    begin = max(since, counted - _DAY) if counted else since
    while begin < until:
        end = min(begin + _DAY, until)
        bounds = {"since": begin, "until": end, "seconds": int(rules.OUTFLOW_WINDOW.total_seconds())}
        db.session.execute(text(_COUNT), bounds)
        begin = end
