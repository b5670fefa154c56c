"""The database holds to it by itself: for the app's role and for the owner of the database, without any of our code."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text

from app.core.db import leave
from app.core.permissions import FORBIDDEN_PAIRS, Role
from app.governance.models import Request
from app.governance.rules import Leg, Rule, State
from tests.makers import governed, people
from tests.makers.books import refused
from tests.makers.databases import Database
from tests.makers.governed import Office

VOTE = (
    "INSERT INTO approval_votes (id, request_id, maker, voter, leg, answer, reason, hash_seen, voted_at)"
    " VALUES ('vot_x', :request, :maker, :voter, :leg, :answer, 'x', :hash, clock_timestamp())"
)
APPROVE = "UPDATE approval_requests SET state = 'approved', not_before = now() + interval '1 h' WHERE id = :request"
EXECUTE = "UPDATE approval_requests SET state = 'executed', executed_at = now() + interval '2 h' WHERE id = :request"


@pytest.fixture(params=["app", "owner"])
def connection(request: pytest.FixtureRequest, database: Database) -> Iterator[Connection]:
    """A bare connection of the app's role, or of the owner; what it does does not stay."""
    url = database.app_url if request.param == "app" else database.owner_url
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as made:
        yield made
        made.rollback()
    engine.dispose()


@pytest.fixture
def office(inside: Flask, owner_engine: Engine) -> Office:
    return governed.office(owner_engine, Rule((Leg(("treasury",), 1), Leg(("admin",), 1)), timedelta(days=1)))


@pytest.fixture
def asked(office: Office) -> Request:
    found = office.ask()
    leave()
    return found


def operator(role: Role) -> str:
    """Somebody of this role."""
    found = people.operator(role)[0]
    leave()
    return found


def act_as(connection: Connection, who: str) -> None:
    """Say in whose name this transaction acts."""
    connection.execute(text("SELECT set_config('bursar.actor', :who, true)"), {"who": who})


def vote(connection: Connection, asked: Request, voter: str, **changes: object) -> str:
    """Try to vote by bare SQL, in the voter's name: the code of the refusal, empty when it went through."""
    act_as(connection, str(changes.pop("who", f"operator:{voter}")))
    given = {"request": asked.id, "maker": asked.maker, "voter": voter, "leg": 0, "answer": "yes"}
    return refused(connection, VOTE, **{**given, "hash": asked.payload_hash, **changes})


def keep_vote(connection: Connection, asked: Request, voter: str, leg: int) -> None:
    """Vote by bare SQL for as long as the connection lasts."""
    act_as(connection, f"operator:{voter}")
    given = {"request": asked.id, "maker": asked.maker, "voter": voter, "leg": leg, "answer": "yes"}
    connection.execute(text(VOTE.replace("'vot_x'", f"'vot_{voter}'")), {**given, "hash": asked.payload_hash})


class TestAVote:
    def test_goes_through_when_all_is_right(self, connection: Connection, asked: Request) -> None:
        assert vote(connection, asked, operator(Role.TREASURY)) == ""

    def test_is_not_the_makers(self, connection: Connection, asked: Request, owner_engine: Engine) -> None:
        governed.set_roles(owner_engine, asked.maker, Role.TREASURY)
        other = operator(Role.FINANCE)
        assert vote(connection, asked, asked.maker) == "BU005"
        assert vote(connection, asked, asked.maker, maker=other) in {"BU005", "23503"}

    def test_is_in_ones_own_name(self, connection: Connection, asked: Request) -> None:
        voter = operator(Role.TREASURY)
        for who in (f"operator:{asked.maker}", "system:test", f"customer:{voter}", ""):
            assert vote(connection, asked, voter, who=who) in {"BU005", "BU001"}

    def test_is_to_what_stands_there(self, connection: Connection, asked: Request) -> None:
        assert vote(connection, asked, operator(Role.TREASURY), hash="0" * 64) == "BU005"

    def test_is_for_a_leg_of_ones_role(self, connection: Connection, asked: Request) -> None:
        voter = operator(Role.TREASURY)
        assert vote(connection, asked, voter, leg=1) == "BU005"
        assert vote(connection, asked, voter, leg=2) == "BU005"
        assert vote(connection, asked, operator(Role.SUPPORT)) == "BU005"

    def test_is_not_for_a_full_leg(self, connection: Connection, asked: Request) -> None:
        keep_vote(connection, asked, operator(Role.TREASURY), 0)
        assert vote(connection, asked, operator(Role.TREASURY)) == "BU005"

    def test_is_one_a_person(self, connection: Connection, asked: Request) -> None:
        voter = operator(Role.TREASURY)
        keep_vote(connection, asked, voter, 0)
        assert vote(connection, asked, voter, answer="no") == "23505"

    def test_is_not_changed(self, connection: Connection, asked: Request) -> None:
        keep_vote(connection, asked, operator(Role.TREASURY), 0)
        for statement in (
            "UPDATE approval_votes SET leg = 1 WHERE request_id = :request",
            "DELETE FROM approval_votes WHERE request_id = :request",
        ):
            assert refused(connection, statement, request=asked.id) in {"23001", "42501"}


