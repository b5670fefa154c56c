"""Trades to look into: the usual prices, nothing turned off."""

import pytest
from flask import Flask

from tests.makers import trading


@pytest.fixture
def market(inside: Flask) -> None:
    """Whoever wants to deal can."""
    trading.market_opens()
