"""Commands of risk: count what a customer is about to do against their limits, settle it, release it."""

from dataclasses import dataclass

from sqlalchemy import update

from app.core import clock
from app.core.db import db, rows
from app.core.money import NGN, Money
from app.customers import queries as customers
from app.risk import errors, queries, rules
from app.risk.models import LimitUse
from app.risk.rules import Direction, Excess, Rail, Scope

SAID = {
    "single": "{limit} at a time is your limit.",
    "day": "Your limit is {limit} a day; {left} is left today.",
    "month": "Your limit is {limit} in thirty days; {left} is left.",
    "balance": "You may have {limit} at most; {left} more fits.",
}


@dataclass(frozen=True)
class Intent:
    """What somebody is about to do. `ref` is the command's own id, `worth` its size in naira at the quote's rate."""

    ref: str
    customer_id: str
    rail: Rail
    direction: Direction
    worth: Money
    asset: str = NGN.code

    @property
    def scope(self) -> Scope:
        """What it falls into."""
        return Scope(self.rail, self.direction, self.asset)


def check(intent: Intent) -> None:
    """Count it against every limit of the customer's tier that is on it, in the caller's transaction; or refuse.

    From here on it counts, pending or done, until `release`. Commands of one customer come one after the other here, so
    that together they do not pass a limit. Asked again with the same `ref` it is counted once.

    Raises TierTooLow when no limit lets it through at all, LimitExceeded.
    """
    rows("SELECT pg_advisory_xact_lock(hashtextextended('limits:' || :id, 0))", id=intent.customer_id)
    if db.session.get(LimitUse, intent.ref) is not None:
        return
    moment, asked = clock.now(), intent.worth.units
    in_force = queries.limits(customers.tier(owner=intent.customer_id), at=moment)
    on_it = [limit for limit in in_force if limit.scope.covers(intent.scope)]
    if not on_it or any(limit.bounds.blocked for limit in on_it):
        raise errors.TierTooLow
    for limit in on_it:
        counted = queries.measured(intent.customer_id, scope=limit.scope, at=moment)
        over = rules.excess(limit.bounds, counted, asked=asked, direction=intent.direction)
        if over:
            raise _refusal(over)
    db.session.add(
        LimitUse(
            ref=intent.ref,
            customer_id=intent.customer_id,
            rail=intent.rail,
            direction=intent.direction,
            asset=intent.asset,
            units=asked,
            used_at=moment,
        )
    )
    db.session.flush()


def settle(ref: str) -> None:
    """Its money has moved; it goes on counting. Settled or released before, it stays as it is."""
    _end(ref, settled_at=clock.now())


def release(ref: str) -> None:
    """Nothing came of it: it counts no more. Settled or released before, it stays as it is."""
    _end(ref, released_at=clock.now())


def _end(ref: str, **ended: object) -> None:
    still_open = (LimitUse.ref == ref) & LimitUse.settled_at.is_(None) & LimitUse.released_at.is_(None)
    db.session.execute(update(LimitUse).where(still_open).values(**ended))


def _refusal(over: Excess) -> errors.LimitExceeded:
    limit, left = Money(NGN, over.limit), Money(NGN, over.left)
    said = SAID[over.bound].format(limit=limit, left=left)
    return errors.LimitExceeded(said, bound=over.bound, limit=str(over.limit), left=str(over.left))
