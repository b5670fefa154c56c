"""What the exchange is told at the door: its environment, read once. It will not start without a key and a secret."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.settings import SettingsRefused, whole


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen, where the book is, which key may call, and the seed of the prices."""

    host: str
    port: int
    book: Path
    key: str
    secret: str
    seed: int
    reset_allowed: bool
    control_open: bool
    durable: bool = True

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read EXCHANGE_SANDBOX_* variables; raises SettingsRefused naming the variable that is wrong."""
        env = os.environ if env is None else env
        key, secret = env.get("EXCHANGE_SANDBOX_KEY", "").strip(), env.get("EXCHANGE_SANDBOX_SECRET", "").strip()
        if not key:
            raise SettingsRefused("EXCHANGE_SANDBOX_KEY is missing: the API key that clients send")
        try:
            long_enough = bool(base64.b64decode(secret, validate=True))
        except binascii.Error:
            long_enough = False
        if not long_enough:
            raise SettingsRefused("EXCHANGE_SANDBOX_SECRET must be base64: what clients sign with")
        return cls(
            host=env.get("EXCHANGE_SANDBOX_HOST", "127.0.0.1"),
            port=whole(env, "EXCHANGE_SANDBOX_PORT", 4020),
            book=Path(env.get("EXCHANGE_SANDBOX_BOOK", "var/exchange.sqlite3")),
            key=key,
            secret=secret,
            seed=whole(env, "EXCHANGE_SANDBOX_SEED", 1),
            reset_allowed=env.get("EXCHANGE_SANDBOX_RESET_ALLOWED", "") == "1",
            control_open=env.get("EXCHANGE_SANDBOX_CONTROL_OPEN", "") == "1",
            durable=env.get("EXCHANGE_SANDBOX_DURABLE", "") != "0",
        )
