"""Tries to come in are counted, whoever is asked for; Redis learns no names; nobody is locked out for good."""

from functools import partial
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.test import TestResponse

from app.core import actor
from app.core.db import leave, transaction
from app.core.errors import TooMany
from app.core.permissions import Role
from app.customers import service as customers
from app.identity import service as identity
from app.identity.errors import WrongCredentials
from app.web.throttle import Throttle, network, throttle
from tests.makers import browse, people
from tests.makers.books import fresh
from tests.makers.crowd import at_once, meet

WRONG = "not the password at all"


@pytest.fixture
def strict(inside: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The house with its limits as they are in production, counted under a name of this test's own."""
    own = Throttle(inside.extensions["redis"], secret=fresh())
    monkeypatch.setitem(inside.extensions, "throttle", own)
    return inside


def sign_in(
    client: FlaskClient, email: str, password: str, *, address: str = "10.0.0.1", **headers: str
) -> TestResponse:
    """Through the API's door, which needs no form."""
    return client.post(
        "/api/v1/sessions",
        json={"email": email, "password": password},
        headers=headers,
        environ_base={"REMOTE_ADDR": address},
    )


def statuses(client: FlaskClient, email: str, times: int, **how: str) -> list[int]:
    """What that many wrong tries are answered."""
    return [sign_in(client, email, WRONG, **how).status_code for _ in range(times)]


def tried(app: Flask, account: str, *, address: str) -> int:
    """What a wrong try is answered, without looking at a password: 0, or the seconds to wait."""
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        try:
            with throttle().signing_in(account):
                raise WrongCredentials  # noqa: TRY301 (that is what a wrong try does)
        except WrongCredentials:
            return 0
        except TooMany as refused:
            return int(refused.facts["retry_after"])


def nowhere() -> Redis:
    """A Redis that does not answer."""
    return Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))


class TestWrongTries:
    @pytest.mark.parametrize("known", [True, False])
    def test_of_one_address_for_one_account_are_five(self, strict: Flask, *, known: bool) -> None:
        client, email = strict.test_client(), people.customer().email if known else f"{fresh()}@example.com"
        assert statuses(client, email, 7) == [422] * 5 + [429] * 2
        answer = sign_in(client, email, people.PASSWORD)
        assert answer.status_code == 429  # also the right one waits
        assert 1 <= int(answer.headers["Retry-After"]) <= 300
        assert answer.json is not None
        assert answer.json["error"]["code"] == "too_many"
        assert sign_in(client, f"{fresh()}@example.com", WRONG).status_code == 422  # another account is another matter

    def test_in_another_spelling_are_the_same(self, strict: Flask) -> None:
        client, email = strict.test_client(), f"{fresh()}@example.com"
        assert statuses(client, email, 5) == [422] * 5
        assert statuses(client, f"  {email.upper()} ", 1) == [429]

    @pytest.mark.parametrize("domain", ["ｅxample.com", "ＥＸＡＭＰＬＥ.com", "example。com"])
    def test_with_the_domain_in_another_spelling_are_the_same(self, strict: Flask, domain: str) -> None:
        client, name = strict.test_client(), fresh()
        assert statuses(client, f"{name}@example.com", 5) == [422] * 5
        assert statuses(client, f"{name}@{domain}", 1) == [429]

    def test_for_a_customer_say_nothing_about_the_operator_of_that_address(self, strict: Flask) -> None:
        email = people.operator(Role.SUPPORT)[1]
        with transaction(actor.system("test")):
            claim = customers.sign_up("Ada Obi", email=email, phone=people.phone_number(), password=people.PASSWORD)
        with transaction(actor.system("test")):
            identity.confirm_email(claim, code=people.newest_code(claim.login_id))
        leave()
        console, portal = strict.test_client(), strict.test_client()
        for _ in range(3):
            assert browse.send(console, "/console/sign-in", email=email, password=WRONG).status_code == 422
        assert statuses(portal, email, 4, address="127.0.0.1") == [422] * 4  # (no place taken by those)
        assert sign_in(portal, email, people.PASSWORD, address="127.0.0.1").status_code == 201
        for _ in range(2):  # (and none given back by this one)
            assert browse.send(console, "/console/sign-in", email=email, password=WRONG).status_code == 422
        assert "Too many tries" in browse.send(console, "/console/sign-in", email=email, password=WRONG).text

    def test_of_many_addresses_for_one_account_are_ten(self, strict: Flask) -> None:
        found = [tried(strict, "ada@example.com", address=f"10.0.1.{number}") for number in range(12)]
        assert found[:10] == [0] * 10
        assert all(800 < wait <= 900 for wait in found[10:])

    def test_of_one_address_for_many_accounts_are_sixty(self, strict: Flask) -> None:
        found = [tried(strict, f"{number}@example.com", address="10.0.0.1") for number in range(62)]
        assert found[:60] == [0] * 60
        assert all(200 < wait <= 300 for wait in found[60:])

    def test_are_a_thousand_and_ten_got_through(self, strict: Flask) -> None:
        found = [tried(strict, "ada@example.com", address=f"10.1.{n // 250}.{n % 250}") for n in range(1_000)]
        assert found.count(0) == 10

    def test_do_not_keep_out_a_browser_that_was_in_before(self, strict: Flask) -> None:
        stranger, owner, who = strict.test_client(), strict.test_client(), people.customer()
        browse.sign_in(owner, who.email)
        for number in range(10):
            tried(strict, who.email, address=f"10.0.2.{number}")
        assert sign_in(stranger, who.email, people.PASSWORD, address="10.0.3.1").status_code == 429
        owner.delete_cookie("bursar")
        browse.sign_in(owner, who.email)

    def test_of_neighbours_do_not_keep_out_a_browser_that_was_in_before(self, strict: Flask) -> None:
        """Carriers give one address to a town: neither its guesses at an account nor all of them count here."""
        owner, who = strict.test_client(), people.customer()
        browse.sign_in(owner, who.email)
        for _ in range(6):
            tried(strict, who.email, address="127.0.0.1")
        for number in range(60):
            tried(strict, f"{number}@example.com", address="127.0.0.1")
        assert tried(strict, "one-more@example.com", address="127.0.0.1")
        owner.delete_cookie("bursar")
        browse.sign_in(owner, who.email)

    def test_in_a_browser_that_was_in_before_are_five(self, strict: Flask) -> None:
        owner, who = strict.test_client(), people.customer()
        browse.sign_in(owner, who.email)
        owner.delete_cookie("bursar")
        answers = [browse.send(owner, "/sign-in", email=who.email, password=WRONG).text for _ in range(7)]
        assert ["Too many tries" in answer for answer in answers] == [False] * 5 + [True] * 2

    def test_at_once_are_no_more_than_one_after_the_other(self, strict: Flask) -> None:
        """Each is under way while the others are counted."""
        met = Barrier(80)

        def guess(number: int) -> bool:
            with strict.test_request_context(environ_base={"REMOTE_ADDR": "10.0.4.1"}):
                try:
                    with throttle().signing_in(f"{number}@example.com"):
                        meet(met)
                        raise WrongCredentials  # noqa: TRY301 (that is what a wrong try does)
                except WrongCredentials:
                    return True
                except TooMany:
                    meet(met)
                    return False

        answers = at_once(strict, [partial(guess, number) for number in range(80)])
        assert answers.count(True) == 60

    @pytest.mark.parametrize("redis", [True, False])
    def test_that_are_right_take_nothing_of_an_addresss_share(
        self, strict: Flask, monkeypatch: pytest.MonkeyPatch, *, redis: bool
    ) -> None:
        if not redis:
            monkeypatch.setitem(strict.extensions, "throttle", Throttle(nowhere(), secret=fresh()))
        for number in range(70):
            with (
                strict.test_request_context(environ_base={"REMOTE_ADDR": "10.0.5.1"}),
                throttle().signing_in(f"{number}@example.com"),
            ):
                pass
        assert tried(strict, "somebody@example.com", address="10.0.5.1") == 0

    def test_that_are_not_looked_at_take_nothing_of_it_either(self, strict: Flask) -> None:
        for _ in range(70):
            tried(strict, "ada@example.com", address="10.0.6.1")
        assert tried(strict, "somebody@example.com", address="10.0.6.1") == 0

    def test_are_forgotten_when_one_is_right(self, strict: Flask) -> None:
        client, who = strict.test_client(), people.customer()
        assert statuses(client, who.email, 4) == [422] * 4
        assert sign_in(client, who.email, people.PASSWORD).status_code == 201
        assert statuses(client, who.email, 5) == [422] * 5

    def test_are_counted_by_the_address_that_came_and_not_by_what_it_says(self, strict: Flask) -> None:
        client, email = strict.test_client(), f"{fresh()}@example.com"
        found = [
            sign_in(client, email, WRONG, **{"X-Forwarded-For": f"10.9.9.{number}"}).status_code for number in range(6)
        ]
        assert found == [422] * 5 + [429]

    def test_at_the_portals_and_the_consoles_pages_are_said_there(self, strict: Flask) -> None:
        for place in ("/sign-in", "/console/sign-in"):
            client, email = strict.test_client(), f"{fresh()}@example.com"
            for _ in range(5):
                assert "Too many tries" not in browse.send(client, place, email=email, password=WRONG).text
            answer = browse.send(client, place, email=email, password=WRONG)
            assert "Too many tries. Wait" in answer.text
            assert answer.headers["Retry-After"]


