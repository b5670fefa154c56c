"""The books' own work: sealed, anchored, proved, swept; and what a failed proof stops."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.clients.anchors import FileAnchor, MailAnchor
from app.clients.mailer import Mailer
from app.core import actor, clock
from app.core.db import db, leave, rows, transaction
from app.core.permissions import Role
from app.ledger import balances, health, partitions, posting, proof, seal
from app.ledger.seal import Head
from app.withdrawals import errors, queries, service
from jobs import ledger, schedule, work
from jobs import withdrawals as sending
from tests.makers import books, people
from tests.makers.books import TESTER, account, fresh, kobo, move, wallet
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess

pytestmark = [pytest.mark.usefixtures("inside"), pytest.mark.xdist_group("halts")]
SOMEBODY = actor.operator("op_1", request_id="req_1")


@pytest.fixture
def job(app: Flask) -> work.Work:
    """A task of the clock."""
    return work.Work("test", "slot", {}, app.extensions["clients"], actor.system("test"), "http://localhost")


@pytest.fixture
def approved(inside: Flask, sandbox: SandboxProcess) -> Callable[[], str]:
    """Somebody's withdrawal that treasury approved and nobody sent yet: its id."""

    def make() -> str:
        owner = people.customer(enrolled=True)
        people.paid_in(owner, naira(50_000), app=inside, sandbox=sandbox)
        account_id = people.bank_account(owner, app=inside)
        with transaction(owner.actor):
            asked = service.request(owner.id, bank_account_id=account_id, amount=naira(1_000), actor=owner.actor)
        asked = people.looked_into(asked.id)
        operator_id, _ = people.operator(Role.TREASURY)
        who = actor.operator(operator_id)
        with transaction(who):
            service.approve(asked.id, operator_id=operator_id, content_hash=asked.content_hash, owns=None, actor=who)
        return asked.id

    return make


def state(withdrawal_id: str) -> str:
    """Where it stands."""
    leave()
    return queries.one_for_operators(withdrawal_id).state


@pytest.fixture
def no_halt(inside: Flask) -> Iterator[None]:
    """Lift the halt that the test raised."""
    yield
    leave()
    if halt := health.standing():
        with transaction(SOMEBODY):
            health.lift(halt.id, actor=SOMEBODY, reason="test over")


class TestSeal:
    def test_holds_every_journal_and_each_anchor_is_told_the_head(self, job: work.Work, tmp_path: Path) -> None:
        books.post(move(account("asset"), wallet(), 5))
        ledger.seal_books(job)
        assert seal.unsealed() == 0
        head = seal.head()
        assert head is not None
        assert list(seal.verify()) == []
        file = tmp_path / "heads.txt"
        mail = MailAnchor(Mailer("", sender="x@localhost"), to="auditor@localhost")
        job = replace(job, clients=replace(job.clients, anchors=(FileAnchor(file), mail)))
        ledger.anchor_seal(job)
        ledger.anchor_seal(job)
        anchored = seal.read_anchors(file.read_text().splitlines())
        assert anchored == {head.no: head.hash}
        assert list(seal.verify(anchored)) == []
        (fault,) = seal.verify({head.no: "00" * 32})
        assert (fault.block, fault.problem) == (head.no, "block is not the one that was anchored")
        (fault,) = seal.verify({head.no + 1: head.hash})
        assert (fault.block, fault.problem) == (head.no + 1, "block is missing")

    def test_is_told_by_a_mail_that_names_the_block(self) -> None:
        class Kept(Mailer):
            """Keeps the mail as it would go out."""

            def send(self, *, to: str, subject: str, body: str, message_id: str) -> None:
                sent = self.compose(to=to, subject=subject, body=body, message_id=message_id)
                self.mail = message_from_bytes(sent.as_bytes(), policy=policy.default)

        kept, head = Kept("", sender="Books <books@bursar.test>"), Head(7, 120, "ab" * 32, clock.now())
        MailAnchor(kept, to="auditor@localhost").keep(str(head))
        assert kept.mail["Message-ID"] == f"<seal-7-{'ab' * 8}@bursar.test>"
        assert kept.mail.get_content().strip() == str(head)

    def test_is_told_to_the_other_anchors_when_one_fails(self, job: work.Work, tmp_path: Path) -> None:
        books.post(move(account("asset"), wallet(), 5))
        ledger.seal_books(job)
        nowhere, file = FileAnchor(tmp_path / "none" / "heads.txt"), tmp_path / "heads.txt"
        with pytest.raises(FileNotFoundError):
            ledger.anchor_seal(replace(job, clients=replace(job.clients, anchors=(nowhere, FileAnchor(file)))))
        head = seal.head()
        assert head is not None
        assert file.read_text() == f"{head}\n"

    @pytest.mark.usefixtures("no_halt")
    def test_that_does_not_hold_stops_payouts(self, job: work.Work, owner_engine: Engine) -> None:
        posted = books.post(move(account("asset"), wallet(), 5, ref="as it was"))
        books.settle_seal()
        ledger.verify_seal(job)
        assert health.standing() is None
        tamper = text("UPDATE ledger.journals SET ref = :ref WHERE id = :id")
        with owner_engine.begin() as connection:
            connection.execute(text("ALTER TABLE ledger.journals DISABLE TRIGGER append_only"))
            connection.execute(tamper, {"ref": "as it never was", "id": posted.journal_id})
        try:
            ledger.verify_seal(job)
        finally:
            with owner_engine.begin() as connection:
                connection.execute(tamper, {"ref": "as it was", "id": posted.journal_id})
                connection.execute(text("ALTER TABLE ledger.journals ENABLE ALWAYS TRIGGER append_only"))
        halt = health.standing()
        assert halt is not None
        (fault,) = halt.findings["seal"]
        assert fault.endswith(f"journal {posted.journal_id} was altered")

    @pytest.mark.parametrize("ids", [0, -3])
    def test_has_no_blocks_of_nothing(self, ids: int) -> None:
        with pytest.raises(DBAPIError, match="one journal or more"), transaction(TESTER):
            seal.advance(journals=ids)

    def test_anchors_that_contradict_each_other_are_refused(self) -> None:
        with pytest.raises(ValueError, match="block 1 was anchored with two hashes"):
            seal.read_anchors(["1 aa 5 t", "", "1 bb 5 t"])


