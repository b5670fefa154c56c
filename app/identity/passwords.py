"""Passwords: what may be one, and how they are kept: argon2id, RFC 9106's low-memory parameters (3 passes, 64 MiB).

Whoever signs in with a hash of other parameters gets a new one (`stale`), so that a change here reaches everybody.
"""

import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.identity import breached, errors, rules

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
# Each hash takes 64 MiB; this bounds what a burst of sign-ins can take in one process.
HASHES_AT_ONCE = 4
_AT_ONCE = threading.BoundedSemaphore(HASHES_AT_ONCE)
_NOBODYS_HASH = _HASHER.hash("the password of an account that does not exist")


def check(password: str, *, about: Iterable[str] = ()) -> None:
    """Refuse what may not be a password; `about` are the person's address and name, and the name of the house.

    Raises WeakPassword, CommonPassword, PersonalPassword.
    """
    if not rules.password_fits(password):
        raise errors.WeakPassword
    if rules.is_commonplace(password, listed=breached.listed):
        raise errors.CommonPassword
    if rules.is_personal(password, about=about):
        raise errors.PersonalPassword


def hash_of(password: str) -> str:
    """The hash to keep."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify(password: str, *, kept: str | None) -> bool:
    """Whether this is the password. For an unknown account (`kept` None) it does the same work and says no."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or _NOBODYS_HASH, password) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


def stale(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)
