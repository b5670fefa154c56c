"""What tests of the market stand on."""

import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.makers import quoted


@pytest.fixture
def market(inside: Flask, owner_engine: Engine) -> Flask:
    """An application context with an empty market."""
    quoted.emptied(owner_engine)
    return inside
