"""Placing, lifting and expiring: by whom, when, and that no one person gets around it, not even with SQL."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text

from app.core import actor, clock, machine
from app.core.db import leave, narrow, rows, transaction, widen
from app.core.permissions import Role
from app.customers.errors import NoSuchCustomer
from app.governance import errors as governance_errors
from app.governance import flows
from app.governance import queries as approvals
from app.restrictions import errors, queries, requests, rules, service
from app.restrictions.reasons import REASONS
from app.restrictions.rules import Kind, State, Way
from tests.makers import people, restricted
from tests.makers.books import fresh, refused
from tests.makers.databases import Database
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

WorkOff = Callable[..., int]
SYSTEM = actor.system("test")
HISTORY, NO_REQUEST = "23001", "BU005"
COURT = "Federal High Court Lagos, FHC/L/CS/7/2026"


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture(params=["app", "owner"])
def connection(request: pytest.FixtureRequest, database: Database, owner_engine: Engine) -> Iterator[Connection]:
    """A bare connection, of the app's role and of the database's owner; what it does does not stay."""
    mine = request.param == "app"
    engine = create_engine(database.app_url, poolclass=pool.NullPool) if mine else owner_engine
    with engine.connect() as made:
        made.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        made.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        yield made
        made.rollback()
    if mine:
        engine.dispose()


def state_of(restriction_id: str) -> str:
    leave()
    return queries.one_for_operators(restriction_id).shown.state


def expire() -> int:
    with transaction(SYSTEM):
        return service.expire(actor=SYSTEM)


class TestPlacing:
    def test_counts_at_once_and_is_written_with_who_did_it(self, owner: Customer) -> None:
        officer = people.operator(Role.COMPLIANCE_OFFICER)[0]
        found = queries.one_for_operators(restricted.placed(owner, by=officer))
        assert (found.shown.state, found.shown.placed_by) == (State.PLACED, f"operator:{officer}")
        assert queries.stopped_for_operators(owner.id, way=Way.OUT)
        (begun,) = machine.history(found.shown.id)
        assert (begun.new_state, begun.actor, begun.reason) == ("placed", f"operator:{officer}", "")

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"kind": "no_fun"}, errors.BadRestriction),
            ({"reason": "a_hunch"}, errors.BadRestriction),
            ({"note": "  "}, errors.NoteMissing),
            ({"note": "x" * (rules.NOTE_MAX + 1)}, errors.NoteMissing),
            ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, errors.BadExpiry),
            ({"kind": "legal_hold", "expires_at": datetime(2199, 1, 1, tzinfo=UTC)}, errors.HoldHasNoEnd),
        ],
    )
    def test_is_refused_when_it_says_too_little(
        self, owner: Customer, change: dict[str, object], refusal: type[Exception]
    ) -> None:
        given = {"kind": "no_debit", "reason": "court_order", "note": "A note."} | change
        with pytest.raises(refusal), transaction(SYSTEM):
            service.place(owner.id, actor=SYSTEM, **given)  # type: ignore[arg-type]
        leave()
        assert queries.active_for_operators(owner.id) == []

    def test_of_nobody_is_refused(self) -> None:
        with pytest.raises(NoSuchCustomer), transaction(SYSTEM):
            service.place("cus_nobody", kind="no_debit", reason="court_order", note="A note.", actor=SYSTEM)

    def test_a_legal_hold_is_known_to_who_would_delete(self, owner: Customer) -> None:
        restricted.placed(owner, Kind.NO_DEBIT)
        assert not queries.has_legal_hold_for_system(owner.id)
        hold = restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order")
        assert queries.has_legal_hold_for_system(owner.id)
        restricted.lifted(hold, authority=COURT)
        assert not queries.has_legal_hold_for_system(owner.id)


class TestLifting:
    def test_takes_an_officer_who_asks_and_a_manager_who_agrees(self, owner: Customer, work_off: WorkOff) -> None:
        restriction_id = restricted.placed(owner)
        request = restricted.asked(restriction_id)
        work_off()
        assert state_of(restriction_id) == State.PLACED
        restricted.approve(request)
        work_off()
        assert state_of(restriction_id) == State.LIFTED
        assert queries.one_for_operators(restriction_id).lift_request_id == request.id
        assert approvals.one_for_operators(request.id).request.result == "Lifted from Ada Obi's account"

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.COMPLIANCE_OFFICER])
    def test_is_not_for_others_to_ask_for(self, owner: Customer, role: Role) -> None:
        restriction_id = restricted.placed(owner)
        with pytest.raises(governance_errors.NotAllowedToAsk):
            restricted.asked(restriction_id, by=people.operator(role)[0])

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.COMPLIANCE_MANAGER])
    def test_is_not_for_others_to_agree_to(self, owner: Customer, role: Role) -> None:
        request = restricted.asked(restricted.placed(owner))
        with pytest.raises(governance_errors.NotYourLeg):
            restricted.approve(request, by=people.operator(role)[0])

    def test_is_not_for_one_person_with_both_roles(self, owner: Customer) -> None:
        both = people.operator(Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER)[0]
        request = restricted.asked(restricted.placed(owner, by=both), by=both)
        with pytest.raises(governance_errors.OwnRequest):
            restricted.approve(request, by=both)

    def test_of_a_legal_hold_names_whose_word_ends_it(self, owner: Customer) -> None:
        hold = restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order")
        with pytest.raises(errors.AuthorityMissing):
            restricted.asked(hold, authority="  ")
        request = restricted.lifted(hold, authority=COURT)
        assert state_of(hold) == State.LIFTED
        lines = requests.LIFT.describe(approvals.one_for_operators(request.id).request.payload)
        assert COURT in {line.value for line in lines}

    def test_is_asked_for_once(self, owner: Customer) -> None:
        restriction_id = restricted.placed(owner)
        restricted.asked(restriction_id)
        with pytest.raises(errors.LiftAskedAlready):
            restricted.asked(restriction_id)

    def test_of_what_has_ended_meanwhile_does_nothing(self, owner: Customer) -> None:
        restriction_id = restricted.placed(owner, lasts=timedelta(seconds=1))
        request = restricted.asked(restriction_id)
        restricted.run_out(restriction_id)
        assert expire() >= 1
        restricted.approve(request)
        flows.carry_out(request.id, actor=SYSTEM)
        assert state_of(restriction_id) == State.EXPIRED
        assert approvals.one_for_operators(request.id).request.state == "failed"

    def test_is_not_asked_for_once_it_has_ended(self, owner: Customer) -> None:
        restriction_id = restricted.placed(owner)
        restricted.lifted(restriction_id)
        with pytest.raises(errors.NotStanding):
            restricted.asked(restriction_id)

    def test_of_nothing_is_not_there(self) -> None:
        with pytest.raises(errors.NoSuchRestriction):
            restricted.asked("res_none")
        with pytest.raises(errors.NoSuchRestriction), transaction(SYSTEM):
            service.lift("res_none", request_id="grq_none", actor=SYSTEM)


class TestExpiring:
    def test_comes_with_its_time_and_not_a_moment_earlier(self, owner: Customer) -> None:
        restriction_id = restricted.placed(owner, lasts=timedelta(days=2))
        expires_at = queries.one_for_operators(restriction_id).shown.expires_at
        assert expires_at is not None
        leave()
        assert restriction_id not in queries.due_for_system(at=expires_at - timedelta(microseconds=1))
        assert restriction_id in queries.due_for_system(at=expires_at)
        assert not rules.is_over(expires_at, at=expires_at - timedelta(microseconds=1))
        assert rules.is_over(expires_at, at=expires_at)
        assert not rules.is_over(None, at=expires_at)

    def test_is_done_by_the_job_and_lets_money_out_again(self, owner: Customer) -> None:
        short = restricted.placed(owner, lasts=timedelta(seconds=1))
        long = restricted.placed(owner, Kind.NO_CREDIT, lasts=timedelta(days=1))
        with transaction(SYSTEM), pytest.raises(errors.Restricted):
            service.refuse(owner.id, way=Way.OUT)
        restricted.run_out(short)
        assert expire() >= 1
        assert (state_of(short), state_of(long)) == (State.EXPIRED, State.PLACED)
        with transaction(SYSTEM):
            service.refuse(owner.id, way=Way.OUT)
        with transaction(SYSTEM), pytest.raises(errors.Restricted):
            service.refuse(owner.id, way=Way.IN)

    def test_is_not_hastened_by_a_clock_of_ours_that_is_ahead(self, owner: Customer) -> None:
        restriction_id = restricted.placed(owner, lasts=timedelta(days=1))
        with clock.at(clock.now() + timedelta(days=2)), pytest.raises(Exception, match="its time is not over"):
            expire()
        leave()
        assert state_of(restriction_id) == State.PLACED


class TestTheDatabase:
    """Whoever writes, the app's role or the owner of the tables: what needs two takes two."""

    LIFT = "UPDATE restrictions SET state = 'lifted', ended_at = now(), lift_request_id = :request WHERE id = :id"

    def test_lifts_nothing_without_a_request_that_was_approved_for_it(
        self, owner: Customer, connection: Connection
    ) -> None:
        mine, other = restricted.placed(owner), restricted.placed(owner)
        pending = restricted.asked(mine).id
        approved = restricted.asked(other)
        restricted.approve(approved)
        assert refused(connection, self.LIFT, id=mine, request=pending) == NO_REQUEST
        assert refused(connection, self.LIFT, id=mine, request=approved.id) == NO_REQUEST
        without = "UPDATE restrictions SET state = 'lifted', ended_at = now() WHERE id = :id"
        assert refused(connection, without, id=mine) != ""
        assert refused(connection, self.LIFT, id=other, request=approved.id) == ""

    def test_ends_nothing_before_its_time(self, owner: Customer, connection: Connection) -> None:
        end = "UPDATE restrictions SET state = 'expired', ended_at = now() WHERE id = :id"
        assert refused(connection, end, id=restricted.placed(owner, lasts=timedelta(days=1))) == HISTORY
        assert refused(connection, end, id=restricted.placed(owner)) == HISTORY

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE restrictions SET expires_at = expires_at - interval '1 h' WHERE id = :id",
            "UPDATE restrictions SET kind = 'no_trade' WHERE id = :id",
            "UPDATE restrictions SET note = 'nothing' WHERE id = :id",
            "UPDATE restrictions SET customer_id = 'cus_x' WHERE id = :id",
            "DELETE FROM restrictions WHERE id = :id",
        ],
    )
    def test_changes_and_forgets_nothing(self, owner: Customer, connection: Connection, change: str) -> None:
        restriction_id = restricted.placed(owner, lasts=timedelta(days=1))
        assert refused(connection, change, id=restriction_id) in {HISTORY, "42501"}

    def test_does_not_let_an_end_be_taken_back(self, owner: Customer, connection: Connection) -> None:
        restriction_id = restricted.placed(owner)
        restricted.lifted(restriction_id)
        again = "UPDATE restrictions SET state = 'placed', ended_at = NULL, lift_request_id = NULL WHERE id = :id"
        assert refused(connection, again, id=restriction_id) == HISTORY

    def test_takes_none_in_another_s_name_or_already_ended(self, owner: Customer, connection: Connection) -> None:
        insert = (
            "INSERT INTO restrictions (id, customer_id, kind, reason, note, state, placed_by, placed_at)"
            " VALUES (:id, :customer, 'no_debit', 'court_order', 'x', 'placed', :by, now())"
        )
        facts = {"id": fresh("res"), "customer": owner.id}
        assert refused(connection, insert, by="operator:op_other", **facts) == HISTORY
        assert refused(connection, insert, by="system:test", **facts) == ""

    def test_knows_the_reasons_that_have_words(self, owner_engine: Engine) -> None:
        query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_restrictions_reason_known'"
        with owner_engine.connect() as connection:
            said = connection.execute(text(query)).scalar_one()
        assert {f"'{code}'" for code in REASONS} == {part.split("::")[0] for part in said.split("[")[1].split(", ")}

    def test_masks_the_note_and_the_reason_in_its_records(self, owner: Customer) -> None:
        restriction_id = restricted.placed(owner)
        found = rows("SELECT after::text AS said FROM audit.records WHERE row_id = :id", id=restriction_id)
        assert found
        for word in (restricted.NOTE, "unusual_activity"):
            assert all(word not in record.said for record in found)
        leave()


def test_the_customer_s_own_transaction_finds_no_one_else_s(owner: Customer) -> None:
    other = people.customer()
    restricted.placed(other)
    token = narrow(owner.id)
    try:
        leave()
        assert queries.active(owner=other.id) == []
        with transaction(owner.actor):
            service.refuse(owner.id, way=Way.OUT)
    finally:
        widen(token)
    leave()
    assert len(queries.active(owner=other.id)) == 1
