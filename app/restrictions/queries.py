"""Reads of restrictions, each with the words of whom it is for: the customer, all staff, compliance."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from app.core import clock
from app.core.db import db
from app.customers import queries as customers
from app.restrictions import rules
from app.restrictions.errors import NoSuchRestriction
from app.restrictions.models import Restriction
from app.restrictions.reasons import REASONS, Reason
from app.restrictions.rules import Kind, State, Told, Way

SOON = timedelta(days=3)
VIEWS = ("standing", "soon", "ended")


@dataclass(frozen=True)
class Shown:
    """A restriction as all staff may read it: neither the reason nor the note is in it."""

    id: str
    customer_id: str
    title: str
    text: str
    state: str
    placed_by: str
    placed_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Full:
    """A restriction as compliance reads it."""

    shown: Shown
    kind: Kind
    reason: Reason
    note: str
    lift_request_id: str | None

    @property
    def title(self) -> str:
        """What it is called among them."""
        return rules.TITLES[self.kind]


def active(*, owner: str) -> list[Told]:
    """What stands and may be told to the customer, in their words, the newest first."""
    standing, stopped = _standing(owner), _stopped(owner)
    words = [
        rules.told(Kind(one.kind), text=REASONS[one.reason].customer_text, stopped=stopped)
        for one in reversed(standing)
        if REASONS[one.reason].told
    ]
    return list(dict.fromkeys(words))


def active_for_operators(customer_id: str) -> list[Shown]:
    """What stands, in the words for all staff, the oldest first."""
    return [_shown(one) for one in _standing(customer_id)]


def ended_for_operators(customer_id: str, *, limit: int = 20) -> list[Shown]:
    """What stood once, in the words for all staff, the newest first."""
    past = select(Restriction).where(Restriction.customer_id == customer_id, Restriction.state != State.PLACED)
    return [_shown(one) for one in db.session.scalars(past.order_by(Restriction.id.desc()).limit(limit))]


def list_for_operators(view: str, *, kinds: Collection[Kind], before: str | None = None, limit: int) -> list[Shown]:
    """Those of a view (standing, ending soon, ended) and of these kinds, the newest first. Keyset by id."""
    found = select(Restriction).where(_in_view(view), Restriction.kind.in_(kinds))
    found = found.order_by(Restriction.id.desc()).limit(limit)
    return [_shown(one) for one in db.session.scalars(found.where(Restriction.id < before) if before else found)]


def counts_for_operators(*, kinds: Collection[Kind]) -> dict[str, int]:
    """How many there are in each view."""
    counted = select(func.count()).select_from(Restriction).where(Restriction.kind.in_(kinds))
    return {view: db.session.scalar(counted.where(_in_view(view))) or 0 for view in VIEWS}


def one_for_operators(restriction_id: str) -> Full:
    """One with all that is known of it, for compliance. Raises NoSuchRestriction."""
    one = db.session.get(Restriction, restriction_id, populate_existing=True)
    if one is None:
        raise NoSuchRestriction
    return Full(_shown(one), Kind(one.kind), REASONS[one.reason], one.note, one.lift_request_id)


def stopped_for_operators(customer_id: str, *, way: Way) -> bool:
    """Whether a restriction stops what goes this way."""
    return rules.stops({Kind(one.kind) for one in _standing(customer_id)}, way)


def has_legal_hold_for_system(customer_id: str) -> bool:
    """Whether nothing of this customer's may be deleted."""
    return any(one.kind == Kind.LEGAL_HOLD for one in _standing(customer_id))


def words_for_system(restriction_id: str) -> Told | None:
    """What its customer is told of it; None when they are not told."""
    one = one_for_operators(restriction_id)
    if not one.reason.told:
        return None
    stopped = _stopped(one.shown.customer_id) | rules.STOPS[one.kind]
    return rules.told(one.kind, text=one.reason.customer_text, stopped=stopped)


def due_for_system(*, at: datetime, limit: int = 100) -> list[str]:
    """Those whose time is over, the first to end first."""
    over = select(Restriction.id).where(Restriction.state == State.PLACED, Restriction.expires_at <= at)
    return list(db.session.scalars(over.order_by(Restriction.expires_at).limit(limit)))


def refusal_words(way: Way, *, owner: str) -> str | None:
    """Why the customer's account refuses what goes this way, in their words; None when it does not.

    One that they know of is named before one that they do not.
    """
    against = [one for one in _standing(owner) if rules.stops({Kind(one.kind)}, way)]
    known = sorted(against, key=lambda one: not REASONS[one.reason].told)
    return REASONS[known[0].reason].customer_text if known else None


def _standing(customer_id: str) -> list[Restriction]:
    standing = select(Restriction).where(Restriction.customer_id == customer_id, Restriction.state == State.PLACED)
    return list(db.session.scalars(standing.order_by(Restriction.id)))


def _stopped(customer_id: str) -> set[Way]:
    """Every way that something stops, the freeze of the account included."""
    frozen = {Way.OUT, Way.TRADE} if customers.is_locked(customer_id=customer_id) else set()
    return frozen.union(*(rules.STOPS[Kind(one.kind)] for one in _standing(customer_id)))


def _in_view(view: str) -> ColumnElement[bool]:
    if view == "ended":
        return Restriction.state != State.PLACED
    standing = Restriction.state == State.PLACED
    return standing & (Restriction.expires_at <= clock.now() + SOON) if view == "soon" else standing


def _shown(one: Restriction) -> Shown:
    return Shown(
        id=one.id,
        customer_id=one.customer_id,
        title=rules.TITLES_FOR_SUPPORT[Kind(one.kind)],
        text=REASONS[one.reason].support_text,
        state=one.state,
        placed_by=one.placed_by,
        placed_at=one.placed_at,
        expires_at=one.expires_at,
        ended_at=one.ended_at,
    )
