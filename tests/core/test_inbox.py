"""A message is kept as the bytes that came, once, and says what became of it."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy.exc import NoResultFound

from app.core import clock, inbox
from app.core.db import leave, transaction
from tests.makers.books import TESTER, fresh
from tests.makers.crowd import at_once

pytestmark = pytest.mark.usefixtures("inside")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def receive(external_id: str, *, source: str = "test", body: bytes = b"{}") -> int | None:
    """Keep a message in a transaction of its own."""
    with transaction(TESTER):
        return inbox.receive(source, external_id=external_id, body=body)


class TestReceive:
    def test_keeps_the_bytes_that_came(self) -> None:
        body = b'\x00\xff {"amount":  1e3}\r\n'
        with clock.at(NOON):
            number = receive(fresh(), body=body)
        message = inbox.read(number or 0)
        assert bytes(message.body) == body
        assert (message.outcome, message.handled_at, message.received_at) == ("", None, NOON)

    def test_keeps_the_first_of_two(self) -> None:
        name = fresh()
        number = receive(name, body=b"first")
        assert receive(name, body=b"second") is None
        assert bytes(inbox.read(number or 0).body) == b"first"

    def test_tells_sources_apart(self) -> None:
        name = fresh()
        assert receive(name) != receive(name, source="elsewhere")

    def test_keeps_one_of_many_at_once(self, app: Flask) -> None:
        name = fresh()
        kept = [number for number in at_once(app, [lambda: receive(name)] * 6) if number is not None]
        assert len(kept) == 1
        assert isinstance(kept[0], int)


class TestSettle:
    def test_says_what_became_of_it_and_when(self) -> None:
        number = receive(fresh()) or 0
        with clock.at(NOON), transaction(TESTER):
            inbox.settle(number, outcome="credited")
        leave()
        message = inbox.read(number)
        assert (message.outcome, message.handled_at) == ("credited", NOON)


class TestRead:
    def test_knows_only_what_came(self) -> None:
        with pytest.raises(NoResultFound):
            inbox.read(-1)
