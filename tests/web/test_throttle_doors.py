"""Every door where somebody can guess, or have a message sent, counts it: also while Redis is away."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.test import TestResponse

from app.core.db import leave
from app.core.permissions import Role
from app.identity import queries
from app.web.throttle import Throttle
from tests.makers import apps, browse, mailbox, people
from tests.makers.books import fresh

WorkOff = Callable[..., int]
SAID = "Too many tries. Wait"


@pytest.fixture(params=["with Redis", "without Redis"])
def strict(inside: Flask, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The house with its limits as they are in production, counted in Redis or, while that is away, here alone."""
    nowhere = Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    redis = inside.extensions["redis"] if request.param == "with Redis" else nowhere
    monkeypatch.setitem(inside.extensions, "throttle", Throttle(redis, secret=fresh()))
    return inside


@dataclass(frozen=True)
class Door:
    """One try at a door, of a browser; `who` is the account that it is about."""

    name: str
    knock: Callable[[FlaskClient, str], TestResponse]
    allowed: int = 5


def forgotten(client: FlaskClient, who: str) -> TestResponse:
    return browse.send(client, "/forgotten-password", email=who)


def forgotten_at_the_console(client: FlaskClient, who: str) -> TestResponse:
    return browse.send(client, "/console/forgotten-password", email=who)


def recover(client: FlaskClient, who: str) -> TestResponse:
    return browse.send(client, "/recover", email=who, contact="new@test.example")


def reset_link(client: FlaskClient, who: str) -> TestResponse:
    client.get(f"/reset-password/{who}")
    client.get("/reset-password")  # (says why on the page it leads to)
    return client.get("/forgotten-password")


def stop_recovery(client: FlaskClient, who: str) -> TestResponse:
    client.get(f"/stop-recovery/{who}")
    return client.get("/stop-recovery")


def join(client: FlaskClient, who: str) -> TestResponse:
    client.get(f"/console/join/{who}")
    return client.get("/console/join")


STRANGERS = (
    Door("forgotten", forgotten),
    Door("forgotten at the console", forgotten_at_the_console),
    Door("recover", recover),
    Door("reset link", reset_link),
    Door("stop recovery", stop_recovery),
    Door("join", join),
)


@pytest.mark.parametrize("door", STRANGERS, ids=lambda door: door.name)
class TestAStranger:
    def test_is_stopped_for_one_account(self, strict: Flask, door: Door) -> None:
        client, who = strict.test_client(), f"{fresh()}@test.example"
        heard = [SAID in door.knock(client, who).text for _ in range(door.allowed + 2)]
        assert heard == [False] * door.allowed + [True] * 2
        assert SAID not in door.knock(strict.test_client(), f"{fresh()}@test.example").text

    def test_is_stopped_for_one_account_from_many_addresses(self, strict: Flask, door: Door) -> None:
        who = f"{fresh()}@test.example"
        heard = []
        for number in range(12):
            client = strict.test_client()
            client.environ_base["REMOTE_ADDR"] = f"10.20.30.{number}"
            heard.append(SAID in door.knock(client, who).text)
        assert heard == [False] * 10 + [True] * 2


@pytest.mark.parametrize(
    ("door", "most"),
    [(door, 40 if door.knock in {forgotten, forgotten_at_the_console, recover} else 60) for door in STRANGERS],
    ids=[door.name for door in STRANGERS],
)
def test_a_stranger_is_stopped_for_many_accounts(strict: Flask, door: Door, most: int) -> None:
    client = strict.test_client()
    heard = [SAID in door.knock(client, f"{fresh()}@test.example").text for _ in range(most + 1)]
    assert heard == [False] * most + [True]


class TestWhoIsSignedIn:
    def test_guesses_a_password_five_times(self, strict: Flask) -> None:
        who, client = people.customer(), strict.test_client()
        browse.sign_in(client, who.email)
        fields = {"present": "not the password", "password": "several entirely other words"}
        answers = [browse.send(client, "/security/password", **fields) for _ in range(6)]
        assert [SAID in answer.text for answer in answers] == [False] * 5 + [True]
        assert answers[-1].headers["Retry-After"]
        right = browse.send(client, "/security/password", **(fields | {"present": people.PASSWORD}))
        assert SAID in right.text  # also the right one waits

    def test_may_choose_bad_new_passwords_as_often_as_they_like(self, strict: Flask) -> None:
        who, client = people.customer(), strict.test_client()
        browse.sign_in(client, who.email)
        fields = {"present": people.PASSWORD, "password": "short"}
        heard = [browse.send(client, "/security/password", **fields).text for _ in range(12)]
        assert not any(SAID in text for text in heard)

    def test_guesses_a_code_of_the_app_five_times(self, strict: Flask) -> None:
        who = people.customer(enrolled=True)
        clients = [strict.test_client() for _ in range(2)]
        for client in clients:
            browse.with_password(client, who.email)
        heard = [browse.send(clients[0], "/prove", code="000000x").text for _ in range(7)]
        assert [SAID in text for text in heard] == [False] * 5 + [True] * 2
        body = {"email": who.email, "password": people.PASSWORD, "code": "000000x"}
        assert strict.test_client().post("/api/v1/sessions", json=body).status_code == 429

    def test_guesses_a_code_of_the_phone_five_times(self, strict: Flask) -> None:
        who, client = people.customer(), strict.test_client()
        browse.sign_in(client, who.email)
        heard = [browse.send(client, "/phone", code="000000x").text for _ in range(7)]
        assert [SAID in text for text in heard] == [False] * 5 + [True] * 2

    def test_asks_for_codes_five_times_an_hour(self, strict: Flask) -> None:
        who, client = people.customer(), strict.test_client()
        browse.sign_in(client, who.email)
        for _ in range(5):
            browse.send(client, "/phone/again", form_at="/phone")
            assert SAID not in client.get("/phone").text
        browse.send(client, "/phone/again", form_at="/phone")
        assert SAID in client.get("/phone").text

    def test_is_not_stopped_by_what_is_right(self, strict: Flask) -> None:
        who = people.customer(enrolled=True)
        for _ in range(2):
            client = strict.test_client()
            browse.with_password(client, who.email)
            for _ in range(2):
                assert browse.send(client, "/prove", code="000000x").status_code == 422
            assert browse.send(client, "/prove", code=apps.code(who.email)).status_code == 303
        leave()
        assert queries.enrolled(owner=who.login_id)


def test_a_link_that_is_good_is_opened_as_often_as_one_likes(strict: Flask, work_off: WorkOff) -> None:
    who, client = people.customer(), strict.test_client()
    browse.send(client, "/forgotten-password", email=who.email)
    work_off()
    link = mailbox.link_in(next(one for one in mailbox.letters_to(who.email) if one.subject == "Set a new password"))
    client.get(link)
    assert [client.get("/reset-password").status_code for _ in range(8)] == [200] * 8


def test_one_door_does_not_shut_another(strict: Flask) -> None:
    who, client = people.customer(), strict.test_client()
    for _ in range(6):
        forgotten(client, who.email)
    assert SAID in forgotten(client, who.email).text
    assert SAID not in recover(client, who.email).text
    browse.sign_in(client, who.email)


def test_staff_are_counted_too(strict: Flask) -> None:
    _, email = people.operator(Role.AUDITOR)
    client = strict.test_client()
    browse.with_password(client, email, console=True)
    heard = [browse.send(client, "/console/prove", code="000000x").text for _ in range(6)]
    assert SAID in heard[-1]
