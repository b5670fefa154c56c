"""The synthetic market: a price is a level bent by smooth noise, a function of seed, name and time alone.

Noise of nine periods, from two months to ten seconds, lies over another; each is drawn at the knots of its period by a
hash and eased in between. So any moment can be asked for in any order, and the same seed always tells the same story.
All of it is whole-number arithmetic, in parts per billion; no float comes near a price.
"""

import hashlib
from decimal import Decimal
from functools import lru_cache

BILLION = 1_000_000_000
_SECOND = 1_000
_DAY = 86_400 * _SECOND
# How long a wave is, in milliseconds, and how far it reaches at most, in parts per billion of the level.
_WAVES = (
    (64 * _DAY, 120_000_000),
    (16 * _DAY, 60_000_000),
    (4 * _DAY, 30_000_000),
    (_DAY, 16_000_000),
    (_DAY // 4, 8_000_000),
    (3_600 * _SECOND, 3_600_000),
    (600 * _SECOND, 1_200_000),
    (60 * _SECOND, 350_000),
    (10 * _SECOND, 100_000),
)
_RIPPLES = _WAVES[-4:]
_EASE = 1 << 16
_HALF = 1 << 31

# Whole dollars, or naira for a dollar, around which each wanders, and how lively it is, in percent of the waves.
LEVELS = {
    "BTC": (Decimal(97_500), 100),
    "ETH": (Decimal(3_420), 125),
    "TRX": (Decimal("0.2935"), 70),
    "TON": (Decimal("2.180"), 140),
    "BNB": (Decimal(905), 95),
    "USDT": (Decimal("1.0001"), 1),
    "NGN": (Decimal("1486.50"), 12),
}


@lru_cache(maxsize=1 << 17)
def _knot(seed: int, name: str, period_ms: int, number: int) -> int:
    digest = hashlib.sha256(f"{seed}:{name}:{period_ms}:{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") - _HALF


def _wave(seed: int, name: str, period_ms: int, at_ms: int) -> int:
    number, into = divmod(at_ms, period_ms)
    part = into * _EASE // period_ms
    # Smoothstep: flat at the knots, so that nothing jumps where one wave ends and the next begins.
    eased = part * part * (3 * _EASE - 2 * part) // (_EASE * _EASE)
    before, after = _knot(seed, name, period_ms, number), _knot(seed, name, period_ms, number + 1)
    return before + (after - before) * eased // _EASE


def level(seed: int, ticker: str, at_ms: int) -> Decimal:
    """What one whole of `ticker` costs in dollars (NGN: what a dollar costs in naira) at a time in milliseconds."""
    base, liveliness = LEVELS[ticker]
    bent = sum(_wave(seed, ticker, period, at_ms) * reach // _HALF for period, reach in _WAVES) * liveliness // 100
    return base * (BILLION + bent) / BILLION


def ripple(seed: int, name: str, at_ms: int) -> Decimal:
    """The small error of one source at a time: what to multiply with, never further than about a thousandth from 1."""
    bent = sum(_wave(seed, name, period, at_ms) * reach // _HALF for period, reach in _RIPPLES)
    return 1 + Decimal(bent // 5) / BILLION


def turnover(seed: int, name: str, at_ms: int) -> Decimal:
    """How much was traded in the hour of this time, in thousands of dollars: something plausible, no more."""
    number = at_ms // (3_600 * _SECOND)
    return Decimal(_knot(seed, f"turnover:{name}", 3_600 * _SECOND, number) + _HALF) / 4_294_967 + 50
