"""Reads of governance."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text, tuple_

from app.core.db import db
from app.core.errors import NotFound
from app.governance.models import Policy, Request, Voided, Vote
from app.governance.rules import ENDED, OPEN, Leg, State, open_leg

# A leg that is open, by the votes that count, and that one of these roles fills.
_OPEN_LEG = """EXISTS (
    SELECT FROM jsonb_array_elements(approval_requests.legs) WITH ORDINALITY AS l (leg, place)
     WHERE leg -> 'roles' ?| CAST(:roles AS text[])
       AND (leg ->> 'count')::integer > (
           SELECT count(*) FROM approval_votes v
            WHERE v.request_id = approval_requests.id AND v.leg = place - 1 AND v.answer = 'yes'
              AND NOT EXISTS (SELECT FROM approval_voids x WHERE x.vote_id = v.id)))"""


@dataclass(frozen=True)
class Cast:
    """A vote, and why it counts no more (None: it counts)."""

    vote: Vote
    voided: str | None

    @property
    def counts(self) -> bool:
        """Whether it is a yes that counts."""
        return self.vote.answer == "yes" and self.voided is None


@dataclass(frozen=True)
class Standing:
    """A request with its votes."""

    request: Request
    votes: list[Cast]

    @property
    def filled(self) -> list[int]:
        """How many have said yes, leg by leg."""
        given = [cast.vote.leg for cast in self.votes if cast.counts]
        return [given.count(place) for place in range(len(self.request.legs))]

    @property
    def legs(self) -> list[tuple[Leg, int, list[Cast]]]:
        """Each leg with how many filled it, and the votes for it."""
        return [
            (leg, filled, [cast for cast in self.votes if cast.vote.leg == place and cast.vote.answer == "yes"])
            for place, (leg, filled) in enumerate(zip(self.request.needs, self.filled, strict=True))
        ]

    @property
    def given(self) -> int:
        """How many have said yes."""
        return sum(self.filled)

    @property
    def needed(self) -> int:
        """How many must."""
        return sum(leg.count for leg in self.request.needs)

    def voted(self, operator_id: str) -> bool:
        """Whether this operator has voted, for whatever it counts."""
        return any(cast.vote.voter == operator_id for cast in self.votes)

    def open_to(self, operator_id: str, roles: Collection[str]) -> bool:
        """Whether one of the open legs is theirs to fill."""
        mine = self.request.maker == operator_id or self.request.target == f"operator:{operator_id}"
        if mine or self.request.state != State.PENDING or self.voted(operator_id):
            return False
        return open_leg(self.request.needs, self.filled, roles) is not None

    def stoppable_by(self, operator_id: str, roles: Collection[str]) -> bool:
        """Whether they may still say no: to what waits, and to what is approved and not carried out."""
        mine = self.request.maker == operator_id or self.request.target == f"operator:{operator_id}"
        undecided = self.request.state in OPEN
        fits = any(leg.fits(roles) for leg in self.request.needs)
        return undecided and fits and not mine and not self.voted(operator_id)


def one_for_operators(request_id: str, *, kind: str = "") -> Standing:
    """Any request (of this kind). Raises NotFound."""
    found = db.session.get(Request, request_id, populate_existing=True)
    if found is None or (kind and found.kind != kind):
        raise NotFound
    return _standing([found])[0]


def list_for_operators(
    states: Sequence[State],
    *,
    kind: str = "",
    kinds: Collection[str] | None = None,
    maker: str = "",
    before: str | None = None,
    limit: int = 50,
) -> list[Standing]:
    """Requests in these states (of this kind, of these kinds, of one maker), newest first. Keyset by id."""
    wanted = select(Request).where(Request.state.in_(states)).order_by(Request.id.desc())
    if kind:
        wanted = wanted.where(Request.kind == kind)
    if kinds is not None:
        wanted = wanted.where(Request.kind.in_(kinds))
    if maker:
        wanted = wanted.where(Request.maker == maker)
    if before:
        wanted = wanted.where(Request.id < before)
    return _standing(list(db.session.scalars(wanted.limit(limit))))


def needing_for_operators(
    operator_id: str, *, roles: Collection[str], after: str | None = None, limit: int = 50
) -> list[Standing]:
    """Pending requests with an open leg that this operator may fill, the first to expire first. Keyset by id."""
    place = tuple_(Request.expires_at, Request.id)
    wanted = select(Request).where(*_needing(operator_id, roles)).order_by(Request.expires_at, Request.id)
    last = db.session.get(Request, after) if after else None
    if last is not None:
        wanted = wanted.where(place > tuple_(last.expires_at, last.id))
    return _standing(list(db.session.scalars(wanted.limit(limit))))


def needing_count_for_operators(operator_id: str, *, roles: Collection[str]) -> int:
    """How many there are."""
    counted = select(func.count()).select_from(Request).where(*_needing(operator_id, roles))
    return db.session.scalar(counted) or 0


def _needing(operator_id: str, roles: Collection[str]) -> list[ColumnElement[bool]]:
    """As `Standing.open_to`, in the database."""
    voted = select(Vote.id).where(Vote.request_id == Request.id, Vote.voter == operator_id).exists()
    return [
        Request.state == State.PENDING,
        Request.maker != operator_id,
        Request.target != f"operator:{operator_id}",
        ~voted,
        text(_OPEN_LEG).bindparams(roles=[str(role) for role in roles]),  # type: ignore[list-item]
    ]


def about_for_operators(target: str, *, states: Sequence[State] = OPEN, limit: int = 20) -> list[Standing]:
    """Requests about one thing, newest first."""
    about = select(Request).where(Request.target == target, Request.state.in_(states)).order_by(Request.id.desc())
    return _standing(list(db.session.scalars(about.limit(limit))))


def about_any_for_operators(
    targets: Collection[str],
    *,
    kinds: Collection[str] | None,
    states: Sequence[State] = (*OPEN, *ENDED),
    before: str | None = None,
    limit: int = 20,
) -> list[Standing]:
    """Requests about any of these things (of these kinds), newest first. Keyset by id."""
    about = select(Request).where(Request.target.in_(set(targets)), Request.state.in_(states))
    if kinds is not None:
        about = about.where(Request.kind.in_(kinds))
    if before:
        about = about.where(Request.id < before)
    return _standing(list(db.session.scalars(about.order_by(Request.id.desc()).limit(limit))))


def count_for_operators(
    states: Sequence[State], *, kind: str = "", kinds: Collection[str] | None = None, maker: str = ""
) -> int:
    """How many requests are in these states."""
    counted = select(func.count()).select_from(Request).where(Request.state.in_(states))
    if kind:
        counted = counted.where(Request.kind == kind)
    if kinds is not None:
        counted = counted.where(Request.kind.in_(kinds))
    if maker:
        counted = counted.where(Request.maker == maker)
    return db.session.scalar(counted) or 0


def policy_for_operators(kind: str) -> Policy | None:
    """The version that counts."""
    newest = select(Policy).where(Policy.kind == kind).order_by(Policy.version.desc()).limit(1)
    return db.session.scalars(newest).one_or_none()


def policies_for_operators(kind: str = "") -> list[Policy]:
    """Every version (of one kind), by kind, newest first."""
    wanted = select(Policy).order_by(Policy.kind, Policy.version.desc())
    return list(db.session.scalars(wanted.where(Policy.kind == kind) if kind else wanted))


def policy_of_for_operators(request: Request) -> Policy:
    """The version under which it was asked."""
    return db.session.get_one(Policy, request.policy_id)


def expired_for_system(*, at: datetime, never: Collection[str] = (), limit: int = 100) -> list[str]:
    """Requests whose time is over, but for those of the kinds that never end so: to decide, or to be tried again."""
    again = Request.not_before + (Request.expires_at - Request.created_at)
    undecided = (Request.state == State.PENDING) & (Request.expires_at <= at)
    undone = (Request.state == State.FAILED) & (again <= at)
    over = select(Request.id).where(undecided | undone, Request.kind.not_in(never))
    return list(db.session.scalars(over.order_by(Request.id).limit(limit)))


def _standing(found: list[Request]) -> list[Standing]:
    ids = [one.id for one in found]
    votes: dict[str, list[Cast]] = defaultdict(list)
    cast = select(Vote, Voided.reason).outerjoin(Voided, Voided.vote_id == Vote.id)
    for vote, voided in db.session.execute(cast.where(Vote.request_id.in_(ids)).order_by(Vote.id)):
        votes[vote.request_id].append(Cast(vote, voided))
    return [Standing(one, votes[one.id]) for one in found]
