"""Passwords: what may be one, and how they are kept: argon2id, RFC 9106's low-memory parameters (3 passes, 64 MiB).

Whoever signs in with a hash of other parameters gets a new one (`stale`), so that a change here reaches everybody.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.identity import breached, errors, rules

# Each hash takes the memory it is given; this bounds what a burst of sign-ins can take in one process.
HASHES_AT_ONCE = 4
_AT_ONCE = threading.BoundedSemaphore(HASHES_AT_ONCE)


@dataclass(frozen=True)
class _Cost:
    """How passwords are hashed, and a hash of that cost which belongs to nobody."""

    hasher: PasswordHasher
    nobodys: str


def _cost(kib: int) -> _Cost:
    hasher = PasswordHasher.from_parameters(replace(RFC_9106_LOW_MEMORY, memory_cost=kib))
    return _Cost(hasher, hasher.hash("the password of an account that does not exist"))


_COST: list[_Cost] = []


def use_memory(kib: int) -> None:
    """Let a hash take this much memory (KiB). Called once, by the factory, before anything here is asked."""
    _COST[:] = [_cost(kib)]


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
        return _COST[0].hasher.hash(password)


def verify(password: str, *, kept: str | None) -> bool:
    """Whether this is the password. For an unknown account (`kept` None) it does the same work and says no."""
    cost = _COST[0]
    with _AT_ONCE:
        try:
            return cost.hasher.verify(kept or cost.nobodys, password) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


def stale(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _COST[0].hasher.check_needs_rehash(kept)
