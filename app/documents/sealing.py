"""Files are sealed with a data key of their own (AES-256-GCM), and each data key with a key of the house.

So that a new key of the house re-seals rows and moves no file. Both are bound to the place of the file: whose it is, of
which document, which page. The house's keys come from the environment; the first seals.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_KEYS: dict[str, AESGCM] = {}


class Unopened(Exception):
    """Sealed bytes that were altered or are in another's place."""


class KeyMissing(Exception):
    """This process was not given the key of that name: it says nothing of the sealed bytes, and another may have it."""


@dataclass(frozen=True)
class Lock:
    """What opens a file: its data key, sealed, and the name of the key that seals it."""

    key_id: str
    data_key: bytes


def use_keys(keys: Sequence[tuple[str, bytes]]) -> None:
    """Install the house's keys for documents (32 bytes each), the present one first. Called once, by the factory."""
    _KEYS.clear()
    _KEYS.update((name, AESGCM(key)) for name, key in keys)


def present_key() -> str:
    """The name of the key that seals."""
    return next(iter(_KEYS))


def has_key(key_id: str) -> bool:
    """Whether this process was given the key of this name."""
    return key_id in _KEYS


def seal(body: bytes, *, context: str) -> tuple[bytes, Lock]:
    """A file sealed for its place, and what opens it."""
    data_key = AESGCM.generate_key(bit_length=256)
    return _shut(AESGCM(data_key), body, context), _locked(data_key, context)


def unseal(sealed: bytes, lock: Lock, *, context: str) -> bytes:
    """The file. Raises Unopened, KeyMissing."""
    return _open(AESGCM(_data_key(lock, context)), sealed, context)


def relock(lock: Lock, *, context: str) -> Lock:
    """The same data key under the present key of the house. Raises Unopened, KeyMissing."""
    return _locked(_data_key(lock, context), context)


def _locked(data_key: bytes, context: str) -> Lock:
    key_id = present_key()
    return Lock(key_id, _shut(_KEYS[key_id], data_key, f"{context}:key"))


def _data_key(lock: Lock, context: str) -> bytes:
    key = _KEYS.get(lock.key_id)
    if key is None:
        raise KeyMissing
    return _open(key, lock.data_key, f"{context}:key")


def _shut(key: AESGCM, body: bytes, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, body, context.encode())


def _open(key: AESGCM, sealed: bytes, context: str) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:  # (cut short, there may not even be a nonce)
        raise Unopened from error
