"""Passwords: argon2id with the library's defaults (RFC 9106, low-memory profile: 3 passes over 64 MiB)."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
# Each hash takes 64 MiB; this bounds what a burst of sign-ins can take in one process.
_AT_ONCE = threading.BoundedSemaphore(4)
_NOBODYS_HASH = _HASHER.hash("the password of an account that does not exist")


def hash_of(password: str) -> str:
    """The hash to keep."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify(password: str, *, kept: str | None) -> bool:
    """Whether this is the password. For an unknown account (`kept` None) it does the same work and says no."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or _NOBODYS_HASH, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False