class TestARequest:
    def test_is_not_approved_without_its_votes(self, connection: Connection, asked: Request) -> None:
        act_as(connection, f"operator:{asked.maker}")
        assert refused(connection, APPROVE, request=asked.id) == "BU005"
        keep_vote(connection, asked, operator(Role.TREASURY), 0)
        assert refused(connection, APPROVE, request=asked.id) == "BU005"
        keep_vote(connection, asked, operator(Role.ADMIN), 1)
        assert refused(connection, APPROVE, request=asked.id) == ""

    def test_is_not_carried_out_without_approval(self, connection: Connection, asked: Request) -> None:
        act_as(connection, "system:test")
        assert refused(connection, EXECUTE, request=asked.id) == "BU005"

    def test_is_not_carried_out_with_a_voter_who_lost_the_role(
        self, connection: Connection, office: Office, asked: Request, owner_engine: Engine
    ) -> None:
        treasury = operator(Role.TREASURY)
        office.approve(asked, treasury)
        assert office.approve(asked, operator(Role.ADMIN)) is State.APPROVED
        leave()
        act_as(connection, "system:test")
        assert refused(connection, EXECUTE, request=asked.id) == ""
        connection.rollback()
        governed.set_roles(owner_engine, treasury, Role.SUPPORT)
        act_as(connection, "system:test")
        assert refused(connection, EXECUTE, request=asked.id) == "BU005"

    def test_is_carried_out_once(self, connection: Connection, office: Office, asked: Request) -> None:
        office.approve(asked, operator(Role.TREASURY))
        office.approve(asked, operator(Role.ADMIN))
        governed.carry_out(asked)
        leave()
        act_as(connection, "system:test")
        for state in ("approved", "executed", "failed", "pending"):
            again = "UPDATE approval_requests SET state = :state, executed_at = now() WHERE id = :request"
            assert refused(connection, again, request=asked.id, state=state) != ""

    @pytest.mark.parametrize(
        "change",
        [
            "payload = '{}'",
            "payload = '{}', payload_hash = payload_hash('{}')",
            "legs = '[]'",
            "maker = 'op_x'",
            "expires_at = now() + interval '9 days'",
            "policy_id = 'pol_staff.roles_1'",
            "delay_seconds = 5",
        ],
    )
    def test_never_changes(self, connection: Connection, asked: Request, change: str) -> None:
        act_as(connection, f"operator:{asked.maker}")
        statement = f"UPDATE approval_requests SET {change} WHERE id = :request"  # noqa: S608 (the cases above)
        assert refused(connection, statement, request=asked.id) in {"BU005", "42501"}

    def test_is_kept(self, connection: Connection, asked: Request) -> None:
        act_as(connection, f"operator:{asked.maker}")
        assert refused(connection, "DELETE FROM approval_requests WHERE id = :request", request=asked.id) in {
            "23001",
            "42501",
        }
        assert refused(connection, "TRUNCATE approval_requests CASCADE") in {"23001", "42501"}

    @pytest.mark.parametrize(
        ("state", "legs", "who"),
        [
            ("approved", "r.legs", "maker"),
            ("executed", "r.legs", "maker"),
            ("pending", "'[]'::jsonb", "maker"),
            ("pending", """'[{"roles": ["finance"], "count": 1}]'::jsonb""", "maker"),
            ("pending", "r.legs", "another"),
        ],
    )
    def test_is_born_pending_with_the_legs_of_its_policy_in_its_makers_name(
        self, connection: Connection, asked: Request, state: str, legs: str, who: str
    ) -> None:
        born = (
            "INSERT INTO approval_requests (id, kind, target, payload, reason, maker, policy_id, legs, delay_seconds,"  # noqa: S608 (the cases above)
            " state, created_at, expires_at, not_before, executed_at)"
            f" SELECT 'grq_born', kind, target, payload, reason, maker, policy_id, {legs}, 0, '{state}',"
            " created_at, expires_at, now(), CASE WHEN :state = 'executed' THEN now() END"
            " FROM approval_requests r WHERE id = :request"
        )
        act_as(connection, f"operator:{asked.maker if who == 'maker' else 'op_another'}")
        assert refused(connection, born, request=asked.id, state=state) == "BU005"

    def test_is_taken_back_by_its_maker_alone(self, connection: Connection, asked: Request) -> None:
        act_as(connection, f"operator:{operator(Role.TREASURY)}")
        ended = "UPDATE approval_requests SET state = 'cancelled', ended_at = now() WHERE id = :request"
        assert refused(connection, ended, request=asked.id) == "BU005"

    def test_is_not_denied_or_expired_by_nobody(self, connection: Connection, asked: Request) -> None:
        act_as(connection, "system:test")
        for state in ("denied", "expired"):
            ended = "UPDATE approval_requests SET state = :state, ended_at = now() WHERE id = :request"
            assert refused(connection, ended, request=asked.id, state=state) == "BU005"


