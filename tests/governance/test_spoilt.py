"""Each guard of the database, with a row that is right and that each case spoils in one place."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import leave, rows
from app.core.permissions import Role
from app.governance import kinds
from app.governance.models import Request
from app.governance.rules import Leg, Rule
from tests.makers import governed, people
from tests.makers.bare import act_as, past, put_invitation, put_request
from tests.makers.books import fresh, refused, undone
from tests.makers.databases import Database
from tests.makers.governed import Office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TREASURY = Leg(("treasury",), 1)
BORN = (
    "INSERT INTO approval_requests (id, kind, target, payload, reason, maker, policy_id, legs, delay_seconds, state,"
    " created_at, expires_at, result, ended_at) SELECT 'grq_born', {kind}, r.target, r.payload, r.reason, r.maker,"
    " {policy_id}, {legs}, {delay_seconds}, {state}, r.created_at, {expires_at}, {result}, {ended_at}"
    " FROM approval_requests r WHERE id = :request"
)
RIGHT = {
    "kind": "r.kind",
    "policy_id": "r.policy_id",
    "legs": "r.legs",
    "delay_seconds": "r.delay_seconds",
    "state": "'pending'",
    "expires_at": "r.expires_at",
    "result": "''",
    "ended_at": "NULL",
}
VOTE = (
    "INSERT INTO approval_votes (id, request_id, maker, voter, leg, answer, reason, hash_seen, voted_at)"
    " VALUES ('vot_' || :voter, :request, :maker, :voter, 0, :answer, 'x', :hash, '2000-01-01')"
)
MOVE = "UPDATE approval_requests SET {} WHERE id = :request"


@pytest.fixture
def app_role(database: Database) -> Iterator[Connection]:
    """The role that the product signs in with; what it does does not stay."""
    engine = create_engine(database.app_url, poolclass=pool.NullPool)
    with undone(engine) as made:
        yield made
    engine.dispose()


@pytest.fixture
def owner(owner_engine: Engine) -> Iterator[Connection]:
    """The owner's connection; what it does does not stay."""
    with undone(owner_engine) as made:
        yield made


@pytest.fixture
def slow(inside: Flask, owner_engine: Engine) -> Office:
    """One yes of treasury, and an hour to cool off."""
    return governed.office(owner_engine, Rule((TREASURY,), DAY, HOUR))


def operator(role: Role) -> str:
    """Somebody of this role."""
    found = people.operator(role)[0]
    leave()
    return found


def asked(office: Office, *, at: timedelta = timedelta(0), target: str = "") -> Request:
    """A request of that long ago."""
    with clock.at(clock.now() + at):
        found = office.ask(target=target)
    leave()
    return found


def approved(office: Office) -> Request:
    """A request that everybody who must has agreed to."""
    found = office.ask()
    office.approve(found, people.operator(Role.TREASURY)[0])
    leave()
    return found


def vote(connection: Connection, request: Request, voter: str, *, answer: str = "yes") -> str:
    """Vote by bare SQL in one's own name, dated long ago: the code of the refusal."""
    act_as(connection, f"operator:{voter}")
    given = {"request": request.id, "maker": request.maker, "voter": voter, "answer": answer}
    return refused(connection, VOTE, **given, hash=request.payload_hash)


def keep_vote(connection: Connection, request: Request, voter: str, *, answer: str = "yes") -> None:
    """Vote likewise, for as long as the connection lasts."""
    act_as(connection, f"operator:{voter}")
    given = {"request": request.id, "maker": request.maker, "voter": voter, "answer": answer}
    connection.execute(text(VOTE), {**given, "hash": request.payload_hash})


