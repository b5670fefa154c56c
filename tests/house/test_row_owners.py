"""The second wall: what belongs to a customer is shown to that customer alone, whatever a query forgets."""

import contextvars
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import pytest
from flask import Flask
from flask.cli import AppGroup
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.applications import review, views
from app.cases import service as cases
from app.core import actor, clock, tasks
from app.core.db import db, for_everyone, leave, narrow, rows, sqlstate, transaction, widen
from app.core.errors import NotFound
from app.core.permissions import Role
from app.customers import closures
from app.customers import service as customers
from app.customers.rules import Tier
from app.restrictions.rules import Kind
from app.web.command_groups import HouseGroup
from app.withdrawals import refused
from app.withdrawals import service as withdrawals
from jobs import runtime
from jobs.handlers import HANDLERS, Handler
from jobs.queues import Waker
from tests.makers import (
    applicants,
    apps,
    browse,
    giving_back,
    identities,
    listed,
    papers,
    paying,
    people,
    restricted,
    sending,
    trading,
)
from tests.makers.books import fresh
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess
from tests.web.console.conftest import enter

TEST = actor.system("test")
pytestmark = [pytest.mark.usefixtures("inside"), pytest.mark.xdist_group("row-owners")]  # (two people of everything)

OWNED = {
    "customers": "id",
    "wallets": "customer_id",
    "wallet_costs": "customer_id",
    "bank_accounts": "customer_id",
    "deposits": "customer_id",
    "withdrawals": "customer_id",
    "withdrawal_refusals": "customer_id",
    "closure_requests": "customer_id",
    "viewings": "customer_id",
    "tier_changes": "customer_id",
    "limit_uses": "customer_id",
    "applications": "customer_id",
    "application_steps": "customer_id",
    "application_rounds": "customer_id",
    "application_files": "customer_id",
    "application_events": "customer_id",
    "restrictions": "customer_id",
    "documents": "customer_id",
    "document_files": "customer_id",
    "identity_checks": "customer_id",
    "saved_cards": "customer_id",
    "dedicated_accounts": "customer_id",
    "disputes": "customer_id",
    "refunds": "customer_id",
    "quotes": "customer_id",
    "orders": "customer_id",
    "recurring_orders": "customer_id",
    "recurring_runs": "customer_id",
    "price_alerts": "customer_id",
    "handles": "customer_id",
    "splits": "customer_id",
    "money_requests": "customer_id",
    "transfers": "customer_id",
}
# What is about a customer and never theirs to see: only who works for everyone does.
KEPT_FROM_OWNERS = ("screening_subjects", "screening_hits", "screening_runs", "cases")
# What reviewers write about an application: the house's alone.
OF_THE_HOUSE = ("application_answers", "application_notes", "application_views")
OF_CASES = ("case_notes",)  # found by their case, which names a customer or nobody: see tests/cases


@pytest.fixture(scope="module")
def two(app: Flask, vendor: SandboxProcess) -> list[people.Customer]:
    """Two customers with something in every table."""
    with app.app_context():
        return [somebody(app, vendor) for _ in range(2)]


def somebody(app: Flask, vendor: SandboxProcess) -> people.Customer:
    """One of them."""
    one = people.customer(enrolled=True, tier=Tier.T2)
    people.paid_in(one, naira(1_000), app=app, sandbox=vendor)
    account = people.bank_account(one, app=app)
    sending.everything(one)
    with transaction(one.actor):
        withdrawals.request(one.id, bank_account_id=account, amount=naira(100), actor=one.actor)
        refused.note(one.id, amount=naira(1), bank_account_id=account, refused=NotFound())
        closures.ask(one.id, reason="Moving away.", actor=one.actor)
    applicants.submitted(one, Tier.T3, today=f"{clock.now():%Y-%m-%d}", screening="unscreened")
    trading.everything(one)
    trading.cost_kept(one)
    restricted.placed(one, Kind.NO_TRADE)
    papers.taken(one, app=app, purpose="id_front")
    paying.account_number(one)
    paying.kept_card(one)
    identities.ask(one, identities.number(identities.ECHO))
    looker, session_id = people.at_work(Role.SUPPORT)
    with transaction(TEST):
        customers.begin_view(one.id, operator_id=looker, session_id=session_id, reason="Help.", ticket="T-1")
    giving_back.dispute(giving_back.told_dispute(giving_back.credited(one, naira(200)), naira(1)), naira(1))
    giving_back.adopted(giving_back.told_refund(giving_back.credited(one, naira(200)), naira(1), "needs-attention"))
    leave()
    return one


def seen(table: str) -> set[str]:
    """Whose rows a query without a WHERE shows."""
    leave()
    statements = {name: f"SELECT DISTINCT {column} AS owner FROM {name}" for name, column in OWNED.items()}  # noqa: S608
    return {row.owner for row in rows(statements[table])}


