"""Passkeys: a signature counts for this site, this page, this session, this time, and for one copy of the key."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.core import actor, clock
from app.core.db import atomically, leave, transaction
from app.core.errors import NotFound
from app.core.permissions import Role
from app.identity import errors, factors, passkeys, queries, rules, service
from app.identity.passkeys import Site
from app.identity.rules import Audience
from tests.makers import apps, crowd, people
from tests.makers.authenticator import Authenticator

NOON = datetime(2030, 1, 15, 12, 0, 7, tzinfo=UTC)
ACTOR = actor.system("test")
SITE = Site.at("http://localhost", name="Bursar")


@pytest.fixture(autouse=True)
def noon(inside: Flask) -> Iterator[None]:
    """The clock stands still."""
    with clock.at(NOON):
        yield


class Owner:
    """Somebody with a session and a device."""

    def __init__(self, *roles: Role) -> None:
        if roles:
            _, email = people.newcomer(*roles)
            self.login_id, self.audience = apps.login_of(email), Audience.OPERATOR
        else:
            self.login_id, self.audience = people.customer().login_id, Audience.CUSTOMER
        self.session_id = self.open()
        self.device = Authenticator()

    def open(self) -> str:
        with transaction(ACTOR):
            return service.open_session(self.login_id, audience=self.audience, device=service.Device("test")).session_id

    def asked_to_add(self) -> str:
        return atomically(lambda: passkeys.begin_to_add(self.session_id, site=SITE), actor=ACTOR)

    def asked(self, session_id: str = "") -> str:
        return atomically(lambda: passkeys.begin_to_prove(session_id or self.session_id, site=SITE), actor=ACTOR)

    def add(self, credential: dict[str, Any], *, name: str = "Phone") -> str | None:
        return atomically(
            lambda: passkeys.add(self.session_id, credential=credential, name=name, site=SITE), actor=ACTOR
        )

    def prove(self, credential: dict[str, Any], *, session_id: str = "") -> str | None:
        chosen = session_id or self.session_id
        return atomically(lambda: passkeys.prove(chosen, credential=credential, site=SITE), actor=ACTOR)

    def enrolled(self) -> "Owner":
        assert self.add(self.device.create(self.asked_to_add()))
        return self

    @property
    def keys(self) -> list[Any]:
        return queries.passkeys_of(owner=self.login_id)


def security_changes(owner: Owner) -> set[str]:
    """The kinds of change that were noted."""
    found = set(queries.last_security_changes(owner=owner.login_id))
    leave()
    return found


def test_one_key_for_two_accounts_at_once_is_one_accounts(app: Flask, owner_engine: Engine) -> None:
    first, second, device = Owner(), Owner(), Authenticator()
    made = [device.create(each.asked_to_add()) for each in (first, second)]

    def add() -> None:
        assert passkeys.add(first.session_id, credential=made[0], name="Token", site=SITE)

    assert crowd.meanwhile(app, owner_engine, add, lambda: second.add(made[1])) is None
    assert (len(first.keys), len(second.keys)) == (1, 0)


@pytest.fixture
def owner() -> Owner:
    """A customer with a passkey."""
    return Owner().enrolled()


@pytest.fixture
def operator() -> Owner:
    """A member of staff with a passkey."""
    return Owner(Role.TREASURY).enrolled()


class TestAdding:
    def test_makes_a_factor_and_proves_it(self, operator: Owner) -> None:
        assert [key.name for key in operator.keys] == ["Phone"]
        assert queries.enrolled(owner=operator.login_id)

    def test_takes_several_each_with_its_name(self, owner: Owner) -> None:
        assert security_changes(owner) == set()  # (the first takes nothing from whoever had the login)
        assert owner.add(Authenticator().create(owner.asked_to_add()), name="  Key on\nthe ring ")
        assert owner.add(Authenticator().create(owner.asked_to_add()), name=" ")
        assert security_changes(owner) == {"contact"}
        assert sorted(key.name for key in owner.keys) == ["Key on the ring", "Passkey", "Phone"]

    def test_does_not_take_the_same_key_twice(self, owner: Owner) -> None:
        assert owner.add(owner.device.create(owner.asked_to_add())) is None
        other = Owner()
        assert other.add(owner.device.create(other.asked_to_add())) is None

    @pytest.mark.parametrize(
        "lie",
        [
            {"origin": "http://localhost:8000"},
            {"origin": "https://localhost"},
            {"origin": "http://evil.example"},
            {"rp_id": "evil.example"},
            {"type": "webauthn.get"},
            {"challenge": "AAAA"},
            {"crossOrigin": True},
        ],
        ids=str,
    )
    def test_refuses_what_was_made_elsewhere_or_for_something_else(self, lie: dict[str, Any]) -> None:
        somebody = Owner()
        assert somebody.add(somebody.device.create(somebody.asked_to_add(), **lie)) is None
        assert somebody.keys == []

    def test_of_an_operator_needs_a_device_that_recognises_them(self) -> None:
        somebody = Owner(Role.TREASURY)
        somebody.device.recognises = False
        assert '"userVerification": "required"' in somebody.asked_to_add()
        assert somebody.add(somebody.device.create(somebody.asked_to_add())) is None
        customer = Owner()
        customer.device.recognises = False
        assert customer.add(customer.device.create(customer.asked_to_add()))

    @pytest.mark.parametrize("nonsense", [{}, {"id": "é"}, {"id": "AAAA", "response": {}}, {"response": 1}], ids=str)
    def test_refuses_nonsense(self, owner: Owner, nonsense: dict[str, Any]) -> None:
        owner.asked_to_add()
        assert owner.add(nonsense) is None
        owner.asked()
        assert owner.prove(nonsense) is None

    def test_needs_a_fresh_factor(self, owner: Owner) -> None:
        with clock.at(NOON + rules.FACTOR_FRESH), pytest.raises(errors.FactorStale):
            owner.asked_to_add()

    def test_ends_at_ten(self, owner: Owner) -> None:
        for _ in range(rules.PASSKEYS_MAX - 1):
            assert owner.add(Authenticator().create(owner.asked_to_add()))
        with pytest.raises(errors.TooManyPasskeys):
            owner.asked_to_add()


class TestProving:
    def test_changes_the_token_and_counts(self, operator: Owner) -> None:
        token = operator.prove(operator.device.get(operator.asked()))
        assert token
        assert queries.seen_for_system(token, audience=Audience.OPERATOR)
        assert operator.keys[0].sign_count == 1
        assert operator.prove(operator.device.get(operator.asked()))

    @pytest.mark.parametrize(
        "lie",
        [
            {"origin": "http://evil.example"},
            {"origin": "http://localhost.evil.example"},
            {"rp_id": "evil.example"},
            {"type": "webauthn.create"},
            {"challenge": "AAAA"},
            {"crossOrigin": True},
        ],
        ids=str,
    )
    def test_refuses_what_was_signed_elsewhere_or_for_something_else(self, owner: Owner, lie: dict[str, Any]) -> None:
        assert owner.prove(owner.device.get(owner.asked(), **lie)) is None
        assert owner.keys[0].suspect_at is None

    def test_takes_each_challenge_once(self, owner: Owner) -> None:
        signed = owner.device.get(owner.asked())
        assert owner.prove(signed)
        with pytest.raises(errors.PasskeyRefused):
            owner.prove(signed)
        owner.asked()
        assert owner.prove(signed) is None, "an old signature does not answer a new challenge"

    def test_a_wrong_answer_uses_the_challenge_up(self, owner: Owner) -> None:
        asked = owner.asked()
        assert owner.prove(owner.device.get(asked, origin="http://evil.example")) is None
        with pytest.raises(errors.PasskeyRefused):
            owner.prove(owner.device.get(asked))

    def test_takes_no_challenge_that_was_left_lying(self, owner: Owner) -> None:
        signed = owner.device.get(owner.asked())
        with clock.at(NOON + rules.CHALLENGE_LIVES), pytest.raises(errors.PasskeyRefused):
            owner.prove(signed)

    def test_takes_no_challenge_of_another_session_or_purpose(self, owner: Owner) -> None:
        signed = owner.device.get(owner.asked())
        with pytest.raises(errors.PasskeyRefused):
            owner.prove(signed, session_id=owner.open())
        for_adding = owner.asked_to_add().replace('"rp":', '"rpId": "localhost", "rp":')
        assert owner.prove(owner.device.get(for_adding)) is None

    def test_takes_no_key_of_somebody_else(self, owner: Owner) -> None:
        stranger = Owner().enrolled()
        assert owner.prove(stranger.device.get(owner.asked())) is None

    def test_takes_no_signature_of_another_key(self, owner: Owner) -> None:
        forger = Authenticator(id=owner.device.id)
        assert owner.prove(forger.get(owner.asked())) is None

    def test_of_an_operator_needs_a_device_that_recognised_them(self, operator: Owner) -> None:
        operator.device.recognises = False
        assert operator.prove(operator.device.get(operator.asked())) is None
        operator.device.recognises = True
        assert operator.prove(operator.device.get(operator.asked()))

    def test_of_a_customer_does_not(self, owner: Owner) -> None:
        owner.device.recognises = False
        assert owner.prove(owner.device.get(owner.asked()))

    def test_devices_that_never_count_are_fine(self, owner: Owner) -> None:
        for _ in range(2):
            owner.device.counter = -1  # (it counts one further, to nought, each time)
            assert owner.prove(owner.device.get(owner.asked()))


class TestACopy:
    def test_is_noticed_by_its_counter_and_the_key_refused_from_then_on(self, operator: Owner) -> None:
        thief = operator.device.copy()
        assert operator.prove(operator.device.get(operator.asked()))
        assert operator.prove(operator.device.get(operator.asked()))
        assert operator.prove(thief.get(operator.asked())) is None
        assert operator.keys[0].suspect_at == NOON
        with pytest.raises(NotFound):
            operator.asked()

    def test_is_not_suspected_without_a_signature(self, owner: Owner) -> None:
        """Who has the password but not the key cannot lock the owner out of it."""
        assert owner.prove(owner.device.get(owner.asked()))
        forger = Authenticator(id=owner.device.id)
        forger.counter = -1
        assert owner.prove(forger.get(owner.asked())) is None
        assert owner.keys[0].suspect_at is None

    def test_does_not_lead_back_to_enrolling_with_a_password(self, operator: Owner) -> None:
        thief = operator.device.copy()
        assert operator.prove(operator.device.get(operator.asked()))
        assert operator.prove(thief.get(operator.asked())) is None
        other = operator.open()
        with pytest.raises(errors.FactorStale), transaction(ACTOR):
            factors.begin_app(other)


class TestRemoving:
    def test_ends_its_use_and_leaves_an_operator_one(self, operator: Owner) -> None:
        [first] = operator.keys
        second = Authenticator()
        assert operator.add(second.create(operator.asked_to_add()))
        with transaction(ACTOR):
            factors.remove_passkey(operator.session_id, passkey_id=first.id)
        assert operator.prove(operator.device.get(operator.asked())) is None
        assert operator.prove(second.get(operator.asked()))
        with pytest.raises(errors.LastFactor), transaction(ACTOR):
            factors.remove_passkey(operator.session_id, passkey_id=operator.keys[0].id)

    def test_of_somebody_elses_is_not_possible(self, owner: Owner) -> None:
        stranger = Owner().enrolled()
        with pytest.raises(NotFound), transaction(ACTOR):
            factors.remove_passkey(owner.session_id, passkey_id=stranger.keys[0].id)
