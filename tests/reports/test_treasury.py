"""Whether as much is held as is owed, and what a lack of it means: by the policy of its ticker."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.core.money import ASSETS, NGN, Money
from app.exchange.rules import Policy
from reports.treasury import Cover, Place, Standing

BTC = Policy("BTC", "BTC/USDT", 0, 100_000, 5_000_000, 50_000_000, 50, 300)
DOLLARS = Policy("USDT.TRC20", "", 0, 0, 50_000_000_000, 500_000_000_000, 50, 300)


@pytest.fixture(autouse=True)
def known(app: Flask) -> Iterator[None]:
    """The assets that there are."""
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("code", "lacks", "policy", "standing"),
    [
        ("BTC", 0, BTC, "covered"),
        ("BTC", -5, BTC, "covered"),
        ("BTC", 1, BTC, "let_be"),
        ("BTC", 99_999, BTC, "let_be"),
        ("BTC", 100_000, BTC, "answered"),
        ("BTC", 5_000_000, BTC, "answered"),
        ("BTC", 5_000_001, BTC, "beyond"),
        ("USDT.TRC20", 1, DOLLARS, "answered"),
        ("USDT.BEP20", 50_000 * 10**18, DOLLARS, "answered"),  # (the same dollars, counted finer)
        ("USDT.BEP20", 50_000 * 10**18 + 1, DOLLARS, "beyond"),
        ("NGN", 1, None, "beyond"),
    ],
)
def test_a_lack_is_as_grave_as_its_policy_says(code: str, lacks: int, policy: Policy | None, standing: str) -> None:
    asset = NGN if code == "NGN" else ASSETS[code]
    owed, held = (Place("x", Money(asset, units)) for units in (10**24, 10**24 - lacks))
    assert Cover(asset, (owed,), (held,), None, policy).standing is Standing(standing)
