"""A login that is disabled: every way in says no, each by itself, also where sessions, keys and links live on."""

import pytest

from app.core import actor
from app.core.db import leave, transaction
from app.core.errors import Unauthenticated
from app.core.permissions import Role
from app.identity import api_keys, errors, queries, renewal, rules, service, sessions
from app.identity.rules import Audience
from app.identity.scopes import Scope
from app.identity.service import Device
from tests.makers import apps, people
from tests.makers.databases import Database, made_by, owner_does

TEST = actor.system("test")
ISSUER = "http://localhost"
pytestmark = pytest.mark.usefixtures("inside")


def disable(database: Database, login_id: str) -> None:
    """Only the mark: what it does by itself is tried, without the sessions that a command would end beside it."""
    leave()
    owner_does(database, "UPDATE logins SET disabled_at = now() WHERE id = :id", id=login_id)


def session_of(login_id: str, audience: Audience) -> str:
    """The token of a fresh session."""
    with transaction(TEST):
        return service.open_session(login_id, audience=audience, device=Device("test")).token


@pytest.mark.parametrize("audience", Audience)
def test_a_session_that_was_left_alive_opens_nothing(database: Database, audience: Audience) -> None:
    login_id = people.customer().login_id if audience is Audience.CUSTOMER else apps.login_of(operator())
    token = session_of(login_id, audience)
    assert queries.seen_for_system(token, audience=audience)
    disable(database, login_id)
    assert queries.seen_for_system(token, audience=audience) is None


def test_the_password_opens_no_session(database: Database) -> None:
    me = people.customer()

    def sign_in() -> object:
        with transaction(TEST):
            return service.sign_in(
                me.email, password=people.PASSWORD, audience=Audience.CUSTOMER, device=Device("test")
            )

    assert isinstance(sign_in(), service.Entry)
    disable(database, me.login_id)
    with pytest.raises(errors.WrongCredentials):
        sign_in()


def test_a_key_and_a_signed_token_open_nothing(database: Database) -> None:
    me = people.customer(enrolled=True)
    with transaction(TEST):
        key, token = api_keys.issue(me.login_id, name="Books", scopes=set(Scope), lives=rules.KEY_LIVES[0])
        signed = api_keys.trade(key.id, issuer=ISSUER).token
    for bearer in (token, signed):
        assert queries.bearer_for_system(bearer, issuer=ISSUER), bearer
    disable(database, me.login_id)
    for bearer in (token, signed):
        assert queries.bearer_for_system(bearer, issuer=ISSUER) is None, bearer


def test_a_mailed_link_sets_no_password(database: Database) -> None:
    me = people.customer()
    reset_id = made_by(lambda: ask(me.email), "password_resets")
    with transaction(TEST):
        renewal.answer(reset_id)
    _, token = queries.reset_token_for_system(reset_id)
    assert token
    disable(database, me.login_id)
    with pytest.raises(errors.LinkSpent), transaction(TEST):
        renewal.reset(token, password="another long password", audience=Audience.CUSTOMER)


def test_staff_who_left_hold_no_roles(database: Database) -> None:
    operator_id, email = people.operator(Role.TREASURY)
    assert queries.roles_for_system(operator_id) == ["treasury"]
    assert operator_id in {one.id for one in queries.holders_for_system(["treasury"])}
    disable(database, apps.login_of(email))
    assert queries.roles_for_system(operator_id) == []
    assert operator_id not in {one.id for one in queries.holders_for_system(["treasury"])}


def test_a_token_is_good_at_the_doors_of_its_own_audience_alone() -> None:
    """Also where a customer's session is of a login that has an operator behind it."""
    login_id = apps.login_of(operator())
    token = session_of(login_id, Audience.CUSTOMER)
    assert queries.operator_of(owner=login_id)
    assert queries.seen_for_system(token, audience=Audience.CUSTOMER)
    assert queries.seen_for_system(token, audience=Audience.OPERATOR) is None


def test_a_session_that_ended_gets_no_other_token() -> None:
    me = people.customer()
    with transaction(TEST):
        entry = service.open_session(me.login_id, audience=Audience.CUSTOMER, device=Device("test"))
        service.rotate(entry.session_id)
        sessions.end(entry.session_id, login_id=me.login_id)
        with pytest.raises(Unauthenticated):
            service.rotate(entry.session_id)


def operator() -> str:
    """The address of somebody of ours."""
    return people.operator(Role.SUPPORT)[1]


def ask(email: str) -> None:
    """Somebody has forgotten their password."""
    with transaction(TEST):
        renewal.ask(email, audience=Audience.CUSTOMER)
