"""Trades to look into: the usual prices, nothing turned off, somebody with money."""

import pytest
from flask import Flask

from tests.makers import priced, switched


@pytest.fixture
def market(inside: Flask) -> None:
    """The usual prices, made now, and nothing stopped that another test left behind."""
    for scope in ("all", "rail:inside"):
        switched.all_on(scope)
    priced.at()
