"""The venue's signature: HMAC-SHA512 over the path and SHA256(nonce + body), under the secret decoded from base64.

Source: docs.kraken.com, "Spot REST Authentication", whose worked example a test repeats.
"""

import base64
import hashlib
import hmac


def signature(secret: str, path: str, nonce: str, body: str) -> str:
    """What belongs in API-Sign for a POST of `body` to `path` (from `/0/private` on)."""
    digest = hashlib.sha256((nonce + body).encode()).digest()
    made = hmac.new(base64.b64decode(secret), path.encode() + digest, hashlib.sha512).digest()
    return base64.b64encode(made).decode()


def is_signed(secret: str, path: str, nonce: str, body: str, given: str) -> bool:
    """Whether `given` is that signature."""
    return hmac.compare_digest(signature(secret, path, nonce, body).encode(), given.encode())
