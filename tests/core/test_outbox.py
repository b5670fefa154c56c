"""Events are written with what happened, or not at all, and taken once, oldest first."""

from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime
from threading import Barrier
from typing import ClassVar

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text

from app.core import clock, outbox
from app.core.db import db, transaction
from app.core.outbox import Event, Outboxed
from tests.makers.books import TESTER, fresh
from tests.makers.crowd import at_once, meet
from tests.makers.story import undone

pytestmark = pytest.mark.usefixtures("inside")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Shone(Event):
    """A lamp was seen."""

    name: ClassVar[str] = "test.shone"
    lamp_id: str
    after: int = 0
    colour: str = "amber"


def about(subject: str) -> list[Outboxed]:
    """The events about it, oldest first."""
    return list(db.session.scalars(select(Outboxed).where(Outboxed.subject == subject).order_by(Outboxed.id)))


class TestEvent:
    def test_cannot_be_changed(self) -> None:
        with pytest.raises(FrozenInstanceError):
            Shone("lamp_1").lamp_id = "lamp_2"  # type: ignore[misc]


class TestEmit:
    def test_writes_name_subject_and_facts(self) -> None:
        lamp = fresh("lamp")
        with clock.at(NOON), transaction(TESTER):
            outbox.emit(Shone(lamp, after=3))
        (event,) = about(lamp)
        assert (event.name, event.subject) == ("test.shone", lamp)
        assert event.facts == {"lamp_id": lamp, "after": 3, "colour": "amber"}
        assert event.emitted_at == NOON

    def test_is_undone_with_the_happening(self) -> None:
        lamp = fresh("lamp")
        with undone():
            outbox.emit(Shone(lamp))
        assert about(lamp) == []


class TestTake:
    def test_hands_out_what_waits_in_order_and_marks_it(self) -> None:
        lamp = fresh("lamp")
        with undone() as session:
            for after in (1, 2):
                outbox.emit(Shone(lamp, after=after))
                session.flush()
            taken = [event for event in outbox.take(limit=10_000) if event.subject == lamp]
            assert [event.facts["after"] for event in taken] == [1, 2]
            assert all(event.relayed_at for event in taken)
            assert [event for event in outbox.take(limit=10_000) if event.subject == lamp] == []

    def test_takes_no_more_than_it_is_asked_to(self) -> None:
        with undone() as session:
            for _ in range(3):
                outbox.emit(Shone(fresh("lamp")))
            session.flush()
            assert len(outbox.take(limit=2)) == 2

    def test_passes_over_what_another_relay_holds(self, app: Flask, owner_engine: Engine) -> None:
        lamps = [fresh("lamp") for _ in range(6)]
        with transaction(TESTER):
            for lamp in lamps:
                outbox.emit(Shone(lamp))
        both = Barrier(2)

        def relay() -> set[str]:
            with transaction(TESTER):
                mine = {event.subject for event in outbox.take(limit=10_000)}
                meet(both)  # each holds its own before either commits
            return mine

        one, other = at_once(app, [relay, relay])
        assert one | other >= set(lamps)
        assert one & other == set()
        with owner_engine.connect() as connection:
            waiting = text("SELECT count(*) FROM outbox WHERE subject = ANY (:lamps) AND relayed_at IS NULL")
            assert connection.execute(waiting, {"lamps": lamps}).scalar_one() == 0


class TestRead:
    def test_finds_an_event_for_its_hearers(self) -> None:
        lamp = fresh("lamp")
        with transaction(TESTER):
            outbox.emit(Shone(lamp))
        assert outbox.read(about(lamp)[0].id).facts["lamp_id"] == lamp