class TestExpiry:
    def test_gives_back_what_was_held_too_long(self, job: work.Work) -> None:
        code = wallet(100)
        with transaction(TESTER):
            past = posting.hold(
                code, amount=kobo(30), ref="r", key=fresh(), expires_at=clock.now() - timedelta(seconds=1)
            )
            posting.hold(code, amount=kobo(20), ref="r", key=fresh(), expires_at=clock.now() + timedelta(hours=1))
        ledger.expire_holds(job)
        assert balances.of(code).held == kobo(20)
        ended = rows("SELECT outcome, amount FROM ledger.hold_parts WHERE hold_id = :id", id=past.hold_id)
        assert [(row.outcome, int(row.amount)) for row in ended] == [("expired", 30)]


class TestPartitions:
    def test_are_made_ahead_and_once(self, job: work.Work) -> None:
        ledger.make_partitions(job)
        with transaction(TESTER):
            assert partitions.make_ahead() == 0


@pytest.mark.usefixtures("no_halt")
class TestProof:
    def test_that_holds_is_written_down(self, job: work.Work) -> None:
        ledger.prove_books(job)
        run = health.latest()
        assert run is not None
        assert run.ok
        assert health.standing() is None

    def test_that_fails_stops_payouts_until_a_person_lifts_it(
        self, job: work.Work, owner_engine: Engine, approved: Callable[[], str]
    ) -> None:
        withdrawal = approved()
        code = wallet(10)
        with owner_engine.begin() as connection:
            connection.execute(text("UPDATE ledger.balances SET held = held + 1 WHERE code = :code"), {"code": code})
        try:
            ledger.prove_books(job)
            halt = health.standing()
            assert halt is not None
            assert code in halt.findings["held is what remains of holds"]
            send = replace(job, subject=withdrawal)
            assert sending.send(send) == timedelta(minutes=1)
            assert state(withdrawal) == "approved"
        finally:
            with owner_engine.begin() as connection:
                connection.execute(
                    text("UPDATE ledger.balances SET held = held - 1 WHERE code = :code"), {"code": code}
                )
        assert proof.broken() == {}
        beside = "INSERT INTO payouts SELECT (jsonb_populate_record(NULL::payouts, CAST(:row AS jsonb))).*"
        row = {"id": "po_x", "reference": "x", "amount_units": 5, "recipient_code": "r", "state": "sending"}
        more = {"transfer_code": "", "created_at": clock.now().isoformat()}
        with pytest.raises(DBAPIError, match="payouts are halted"), transaction(TESTER):
            db.session.execute(text(beside), {"row": json.dumps(row | more)})
        assert sending.send(send) == timedelta(minutes=1)  # well again is not lifted
        with transaction(SOMEBODY):
            health.lift(halt.id, actor=SOMEBODY, reason="The balance was put right.")
        assert sending.send(send) is None
        assert state(withdrawal) != "approved"
        assert errors.PayoutsHalted.status == 503


def test_every_piece_of_the_books_work_is_on_the_clock() -> None:
    kinds = {periodic.kind for periodic in schedule.SCHEDULE}
    assert {
        "ledger.seal",
        "ledger.anchor",
        "ledger.prove",
        "ledger.verify",
        "ledger.expire_holds",
        "ledger.partitions",
    } <= kinds
