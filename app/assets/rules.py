"""What an asset may look like. Its code is its ticker, or its ticker on one of several networks: `USDT.TRC20`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.money import UNITS_LIMIT

DECIMALS_MAX = 30  # the ledger's table refuses more
MARK_MAX = 2
NAME_MAX, SYMBOL_MAX = 40, 4
_CODE = re.compile(r"(?P<ticker>[A-Z0-9]{2,10})(\.[A-Z0-9]{2,9})?")
_COLOUR = re.compile("#[0-9a-f]{6}")
# White is read on it: WCAG 2.2, 1.4.3 asks for 4.5 to 1. That is a luminance of at most 0.183; here each channel is
# squared where sRGB has a power of 2.2, which makes it a little brighter than it is. In ten-thousandths of 255 squared.
_WEIGHTS = (2126, 7152, 722)
_LUMINANCE_MAX = 1830 * 255 * 255


@dataclass(frozen=True)
class Facts:
    """All there is to say of an asset. The least that is traded and sent are units."""

    code: str
    decimals: int
    name: str
    network: str
    symbol: str
    mark: str
    digits: int
    colour: str
    trade_min: int
    send_min: int
    position: int
    open: bool

    @property
    def ticker(self) -> str:
        """What is priced: the code without its network."""
        return self.code.partition(".")[0]

    def written(self) -> dict[str, Any]:
        """As a request keeps it; units are text, since JSON's numbers are not exact everywhere."""
        units = {"trade_min": str(self.trade_min), "send_min": str(self.send_min)}
        return vars(self) | units | {"ticker": self.ticker}


def facts_of(written: dict[str, Any]) -> Facts:
    """What a request keeps."""
    plain = {name: value for name, value in written.items() if name != "ticker"}
    return Facts(**plain | {name: int(written[name]) for name in ("trade_min", "send_min")})


def fault_of(facts: Facts) -> str:
    """What is wrong with them, in a sentence; empty when nothing is."""
    return next((words for wrong, words in _faults(facts) if wrong), "")


def _faults(facts: Facts) -> Iterator[tuple[bool, str]]:
    code_is_one = _CODE.fullmatch(facts.code) is not None
    yield not code_is_one, "A code is two to ten capital letters or digits; a token has a point and its network, too."
    yield not 0 <= facts.decimals <= DECIMALS_MAX, f"An asset has at most {DECIMALS_MAX} decimals."
    yield not 0 <= facts.digits <= facts.decimals, "No more digits are shown than there are decimals."
    named = facts.name and max(len(facts.name), len(facts.network)) <= NAME_MAX
    yield not named, f"A name has one to {NAME_MAX} letters, and so has that of its network."
    marked = 1 <= len(facts.mark) <= MARK_MAX and len(facts.symbol) <= SYMBOL_MAX
    yield not marked, f"A mark has one or two letters, and the sign before an amount at most {SYMBOL_MAX}."
    dark = _COLOUR.fullmatch(facts.colour) is not None and _luminance(facts.colour) <= _LUMINANCE_MAX
    yield not dark, "Write a colour like #1a2b3c, dark enough that its white mark is read on it."
    some = 0 < facts.trade_min < UNITS_LIMIT and 0 < facts.send_min < UNITS_LIMIT
    yield not some, "The least that is traded or sent is more than nothing."


def _luminance(colour: str) -> int:
    channels = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return sum(weight * channel * channel for weight, channel in zip(_WEIGHTS, channels, strict=True))
