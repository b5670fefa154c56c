"""Luck that can be told again: every draw is named by (seed, purpose, number), so a restart continues the same story.

A draw depends on nothing else, not even on the draws before it. Codes are the exception: they come from `secrets`,
because two books opened beside one product must never mint the same name.
"""

import random
import secrets

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def draw(seed: int, purpose: str, number: int) -> random.Random:
    """The generator for one purpose and one row."""
    return random.Random(f"{seed}:{purpose}:{number}")  # noqa: S311 - luck, not secrecy


def code(prefix: str = "", length: int = 15) -> str:
    """A fresh name such as `RCP_m7ljkv8leesep7p`."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


def digits(length: int) -> str:
    """Fresh digits, such as a bank session number; never starts with a zero."""
    return str(secrets.randbelow(9) + 1) + "".join(str(secrets.randbelow(10)) for _ in range(length - 1))