class TestWithoutRedis:
    def test_tries_are_still_limited(self, strict: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(strict.extensions, "throttle", Throttle(nowhere(), secret=fresh()))
        client, email = strict.test_client(), people.customer().email
        assert statuses(client, email, 7) == [422] * 5 + [429] * 2


class TestNames:
    def test_are_not_told_to_redis(self, strict: Flask) -> None:
        canary = f"canary-{fresh()}@example.com"
        statuses(strict.test_client(), canary, 2, address="10.77.77.77")
        keys = [key.decode() for key in strict.extensions["redis"].scan_iter("*")]
        assert any(key.startswith("tries") for key in keys)
        assert not [key for key in keys if "canary" in key or "10.77.77.77" in key]

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("10.0.0.1", "10.0.0.2", False),
            ("2001:db8::1", "2001:db8::ffff", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:10.0.0.1", "10.0.0.1", True),
            ("nonsense", "", True),
        ],
    )
    def test_of_addresses_are_those_of_a_household(self, one: str, other: str, *, same: bool) -> None:
        assert (network(one) == network(other)) is same


def test_an_address_opens_so_many_accounts_an_hour(strict: Flask) -> None:
    here = {"REMOTE_ADDR": "127.0.0.1"}
    for _ in range(20):
        with strict.test_request_context(environ_base=here):
            throttle().beginning("sign-up")
    fields = {"name": "Ada Obi", "phone": people.PHONE, "email": f"{fresh()}@example.com", "password": people.PASSWORD}
    assert "Too many tries" in browse.send(strict.test_client(), "/sign-up", **fields).text


def test_an_account_sends_so_many_files_in_ten_minutes(strict: Flask) -> None:
    """Sixty are a board of directors with everything they have; more is somebody filling the store."""
    with strict.test_request_context():
        for _ in range(60):
            throttle().sending("file", "ada@test.example")
        throttle().sending("file", "bola@test.example")
        with pytest.raises(TooMany):
            throttle().sending("file", "ada@test.example")