class TestBorn:
    @pytest.mark.parametrize(
        "spoilt",
        [
            {},
            {"kind": "'staff.review'"},
            {"legs": """'[{"roles": ["finance"], "count": 1}]'::jsonb"""},
            {"delay_seconds": "0"},
            {"expires_at": "r.expires_at + interval '1 s'"},
            {"expires_at": "'3000-01-01'::timestamptz"},
            {"result": "'x'"},
            {"ended_at": "now()"},
            {"state": "'denied'"},
        ],
    )
    def test_as_the_policy_says_and_open(self, app_role: Connection, slow: Office, spoilt: dict[str, str]) -> None:
        found = asked(slow)
        act_as(app_role, f"operator:{found.maker}")
        born = refused(app_role, BORN.format(**{**RIGHT, **spoilt}), request=found.id)
        assert born == ("BU005" if spoilt else "")

    def test_under_the_newest_version(self, app_role: Connection, slow: Office, owner_engine: Engine) -> None:
        found = asked(slow)
        governed.set_policy(owner_engine, slow.kind, Rule((TREASURY,), DAY, HOUR))
        act_as(app_role, f"operator:{found.maker}")
        assert refused(app_role, BORN.format(**RIGHT), request=found.id) == "BU005"

    def test_for_somebody_to_agree_to(self, inside: Flask, owner_engine: Engine) -> None:
        nobody = governed.office(owner_engine, Rule((Leg(("treasury",), 0),), DAY))
        with pytest.raises(DBAPIError, match="asks nobody"):
            nobody.ask()


class TestAVote:
    def test_is_dated_by_the_database(self, app_role: Connection, slow: Office) -> None:
        found = asked(slow)
        keep_vote(app_role, found, operator(Role.TREASURY))
        fresh_one = "SELECT voted_at > clock_timestamp() - interval '1 min' FROM approval_votes WHERE request_id = :id"
        assert app_role.execute(text(fresh_one), {"id": found.id}).scalar_one()

    def test_is_not_of_whom_it_is_about(self, app_role: Connection, slow: Office) -> None:
        about = operator(Role.TREASURY)
        found = asked(slow, target=f"operator:{about}")
        assert vote(app_role, found, about) == "BU005"
        assert vote(app_role, found, operator(Role.TREASURY)) == ""

    def test_is_not_taken_once_it_has_ended(self, app_role: Connection, slow: Office) -> None:
        found = asked(slow)
        slow.deny(found, operator(Role.TREASURY))
        leave()
        for answer in ("yes", "no"):
            assert vote(app_role, found, operator(Role.TREASURY), answer=answer) == "BU005"

    def test_is_a_no_alone_once_it_is_approved(self, app_role: Connection, slow: Office) -> None:
        found = approved(slow)
        assert vote(app_role, found, operator(Role.TREASURY)) == "BU005"
        assert vote(app_role, found, operator(Role.TREASURY), answer="no") == ""

    def test_comes_in_time(self, app_role: Connection, slow: Office) -> None:
        assert vote(app_role, asked(slow, at=-DAY + HOUR), operator(Role.TREASURY)) == ""
        assert vote(app_role, asked(slow, at=-DAY), operator(Role.TREASURY)) == "BU005"

    def test_is_not_of_somebody_who_may_not_sign_in(self, owner: Connection, slow: Office) -> None:
        found, voter = asked(slow), operator(Role.TREASURY)
        act_as(owner, "system:test")
        shut = "UPDATE logins SET disabled_at = now() WHERE id = (SELECT login_id FROM operators WHERE id = :id)"
        owner.execute(text(shut), {"id": voter})
        assert vote(owner, found, voter) == "BU005"


