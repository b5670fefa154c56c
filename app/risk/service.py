"""Commands of risk: count what a customer is about to do against their limits, settle it, release it, and what came."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from app.core import clock
from app.core.db import db, rows
from app.core.money import NGN, Money
from app.customers import queries as customers
from app.customers.queries import TierInForce
from app.risk import errors, queries, rules
from app.risk.models import LimitUse
from app.risk.rules import Direction, Excess, Rail, Scope

SAID = {
    "single": "{limit} at a time is your limit.",
    "day": "Your limit is {limit} a day; {left} is left today.",
    "month": "Your limit is {limit} in thirty days; {left} is left.",
    "balance": "You may have {limit} at most, in all your wallets together; {left} more fits.",
}
BLOCKED = "blocked"
_WAITS = "You changed how you sign in a short while ago: your new limits begin on {when:%-d %B, %H:%M} WAT."


@dataclass(frozen=True)
class Intent:
    """What somebody is about to do. `ref` is the command's own id, `worth` its size in naira at the quote's rate.

    `was_theirs` says that they give as much for what comes: they have no more by it.
    """

    ref: str
    customer_id: str
    rail: Rail
    direction: Direction
    worth: Money
    asset: str = NGN.code
    was_theirs: bool = False

    @property
    def scope(self) -> Scope:
        """What it falls into."""
        return Scope(self.rail, self.direction, self.asset)

    @property
    def adds(self) -> bool:
        """Whether they have more by it."""
        return self.direction == Direction.IN and not self.was_theirs


def one_at_a_time(*customer_ids: str) -> None:
    """Until the caller's transaction ends nobody else counts for these customers.

    For a command that counts for several: in one order, so that two of them do not wait for each other.
    """
    for customer_id in sorted(set(customer_ids)):
        rows("SELECT pg_advisory_xact_lock(hashtextextended('limits:' || :id, 0))", id=customer_id)


def check(intent: Intent) -> None:
    """Count it against every limit of the customer's tier that is on it, in the caller's transaction; or refuse.

    From here on it counts, pending or done, until `release`. Commands of one customer come one after the other here, so
    that together they do not pass a limit. Asked again with the same `ref` it is counted once.

    Raises TierTooLow when no limit lets it through at all, LimitExceeded.
    """
    one_at_a_time(intent.customer_id)
    if db.session.get(LimitUse, intent.ref) is not None:
        return
    refuse_over(intent)
    _count(intent, ref=intent.ref)


def refuse_over(intent: Intent, *, tier: TierInForce | None = None) -> None:
    """Raise what `check` would refuse at this moment, and count nothing: for showing it before somebody confirms.

    `tier` is the customer's, for who has looked it up already.
    """
    tier = tier or customers.tier_in_force(owner=intent.customer_id)
    over = _excess(intent, tier=tier.counts)
    if over is None:
        return
    said = SAID[over.bound].format(limit=Money(NGN, over.limit), left=Money(NGN, over.left)) if over.limit else ""
    waits = _WAITS.format(when=tier.waits_until.astimezone(clock.WAT)) if tier.waits_until else ""
    words = " ".join(filter(None, (said, waits)))
    if over.bound == BLOCKED:
        raise errors.TierTooLow(words or None)
    raise errors.LimitExceeded(words, bound=over.bound, limit=str(over.limit), left=str(over.left))


def count_what_came(intent: Intent) -> None:
    """Its money is in the books: it counts from now on, whatever the limits say, and what it is over is written down.

    One that was counted before it came is settled. One that was given up meanwhile is counted anew.
    """
    one_at_a_time(intent.customer_id)
    known = db.session.get(LimitUse, intent.ref, populate_existing=True)
    if known is not None and known.released_at is None:
        settle(intent.ref)
        return
    ref = intent.ref if known is None else f"{intent.ref}:came"
    if db.session.get(LimitUse, ref) is None:
        over = _excess(intent, tier=customers.tier_in_force(owner=intent.customer_id).counts)
        _count(intent, ref=ref, over=over.bound if over else "", settled_at=clock.now())


def settle(ref: str) -> None:
    """Its money has moved; it goes on counting. Settled or released before, it stays as it is."""
    _end(ref, settled_at=clock.now())


def release(ref: str) -> None:
    """Nothing came of it: it counts no more. Settled or released before, it stays as it is."""
    _end(ref, released_at=clock.now())


def give_back(ref: str) -> None:
    """What had gone out came back: it counts no more. Not settled, or given back before, it stays as it is."""
    gone_out = LimitUse.settled_at.is_not(None) & (LimitUse.direction == Direction.OUT)
    mine = (LimitUse.ref == ref) & gone_out & LimitUse.released_at.is_(None)
    db.session.execute(update(LimitUse).where(mine).values(released_at=clock.now()))


def _end(ref: str, **ended: object) -> None:
    still_open = (LimitUse.ref == ref) & LimitUse.settled_at.is_(None) & LimitUse.released_at.is_(None)
    db.session.execute(update(LimitUse).where(still_open).values(**ended))


def _excess(intent: Intent, *, tier: str) -> Excess | None:
    """The first limit that it does not fit, the widest scope first; BLOCKED when nothing goes through at all."""
    moment = clock.now()
    on_it = [limit for limit in queries.limits_without_owner(tier, at=moment) if limit.scope.covers(intent.scope)]
    if not on_it or any(limit.bounds.blocked for limit in on_it):
        return Excess(BLOCKED, 0, 0)
    bounded = intent.adds and any(limit.bounds.balance is not None for limit in on_it)
    has = queries.has(intent.customer_id) if bounded else 0
    for limit in on_it:
        counted = queries.measured(intent.customer_id, scope=limit.scope, at=moment, has=has)
        over = rules.excess(limit.bounds, counted, asked=intent.worth.units, adds=intent.adds)
        if over:
            return over
    return None


def _count(intent: Intent, *, ref: str, over: str = "", settled_at: datetime | None = None) -> None:
    db.session.add(
        LimitUse(
            ref=ref,
            customer_id=intent.customer_id,
            rail=intent.rail,
            direction=intent.direction,
            asset=intent.asset,
            units=intent.worth.units,
            used_at=clock.now(),
            settled_at=settled_at,
            over=over,
        )
    )
    db.session.flush()
