"""That accounts of the books are counted together, and that they are not any more, are requests.

Finance asks, treasury agrees, and it counts at once. It says what the books have of an outside account: whoever has a
difference to hide could have another account make up for it.
"""

from app.core.actor import Actor
from app.core.clock import WAT
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.matching import joining


def request_join(account: str, *, joins: str, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that an account be counted together with another. Raises NotJoinable, and as governance does."""
    return _submit(JOIN, {"account": account.strip(), "joins": joins}, reason=reason, maker=maker, actor=actor)


def request_leave(account: str, *, joins: str, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that an account be counted by itself again. Raises NotJoined, StaysJoined, and as governance does."""
    return _submit(LEAVE, {"account": account, "joins": joins}, reason=reason, maker=maker, actor=actor)


def target_of(account: str) -> str:
    """What requests about the accounts that are counted with one are filed under."""
    return f"joined:{account}"


def _submit(kind: Kind, payload: Payload, *, reason: str, maker: str, actor: Actor) -> Request:
    return governance.submit(
        kind.name, payload, target=target_of(payload["joins"]), reason=reason, maker=maker, actor=actor
    )


def _check_join(payload: Payload) -> None:
    joining.check_join(payload["account"], joins=payload["joins"])


def _join(agreed: Agreed) -> str:
    """The database looks at the request too."""
    made = joining.join(
        agreed.payload["account"], joins=agreed.payload["joins"], reason=agreed.reason, joined_by=agreed.maker,
        request_id=agreed.request_id, actor=agreed.actor,
    )  # fmt: skip
    since = f". What it had before counts from {made.since.astimezone(WAT):%-d %B %Y} on" if made.since else ""
    return f"Counted together{since}"


def _check_leave(payload: Payload) -> None:
    joining.check_leave(payload["account"], joins=payload["joins"])


def _leave(agreed: Agreed) -> str:
    """The database looks at the request too."""
    ended = joining.leave(
        agreed.payload["account"], joins=agreed.payload["joins"], reason=agreed.reason, left_by=agreed.maker,
        request_id=agreed.request_id, actor=agreed.actor,
    )  # fmt: skip
    return f"Counted by itself. {ended:,} {'match was' if ended == 1 else 'matches were'} ended"


def _describe(payload: Payload, then: str) -> list[Line]:
    booked = next((one for one in joining.books_for_operators(payload["account"])), None)
    return [
        Line("Account of the books", payload["account"]),
        Line("Stands for the same as", payload["joins"]),
        *([Line("Booked on it", f"{booked.booked:,f} {payload['account'].rpartition(':')[2]}")] if booked else []),
        Line("From then on", then),
    ]


JOIN = Kind(
    name="matching.join",
    title="Counting accounts together",
    make=Permission.STATEMENTS_IMPORT,
    dry_run=_check_join,
    execute=_join,
    describe=lambda payload: _describe(
        payload,
        "all that was ever booked on it is held against the same statements; of closed months, from their end on",
    ),
    summary=lambda payload: f"Count {payload['account']} together with {payload['joins']}",
)
LEAVE = Kind(
    name="matching.leave",
    title="Counting an account by itself again",
    make=Permission.STATEMENTS_IMPORT,
    dry_run=_check_leave,
    execute=_leave,
    describe=lambda payload: _describe(
        payload, "nothing of it is held against these statements; matches with entries of it are ended"
    ),
    summary=lambda payload: f"Count {payload['account']} by itself, not with {payload['joins']}",
)
