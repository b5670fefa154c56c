"""A state is set by `move` alone, along an arrow, and every move leaves its line of history."""

from datetime import UTC, datetime
from enum import StrEnum

import pytest
from sqlalchemy import create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from app.core import clock, db, ids, machine
from app.core.db import transaction
from app.core.errors import IllegalMove
from app.core.machine import Machine
from app.reconciliation.models import Reconciliation
from app.reconciliation.rules import RUN, RunState
from tests.makers import books
from tests.makers.books import TESTER
from tests.makers.databases import Database
from tests.makers.story import undone

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Light(StrEnum):
    """A lamp that can go out and burn through."""

    OFF = "off"
    SWITCHED_ON = "switched_on"
    BURNT = "burnt"


LAMP = Machine(
    "lamp", {Light.OFF: frozenset({Light.SWITCHED_ON}), Light.SWITCHED_ON: frozenset({Light.OFF, Light.BURNT})}
)


class TestMachine:
    def test_allows_its_arrows_and_no_others(self) -> None:
        arrows = {(old, new) for old in Light for new in Light if LAMP.allows(old, new)}
        assert arrows == {
            (Light.OFF, Light.SWITCHED_ON),
            (Light.SWITCHED_ON, Light.OFF),
            (Light.SWITCHED_ON, Light.BURNT),
        }

    def test_is_final_where_nothing_leads_out(self) -> None:
        assert [state for state in Light if LAMP.is_final(state)] == [Light.BURNT]


def run(*, reason: str = "") -> Reconciliation:
    """A fresh row, begun by who acts in these tests."""
    row = Reconciliation(id=ids.new("rec"), account="a", source="test", state=RunState.RUNNING, started_at=clock.now())
    machine.begin(row, machine=RUN, actor=TESTER, reason=reason)
    return row


@pytest.mark.usefixtures("inside")
class TestBegin:
    def test_adds_the_row_with_the_first_line_of_its_history(self) -> None:
        with clock.at(NOON), undone() as session:
            row = run(reason="asked")
            assert row in session
            (first,) = machine.history(row.id)
            assert (first.machine, first.old_state, first.new_state) == ("reconciliation", None, "running")
            assert (first.actor, first.reason, first.moved_at) == (str(TESTER), "asked", NOON)


@pytest.mark.usefixtures("inside")
class TestMove:
    def test_sets_the_state_and_writes_history(self) -> None:
        with undone():
            row = run()
            machine.move(row, RunState.DONE, machine=RUN, actor=TESTER, reason="all there")
            assert row.state == RunState.DONE
            assert [(line.old_state, line.new_state, line.actor, line.reason) for line in machine.history(row.id)] == [
                (None, "running", str(TESTER), ""),
                ("running", "done", str(TESTER), "all there"),
            ]

    @pytest.mark.parametrize("who", ["operator:op_somebody", ""])
    def test_is_in_the_name_of_who_acts_whatever_is_written(self, database: Database, who: str) -> None:
        """By bare SQL of the app's role; in nobody's name it is not written at all."""
        written = (
            "INSERT INTO moves (machine, subject, new_state, actor, reason, moved_at)"
            " VALUES ('lamp', 'lamp_9', 'on', :who, '', now()) RETURNING actor"
        )
        engine = create_engine(database.app_url, poolclass=pool.NullPool)
        with books.undone(engine) as connection:
            assert books.refused(connection, written, who=who or "system:x") == "BU001"
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            assert connection.execute(text(written), {"who": who}).scalar_one() == "system:test"
        engine.dispose()

    def test_moves_a_row_that_was_read_from_the_database(self) -> None:
        with undone() as session:
            row = run()
            session.expire(row)
            machine.move(row, RunState.FAILED, machine=RUN, actor=TESTER)
            assert [line.new_state for line in machine.history(row.id)] == ["running", "failed"]

    def test_refuses_where_there_is_no_arrow_and_leaves_the_row_as_it_was(self) -> None:
        with undone():
            row = run()
            machine.move(row, RunState.DONE, machine=RUN, actor=TESTER)
            with pytest.raises(IllegalMove) as refused:
                machine.move(row, RunState.RUNNING, machine=RUN, actor=TESTER)
            assert refused.value.facts == {"state": "done", "asked": "running"}
            assert refused.value.message == "This reconciliation is done and cannot become running."
            assert row.state == RunState.DONE
            assert len(machine.history(row.id)) == 2

    def test_says_states_in_words(self) -> None:
        lamp = type("Lamp", (), {"id": "lamp_1", "state": Light.SWITCHED_ON})()
        with pytest.raises(IllegalMove, match="This lamp is switched on and cannot become switched on"):
            machine.move(lamp, Light.SWITCHED_ON, machine=LAMP, actor=TESTER)

    def test_is_forgotten_when_the_transaction_is(self) -> None:
        with undone():
            row = run()
        assert machine.history(row.id) == []


@pytest.mark.usefixtures("inside")
class TestHistory:
    @pytest.mark.parametrize("statement", ["UPDATE moves SET reason = 'x'", "DELETE FROM moves", "TRUNCATE moves"])
    def test_is_not_the_app_s_to_change(self, statement: str) -> None:
        with pytest.raises(DBAPIError) as refused, transaction(TESTER) as session:
            session.execute(text(statement))
        assert db.sqlstate(refused.value) == "42501"  # permission denied
