"""Sealing what must be read again, hashing what must only be recognised, signing what travels.

Sealed values are AES-256-GCM: key id (1 byte), nonce (12 bytes), ciphertext with tag. `context` is authenticated with
it, so that a value moved to another row does not open.
"""

import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN_BYTES = 32
_NONCE_BYTES = 12
_KEYS: dict[int, AESGCM] = {}
_INDEX_KEYS: dict[int, bytes] = {}


class Unsealable(Exception):
    """A sealed value that this house's key and this context do not open."""


def use_key(key: bytes, *, key_id: int = 1) -> None:
    """Install the house's data key (32 bytes). Called once, by the factory."""
    _KEYS[key_id] = AESGCM(key)
    _INDEX_KEYS[key_id] = hmac.new(key, b"blind index", hashlib.sha256).digest()


def seal(plain: str, *, context: str) -> bytes:
    """Encrypt a text under the newest key, bound to `context` (the row it belongs to)."""
    key_id = max(_KEYS)
    nonce = os.urandom(_NONCE_BYTES)
    return bytes([key_id]) + nonce + _KEYS[key_id].encrypt(nonce, plain.encode(), context.encode())


def unseal(sealed: bytes, *, context: str) -> str:
    """The text of a sealed value. Raises Unsealable for another key, another context or altered bytes."""
    key = _KEYS.get(sealed[0]) if sealed else None
    if key is None:
        raise Unsealable
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return key.decrypt(nonce, body, context.encode()).decode()
    except (InvalidTag, ValueError) as error:  # (cut short, there may not even be a nonce)
        raise Unsealable from error


def blind_index(plain: str, *, kind: str) -> bytes:
    """What a sealed text is looked up by: the same for the same text, and no guide to it without the house's key.

    Under the oldest key, so that a newer one for sealing leaves what is written findable.
    """
    return hmac.new(_INDEX_KEYS[min(_INDEX_KEYS)], f"{kind}:{plain}".encode(), hashlib.sha256).digest()


def new_token() -> str:
    """A fresh bearer secret: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What we keep of a bearer secret. It has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def new_code() -> str:
    """A six-digit code, every one as likely as the next."""
    return f"{secrets.randbelow(1_000_000):06d}"


def hmac_sha512(body: bytes, *, key: str) -> str:
    """Lower-case hex HMAC-SHA512 of raw bytes."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
