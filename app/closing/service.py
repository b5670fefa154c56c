"""Commands of tie-out: stand for a sheet's figures; prove a day and keep what came of it."""

from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from app.closing import errors, figures, invariants, queries, rules, sheets
from app.closing.models import ProofDay, Signature
from app.closing.results import Asked, Result
from app.closing.rules import DayState, SignRole, Span
from app.core import clock, ids, machine
from app.core.actor import Actor
from app.core.db import db

LEISURE = "SET LOCAL statement_timeout = '60s'"


def at_leisure() -> None:
    """Let each statement of this transaction take a minute: whole accounts are read."""
    db.session.execute(text(LEISURE))


def sign(account: str, span: Span, *, role: SignRole, shown: str, note: str, operator_id: str) -> str:
    """Stand for the figures that one was shown, by their digest in hexadecimal: the sign-off's id.

    Raises NotOver, OtherFigures, DoesNotHold, NotPrepared, SignedAlready.
    """
    if span.last > queries.yesterday_for_system():
        raise errors.NotOver
    at_leisure()
    sheet = sheets.of(account, span)
    if sheet.digest.hex() != shown:
        raise errors.OtherFigures
    if sheet.blocked:
        raise errors.DoesNotHold
    if role is SignRole.REVIEWED and sheet.signed(SignRole.PREPARED) is None:
        raise errors.NotPrepared
    values = {
        "id": ids.new("psg"),
        "account": account,
        "first_on": span.first,
        "last_on": span.last,
        "role": role,
        "digest": sheet.digest,
        "figures": sheet.figures.written(),
        "note": note.strip()[: rules.REASON_MAX],
        "operator_id": operator_id,
        "signed_at": clock.now(),
    }
    made = db.session.execute(insert(Signature).values(**values).on_conflict_do_nothing().returning(Signature.id))
    found = made.scalar_one_or_none()
    if found is None:
        raise errors.SignedAlready
    return found


def prove(account: str, day: date, *, actor: Actor) -> ProofDay:
    """Prove one day of an account and keep what came of it; proved before, what is kept is made new.

    What came of its rules when they were run again last is among it: `rerun.look_again` comes first.
    """
    at_leisure()
    span = Span(day, day)
    found = figures.of(account, span)
    results = invariants.prove(Asked(account, span, found))
    untold = day in queries.untold_for_operators(account, span)
    failing = next((one for one in results if one.holds is False and not (untold and _may_wait(one))), None)
    state = DayState.FAILS if failing else DayState.UNTOLD if untold else DayState.HOLDS
    last = found.last
    facts = {
        "told": last.closing_told,
        "booked": last.closing_booked,
        "breaks": last.explained,
        "results": [one.kept() for one in results],
        "fault": f"{failing.name}: {failing.first}" if failing else "",
        "computed_at": clock.now(),
    }
    kept = queries.day_for_system(account, day)
    if kept is None:
        kept = ProofDay(id=ids.new("prd"), account=account, day=day, state=state, **facts)
        machine.begin(kept, machine=rules.DAY, actor=actor)
        return kept
    for name, value in facts.items():
        setattr(kept, name, value)
    if kept.state != state:
        machine.move(kept, state, machine=rules.DAY, actor=actor, reason=kept.fault)
    db.session.flush()
    return kept


def _may_wait(one: Result) -> bool:
    """Whether a statement that is still to be told may mend it: what begins otherwise than the last one ended."""
    return not one.blocks or one.name == "I2"


def is_stale(kept: ProofDay | None, now: figures.Day, *, untold: bool) -> bool:
    """Whether a day has to be proved anew: it never was, it failed, or something came since."""
    if kept is None or kept.state == DayState.FAILS or (kept.state == DayState.UNTOLD) != untold:
        return True
    were: tuple[Decimal, ...] = (kept.told, kept.booked, kept.breaks)
    return were != (now.closing_told, now.closing_booked, now.explained)
