"""Two sides agree on a run, nothing else begins one, and a run whose worker was killed goes on."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

from app.core import actor, clock
from app.core.db import db, leave, rows, sqlstate, transaction
from app.core.permissions import Role
from app.governance import service as governance
from app.governance.errors import NotYourLeg, OwnRequest
from app.retention import errors, flows, rules, service
from tests.makers import aged, apps, people
from tests.makers.forgetting import agree, ask, forget_all, last_run

SYSTEM = actor.system("test")
WorkOff = Callable[..., int]


@pytest.fixture(autouse=True)
def nothing_due(app: Flask, inside: Flask) -> None:
    """What other tests of this file left is out of the way."""
    forget_all(app)


def as_if_forgetting(statement: TextClause) -> None:
    """Try something while the sign of a run stands, as anybody could set it."""
    with transaction(SYSTEM):
        db.session.execute(text("SELECT set_config('bursar.forgets', 'x', true)"))
        db.session.execute(statement)


def killed_in(run_id: str, engine: Engine) -> None:
    """A step of a run whose connection dies before it commits."""
    with transaction(SYSTEM):
        assert not service.step(run_id, actor=SYSTEM).over
        (mine,) = rows("SELECT pg_backend_pid() AS pid")
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine.pid})


class TestAsking:
    @pytest.mark.parametrize(
        ("maker", "same", "other"),
        [
            (Role.ADMIN, Role.ADMIN, Role.COMPLIANCE_MANAGER),
            (Role.COMPLIANCE_MANAGER, Role.COMPLIANCE_MANAGER, Role.ADMIN),
        ],
    )
    def test_is_agreed_to_by_the_other_side_alone(
        self, owner_engine: Engine, work_off: WorkOff, maker: Role, same: Role, other: Role
    ) -> None:
        make = aged.maker(owner_engine)
        row = make("sessions", people.customer(), aged.cutoff("sessions", clock.now()))
        asked = ask(maker)
        with pytest.raises(errors.RunUnderWay):
            ask(maker)
        with pytest.raises(NotYourLeg):
            agree(asked, same)
        with pytest.raises(OwnRequest), transaction(actor.operator(asked.maker)):
            governance.approve(
                asked.id, operator_id=asked.maker, shown=asked.payload_hash, actor=actor.operator(asked.maker)
            )
        assert aged.there("sessions", row)
        agree(asked, other)
        work_off()
        assert not aged.there("sessions", row)

    def test_is_refused_while_nothing_is_due(self) -> None:
        with pytest.raises(errors.NothingDue):
            ask()

    def test_is_the_only_way(self, app: Flask, owner_engine: Engine) -> None:
        aged.maker(owner_engine)("sessions", people.customer(), aged.cutoff("sessions", clock.now()))
        forget_all(app)
        insert = (
            "INSERT INTO retention_runs (id, request_id, up_to, state, began_at)"
            " SELECT 'rtr_own', id, now(), 'begun', now() FROM approval_requests LIMIT 1"
        )
        with pytest.raises(DBAPIError) as refused, transaction(SYSTEM):
            db.session.execute(text(insert))
        assert sqlstate(refused.value) == "BU005"
        forget = text("SELECT * FROM retention_forget(:run, 'sessions', 1)")
        for statement, state in (
            (forget.bindparams(run=last_run().run.id), "23001"),
            (text("DELETE FROM sessions"), "42501"),
            (text("DELETE FROM retention_batches"), "42501"),
        ):
            with pytest.raises(DBAPIError) as refused:
                as_if_forgetting(statement)
            assert sqlstate(refused.value) == state


class TestARunThatWasKilled:
    def test_goes_on_and_forgets_each_once(self, app: Flask, owner_engine: Engine, work_off: WorkOff) -> None:
        make, owner, at = aged.maker(owner_engine), people.customer(enrolled=True), clock.now()
        made = [make("sessions", owner, aged.cutoff("sessions", at)) for _ in range(3)]
        made += [make("messages", owner, aged.cutoff("messages", at)) for _ in range(2)]
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(
                text("UPDATE totp_apps SET session_id = :s WHERE login_id = :l"), {"s": made[0], "l": owner.login_id}
            )
        asked = ask(at=at)
        agree(asked, Role.COMPLIANCE_MANAGER)
        with transaction(SYSTEM):
            run_id = service.begin(asked.id, up_to=datetime.fromisoformat(asked.payload["up_to"]), actor=SYSTEM)
            db.session.execute(
                text("UPDATE approval_requests SET state = 'executed', executed_at = now() WHERE id = :id"),
                {"id": asked.id},
            )
        with pytest.raises(DBAPIError):
            killed_in(run_id, owner_engine)
        assert all(aged.there("sessions", row) for row in made[:3])
        with transaction(SYSTEM):
            service.step(run_id, actor=SYSTEM)
        assert flows.carry_out(run_id, store=app.extensions["clients"].documents, actor=SYSTEM) is None
        leave()
        hashes = Counter(
            each
            for row in rows("SELECT hashes FROM retention_batches WHERE run_id = :id", id=run_id)
            for each in row.hashes
        )
        assert hashes == Counter(rules.hash_of(row) for row in made)
        assert last_run().run.state == "done"
        work_off()
        assert apps.has(owner.email)