class TestCounting:
    """What was put past the guard of votes is not counted either."""

    APPROVE = MOVE.format("state = 'approved', not_before = now() + interval '2 h'")

    def put(self, connection: Connection, found: Request, voter: str, **spoilt: str) -> None:
        act_as(connection, f"operator:{voter}")
        given = {"request": found.id, "maker": found.maker, "voter": voter, "answer": "yes", "hash": found.payload_hash}
        past(connection, "approval_votes", "vote", VOTE.replace("'2000-01-01'", "now()"), **{**given, **spoilt})

    def test_counts_what_is_right(self, owner: Connection, slow: Office) -> None:
        found = asked(slow)
        self.put(owner, found, operator(Role.TREASURY))
        assert refused(owner, self.APPROVE, request=found.id) == ""

    def test_counts_no_vote_to_another_content(self, owner: Connection, slow: Office) -> None:
        found = asked(slow)
        self.put(owner, found, operator(Role.TREASURY), hash="0" * 64)
        assert refused(owner, self.APPROVE, request=found.id) == "BU005"

    def test_counts_no_vote_of_the_makers(self, owner: Connection, slow: Office, owner_engine: Engine) -> None:
        found = asked(slow)
        governed.set_roles(owner_engine, found.maker, Role.TREASURY)
        act_as(owner, "system:test")
        owner.execute(text("ALTER TABLE approval_votes DROP CONSTRAINT ck_approval_votes_voter_is_another"))
        self.put(owner, found, found.maker)
        assert refused(owner, self.APPROVE, request=found.id) == "BU005"

    def test_counts_no_vote_that_was_voided(self, owner: Connection, slow: Office) -> None:
        found, voter = asked(slow), operator(Role.TREASURY)
        self.put(owner, found, voter)
        owner.execute(text("INSERT INTO approval_voids VALUES ('vot_' || :voter, 'x', now())"), {"voter": voter})
        assert refused(owner, self.APPROVE, request=found.id) == "BU005"


class TestCoolingOff:
    """An hour from the last vote, by the clock of the database."""

    def test_begins_with_the_last_vote(self, app_role: Connection, slow: Office) -> None:
        found = asked(slow)
        keep_vote(app_role, found, operator(Role.TREASURY))
        for due, code in (("clock_timestamp() + interval '59 min'", "BU005"), ("'2001-01-01'", "BU005")):
            assert refused(app_role, MOVE.format(f"state = 'approved', not_before = {due}"), request=found.id) == code
        right = MOVE.format("state = 'approved', not_before = clock_timestamp() + interval '1 h'")
        assert refused(app_role, right, request=found.id) == ""

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ("state = 'failed'", ""),
            ("state = 'failed', not_before = '2000-01-01'", "BU005"),
            ("state = 'denied', not_before = '2000-01-01'", "BU005"),
            ("state = 'pending', not_before = NULL", ""),
            ("state = 'pending', not_before = '2000-01-01'", "BU005"),
            ("state = 'executed', executed_at = now()", "BU005"),
            ("state = 'executed', executed_at = now() + interval '2 h'", "BU005"),
            ("state = 'executed', executed_at = now(), not_before = '2000-01-01'", "BU005"),
        ],
    )
    def test_is_not_cut_short(self, app_role: Connection, slow: Office, change: str, code: str) -> None:
        found = approved(slow)
        act_as(app_role, "system:test")
        assert refused(app_role, MOVE.format(change), request=found.id) == code

    def test_is_not_cut_short_by_a_second_try(self, app_role: Connection, slow: Office) -> None:
        found = approved(slow)
        act_as(app_role, "system:test")
        app_role.execute(text(MOVE.format("state = 'failed'")), {"request": found.id})
        again = "state = 'approved', not_before = '2000-01-01'"
        assert refused(app_role, MOVE.format(again), request=found.id) == "BU005"
        assert refused(app_role, MOVE.format("state = 'approved'"), request=found.id) == ""

    def test_ends(self, app_role: Connection, inside: Flask, owner_engine: Engine) -> None:
        second = governed.office(owner_engine, Rule((TREASURY,), DAY, timedelta(seconds=1)))
        found = approved(second)
        act_as(app_role, "system:test")
        done = MOVE.format("state = 'executed', executed_at = now()")
        assert refused(app_role, done, request=found.id) == "BU005"
        governed.cool_off(found)
        assert refused(app_role, done, request=found.id) == ""


