"""What tests of pricing stand on."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.core.db import leave
from tests.makers import quoted


@pytest.fixture
def market(inside: Flask, owner_engine: Engine) -> Iterator[Flask]:
    """An application context with an empty market, and nothing left of it for others."""
    quoted.emptied(owner_engine)
    yield inside
    leave()
    quoted.emptied(owner_engine)
