"""What the sandbox is told at the door: its environment, read once. It will not start with a live key, or with none."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsRefused(Exception):
    """The environment does not describe a sandbox that may start."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen, where the book is, how to sign, and where events go."""

    host: str
    port: int
    book: Path
    secret_key: str
    webhook_url: str | None
    public_url: str
    opening_balance_kobo: int
    business_name: str
    reset_allowed: bool
    control_open: bool
    settles: bool = False
    durable: bool = True

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read SANDBOX_* variables; raises SettingsRefused naming the variable that is wrong."""
        env = os.environ if env is None else env
        secret_key = env.get("SANDBOX_SECRET_KEY", "").strip()
        if not secret_key:
            raise SettingsRefused("SANDBOX_SECRET_KEY is missing: the key that clients send and that signs events")
        if secret_key.startswith("sk_live"):
            raise SettingsRefused("SANDBOX_SECRET_KEY is a live key: the sandbox only ever holds test keys")
        port = whole(env, "SANDBOX_PORT", 4010)
        return cls(
            host=env.get("SANDBOX_HOST", "127.0.0.1"),
            port=port,
            book=Path(env.get("SANDBOX_BOOK", "var/sandbox.sqlite3")),
            secret_key=secret_key,
            webhook_url=env.get("SANDBOX_WEBHOOK_URL", "").strip() or None,
            public_url=env.get("SANDBOX_PUBLIC_URL", f"http://localhost:{port}").rstrip("/"),
            opening_balance_kobo=whole(env, "SANDBOX_OPENING_BALANCE", 5_000_000_00),
            business_name=env.get("SANDBOX_BUSINESS_NAME", "Bursar"),
            reset_allowed=env.get("SANDBOX_RESET_ALLOWED", "") == "1",
            control_open=env.get("SANDBOX_CONTROL_OPEN", "") == "1",
            settles=env.get("SANDBOX_SETTLES", "") == "1",
            durable=env.get("SANDBOX_DURABLE", "") != "0",
        )


def whole(env: Mapping[str, str], name: str, otherwise: int) -> int:
    """A whole number from the environment; raises SettingsRefused when it is none."""
    text = env.get(name, "").strip()
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit()):
        raise SettingsRefused(f"{name} must be a whole number, not {text!r}")
    return int(text)