class TestEnding:
    def test_approval_comes_in_time(self, owner: Connection, slow: Office) -> None:
        """Also by votes that came in time."""
        late, voter = asked(slow, at=-DAY), operator(Role.TREASURY)
        TestCounting().put(owner, late, voter)
        assert refused(owner, TestCounting.APPROVE, request=late.id) == "BU005"

    def test_of_what_failed_is_a_no_or_its_time(self, app_role: Connection, slow: Office) -> None:
        found, voter = approved(slow), operator(Role.TREASURY)
        act_as(app_role, "system:test")
        app_role.execute(text(MOVE.format("state = 'failed'")), {"request": found.id})
        denied = MOVE.format("state = 'denied', ended_at = now()")
        assert refused(app_role, denied, request=found.id) == "BU005"
        over = "state = 'expired', ended_at = not_before + interval '{}'"
        assert refused(app_role, MOVE.format(over.format("23 h")), request=found.id) == "BU005"
        assert refused(app_role, MOVE.format(over.format("1 day")), request=found.id) == ""
        keep_vote(app_role, found, voter, answer="no")
        assert refused(app_role, denied, request=found.id) == ""

    def test_of_what_failed_is_no_second_try_after_its_time(self, owner: Connection, slow: Office) -> None:
        found = approved(slow)
        act_as(owner, "system:test")
        owner.execute(text(MOVE.format("state = 'failed'")), {"request": found.id})
        for ago, code in (("23 h", ""), ("24 h", "BU005")):
            past(
                owner,
                "approval_requests",
                "moves",
                MOVE.format("not_before = now() - CAST(:ago AS interval)"),
                request=found.id,
                ago=ago,
            )
            assert refused(owner, MOVE.format("state = 'approved'"), request=found.id) == code


class TestAReview:
    def test_is_neither_taken_back_nor_forgotten(self, owner: Connection, inside: Flask) -> None:
        maker = operator(Role.ADMIN)
        for kind, code in (("staff.review", "BU005"), ("staff.roles", "")):
            found = put_request(owner, kind, {"x": kind}, maker=maker, state="pending")
            act_as(owner, f"operator:{maker}")
            for change in (
                "state = 'cancelled', ended_at = now()",
                "state = 'expired', ended_at = now() + interval '1 day'",
            ):
                assert refused(owner, MOVE.format(change), request=found) == code

    def test_is_what_the_house_calls_one(self, inside: Flask) -> None:
        for kind in kinds.everything():
            (said,) = rows("SELECT must_be_decided(:kind) AS so", kind=kind.name)
            assert said.so == kind.must_be_decided


class TestAPolicy:
    RULES = '[{"legs": [{"roles": ["auditor"], "count": 3}], "ttl_seconds": 7200, "delay_seconds": 0}]'
    WRITE = (
        "INSERT INTO approval_policies (id, kind, version, rules, request_id, created_at)"
        " SELECT 'pol_x', 'staff.review', max(version) + :more, CAST(:rules AS jsonb), :request, now()"
        " FROM approval_policies WHERE kind = 'staff.review'"
    )

    @pytest.mark.parametrize(
        "spoilt",
        [
            {},
            {"state": "pending"},
            {"state": "failed"},
            {"kind": "staff.roles"},
            {"target": "policy:staff.roles"},
            {"due_in": HOUR},
            {"rules": "[]"},
            {"more": 2},
            {"more": 0},
        ],
    )
    def test_is_the_one_that_was_agreed_to(self, owner: Connection, inside: Flask, spoilt: dict[str, object]) -> None:
        agreed = {"kind": "governance.policy", "target": "policy:staff.review", "rules": self.RULES, "more": 1} | spoilt
        more, written, kind = agreed.pop("more"), self.RULES, str(agreed.pop("kind"))
        payload = {"rules": [] if agreed.pop("rules") == "[]" else json.loads(self.RULES)}
        found = put_request(owner, kind, payload, maker=operator(Role.ADMIN), **agreed)
        code = refused(owner, self.WRITE, request=found, rules=written, more=more)
        assert code == ("BU005" if spoilt else "")


