"""Work of wallets: keeping what their contents cost, so that pages need not walk through years of journals."""

from datetime import datetime, timedelta

from app.core import clock
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.wallets import service
from jobs.work import Work
from reports import costs

MANY = 200  # entries that a page walks through by itself
AT_ONCE = 2_000
WALLETS = 500
SETTLED_AFTER = timedelta(hours=1)  # (by then the prices of its moment are all told)


def keep_costs(work: Work) -> timedelta | None:
    """Keep what is settled."""
    keep(clock.now() - SETTLED_AFTER, actor=work.actor)
    return None


def keep(until: datetime, *, actor: Actor) -> None:
    """Go on with every wallet that much happened in, a bounded part of it at a time, with what was booked before."""
    after = ""
    while found := costs.behind_for_system(many=MANY, after=after, limit=WALLETS):
        leave()
        for one in found:
            while atomically(lambda one=one: _step(one, until), actor=actor):  # type: ignore[misc]
                pass
        after = found[-1].wallet_id


def _step(one: costs.Behind, until: datetime) -> bool:
    walked = costs.of_customer(customer_id=one.customer_id, asset=one.asset, until=until, most=AT_ONCE)
    cost = walked[one.asset]
    if cost.booked_at is None:
        return False
    told = cost.holding
    return service.keep_cost(
        one.wallet_id, since=cost.since, seq=cost.seq, booked_at=cost.booked_at,
        units=told.units, cost=told.cost, realised=told.realised, known=told.known,
    )  # fmt: skip
