"""Switches that stop payouts: anybody who watches over them turns one off at once, two people turn it on again.

Once `turn_off` is committed nothing more begins that passes the switch: whoever begins holds a shared lock until their
transaction ends, and turning off waits for them.
"""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.money import ASSETS
from app.core.permissions import Permission
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.risk import errors, events, queries, rules
from app.risk.models import Switch, UsualOutflow
from app.risk.rules import Rail, SwitchState

REASON_MAX = 500
_PASSING = select(func.pg_advisory_xact_lock_shared(func.hashtext("switches")))


def refuse(*, rail: Rail, asset: str, other: str = "") -> None:
    """Raise SwitchedOff where a switch stops this; the answer holds until the transaction ends.

    `other` is the second asset of what has two.
    """
    db.session.execute(_PASSING)
    if queries.stopped_without_owner(rail=rail, asset=asset, other=other) is not None:
        raise errors.SwitchedOff


def turn_off(scope: str, *, reason: str, actor: Actor) -> Switch:
    """Stop everything that passes this switch. Raises NoSuchSwitch, SwitchReasonMissing, OffAlready."""
    words = reason.strip()
    if scope not in rules.switch_scopes(ASSETS):
        raise errors.NoSuchSwitch
    if not words or len(words) > REASON_MAX:
        raise errors.SwitchReasonMissing
    statement = insert(Switch).values(
        id=ids.new("swi"),
        scope=scope,
        state=SwitchState.OFF,
        reason=words,
        turned_off_by=str(actor),
        turned_off_at=clock.now(),
    )
    added = db.session.scalar(statement.on_conflict_do_nothing().returning(Switch.id))  # (of two at once one is first)
    if added is None:
        raise errors.OffAlready
    switch = db.session.get_one(Switch, added)
    machine.begin(switch, machine=rules.SWITCH, actor=actor, reason=words)
    outbox.emit(events.SwitchedOff(switch_id=switch.id))
    return switch


def note_usual(units: int, *, rail: Rail, asset: str) -> None:
    """Write down what leaves in a busy quarter of an hour (kobo)."""
    db.session.add(UsualOutflow(rail=rail, asset=asset, units=units, measured_at=clock.now()))
    db.session.flush()


def target_of(switch_id: str) -> str:
    """What requests about a switch are filed under."""
    return f"switch:{switch_id}"


def request_on(switch_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that payouts go on. Raises NotFound, OnAlready, OnAskedAlready, and as governance does."""
    switch, target = queries.switch_for_operators(switch_id), target_of(switch_id)
    if governance_queries.about_for_operators(target):
        raise errors.OnAskedAlready
    payload = {"switch_id": switch.id, "scope": switch.scope, "was": switch.reason}
    return governance.submit(ON.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def _check(payload: Payload) -> None:
    if queries.switch_for_operators(payload["switch_id"]).state != SwitchState.OFF:
        raise errors.OnAlready


def _turn_on(agreed: Agreed) -> str:
    """The database looks at the request too."""
    wanted = select(Switch).where(Switch.id == agreed.payload["switch_id"]).with_for_update()
    switch = db.session.scalars(wanted.execution_options(populate_existing=True)).one()
    if switch.state != SwitchState.OFF:
        raise errors.OnAlready
    switch.turned_on_at, switch.request_id = clock.now(), agreed.request_id
    machine.move(switch, SwitchState.ON, machine=rules.SWITCH, actor=agreed.actor, reason=agreed.reason)
    outbox.emit(events.SwitchedOn(switch_id=switch.id))
    return f"{rules.switch_in_words(switch.scope)} go on"


def _describe(payload: Payload) -> list[Line]:
    words = rules.switch_in_words(payload["scope"])
    return [Line(words, "on", was="off"), Line("Turned off because", payload["was"])]


ON = Kind(
    name="risk.switch_on",
    title="Turning payouts on again",
    make=Permission.SWITCHES_REQUEST_ON,
    dry_run=_check,
    execute=_turn_on,
    describe=_describe,
    summary=lambda payload: f"Turn on again: {rules.switch_in_words(payload['scope'])}",
)
