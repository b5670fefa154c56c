"""Coming back without the mailbox: asked for by anybody, told to the owner at once, carried out after 72 hours.

The door looks nothing up (as in `renewal`): a job finds out whether there is anybody. Until it is carried out, whoever
reads the old mailbox stops it, and then no other is heard of for a while. Several may be asked for at once, each with
an address of its own, so that a stranger's never shuts out the owner's; staff find out whose it is, refuse the rest.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from app.core import clock, crypto, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.identity import api_keys, errors, events, renewal, rules, security, sessions
from app.identity.models import Login, PasswordReset, Recovery
from app.identity.rules import Audience, RecoveryState
from app.identity.service import canonical

REASON_MAX = 500
EXPIRED_AT_ONCE = 200


def ask(email: str, *, contact: str, actor: Actor) -> None:
    """Note that somebody who lost the mailbox of `email` wants to be reached at `contact` from now on.

    Raises BadEmail when `contact` is no address; about `email` nothing is said.
    """
    recovery_id, moment = ids.new("rc"), clock.now()
    reached_at = canonical(contact)
    request = Recovery(
        id=recovery_id,
        address_sealed=crypto.seal(email, context=recovery_id),
        contact_sealed=crypto.seal(reached_at, context=recovery_id),
        contact_index=crypto.blind_index(reached_at, kind="contact"),
        state=RecoveryState.NOTED,
        created_at=moment,
        possible_at=moment + rules.RECOVERY_COOLS,
    )
    machine.begin(request, machine=rules.RECOVERY, actor=actor)
    outbox.emit(events.RecoveryNoted(recovery_id=recovery_id))


def answer(recovery_id: str, *, actor: Actor) -> None:
    """Find whose account it is about, and have its owner told.

    Nobody's ends here, and so does one asked for already with the same address, or soon after its owner said no.
    """
    request = _locked(recovery_id)
    if request.state != RecoveryState.NOTED or request.address_sealed is None:
        return
    address, request.address_sealed = crypto.unseal(request.address_sealed, context=recovery_id), None
    login = renewal.somebody(address, audience=Audience.CUSTOMER)
    if login is None or _is_asked(login.id, request.contact_index) or _was_stopped(login.id, at=clock.now()):
        _end(request, RecoveryState.MOOT, actor=actor)
        return
    token = crypto.new_token()
    request.login_id, request.stop_hash = login.id, crypto.token_hash(token)
    request.stop_sealed = crypto.seal(token, context=recovery_id)
    machine.move(request, RecoveryState.ASKED, machine=rules.RECOVERY, actor=actor)
    outbox.emit(events.RecoveryAsked(recovery_id=recovery_id, login_id=login.id))


def forget_token(recovery_id: str) -> None:
    """The mail is written: from now on only whoever reads it can stop this."""
    _locked(recovery_id).stop_sealed = None
    db.session.flush()


def stop(token: str, *, actor: Actor) -> None:
    """The owner says no, by the link in the mail: to this one and to all that wait with it.

    Raises LinkSpent when there is nothing (left) to stop.
    """
    found = select(Recovery.id, Recovery.login_id).where(Recovery.stop_hash == crypto.token_hash(token))
    request = db.session.execute(found).one_or_none()
    waiting = _waiting(request.login_id) if request else []
    if request is None or request.id not in {one.id for one in waiting}:
        raise errors.LinkSpent
    for one in waiting:
        _end(one, RecoveryState.STOPPED, actor=actor, reason="Stopped by the owner.")


def refuse(recovery_id: str, *, reason: str, actor: Actor) -> None:
    """Staff say that this is not the owner. Raises RefusalUnexplained, NotFound, IllegalMove."""
    why = reason.strip()
    if not 0 < len(why) <= REASON_MAX:
        raise errors.RefusalUnexplained
    request = _locked(recovery_id)
    _end(request, RecoveryState.REFUSED, actor=actor, reason=why)


def expire(*, actor: Actor) -> int:
    """End what was asked for long ago: how many."""
    old = Recovery.created_at <= clock.now() - rules.RECOVERY_LIVES
    found = select(Recovery).where(Recovery.state == RecoveryState.ASKED, old).limit(EXPIRED_AT_ONCE)
    over = db.session.scalars(found.with_for_update(skip_locked=True)).all()
    for request in over:
        _end(request, RecoveryState.EXPIRED, actor=actor)
    return len(over)


def check(recovery_id: str, *, actor: Actor) -> None:
    """Raise what `carry_out` would refuse now, and change nothing."""
    request = _due(recovery_id, actor=actor)
    _free(request, audience=db.session.get_one(Login, request.login_id).audience)


def carry_out(recovery_id: str, *, actor: Actor) -> None:
    """Give the account its new address; every session, key and link of the old one ends.

    For staff, once others have agreed; whoever calls this has the approval: no door calls it by itself. The password
    stays, and is reset by mail to the new address; second factors are for the caller to lift, or for `Recovered`'s
    hearers. Others that were asked for are moot. Raises NotFound, IllegalMove, RecoveryCools before its time,
    RecoveryOver, AddressTaken.
    """
    request = _due(recovery_id, actor=actor)
    _end(request, RecoveryState.CARRIED_OUT, actor=actor)
    for other in _waiting(request.login_id):
        _end(other, RecoveryState.MOOT, actor=actor, reason="The account was given back by another one.")
    login = db.session.get_one(Login, request.login_id, with_for_update=True)
    former, login.email = login.email, _free(request, audience=login.audience)
    request.address_sealed = crypto.seal(former, context=recovery_id)
    sessions.end_all(login.id)
    api_keys.revoke_all(login.id)
    unused = (PasswordReset.login_id == login.id) & PasswordReset.used_at.is_(None)
    db.session.execute(update(PasswordReset).where(unused).values(used_at=clock.now()))
    security.note_change(login.id)
    outbox.emit(events.Recovered(login_id=login.id, recovery_id=recovery_id))
    db.session.flush()


def former_address_for_system(recovery_id: str) -> str | None:
    """The address that an account had before its recovery, in the clear until the mail to it was written."""
    sealed = db.session.get_one(Recovery, recovery_id).address_sealed
    return crypto.unseal(sealed, context=recovery_id) if sealed else None


def forget_address(recovery_id: str) -> None:
    """The mail to the address that was is written: nobody needs it any more."""
    _locked(recovery_id).address_sealed = None
    db.session.flush()


def _due(recovery_id: str, *, actor: Actor) -> Recovery:
    """A recovery that may be carried out now. Raises NotFound, IllegalMove, RecoveryCools, RecoveryOver."""
    request = _locked(recovery_id)
    if not rules.RECOVERY.allows(RecoveryState(request.state), RecoveryState.CARRIED_OUT):
        machine.move(request, RecoveryState.CARRIED_OUT, machine=rules.RECOVERY, actor=actor)  # refuses, in its words
    if clock.now() < request.possible_at:
        raise errors.RecoveryCools(possible_at=request.possible_at.isoformat())
    if clock.now() >= request.created_at + rules.RECOVERY_LIVES:
        raise errors.RecoveryOver
    return request


def _free(request: Recovery, *, audience: str) -> str:
    """The address to be. Raises AddressTaken."""
    contact = crypto.unseal(request.contact_sealed, context=request.id)
    if db.session.scalars(select(Login.id).filter_by(audience=audience, email=contact)).one_or_none():
        raise errors.AddressTaken
    return contact


def _is_asked(login_id: str, contact_index: bytes) -> bool:
    asked = select(Recovery.id).filter_by(login_id=login_id, contact_index=contact_index, state=RecoveryState.ASKED)
    return db.session.scalars(asked).one_or_none() is not None


def _was_stopped(login_id: str, *, at: datetime) -> bool:
    lately = Recovery.ended_at > at - rules.RECOVERY_PAUSE
    stopped = select(Recovery.id).where(Recovery.login_id == login_id, Recovery.state == RecoveryState.STOPPED, lately)
    return db.session.scalars(stopped.limit(1)).first() is not None


def _waiting(login_id: str | None) -> Sequence[Recovery]:
    """What is asked for about a login, in one order for all who lock it."""
    asked = select(Recovery).where(Recovery.login_id == login_id, Recovery.state == RecoveryState.ASKED)
    return db.session.scalars(asked.order_by(Recovery.id).with_for_update()).all()


def _end(request: Recovery, state: RecoveryState, *, actor: Actor, reason: str = "") -> None:
    request.ended_at = clock.now()
    machine.move(request, state, machine=rules.RECOVERY, actor=actor, reason=reason)


def _locked(recovery_id: str) -> Recovery:
    found = db.session.scalars(select(Recovery).where(Recovery.id == recovery_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound
    return found