class TestAPolicy:
    def test_is_not_written_by_hand_nor_changed(self, connection: Connection, asked: Request) -> None:
        act_as(connection, f"operator:{asked.maker}")
        born = (
            "INSERT INTO approval_policies (id, kind, version, rules, request_id, created_at)"
            " VALUES ('pol_x', 'staff.roles', 2, '[]', :request, now())"
        )
        assert refused(connection, born, request=asked.id) == "BU005"
        assert refused(connection, born, request=None) == "BU005"
        for change in ("UPDATE approval_policies SET rules = '[]'", "DELETE FROM approval_policies"):
            assert refused(connection, change) in {"23001", "42501"}


class TestRoles:
    def test_that_may_not_meet_do_not_meet(self, inside: Flask, connection: Connection) -> None:
        """Every pair of roles: the database and core/permissions.py agree."""
        who = operator(Role.SUPPORT)
        act_as(connection, "system:command:operators create")
        born = (
            "INSERT INTO operators (id, login_id, name, roles, created_at)"
            " SELECT 'op_' || md5(random()::text), (SELECT login_id FROM operators WHERE id = :id), 'x', :roles, now()"
        )
        for pair in combinations(Role, 2):
            code = refused(connection, born, id=who, roles=[str(role) for role in pair])
            # (one that may meet fails later, at the unique login)
            assert code == ("BU006" if frozenset(pair) in FORBIDDEN_PAIRS else "23505"), pair
        assert refused(connection, born, id=who, roles=["root"]) == "BU006"

    def test_do_not_change_without_an_approved_request(self, inside: Flask, connection: Connection) -> None:
        who = operator(Role.SUPPORT)
        act_as(connection, f"operator:{who}")
        promote = "UPDATE operators SET roles = '{treasury}' WHERE id = :id"
        assert refused(connection, promote, id=who) == "BU005"

    def test_are_not_given_to_somebody_new_without_an_invitation(self, inside: Flask, connection: Connection) -> None:
        """What a door or an operator writes; only a command makes the first operators."""
        who = operator(Role.ADMIN)
        born = (
            "INSERT INTO operators (id, login_id, name, roles, created_at)"
            " SELECT 'op_x', login_id, 'x', '{support}', now() FROM operators WHERE id = :id"
        )
        others = ("system:door:console.join", "system:governance.execute", "system:command:operators", "system:x")
        for actor in (f"operator:{who}", "customer:cus_x", *others):
            act_as(connection, actor)
            assert refused(connection, born, id=who) == "BU005", actor
        act_as(connection, "system:command:operators create")
        assert refused(connection, born, id=who) == "23505"  # (it would be the login's second)
