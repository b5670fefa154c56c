"""What an asset may look like."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assets import rules
from app.assets.rules import Facts
from app.core.money import UNITS_LIMIT

DOGE = Facts(
    code="DOGE", decimals=8, name="Dogecoin", network="Dogecoin", symbol="", mark="Ð", digits=4,
    colour="#7a6312", trade_min=10**9, send_min=10**8, position=80, open=True,
)  # fmt: skip
CHANNEL = 255
READABLE = 4.5  # WCAG 2.2, 1.4.3


def test_what_fits_has_no_fault_and_is_written_and_read() -> None:
    assert rules.fault_of(DOGE) == ""
    written = DOGE.written()
    assert (written["ticker"], written["trade_min"]) == ("DOGE", "1000000000")
    assert rules.facts_of(written) == DOGE
    assert replace(DOGE, code="DOGE.BEP20").ticker == "DOGE"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"code": "doge"}, "capital letters"),
        ({"code": "D"}, "capital letters"),
        ({"code": "DOGE."}, "capital letters"),
        ({"code": "A.B.C"}, "capital letters"),
        ({"code": "DOGE\n"}, "capital letters"),
        ({"decimals": 31}, "at most 30"),
        ({"decimals": -1}, "at most 30"),
        ({"digits": 9}, "No more digits"),
        ({"name": ""}, "A name has"),
        ({"network": "x" * 41}, "A name has"),
        ({"mark": ""}, "A mark has"),
        ({"mark": "ABC"}, "A mark has"),
        ({"symbol": "DOGES"}, "A mark has"),
        ({"colour": "red"}, "Write a colour"),
        ({"colour": "#FFFFFF"}, "Write a colour"),
        ({"colour": "#c2a633"}, "Write a colour"),
        ({"trade_min": 0}, "more than nothing"),
        ({"send_min": UNITS_LIMIT}, "more than nothing"),
    ],
)
def test_what_does_not_is_told_why(other: dict[str, object], told: str) -> None:
    assert told in rules.fault_of(replace(DOGE, **other))  # type: ignore[arg-type]


@given(st.tuples(*[st.integers(0, CHANNEL)] * 3))
def test_white_is_read_on_every_colour_that_passes(colour: tuple[int, int, int]) -> None:
    """By the formula of WCAG itself, which the rule stands in for without fractions."""
    facts = replace(DOGE, colour="#" + "".join(f"{channel:02x}" for channel in colour))
    if not rules.fault_of(facts):
        linear = [c / 12.92 if (c := one / CHANNEL) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for one in colour]
        luminance = sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        assert 1.05 / (luminance + 0.05) >= READABLE
