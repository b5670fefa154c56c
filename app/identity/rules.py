"""What identity decides without looking anything up."""

from datetime import datetime, timedelta
from enum import StrEnum

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256  # long passphrases are welcome; without a bound hashing is a lever for others
CODE_LIVES = timedelta(minutes=10)
CODE_TRIES_MAX = 5
CODE_RESEND_AFTER = timedelta(seconds=60)
SESSION_LIVES = timedelta(hours=12)
BORROWED_FOR = timedelta(minutes=60)
SEEN_RESOLUTION = timedelta(seconds=60)  # how exactly we know when a session was last used


class Audience(StrEnum):
    """The two kinds of people, with different doors."""

    CUSTOMER = "customer"
    OPERATOR = "operator"


SESSION_IDLES = {Audience.CUSTOMER: timedelta(minutes=30), Audience.OPERATOR: timedelta(minutes=15)}


def password_fits(password: str) -> bool:
    """Length is the only rule: no composition games."""
    return PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX


def session_is_live(
    *, audience: str, seen_at: datetime, expires_at: datetime, revoked_at: datetime | None, at: datetime
) -> bool:
    """Whether a session row still lets somebody in at this time."""
    return revoked_at is None and at < expires_at and at - seen_at < SESSION_IDLES[Audience(audience)]


def code_is_live(*, tries: int, expires_at: datetime, used_at: datetime | None, at: datetime) -> bool:
    """Whether an e-mail code can still be used at this time."""
    return used_at is None and at < expires_at and tries < CODE_TRIES_MAX


def resend_allowed(*, last_sent_at: datetime | None, at: datetime) -> bool:
    """Whether another code may go out."""
    return last_sent_at is None or at - last_sent_at >= CODE_RESEND_AFTER
