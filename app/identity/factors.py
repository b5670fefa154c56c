"""Commands about second factors: set up an app, prove a code, write recovery codes, take a factor away.

Each is about a session, because a factor is proved in one. Who proves a factor gets another token for their session:
the old one, whoever has it, is dead. Where somebody has a factor, changing them needs one proved a short while ago.
"""

import base64
import math
import secrets
from datetime import datetime, timedelta

from sqlalchemy import case, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, crypto, ids, logs, outbox
from app.core.db import db
from app.core.errors import NotFound, Unauthenticated
from app.identity import api_keys, errors, events, passwords, queries, rules, security, service, sessions, totp
from app.identity.models import FactorTries, Login, Passkey, RecoveryCode, SignedIn, TotpApp

log = logs.get("identity.factors")


def begin_app(session_id: str) -> None:
    """Make a secret for an app to be set up in this session; an earlier unfinished one is dropped.

    Raises FactorStale.
    """
    session, moment = changing(session_id), clock.now()
    begun = (TotpApp.session_id == session_id) & TotpApp.confirmed_at.is_(None) & TotpApp.removed_at.is_(None)
    db.session.execute(update(TotpApp).where(begun).values(removed_at=moment))
    _keep_app(session.login_id, secret=totp.new_secret(), session_id=session_id)


def confirm_app(session_id: str, *, code: str) -> str | None:
    """The app counts from its first right code on, in place of an earlier one: the session's new token.

    None for a wrong code. A wrong try is counted, so the caller commits either way. Raises FactorStale,
    NothingToConfirm, FactorPaused.
    """
    session = changing(session_id)
    app = queries.app_in_the_making(session_id, owner=session.login_id)
    if app is None:
        raise errors.NothingToConfirm
    paused = _count_try(session.login_id)
    if not _take_step(app, typed=code):
        _tell(paused, login_id=session.login_id)
        return None
    before = queries.live_app(owner=session.login_id)
    if before is not None:
        before.removed_at = clock.now()
        security.note_change(session.login_id)
        db.session.flush()
    elif queries.enrolled(owner=session.login_id):
        security.note_change(session.login_id, of=security.CONTACT)
    app.confirmed_at = clock.now()
    outbox.emit(events.FactorAdded(login_id=session.login_id, kind="app"))
    return proved(session)


def provide_app(login_id: str, *, secret: str) -> None:
    """Give a login an app whose secret the house knows: for people whose device the house sets up."""
    app = _keep_app(login_id, secret=secret, session_id=None)
    app.confirmed_at = clock.now()
    outbox.emit(events.FactorAdded(login_id=login_id, kind="app"))
    db.session.flush()


def remove_app(session_id: str) -> None:
    """Take the app away. Raises FactorStale, NotFound, LastFactor for an operator's only one."""
    session = changing(session_id)
    app = queries.live_app(owner=session.login_id)
    if app is None:
        raise NotFound
    keep_one(session, taking=1)
    app.removed_at = clock.now()
    removed(session, kind="app")


def remove_passkey(session_id: str, *, passkey_id: str) -> None:
    """Take a passkey away. Raises FactorStale, NotFound, LastFactor for an operator's only factor."""
    session = changing(session_id)
    mine = select(Passkey).where(
        Passkey.id == passkey_id, Passkey.login_id == session.login_id, Passkey.removed_at.is_(None)
    )
    passkey = db.session.scalars(mine).one_or_none()
    if passkey is None:
        raise NotFound
    keep_one(session, taking=int(passkey.suspect_at is None))
    passkey.removed_at = clock.now()
    removed(session, kind="passkey")


def drop_all(login_id: str) -> None:
    """Forget every factor and end every session and key of somebody who lost them all: their password leads to a first.

    For the house alone, after it knows in another way who asks.
    """
    moment = clock.now()
    for table in (TotpApp, Passkey):
        kept = (table.login_id == login_id) & table.removed_at.is_(None)
        db.session.execute(update(table).where(kept).values(removed_at=moment))
    _replace_codes(login_id)
    sessions.end_all(login_id)
    api_keys.revoke_all(login_id)
    security.note_change(login_id)
    outbox.emit(events.FactorRemoved(login_id=login_id, kind="all"))
    db.session.flush()