@pytest.mark.parametrize("table", OWNED)
def test_a_query_that_forgets_its_owner_shows_ones_own(two: list[people.Customer], table: str) -> None:
    me, other = two
    assert {me.id, other.id} <= seen(table)
    token = narrow(me.id)
    try:
        assert seen(table) == {me.id}
        with transaction(me.actor):
            assert {row.owner for row in rows(f"SELECT {OWNED[table]} AS owner FROM {table}")} == {me.id}  # noqa: S608
    finally:
        widen(token)
    assert {me.id, other.id} <= seen(table)


def test_nothing_is_written_in_anothers_place(two: list[people.Customer]) -> None:
    me, other = two
    token = narrow(me.id)
    insert = text("INSERT INTO wallets SELECT :id, :owner, 'BTC', :id, now()")
    try:
        with pytest.raises(DBAPIError) as refusal, transaction(me.actor):
            db.session.execute(insert, {"id": fresh("w"), "owner": other.id})
        assert sqlstate(refusal.value) == "42501"
        with transaction(me.actor):
            changed = db.session.execute(
                text("UPDATE withdrawals SET ended_at = now() WHERE customer_id = :o"), {"o": other.id}
            )
            assert changed.rowcount == 0  # type: ignore[attr-defined]
    finally:
        widen(token)


def test_who_does_not_say_for_whom_sees_nothing(two: list[people.Customer]) -> None:
    with db.engine.connect() as connection:
        for table in OWNED:
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table  # noqa: S608


def in_a_new_context(app: Flask, body: Callable[[], set[str]]) -> set[str]:
    """What is seen where nobody has said for whom, as in a thread of its own."""

    def there() -> set[str]:
        with app.app_context():
            return body()

    return contextvars.Context().run(there)


class TestWhoSaysNothing:
    @pytest.mark.parametrize("table", OWNED)
    def test_sees_nothing(self, app: Flask, two: list[people.Customer], table: str) -> None:
        assert in_a_new_context(app, lambda: seen(table)) == set()

    def test_writes_nothing(self, app: Flask, two: list[people.Customer]) -> None:
        def rename() -> set[str]:
            with transaction(TEST):
                named = db.session.execute(text("UPDATE customers SET name = 'Nobody' RETURNING id"))
                return set(named.scalars())

        assert in_a_new_context(app, rename) == set()

    def test_sees_everybody_once_it_says_so(self, app: Flask, two: list[people.Customer]) -> None:
        def ask() -> set[str]:
            with for_everyone():
                return seen("wallets")

        assert {one.id for one in two} <= in_a_new_context(app, ask)
        assert in_a_new_context(app, lambda: seen("wallets")) == set()


class Doors:
    """A query without a WHERE behind real doors, and whose rows it showed."""

    def __init__(self, app: Flask, patch: pytest.MonkeyPatch) -> None:
        self.app, self.patch = app, patch

    def shown(self, client: FlaskClient, endpoint: str, path: str, **options: Any) -> set[str]:
        """Whose rows were seen by who asks for this page."""
        found: list[set[str]] = []
        real = self.app.view_functions[endpoint]

        def forgetful(**_arguments: Any) -> str:
            found.append({row.owner for row in rows("SELECT DISTINCT customer_id AS owner FROM wallets")})
            return ""

        self.patch.setitem(self.app.view_functions, endpoint, update_wrapper(forgetful, real))
        assert client.get(path, **options).status_code == 200
        self.patch.undo()
        return found[0]


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Doors:
    return Doors(app, monkeypatch)


class TestAForgetfulPage:
    """The first wall is left out: what is seen is what the second one lets through."""

    def test_of_the_portal_shows_ones_own(self, doors: Doors, two: list[people.Customer], client: FlaskClient) -> None:
        browse.come_in(client, two[0].email)
        assert doors.shown(client, "portal.activity", "/activity") == {two[0].id}

    def test_of_the_api_shows_ones_own(self, doors: Doors, two: list[people.Customer], client: FlaskClient) -> None:
        sent = {"email": two[0].email, "password": people.PASSWORD, "code": apps.code(two[0].email)}
        answer = client.post("/api/v1/sessions", json=sent)
        assert answer.json is not None
        token = {"Authorization": f"Bearer {answer.json['token']}"}
        assert doors.shown(client, "api.balances", "/api/v1/balances", headers=token) == {two[0].id}

    def test_of_the_console_shows_everybodys(self, doors: Doors, two: list[people.Customer], app: Flask) -> None:
        support = enter(app, Role.SUPPORT)
        assert {one.id for one in two} <= doors.shown(support, "console.customers", "/console/customers")

    def test_seen_by_staff_as_the_customer_shows_the_customers(
        self, doors: Doors, two: list[people.Customer], app: Flask
    ) -> None:
        support = enter(app, Role.SUPPORT)
        given = {"ticket": "T-1", "reason": "They cannot see a deposit."}
        page = f"/console/view-as?q={two[0].email}"
        begun = browse.send(support, f"/console/view-as/{two[0].id}", form_at=page, **given)
        assert support.get(begun.location).status_code == 303  # (the link to the portal)
        assert doors.shown(support, "portal.activity", "/activity") == {two[0].id}


