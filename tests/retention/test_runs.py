"""What is due goes and nothing younger, a legal hold wins, and what the report said is what was done."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.core import actor, clock
from app.core.db import leave, rows
from app.core.permissions import Role
from app.customers.rules import Tier
from app.documents import flows as documents
from app.documents.errors import NotReady
from app.retention import flows, rules
from app.retention.queries import Due, Story
from jobs import runtime
from tests.makers import aged, applicants, people
from tests.makers.aged import CLASSES, SECOND
from tests.makers.forgetting import agree, ask, hold, last_run, plan
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

SYSTEM = actor.system("test")


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
        # (of whom something is young, nothing of who they are is due: those are people of their own)
        due = {each: make(each, one if each != "identities" else people.customer(), ends[each]) for each in CLASSES}
        young = {
            each: make(each, one if each != "identities" else people.customer(), ends[each] + SECOND)
            for each in CLASSES
        }
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

    def test_leaves_who_somebody_is_while_an_application_is_open(self, owner_engine: Engine) -> None:
        owner, at = people.customer(tier=Tier.T0), clock.now()
        aged.maker(owner_engine)("identities", owner, aged.cutoff("identities", at))
        due = "SELECT id FROM retention_due('identities', :at) WHERE id = :id"
        assert rows(due, at=at, id=owner.id)
        applicants.begin(owner)
        assert not rows(due, at=at, id=owner.id)

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
