"""Signed tokens (RFC 7519, one algorithm: EdDSA over Ed25519, RFC 8037) and the keys they are signed with.

A token says which session's row it stands for; the row decides whether it still counts. Every verifier is told the one
algorithm, the issuer and the audience, and takes the key by `kid` from our own table, never from the token.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import OKPAlgorithm
from sqlalchemy import select, text

from app.core import clock, crypto, ids
from app.core.db import db
from app.identity.models import SigningKey

ALGORITHM = "EdDSA"
AUDIENCE = "bursar-api"
OVERLAP = timedelta(hours=1)  # a retired key still verifies: longer than any token lives
CLOCKS_APART = timedelta(seconds=60)  # between two machines of ours; the session's row decides to the second
_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "sid", "scope"]


def sign(session_id: str, *, login_id: str, scopes: Collection[str], until: datetime, issuer: str) -> str:
    """A token for a session's row."""
    key = _newest() or rotate()
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(crypto.unseal(key.private_sealed, context=key.id)))
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": login_id,
        "sid": session_id,
        "scope": " ".join(scopes),
        "iat": clock.now(),
        "exp": until,
    }
    return jwt.encode(claims, private, algorithm=ALGORITHM, headers={"kid": key.id})


def verify(token: str, *, issuer: str) -> dict[str, Any] | None:
    """What a token of ours says; None for any other, and for one that has run out."""
    try:
        key_id = str(jwt.get_unverified_header(token).get("kid", ""))
        key = _public(key_id) if ids.is_id(key_id, prefix="sig") else None
        if key is None:
            return None
        return dict(
            jwt.decode(
                token,
                Ed25519PublicKey.from_public_bytes(key),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=issuer,
                leeway=CLOCKS_APART,
                options={"require": _CLAIMS},
            )
        )
    except jwt.InvalidTokenError:
        return None


def rotate() -> SigningKey:
    """Retire the key that signs and make the next one."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('signing_keys'))"))
    present, moment = _newest(), clock.now()
    if present is not None and moment - present.created_at < OVERLAP:
        return present  # somebody was quicker
    if present is not None:
        present.retired_at = moment
        db.session.flush()
    private, key_id = Ed25519PrivateKey.generate(), ids.new("sig")
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex()
    key = SigningKey(
        id=key_id,
        public_key=private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        private_sealed=crypto.seal(raw, context=key_id),
        created_at=moment,
    )
    db.session.add(key)
    db.session.flush()
    return key


def published() -> list[dict[str, Any]]:
    """The public keys that still verify, as JWKs (RFC 7517)."""
    return [
        {
            **OKPAlgorithm.to_jwk(Ed25519PublicKey.from_public_bytes(key.public_key), as_dict=True),
            "kid": key.id,
            "use": "sig",
            "alg": ALGORITHM,
        }
        for key in db.session.scalars(_verifying().order_by(SigningKey.created_at.desc()))
    ]


def _newest() -> SigningKey | None:
    return db.session.scalars(select(SigningKey).where(SigningKey.retired_at.is_(None))).one_or_none()


def _public(key_id: str) -> bytes | None:
    found = db.session.scalars(_verifying().where(SigningKey.id == key_id)).one_or_none()
    return found.public_key if found else None


def _verifying() -> Any:
    retired_long_ago = SigningKey.retired_at < clock.now() - OVERLAP
    return select(SigningKey).where(SigningKey.retired_at.is_(None) | ~retired_long_ago)