def prove_code(session_id: str, *, code: str) -> str | None:
    """Prove a factor by an app's code or a recovery code: the session's new token, None for a wrong one.

    A wrong try is counted, so the caller commits either way. Raises FactorPaused after five of them.
    """
    session, typed = live(session_id), rules.plain_code(code)
    paused = _count_try(session.login_id)
    app = queries.live_app(owner=session.login_id)
    right = _spend(session.login_id, typed) or (app is not None and _take_step(app, typed=typed))
    if not right:
        log.info("a factor was not proved", extra={"facts": {"login": session.login_id}})
        _tell(paused, login_id=session.login_id)
        return None
    return proved(session)


def prove_password(session_id: str, *, password: str) -> str:
    """Type the password again, before a first factor: the session's new token. Raises WrongPresentPassword."""
    session = live(session_id)
    if not passwords.verify(password, kept=db.session.get_one(Login, session.login_id).password_hash):
        raise errors.WrongPresentPassword
    session.password_at = clock.now()
    db.session.flush()
    return service.rotate(session.id)


def write_codes(session_id: str) -> list[str]:
    """A new set of recovery codes, to be shown once; the old set is worthless. Raises FactorStale, FactorMissing."""
    session, moment = changing(session_id), clock.now()
    if not queries.enrolled(owner=session.login_id):
        raise errors.FactorMissing
    _replace_codes(session.login_id)
    made = [base64.b32encode(secrets.token_bytes(15)).decode() for _ in range(rules.RECOVERY_CODES)]
    db.session.add_all(
        RecoveryCode(id=ids.new("rcc"), login_id=session.login_id, code_hash=crypto.token_hash(code), created_at=moment)
        for code in made
    )
    outbox.emit(events.FactorAdded(login_id=session.login_id, kind="codes"))
    db.session.flush()
    return [rules.shown_code(code) for code in made]


def live(session_id: str) -> SignedIn:
    """A session that was not closed, as it is now. Raises Unauthenticated."""
    row = db.session.get(SignedIn, session_id, populate_existing=True)
    if row is None or row.revoked_at is not None:
        raise Unauthenticated
    return row


def changing(session_id: str) -> SignedIn:
    """A session in which factors may be changed now. It locks the login, so that two cannot both be the first.

    Raises FactorStale; for who has none, and did not type the password a short while ago, PasswordStale.
    """
    session = live(session_id)
    # (not as strong a lock as for deletion: rows that point to the login may be written beside it)
    db.session.execute(select(Login.id).where(Login.id == session.login_id).with_for_update(key_share=True))
    if not queries.enrolled(owner=session.login_id):
        if not rules.password_is_fresh(session.password_at, at=clock.now()):
            raise errors.PasswordStale
    elif not rules.factor_is_fresh(session.factor_at, at=clock.now()):
        raise errors.FactorStale
    return session


def proved(session: SignedIn) -> str:
    """Note that a factor was proved in this session, and give it another token."""
    session.factor_at = clock.now()
    good = update(FactorTries).where(FactorTries.login_id == session.login_id)
    db.session.execute(good.values(wrong=0, pauses=0, paused_until=None))
    db.session.flush()
    return service.rotate(session.id)


def keep_one(session: SignedIn, *, taking: int) -> None:
    """An operator keeps a usable factor. Raises LastFactor."""
    left = queries.factors_of(owner=session.login_id).usable - taking
    if session.audience == rules.Audience.OPERATOR and left < 1:
        raise errors.LastFactor


def removed(session: SignedIn, *, kind: str) -> None:
    """Tell that a factor is gone; with the last one go the recovery codes."""
    db.session.flush()
    if not queries.enrolled(owner=session.login_id):
        _replace_codes(session.login_id)
    security.note_change(session.login_id)
    outbox.emit(events.FactorRemoved(login_id=session.login_id, kind=kind))


