"""How long breaks may be open and how much may be written off are versions: finance asks, treasury agrees, it counts.

A version is never changed: a later one takes its place. What is open is due by the version that counts when somebody
looks; what waits for treasury is held against the limit once more when it is carried out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.breaks import queries, rules
from app.breaks.errors import BadTerms
from app.breaks.models import Term
from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.money import NGN, Money
from app.core.permissions import ROLES, Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request

TARGET = "break_terms"  # what requests about them are filed under
ASKERS = tuple(str(role) for role, held in ROLES.items() if Permission.JOURNALS_REQUEST in held)

Deadline = tuple[int, int]


def request(
    deadlines: Sequence[Deadline], limits: Mapping[str, int], *, reason: str, maker: str, actor: Actor
) -> Request:
    """Ask that breaks of at least so many naira be closed within so many hours, and for the most a role may write off.

    `limits` are in kobo, by role. Raises BadTerms, and as governance does.
    """
    now = queries.newest_terms_for_operators()
    payload = {
        "deadlines": [list(each) for each in sorted(deadlines, reverse=True)],
        "limits": {role: str(most) for role, most in limits.items()},
        "version": now.version + 1,
        "was": {"deadlines": now.deadlines, "limits": now.limits},
    }
    return governance.submit(KIND.name, payload, target=TARGET, reason=reason, maker=maker, actor=actor)


def length(hours: int) -> str:
    """`36 hours`, `3 days`."""
    days, rest = divmod(hours, 24)
    if rest:
        return f"{hours} hour{'' if hours == 1 else 's'}"
    return f"{days} day{'' if days == 1 else 's'}"


def size(naira: int) -> str:
    """`From ₦10,000.00`, or that it is any amount."""
    return f"From {Money(NGN, naira * 100)}" if naira else "Any amount"


def _check(payload: Payload) -> None:
    now = queries.newest_terms_for_operators()
    rules.check_deadlines([(naira, hours) for naira, hours in payload["deadlines"]])
    if set(payload["limits"]) != set(ASKERS):
        raise BadTerms("Say how much each role may write off.")
    if any(int(most) > rules.LIMIT_MAX for most in payload["limits"].values()):
        raise BadTerms(f"At most {Money(NGN, rules.LIMIT_MAX)} may be written off at once.")
    if payload["deadlines"] == now.deadlines and payload["limits"] == now.limits:
        raise BadTerms("These are the deadlines and limits that count now.")
    if payload["version"] != now.version + 1:
        raise BadTerms("Others were taken into use meanwhile. Look at them, and ask anew.")


def _set(agreed: Agreed) -> str:
    """The database looks at the request too."""
    _check(agreed.payload)
    fresh = Term(
        version=agreed.payload["version"],
        deadlines=agreed.payload["deadlines"],
        limits=agreed.payload["limits"],
        starts_at=clock.now(),
        request_id=agreed.request_id,
    )
    db.session.add(fresh)
    db.session.flush()
    return f"Version {fresh.version} counts"


def _describe(payload: Payload) -> list[Line]:
    was, now = dict(payload["was"]["deadlines"]), dict(payload["deadlines"])
    told = [
        Line(f"{size(naira)}, closed within", length(hours), was=_length_before(was.get(naira), hours))
        for naira, hours in now.items()
    ]
    left = [each for each in was if each not in now]
    gone = [Line(size(naira), "not apart any more", was=length(was[naira])) for naira in left]
    limits = [_limit(role, int(most), payload["was"]["limits"]) for role, most in payload["limits"].items()]
    return [Line("Version", str(payload["version"])), *told, *gone, *limits]


def _length_before(was: int | None, hours: int) -> str | None:
    if was is None:
        return "not apart"
    return None if was == hours else length(was)


def _limit(role: str, most: int, was: dict[str, Any]) -> Line:
    before, now = (str(Money(NGN, int(each))) for each in (was.get(role, 0), most))
    return Line(f"{role.capitalize()} may write off up to", now, was=None if before == now else before)


KIND = Kind(
    name="breaks.terms",
    title="Deadlines and limits of breaks",
    make=Permission.JOURNALS_REQUEST,
    dry_run=_check,
    execute=_set,
    describe=_describe,
    summary=lambda _payload: "Set other deadlines and limits of breaks",
)
