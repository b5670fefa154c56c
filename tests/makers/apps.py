"""Authenticator apps of the people in tests: which secret somebody has, and a code that was not used yet."""

import time
from datetime import timedelta

from sqlalchemy import select

from app.core import actor, clock
from app.core.db import db, leave, transaction
from app.identity import factors, rules, totp
from app.identity.models import Login

_secrets: dict[str, str] = {}  # by address: a test knows what it gave, as a person's phone does
_used: dict[str, int] = {}
NEARLY_OVER_SECONDS = 5


OLD = timedelta(days=2)  # what is newer holds withdrawals back


def give(login_id: str, email: str) -> str:
    """Set up an app for somebody, two days ago: its secret."""
    secret = _secrets[email] = totp.new_secret()
    with clock.at(clock.now() - OLD), transaction(actor.system("test")):
        factors.provide_app(login_id, secret=secret)
    return secret


def know(email: str, secret: str) -> None:
    """Take a secret over that somebody read on a page."""
    _secrets[email] = secret


def has(email: str) -> bool:
    """Whether somebody was given an app."""
    return email in _secrets


def code(email: str) -> str:
    """A code that works now. Two stand open at a time; for a third in half a minute it waits for the next."""
    while True:
        now = clock.now()
        step = rules.totp_step(now)
        left = rules.TOTP_SECONDS - now.timestamp() % rules.TOTP_SECONDS
        open_ = [step] if left < NEARLY_OVER_SECONDS else [step - 1, step]  # (the older one may close on its way)
        unused = [each for each in open_ if each > _used.get(email, 0)]
        if unused:
            _used[email] = unused[0]
            return totp.code(_secrets[email], step=unused[0])
        time.sleep(left)  # a code that was used is refused, and the next one comes with real time


def login_of(email: str) -> str:
    """The login id behind an address that only one audience has."""
    found = db.session.scalars(select(Login.id).where(Login.email == email)).one()
    leave()
    return found


def secret_of(email: str) -> str:
    """What the app of somebody knows."""
    return _secrets[email]
