"""Programs come in with a key or a signed token, do what its scopes say, and are out at once when it is revoked."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.db import db, leave, rows, transaction
from app.customers import service as customers
from app.identity import api_keys, errors, factors, renewal, rules, sessions, signing
from app.identity import queries as identity
from app.identity.models import ApiKey
from app.identity.scopes import Scope
from app.web.throttle import Throttle
from tests.makers import browse, people
from tests.makers.books import TESTER, fresh

DOORS = {
    Scope.BALANCES_READ: "/api/v1/balances",
    Scope.VERIFICATION_READ: "/api/v1/verification",
    Scope.ACTIVITY_READ: "/api/v1/activity",
    Scope.DEPOSITS_READ: "/api/v1/deposits/dep_none",
    Scope.BANK_ACCOUNTS_READ: "/api/v1/bank-accounts",
    Scope.WITHDRAWALS_READ: "/api/v1/withdrawals/wd_none",
    Scope.ORDERS_READ: "/api/v1/orders/ord_none",
}
ISSUER = "http://localhost"


@pytest.fixture
def owner(inside: Flask) -> people.Customer:
    return people.customer()


def issue(owner: people.Customer, *scopes: Scope) -> tuple[ApiKey, str]:
    """A key of this customer."""
    with transaction(owner.actor):
        return api_keys.issue(owner.login_id, name="Books", scopes=scopes or set(Scope), lives=rules.KEY_LIVES[0])


def ask(client: FlaskClient, token: str, path: str = "/api/v1/balances", method: str = "GET") -> int:
    """The status of the answer to whoever comes with this."""
    return client.open(path, method=method, headers={"Authorization": f"Bearer {token}"}, json={}).status_code


def signed(client: FlaskClient, key: str) -> str:
    """A signed token in place of a key."""
    answer = client.post("/api/v1/tokens", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 201
    assert answer.json is not None
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 600)
    return str(answer.json["access_token"])


class TestKeys:
    def test_are_kept_as_a_hash_with_their_last_four(self, owner: people.Customer) -> None:
        key, token = issue(owner)
        kept = json.dumps([dict(row._mapping) for row in rows("SELECT * FROM api_keys")], default=repr)
        assert token not in kept
        assert key.hint == token[-4:]
        assert len(base64.urlsafe_b64decode(token.removeprefix(api_keys.PREFIX) + "==")) == 32
        told = json.dumps([row.after for row in rows("SELECT after FROM audit.records WHERE row_id = :i", i=key.id)])
        assert "[masked]" in told

    @pytest.mark.parametrize("granted", list(DOORS))
    def test_open_the_doors_of_their_scopes_alone(
        self, client: FlaskClient, owner: people.Customer, granted: Scope
    ) -> None:
        _, token = issue(owner, granted)
        for scope, path in DOORS.items():
            found = ask(client, token, path)
            assert (found == 403) == (scope is not granted), (scope, found)
        assert ask(client, token, "/api/v1/withdrawals", "POST") == 403
        assert ask(client, token, "/api/v1/deposits", "POST") == 403

    @pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "like a page that polls"])
    def test_are_noted_when_used(self, client: FlaskClient, owner: people.Customer, headers: dict[str, str]) -> None:
        _, token = issue(owner)
        client.get("/api/v1/balances", headers={"Authorization": f"Bearer {token}", **headers})
        leave()
        (key,) = api_keys.live_of(owner=owner.login_id)
        db.session.refresh(key)
        assert key.used_at is not None

    def test_are_dead_when_revoked_with_all_that_was_got_with_them(
        self, client: FlaskClient, owner: people.Customer
    ) -> None:
        key, token = issue(owner)
        short = signed(client, token)
        assert (ask(client, token), ask(client, short)) == (200, 200)
        leave()
        with transaction(owner.actor):
            api_keys.revoke(key.id, login_id=owner.login_id)
        assert (ask(client, token), ask(client, short)) == (401, 401)
        with pytest.raises(errors.UnknownKey), transaction(owner.actor):
            api_keys.revoke(key.id, login_id=owner.login_id)

    def test_of_somebody_else_cannot_be_revoked(self, client: FlaskClient, owner: people.Customer) -> None:
        (key, token), other = issue(owner), people.customer()
        leave()
        with pytest.raises(errors.UnknownKey), transaction(other.actor):
            api_keys.revoke(key.id, login_id=other.login_id)
        assert ask(client, token) == 200

    def test_run_out(self, client: FlaskClient, owner: people.Customer) -> None:
        with clock.at(clock.now() - timedelta(days=31)):
            _, token = issue(owner)
        assert ask(client, token) == 401

    def test_end_no_session_and_are_twenty_at_most(self, client: FlaskClient, owner: people.Customer) -> None:
        _, token = issue(owner)
        assert ask(client, token, "/api/v1/sessions/current", "DELETE") == 403
        for _ in range(19):
            issue(owner)
        with pytest.raises(errors.TooManyKeys):
            issue(owner)

    def test_need_a_name_scopes_and_an_end(self, owner: people.Customer) -> None:
        lives = rules.KEY_LIVES[0]
        for name, scopes, end in ((" ", set(Scope), lives), ("x", set(), lives), ("x", set(Scope), lives * 100)):
            with pytest.raises(errors.KeyUnfit), transaction(TESTER):
                api_keys.issue(owner.login_id, name=name, scopes=scopes, lives=end)


def by_our_key(claims: dict[str, Any]) -> str:
    """A token that says this, signed as ours are."""
    leave()
    key = signing._newest()
    assert key is not None
    private = bytes.fromhex(signing.crypto.unseal(key.private_sealed, context=key.id))
    return jwt.encode(claims, Ed25519PrivateKey.from_private_bytes(private), algorithm="EdDSA", headers={"kid": key.id})


class TestSignedTokens:
    def test_say_who_and_what_and_for_how_long(self, client: FlaskClient, owner: people.Customer) -> None:
        _, token = issue(owner, Scope.BALANCES_READ)
        short = signed(client, token)
        keys = client.get("/api/v1/keys.json").json
        assert keys is not None
        header = jwt.get_unverified_header(short)
        (mine,) = [key for key in keys["keys"] if key["kid"] == header["kid"]]
        said = jwt.decode(short, jwt.PyJWK(mine).key, algorithms=["EdDSA"], audience="bursar-api", issuer=ISSUER)
        assert (said["sub"], said["scope"]) == (owner.login_id, "balances:read")
        assert said["exp"] - said["iat"] == 600
        assert ask(client, short) == 200
        assert ask(client, short, "/api/v1/activity") == 403
        assert ask(client, short, "/api/v1/tokens", "POST") == 403  # it begets no other

    def test_can_be_closed_by_who_has_them(self, client: FlaskClient, owner: people.Customer) -> None:
        _, token = issue(owner)
        short = signed(client, token)
        assert ask(client, short, "/api/v1/sessions/current", "DELETE") == 204
        assert (ask(client, short), ask(client, token)) == (401, 200)

    def test_are_listed_once_for_each_key(self, client: FlaskClient, owner: people.Customer) -> None:
        for _, token in (issue(owner), issue(owner)):
            newest = [signed(client, token) for _ in range(3)][-1]
        listed = identity.sessions_of(owner=owner.login_id)
        assert len(listed) == len({session.api_key_id for session in listed}) == 2
        assert jwt.decode(newest, options={"verify_signature": False})["sid"] in {session.id for session in listed}

    def test_are_so_many_in_a_while_for_each_key(
        self, client: FlaskClient, owner: people.Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house = client.application
        monkeypatch.setitem(house.extensions, "throttle", Throttle(house.extensions["redis"], secret=fresh()))
        (_, first), (_, second) = issue(owner), issue(owner)
        assert [ask(client, first, "/api/v1/tokens", "POST") for _ in range(62)] == [201] * 60 + [429] * 2
        assert ask(client, second, "/api/v1/tokens", "POST") == 201

    def test_are_signed_with_another_key_after_a_while(self, client: FlaskClient, owner: people.Customer) -> None:
        _, token = issue(owner)
        before = signed(client, token)
        leave()
        with clock.at(clock.now() + timedelta(days=30)), transaction(TESTER):
            signing.rotate()
        after = signed(client, token)
        assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
        assert (ask(client, before), ask(client, after)) == (200, 200)

    @pytest.mark.parametrize(
        "change",
        [
            {"aud": "somebody-else"},
            {"iss": "http://evil.example"},
            {"exp": 1},
            {"exp": None},
            {"sid": None},
            {"sid": "ses_none"},
        ],
        ids=str,
    )
    def test_of_ours_that_say_another_thing_are_refused(
        self, client: FlaskClient, owner: people.Customer, change: dict[str, Any]
    ) -> None:
        _, token = issue(owner)
        said = jwt.decode(signed(client, token), options={"verify_signature": False})
        claims = {name: value for name, value in {**said, **change}.items() if value is not None}
        assert ask(client, by_our_key(claims)) == 401

    @pytest.mark.parametrize(("ahead", "answer"), [(30, 200), (120, 401)])
    def test_of_a_machine_whose_clock_is_a_little_ahead_are_taken(
        self, client: FlaskClient, owner: people.Customer, ahead: int, answer: int
    ) -> None:
        _, token = issue(owner)
        said = jwt.decode(signed(client, token), options={"verify_signature": False})
        assert ask(client, by_our_key(said | {"iat": said["iat"] + ahead})) == answer

    def test_of_others_are_refused_whatever_they_say_of_themselves(
        self, client: FlaskClient, owner: people.Customer
    ) -> None:
        _, token = issue(owner)
        short = signed(client, token)
        said, header = jwt.decode(short, options={"verify_signature": False}), jwt.get_unverified_header(short)
        other = Ed25519PrivateKey.generate()
        leave()
        key = signing._newest()
        assert key is not None
        public = Ed25519PublicKey.from_public_bytes(key.public_key).public_bytes_raw()
        own = jwt.algorithms.OKPAlgorithm.to_jwk(other.public_key(), as_dict=True)
        kid = {"kid": header["kid"]}
        forged = [
            jwt.encode(said, other, algorithm="EdDSA", headers=kid),
            jwt.encode(said, other, algorithm="EdDSA", headers={"kid": "sig_none"}),
            jwt.encode(said, other, algorithm="EdDSA", headers={"kid": "a\x00b"}),
            jwt.encode(said, other, algorithm="EdDSA", headers={**kid, "jwk": own}),
            jwt.encode(said, other, algorithm="EdDSA", headers={**kid, "jku": "http://evil.example/keys"}),
            jwt.encode(said, "", algorithm="none", headers=kid),
            jwt.encode(said, public.hex(), algorithm="HS256", headers=kid),
            f"{short[:-4]}AAAA",
            short.rpartition(".")[0] + ".",
            "a.b.c",
            "..",
        ]
        assert [ask(client, token) for token in forged] == [401] * len(forged)


class TestThePage:
    @pytest.fixture
    def owner(self, inside: Flask) -> people.Customer:
        return people.customer(enrolled=True)

    def test_shows_a_key_once_and_revokes_it(self, app: Flask, client: FlaskClient, owner: people.Customer) -> None:
        visitor = app.test_client()
        browse.come_in(visitor, owner.email)
        name = f"Books {fresh()}"
        made = browse.send(visitor, "/api-keys", name=name, scope=Scope.BALANCES_READ, days="30")
        assert made.status_code == 200
        token = made.text.split('data-copy="')[1].split('"')[0]
        assert ask(client, token) == 200
        page = visitor.get("/api-keys").text
        assert (name in page, token in page, token[-4:] in page) == (True, False, True)
        (key,) = api_keys.live_of(owner=owner.login_id)
        answer = browse.send(visitor, f"/api-keys/{key.id}/revoke", form_at="/api-keys")
        assert "Revoked." in visitor.get(answer.location).text
        assert ask(client, token) == 401
        again = browse.send(visitor, f"/api-keys/{key.id}/revoke", form_at="/api-keys")
        assert "has been revoked" in visitor.get(again.location).text

    def test_says_what_is_missing(self, app: Flask, owner: people.Customer) -> None:
        visitor = app.test_client()
        browse.come_in(visitor, owner.email)
        answer = browse.send(visitor, "/api-keys", name="", days="30")
        assert answer.status_code == 422
        assert "A name by which you will know it" in answer.text
        assert "Choose at least one thing" in answer.text

    def test_tells_the_owner_by_mail(self, owner: people.Customer, work_off: Callable[..., int]) -> None:
        issue(owner)
        leave()
        work_off()
        found = rows("SELECT subject FROM mails WHERE login_id = :login", login=owner.login_id)
        assert "A new API key was made" in [row.subject for row in found]


def by_reset(owner: people.Customer) -> None:
    before = [row.id for row in rows("SELECT id FROM password_resets")]
    renewal.ask(owner.email, audience=rules.Audience.CUSTOMER)
    (asked,) = rows("SELECT id FROM password_resets WHERE id <> ALL(CAST(:before AS text[]))", before=before)
    renewal.answer(asked.id)
    _, token = identity.reset_token_for_system(asked.id)
    renewal.reset(str(token), password="several entirely other words", audience=rules.Audience.CUSTOMER)


SHUTTING_OUT: dict[str, Callable[[people.Customer], None]] = {
    "a reset": by_reset,
    "a freeze": lambda owner: customers.lock(owner.id, here="", actor=owner.actor),
    "lost factors": lambda owner: factors.drop_all(owner.login_id),
    "disabling": lambda owner: sessions.shut_out(owner.login_id),
}


class TestShuttingOut:
    @pytest.mark.parametrize("how", list(SHUTTING_OUT))
    def test_ends_keys_with_the_sessions(self, client: FlaskClient, owner: people.Customer, how: str) -> None:
        _, token = issue(owner)
        short = signed(client, token)
        assert (ask(client, token), ask(client, short)) == (200, 200)
        leave()
        with transaction(TESTER):
            SHUTTING_OUT[how](owner)
        leave()
        assert (ask(client, token), ask(client, short)) == (401, 401)
        assert api_keys.live_of(owner=owner.login_id) == []

    def test_is_not_undone_by_letting_in_again(self, client: FlaskClient, owner: people.Customer) -> None:
        _, token = issue(owner)
        with transaction(TESTER):
            sessions.shut_out(owner.login_id)
        with transaction(TESTER):
            sessions.let_in_again(owner.login_id)
        leave()
        assert ask(client, token) == 401

    def test_by_a_freeze_lets_nobody_make_another_key(self, client: FlaskClient, inside: Flask) -> None:
        owner = people.customer(enrolled=True)
        leave()
        browse.come_in(client, owner.email)
        browse.send(client, "/security/freeze")
        answer = browse.send(client, "/api-keys", name="Books", scope=str(Scope.BALANCES_READ))
        assert answer.status_code == 409
        assert "frozen" in answer.text
        assert api_keys.live_of(owner=owner.login_id) == []

    @pytest.mark.parametrize(
        ("door", "form_at", "fields"),
        [
            ("/security/password", "", {"present": people.PASSWORD, "password": "several entirely other words"}),
            ("/security/sessions/end-others", "/security", {}),
        ],
    )
    def test_of_people_alone_says_how_many_keys_are_left(
        self, client: FlaskClient, owner: people.Customer, door: str, form_at: str, fields: dict[str, str]
    ) -> None:
        issue(owner)
        _, token = issue(owner)
        leave()
        browse.come_in(client, owner.email)
        answer = browse.send(client, door, form_at=form_at, **fields)
        assert "2 API keys still open your account." in client.get(answer.location).text
        assert ask(client, token) == 200
        assert browse.send(client, "/api-keys/revoke-all", form_at="/api-keys").status_code == 303
        assert ask(client, token) == 401


class TestListing:
    def test_a_live_key_is_shown_behind_any_number_that_ended(
        self, client: FlaskClient, owner: people.Customer
    ) -> None:
        first, _ = issue(owner)
        with transaction(owner.actor):
            for _ in range(101):
                key, _ = api_keys.issue(owner.login_id, name="Spent", scopes=set(Scope), lives=rules.KEY_LIVES[0])
                api_keys.revoke(key.id, login_id=owner.login_id)
        leave()
        browse.come_in(client, owner.email)
        assert f"/api-keys/{first.id}/revoke" in client.get("/api-keys").text
