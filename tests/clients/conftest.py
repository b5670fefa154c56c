"""Paystack as a vendor that says what a test tells it to, and our client before it."""

from collections.abc import Iterator

import pytest

from app.clients.paystack import Paystack
from tests.makers.sandbox import SECRET
from tests.makers.vendor import Says, Vendor


@pytest.fixture
def scripted() -> Iterator[Vendor]:
    """Agrees to everything and says nothing, until it is told what to say."""
    with Vendor(Says({"status": True, "message": "", "data": {}})) as listening:
        yield listening


@pytest.fixture
def paystack(scripted: Vendor) -> Paystack:
    """Our client, with little patience."""
    return Paystack(scripted.url, secret_key=SECRET, connect_seconds=0.3, read_seconds=0.5)