def _keep_app(login_id: str, *, secret: str, session_id: str | None) -> TotpApp:
    app_id = ids.new("app")
    app = TotpApp(
        id=app_id,
        login_id=login_id,
        session_id=session_id,
        secret_sealed=crypto.seal(secret, context=app_id),
        last_step=0,
        created_at=clock.now(),
    )
    db.session.add(app)
    db.session.flush()
    return app


def _take_step(app: TotpApp, *, typed: str) -> bool:
    """Use the code up: of two who type it at once, or of one who types it twice, one is right."""
    secret = crypto.unseal(app.secret_sealed, context=app.id)
    step = totp.matching_step(secret, typed=rules.plain_code(typed), at=clock.now())
    if step is None:
        return False
    newer = (TotpApp.id == app.id) & (TotpApp.last_step < step)
    taken = update(TotpApp).where(newer).values(last_step=step).returning(TotpApp.id)
    return db.session.scalar(taken) is not None


def _count_try(login_id: str) -> timedelta | None:
    """Count a try before it is looked at, so that many at once are no more tries than one after the other.

    The last one allowed begins a pause of this length, which a right code takes back. Raises FactorPaused.
    """
    moment = clock.now()
    last = FactorTries.wrong + 1 >= rules.FACTOR_TRIES_MAX
    pauses = {before: moment + rules.factor_pause(before) for before in range(rules.FACTOR_PAUSES)}
    until = case(pauses, value=FactorTries.pauses, else_=moment + rules.FACTOR_PAUSE_MAX)
    counted = (
        insert(FactorTries)
        .values(login_id=login_id, wrong=1, pauses=0)
        .on_conflict_do_update(
            index_elements=[FactorTries.login_id],
            set_={
                "wrong": case((last, 0), else_=FactorTries.wrong + 1),
                "pauses": case((last, FactorTries.pauses + 1), else_=FactorTries.pauses),
                "paused_until": case((last, until), else_=None),
            },
            where=or_(FactorTries.paused_until.is_(None), FactorTries.paused_until <= moment),
        )
        .returning(FactorTries.paused_until)
    )
    row = db.session.execute(counted).one_or_none()
    if row is None:
        raise _paused(login_id, at=moment)
    return row.paused_until - moment if row.paused_until else None


def _paused(login_id: str, *, at: datetime) -> errors.FactorPaused:
    until = db.session.scalar(select(FactorTries.paused_until).where(FactorTries.login_id == login_id))
    wait = (until or at) - at
    said = f"There were too many wrong codes. Wait {rules.in_words(wait)} before the next try."
    return errors.FactorPaused(said, retry_after=math.ceil(wait.total_seconds()))


def _tell(paused: timedelta | None, *, login_id: str) -> None:
    """Tell the owner that somebody guesses behind the right password, once for each pause."""
    if paused:
        outbox.emit(events.FactorGuessed(login_id=login_id, minutes=paused // timedelta(minutes=1)))


def _spend(login_id: str, code: str) -> bool:
    """Use a recovery code up: once, of two at the same time by one."""
    good = (
        (RecoveryCode.login_id == login_id)
        & (RecoveryCode.code_hash == crypto.token_hash(code))
        & RecoveryCode.used_at.is_(None)
        & RecoveryCode.replaced_at.is_(None)
    )
    spent = update(RecoveryCode).where(good).values(used_at=clock.now()).returning(RecoveryCode.id)
    if db.session.scalar(spent) is None:
        return False
    left = queries.factors_of(owner=login_id).codes_left
    outbox.emit(events.RecoveryCodeUsed(login_id=login_id, left=left))
    return True


def _replace_codes(login_id: str) -> None:
    good = (RecoveryCode.login_id == login_id) & RecoveryCode.used_at.is_(None) & RecoveryCode.replaced_at.is_(None)
    db.session.execute(update(RecoveryCode).where(good).values(replaced_at=clock.now()))
