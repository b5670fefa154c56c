"""Public ids: a room's prefix, then 26 characters that sort by time (`wd_01k…`).

The first 10 characters are milliseconds since 1970, the other 16 are 80 random bits, in Crockford base 32, lower case.
They are names, never secrets: whoever may see a row is decided by its owner, not by guessing its id.
"""

import re
import secrets
from datetime import datetime

from app.core import clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_LENGTH = 10
_SHAPE = re.compile(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}")


def new(prefix: str) -> str:
    """A fresh id such as `wd_01kaq…`; `prefix` is two to four lower-case letters."""
    number = (int(clock.now().timestamp() * 1000) << 80) | secrets.randbits(80)
    characters = []
    for _ in range(26):
        number, digit = divmod(number, 32)
        characters.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(characters))}"


def begun_at(moment: datetime) -> str:
    """How ids made from then on begin, after the prefix: they sort by time, so a range of them is a span of it."""
    number, characters = max(int(moment.timestamp() * 1000), 0), ""
    for _ in range(_TIME_LENGTH):
        number, digit = divmod(number, 32)
        characters = _ALPHABET[digit] + characters
    return characters


def is_id(text: str, *, prefix: str) -> bool:
    """Whether `text` has the shape of an id of this prefix."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None
