"""Keys of customers' programs: issued, listed, traded for a signed token, revoked. Shown once, kept as a hash."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from app.core import clock, crypto, ids, outbox
from app.core.db import db
from app.identity import errors, events, rules, signing
from app.identity.models import ApiKey, Login, SignedIn
from app.identity.scopes import Scope

PREFIX = "bk_"  # so that a key that leaked is known for one
KEYS_MAX = 20
NAME_MAX = 60


@dataclass(frozen=True)
class Traded:
    """A signed token and how many seconds it is good for."""

    token: str
    seconds: int


def issue(login_id: str, *, name: str, scopes: Collection[Scope], lives: timedelta) -> tuple[ApiKey, str]:
    """A new key and its token, which nobody is told again. Raises KeyUnfit, TooManyKeys."""
    if not 0 < len(name.strip()) <= NAME_MAX or not scopes or lives not in rules.KEY_LIVES:
        raise errors.KeyUnfit
    login = db.session.scalars(select(Login).where(Login.id == login_id).with_for_update()).one()
    moment = clock.now()
    live = (ApiKey.login_id == login.id, ApiKey.revoked_at.is_(None), ApiKey.expires_at > moment)
    if len(db.session.scalars(select(ApiKey.id).where(*live)).all()) >= KEYS_MAX:
        raise errors.TooManyKeys
    token = PREFIX + crypto.new_token()
    key = ApiKey(
        id=ids.new("key"),
        login_id=login.id,
        name=name.strip(),
        token_hash=crypto.token_hash(token),
        hint=token[-4:],
        scopes=sorted(scopes),
        created_at=moment,
        expires_at=moment + lives,
    )
    db.session.add(key)
    outbox.emit(events.ApiKeyIssued(key_id=key.id, login_id=login.id))
    db.session.flush()
    return key, token


def live_of(*, owner: str) -> list[ApiKey]:
    """Every key of a login that opens something, newest first."""
    live = (ApiKey.login_id == owner) & ApiKey.revoked_at.is_(None) & (ApiKey.expires_at > clock.now())
    return list(db.session.scalars(select(ApiKey).where(live).order_by(ApiKey.created_at.desc())))


def ended_of(*, owner: str, limit: int = 100) -> list[ApiKey]:
    """The keys of a login that open nothing any more, newest first."""
    ended = (ApiKey.login_id == owner) & (ApiKey.revoked_at.is_not(None) | (ApiKey.expires_at <= clock.now()))
    return list(db.session.scalars(select(ApiKey).where(ended).order_by(ApiKey.created_at.desc()).limit(limit)))


def name_for_system(key_id: str) -> str:
    """What a key is called, for a mail about it."""
    return db.session.get_one(ApiKey, key_id).name


def revoke(key_id: str, *, login_id: str) -> None:
    """End one of one's own keys, and every token that was got with it, at once. Raises UnknownKey."""
    moment = clock.now()
    mine = (ApiKey.id == key_id, ApiKey.login_id == login_id)
    ended = update(ApiKey).where(*mine, ApiKey.revoked_at.is_(None)).values(revoked_at=moment).returning(ApiKey.id)
    if db.session.execute(ended).one_or_none() is None:
        raise errors.UnknownKey
    opened = (SignedIn.api_key_id == key_id, SignedIn.revoked_at.is_(None))
    db.session.execute(update(SignedIn).where(*opened).values(revoked_at=moment))


def revoke_all(login_id: str) -> None:
    """End every key of a login; tokens got with one are sessions, and end as those do."""
    live = (ApiKey.login_id == login_id) & ApiKey.revoked_at.is_(None)
    db.session.execute(update(ApiKey).where(live).values(revoked_at=clock.now()))


def trade(key_id: str, *, issuer: str) -> Traded:
    """A signed token in place of a key that has just proved itself; it is good while its session's row is."""
    key, moment = db.session.get_one(ApiKey, key_id), clock.now()
    session = SignedIn(
        id=ids.new("ses"),
        login_id=key.login_id,
        audience=rules.Audience.CUSTOMER,
        token_hash=crypto.token_hash(crypto.new_token()),  # (no bearer has it: the signed token names the row)
        device=f"API key {key.name}",
        api_key_id=key.id,
        created_at=moment,
        seen_at=moment,
        expires_at=moment + rules.SIGNED_LIVES,
    )
    db.session.add(session)
    db.session.flush()
    token = signing.sign(session.id, login_id=key.login_id, scopes=key.scopes, until=session.expires_at, issuer=issuer)
    return Traded(token, int(rules.SIGNED_LIVES.total_seconds()))


def used(key_id: str) -> None:
    """Note that a key is in use, to the minute."""
    moment = clock.now()
    stale = ApiKey.used_at.is_(None) | (ApiKey.used_at < moment - rules.SEEN_RESOLUTION)
    db.session.execute(update(ApiKey).where(ApiKey.id == key_id, stale).values(used_at=moment))
