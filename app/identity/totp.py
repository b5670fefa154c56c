"""Codes of an authenticator app (RFC 6238: six digits, SHA-1, half a minute). Pure: the time is an argument."""

from datetime import datetime

import pyotp

from app.core import crypto
from app.identity import rules


def new_secret() -> str:
    """A fresh secret: 160 random bits, as people type it."""
    return pyotp.random_base32()


def uri(secret: str, *, address: str, issuer: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(secret, interval=rules.TOTP_SECONDS).provisioning_uri(name=address, issuer_name=issuer)


def code(secret: str, *, step: int) -> str:
    """The code of one half minute."""
    return pyotp.HOTP(secret).at(step)


def matching_step(secret: str, *, typed: str, at: datetime) -> int | None:
    """Which of the half minutes that are looked at has this code; the newest, when two have it."""
    right = [step for step in rules.totp_steps(at) if crypto.same(code(secret, step=step), typed)]
    return right[-1] if right else None