class TestRoles:
    @pytest.mark.parametrize(
        "spoilt",
        [
            {},
            {"state": "pending"},
            {"state": "executed"},
            {"kind": "staff.invitation"},
            {"target": "operator:op_x"},
            {"due_in": HOUR},
            {"roles": ["treasury"]},
            {"roles": ["finance", "support"]},
            {"was": ["auditor"]},
            {"was": []},
        ],
    )
    def test_are_those_that_were_agreed_to(self, owner: Connection, inside: Flask, spoilt: dict[str, object]) -> None:
        person, maker = operator(Role.SUPPORT), operator(Role.ADMIN)
        right = {"kind": "staff.roles", "target": f"operator:{person}", "roles": ["finance"], "was": ["support"]}
        agreed = {**right, **spoilt}
        payload = {"roles": agreed.pop("roles"), "was": agreed.pop("was")}
        if agreed.get("state") == "executed":
            agreed["state"] = "denied"  # (ended, and without a time of execution to make up)
        put_request(owner, str(agreed.pop("kind")), payload, maker=maker, **agreed)
        give = "UPDATE operators SET roles = '{finance}' WHERE id = :id"
        assert refused(owner, give, id=person) == ("BU005" if spoilt else "")

    def test_do_not_move_to_another_login(self, app_role: Connection, inside: Flask) -> None:
        person, other = operator(Role.SUPPORT), operator(Role.TREASURY)
        act_as(app_role, "system:test")
        change = "UPDATE operators SET {} WHERE id = :id"
        for column in ("login_id = 'log_x'", "id = 'op_x'", "created_at = now()"):
            assert refused(app_role, change.format(column), id=other) == "42501"
        assert refused(app_role, change.format("name = 'Y'"), id=person) == ""

    @pytest.mark.parametrize("spoilt", [None, "roles", "accepted", "login", "none"])
    def test_of_somebody_new_are_those_of_the_invitation(
        self, owner: Connection, inside: Flask, spoilt: str | None
    ) -> None:
        maker = operator(Role.ADMIN)
        act_as(owner, "system:test")
        made = (
            "INSERT INTO logins (id, audience, email, password_hash, created_at)"
            " VALUES (:id, 'operator', :id || '@test.example', '', now())"
        )
        login, other = fresh("log"), fresh("log")
        for each in (login, other):
            owner.execute(text(made), {"id": each})
        request = put_request(owner, "staff.invitation", {}, maker=maker)
        if spoilt != "none":
            put_invitation(
                owner,
                request,
                login_id=other if spoilt == "login" else login,
                roles=["finance"] if spoilt == "roles" else ["support"],
                accepted=spoilt == "accepted",
            )
        act_as(owner, "system:door:console.join")
        born = "INSERT INTO operators VALUES ('op_new', :login, 'x', '{support}', now())"
        assert refused(owner, born, login=login) == ("BU005" if spoilt else "")


class TestAnInvitation:
    WRITE = (
        "INSERT INTO invitations (id, request_id, login_id, name, roles, token_hash, created_at, expires_at)"
        " SELECT 'inv_x', :request, login_id, 'x', '{support}', '', now(), now() + interval '1 h'"
        " FROM operators WHERE id = :operator"
    )

    @pytest.mark.parametrize(
        "spoilt",
        [
            {},
            {"state": "pending"},
            {"kind": "staff.roles"},
            {"due_in": HOUR},
            {"roles": ["treasury"]},
            {"roles": ["support", "finance"]},
        ],
    )
    def test_is_the_one_that_was_agreed_to(self, owner: Connection, inside: Flask, spoilt: dict[str, object]) -> None:
        maker = operator(Role.ADMIN)
        agreed = {"kind": "staff.invitation", "roles": ["support"], **spoilt}
        payload = {"roles": agreed.pop("roles")}
        found = put_request(owner, str(agreed.pop("kind")), payload, maker=maker, **agreed)
        assert refused(owner, self.WRITE, request=found, operator=maker) == ("BU005" if spoilt else "")
