"""What is due goes and nothing younger, a legal hold wins, two sides agree, and a run that was killed goes on."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

from app.core import actor, clock
from app.core.db import db, leave, rows, sqlstate, transaction
from app.core.permissions import Role
from app.documents import flows as documents
from app.documents.errors import NotReady
from app.governance import service as governance
from app.governance.errors import NotYourLeg, OwnRequest
from app.governance.models import Request
from app.restrictions.rules import Kind
from app.retention import errors, flows, queries, requests, rules, service
from app.retention.queries import Due, Story
from jobs import runtime
from tests.makers import aged, apps, people, restricted
from tests.makers.aged import CLASSES, SECOND
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

SYSTEM = actor.system("test")
WorkOff = Callable[..., int]


def ask(role: Role = Role.ADMIN, *, at: datetime | None = None) -> Request:
    """Somebody of this role asks, at a moment."""
    who, _ = people.operator(role)
    leave()
    with clock.at(at or clock.now()), transaction(actor.operator(who)):
        return requests.request_run(reason="The yearly forgetting.", maker=who, actor=actor.operator(who))


def agree(asked: Request, role: Role) -> None:
    """Somebody of this role says yes."""
    who, _ = people.operator(role)
    leave()
    with transaction(actor.operator(who)):
        governance.approve(asked.id, operator_id=who, shown=asked.payload_hash, actor=actor.operator(who))


def plan(at: datetime) -> dict[str, Due]:
    """What would go, by class."""
    leave()
    return {due.rule.data_class: due for due in service.plan(at=at)}


def last_run() -> Story:
    """The newest."""
    leave()
    return queries.runs_for_operators(limit=1)[0]


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


def hold(owner: Customer) -> None:
    """Somebody orders that nothing of theirs goes."""
    restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order")


@dataclass
class Ran:
    """A run over one row of each class that was due, was not yet, was due and held, and was held after all agreed."""

    at: datetime
    before: dict[str, Due]
    due: dict[str, str]
    young: dict[str, str]
    held: dict[str, str]
    late: dict[str, str]
    files: dict[str, str]
    run: Story


@pytest.fixture(scope="module")
def ran(app: Flask, owner_engine: Engine) -> Ran:
    """Everything made, asked for, agreed on and carried out."""
    with app.app_context():
        make, at = aged.maker(owner_engine), clock.now()
        one, other, third = people.customer(), people.customer(), people.customer()
        hold(other)
        ends = {each: aged.cutoff(each, at) for each in CLASSES}
        due = {each: make(each, one, ends[each]) for each in CLASSES}
        young = {each: make(each, one, ends[each] + SECOND) for each in CLASSES}
        held = {each: make(each, other, ends[each]) for each in CLASSES}
        late = {each: make(each, third, ends[each]) for each in CLASSES}
        files = {each: file_of(app, owner_engine, owner, row) for each, owner, row in (
            ("due", one, due["applications"]), ("held", other, held["applications"]),
        )}  # fmt: skip
        before = plan(at)
        asked = ask(at=at)
        hold(third)
        agree(asked, Role.COMPLIANCE_MANAGER)
        runtime.drain(app)
        return Ran(at, before, due, young, held, late, files, last_run())


def file_of(app: Flask, engine: Engine, owner: Customer, application_id: str) -> str:
    """A real file of an application, sealed in the store: its document."""
    leave()
    body = b"\x89PNG\r\n\x1a\n" + b"0" * 64
    document_id = documents.take(
        app.extensions["clients"].documents, customer_id=owner.id, purpose="id_front", name="a.png", body=body,
        actor=owner.actor,
    )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        connection.execute(
            text(
                "INSERT INTO application_files (id, application_id, customer_id, step, slot, document_id, added_at)"
                " VALUES (:document, :id, :customer, 'document', 'front', :document, now())"
            ),
            {"document": document_id, "id": application_id, "customer": owner.id},
        )
    return document_id


class TestARun:
    @pytest.mark.parametrize("data_class", CLASSES)
    def test_forgets_what_is_due_to_the_second_and_nothing_younger(self, ran: Ran, data_class: str) -> None:
        assert not aged.there(data_class, ran.due[data_class])
        assert aged.there(data_class, ran.young[data_class])

    @pytest.mark.parametrize("data_class", CLASSES)
    def test_yields_to_a_legal_hold_also_to_one_of_after_the_agreement(self, ran: Ran, data_class: str) -> None:
        assert aged.there(data_class, ran.held[data_class])
        assert aged.there(data_class, ran.late[data_class])

    @pytest.mark.parametrize("data_class", CLASSES)
    def test_does_what_the_report_said_but_for_what_was_held_since(self, ran: Ran, data_class: str) -> None:
        said = ran.before[data_class]
        assert said.held >= 1
        assert ran.run.done[data_class] == said.goes - 1
        now = plan(ran.at)[data_class]
        assert (now.goes, now.held) == (0, said.held + 1)

    def test_keeps_hashes_of_ids_and_nothing_else(self, ran: Ran) -> None:
        kept = rows("SELECT id, data_class, hashes FROM retention_batches WHERE run_id = :id", id=ran.run.run.id)
        for data_class, row_id in ran.due.items():
            assert [row for row in kept if row.data_class == data_class and rules.hash_of(row_id) in row.hashes]
        recorded = rows("SELECT row_id FROM audit.records WHERE table_name = 'retention_batches'")
        assert {row.id for row in kept} <= {row.row_id for row in recorded}
        for data_class in ("sessions", "reveals", "document_views", "application_views", "viewings"):
            gone = rows("SELECT 1 FROM audit.records WHERE row_id = :id AND action = 'delete'", id=ran.due[data_class])
            assert not gone

    def test_keeps_the_digest_of_a_message_for_ever(self, ran: Ran) -> None:
        (row,) = rows("SELECT body, digest FROM inbox WHERE id = :id", id=int(ran.due["webhooks"]))
        assert (bytes(row.body), len(row.digest)) == (b"", 32)

    def test_takes_files_out_of_the_store_and_keeps_their_digests(self, app: Flask, ran: Ran) -> None:
        store = app.extensions["clients"].documents
        (gone,) = rows("SELECT state FROM documents WHERE id = :id", id=ran.files["due"])
        assert gone.state == "discarded"
        with pytest.raises(NotReady):
            documents.content(store, ran.files["due"])
        digests = rows("SELECT digest, storage_name FROM document_files WHERE document_id = :id", id=ran.files["due"])
        assert [(len(row.digest), row.storage_name) for row in digests] == [(32, None)]
        (kept,) = rows("SELECT state FROM documents WHERE id = :id", id=ran.files["held"])
        assert kept.state != "discarded"

    def test_leaves_the_application_and_its_end(self, ran: Ran) -> None:
        (row,) = rows("SELECT state FROM applications WHERE id = :id", id=ran.due["applications"])
        assert row.state == "abandoned"

    def test_is_over_and_does_nothing_twice(self, app: Flask, ran: Ran) -> None:
        leave()
        again = flows.carry_out(ran.run.run.id, store=app.extensions["clients"].documents, actor=SYSTEM)
        assert again is None
        assert last_run().done == ran.run.done

    def test_says_what_is_not_there_yet(self, ran: Ran) -> None:
        for data_class in ("kyc_files", "customers", "ledger", "audit", "reports"):
            assert (ran.before[data_class].count, bool(ran.before[data_class].rule.note)) == (0, True)


class TestAsking:
    @pytest.mark.parametrize(
        ("maker", "same", "other"),
        [
            (Role.ADMIN, Role.ADMIN, Role.COMPLIANCE_MANAGER),
            (Role.COMPLIANCE_MANAGER, Role.COMPLIANCE_MANAGER, Role.ADMIN),
        ],
    )
    def test_is_agreed_to_by_the_other_side_alone(
        self, owner_engine: Engine, ran: Ran, work_off: WorkOff, maker: Role, same: Role, other: Role
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

    def test_is_refused_while_nothing_is_due(self, ran: Ran) -> None:
        with pytest.raises(errors.NothingDue):
            ask()

    def test_is_the_only_way(self, ran: Ran) -> None:
        insert = (
            "INSERT INTO retention_runs (id, request_id, up_to, state, began_at)"
            " SELECT 'rtr_own', id, now(), 'begun', now() FROM approval_requests LIMIT 1"
        )
        with pytest.raises(DBAPIError) as refused, transaction(SYSTEM):
            db.session.execute(text(insert))
        assert sqlstate(refused.value) == "BU005"
        forget = text("SELECT * FROM retention_forget(:run, 'sessions', 1)")
        for statement, state in (
            (forget.bindparams(run=ran.run.run.id), "23001"),
            (text("DELETE FROM sessions"), "42501"),
            (text("DELETE FROM retention_batches"), "42501"),
        ):
            with pytest.raises(DBAPIError) as refused:
                as_if_forgetting(statement)
            assert sqlstate(refused.value) == state


class TestARunThatWasKilled:
    def test_goes_on_and_forgets_each_once(self, app: Flask, owner_engine: Engine, ran: Ran, work_off: WorkOff) -> None:
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
