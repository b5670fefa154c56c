"""The development floor's secrets: random, made on the first run, kept in `var/secrets.json` for this user alone."""

import base64
import json
import os
import secrets
from pathlib import Path

DATA_KEY_BYTES = 32
EXCHANGE_SECRET_BYTES = 64


def kept(path: Path) -> dict[str, str]:
    """The secrets by their environment names; what the environment already sets wins."""
    before = json.loads(path.read_text()) if path.exists() else {}
    made = {**_new(), **before}  # what a later version needs is made beside what there is
    if made != before:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written under another name first: a run that is stopped here leaves whole secrets or none.
        aside = path.with_suffix(".new")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made, file, indent=1)
        aside.rename(path)
    return {name: os.environ.get(name) or value for name, value in made.items()}


def _new() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "DATA_KEY": base64.b64encode(secrets.token_bytes(DATA_KEY_BYTES)).decode(),
        "DOCUMENT_KEYS": "first:" + base64.b64encode(secrets.token_bytes(DATA_KEY_BYTES)).decode(),
        "PAYSTACK_SECRET_KEY": f"sk_test_{secrets.token_hex(20)}",
        "KRAKEN_KEY": f"test{secrets.token_urlsafe(36)}",
        "KRAKEN_SECRET": base64.b64encode(secrets.token_bytes(EXCHANGE_SECRET_BYTES)).decode(),
    }