def test_signing_up_while_signed_in_makes_another_account(client: FlaskClient, inside: Flask) -> None:
    """Public doors work for everyone: they are not narrowed to who happens to be signed in."""
    browse.come_in(client, people.customer().email)
    sent = {"name": "Ngozi Eze", "email": f"{fresh('new')}@test.example", "password": people.PASSWORD}
    assert browse.send(client, "/sign-up", phone=people.PHONE, **sent).status_code == 303


def test_a_job_works_for_everyone_and_says_so_itself(
    app: Flask, two: list[people.Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[set[str]] = []
    monkeypatch.setitem(HANDLERS, "test.look", Handler("default", lambda _work: found.append(seen("wallets"))))
    # A worker's process makes its application once; here is one already, and two would each have their connections.
    monkeypatch.setattr(runtime, "runtime", lambda: (app, Waker(app.extensions["redis"]), app.extensions["settings"]))
    ref = fresh("look")
    with transaction(TEST):
        tasks.add("test.look", ref=ref, queue="default")
    (task,) = rows("SELECT id FROM tasks WHERE ref = :ref", ref=ref)
    leave()
    contextvars.Context().run(runtime.run, task.id, 0)
    assert {one.id for one in two} <= found[0]


def test_every_command_works_for_everyone(app: Flask) -> None:
    groups = [group for group in app.cli.commands.values() if isinstance(group, AppGroup)]
    assert len(groups) >= 4
    assert all(isinstance(group, HouseGroup) for group in groups)
    seen_by: list[str] = []
    group = HouseGroup("test")
    group.command("look")(lambda: seen_by.append(rows("SELECT current_setting('bursar.owner') AS o")[0].o))
    contextvars.Context().run(lambda: app.test_cli_runner().invoke(group, ["look"], catch_exceptions=False))
    assert seen_by == ["*"]


@pytest.mark.parametrize("table", KEPT_FROM_OWNERS)
def test_what_is_kept_from_them_is_not_shown_to_its_customer(inside: Flask, table: str) -> None:
    me = people.customer()
    listed.open_hit(me)
    with transaction(TEST):
        cases.open("tested", me.id, owner=Role.TREASURY, words="A reason.", customer_id=me.id, actor=TEST)
    counted = {each: f"SELECT count(*) AS many FROM {each} WHERE customer_id = :me" for each in KEPT_FROM_OWNERS}  # noqa: S608
    assert rows(counted[table], me=me.id)[0].many == 1
    leave()
    token = narrow(me.id)
    try:
        assert rows(counted[table], me=me.id)[0].many == 0
        leave()
    finally:
        widen(token)


def test_what_reviewers_write_is_shown_to_no_customer(inside: Flask) -> None:
    me, officer = people.customer(tier=Tier.T0), applicants.officer()
    application = applicants.begin(me)
    with transaction(who := actor.operator(officer)):
        review.note(application.id, "Heron.", operator_id=officer, actor=who)
        views.note_view(application.id, operator_id=officer)
        db.session.execute(
            text(
                "INSERT INTO application_answers (id, application_id, item, answer, operator_id, answered_at)"
                " VALUES (:application, :application, 'profile_adult', 'yes', :officer, now())"
            ),
            {"application": application.id, "officer": officer},
        )
    for owner, many in ((me.id, 0), ("*", 1)):
        leave()
        token = narrow(owner)
        counted = f"SELECT count(*) AS many FROM {{}} WHERE application_id = '{application.id}'"  # noqa: S608
        assert {rows(counted.format(table))[0].many for table in OF_THE_HOUSE} == {many}
        leave()
        widen(token)


def test_the_tables_of_these_tests_are_all_that_have_it(owner_engine: Engine) -> None:
    guarded = "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
    with owner_engine.connect() as connection:
        assert set(connection.execute(text(guarded)).scalars()) == {*OWNED, *KEPT_FROM_OWNERS, *OF_THE_HOUSE, *OF_CASES}


def test_every_table_with_a_customer_has_it(owner_engine: Engine, inside: Flask) -> None:
    unguarded = text(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND"
        " c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))"
    )
    with owner_engine.connect() as connection:
        assert list(connection.execute(unguarded).scalars()) == []
        role = connection.execute(text("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = 'bursar_app'"))
        assert role.scalar_one() is False
