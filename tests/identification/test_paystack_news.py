"""Identification by bank account at the sandbox's Paystack: asked over HTTP, answered by events at our own door."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core import actor, clock, crypto
from app.core.db import db, leave, rows, transaction
from app.identification import errors, queries, rules, service
from app.identification.models import IdentityCheck
from app.identification.rules import CheckState, Kind
from app.payments.models import SuspenseItem
from tests.makers import identities, people
from tests.makers.ear import Ear
from tests.makers.people import Customer
from tests.makers.sandbox import SECRET, SandboxProcess

PATH = "/callbacks/paystack"
SYSTEM = actor.system("test")
RECORDED = Path(__file__).parents[1] / "vectors" / "paystack"


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def ear(sandbox: SandboxProcess) -> Iterator[Ear]:
    """Where the vendor's events go, to be handed to our door as often and as late as a test wants."""
    with Ear() as heard:
        sandbox.knobs(webhooks=True, webhook_url=heard.url)
        sandbox.flush(early=True)
        heard.forget()
        yield heard
        sandbox.knobs(webhooks=False, webhook_url=None)


def check(check_id: str) -> IdentityCheck:
    leave()
    return db.session.get_one(IdentityCheck, check_id)


def ask(owner: Customer, sandbox: SandboxProcess, *, holder: str = "Ada Obi", account: str | None = None) -> str:
    """Have an account of this holder's checked as Ada Obi's."""
    number = account or identities.account_number()
    sandbox.name_account(number, holder)
    return identities.ask(owner, number, kind=Kind.BANK_ACCOUNT, given=identities.proof(email=owner.email))


def deliver(client: FlaskClient, body: bytes, *, key: str = SECRET) -> int:
    headers = {"x-paystack-signature": crypto.hmac_sha512(body, key=key)}
    return client.post(PATH, data=body, headers=headers, content_type="application/json").status_code


def events(sandbox: SandboxProcess, ear: Ear) -> list[bytes]:
    """The bodies that the vendor has sent by now."""
    sandbox.flush(early=True)
    return [one.body for one in ear.heard]


def outcome(body: bytes) -> str:
    found = rows("SELECT outcome FROM inbox WHERE body = :body", body=body)
    leave()
    return str(found[0].outcome)


def aside(reference: str) -> list[SuspenseItem]:
    leave()
    return list(db.session.scalars(select(SuspenseItem).where(SuspenseItem.reference == reference)))


class TestAnAnswer:
    def test_comes_by_event_and_is_asked_back(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        asked = ask(owner, sandbox, holder="Obi Ada Ngozi")
        work_off()
        waiting = check(asked)
        assert (waiting.state, waiting.verdict) == (CheckState.ASKED, None)
        assert waiting.sent_at is not None
        (body,) = events(sandbox, ear)
        assert deliver(client, body) == 200
        work_off()
        assert (check(asked).state, check(asked).verdict) == (CheckState.ANSWERED, "match")
        (found,) = queries.of_customer_for_operators(owner.id)
        assert found.found is not None
        assert sorted(found.found["name"].split()) == ["Ada", "Ngozi", "Obi"]
        assert outcome(body) == "identity check match"
        assert sandbox.calls("/customer/<code>/identification", method="POST") >= 1

    @pytest.mark.parametrize(
        ("knob", "state", "verdict"),
        [
            ("name", CheckState.ANSWERED, "mismatch"),
            ("number", CheckState.ANSWERED, "mismatch"),
            ("unresolved", CheckState.UNAVAILABLE, None),
        ],
    )
    def test_that_is_a_no_has_a_reason(
        self,
        owner: Customer,
        sandbox: SandboxProcess,
        ear: Ear,
        client: FlaskClient,
        work_off: Callable[..., int],
        knob: str,
        state: CheckState,
        verdict: str | None,
    ) -> None:
        sandbox.knobs(identification=knob)
        asked = ask(owner, sandbox)
        work_off()
        (body,) = events(sandbox, ear)
        deliver(client, body)
        work_off()
        assert (check(asked).state, check(asked).verdict) == (state, verdict)
        (found,) = queries.of_customer_for_operators(owner.id)
        assert found.found is None
        if verdict:
            assert found.explanation == {"reason": json.loads(body)["data"]["reason"]}

    def test_under_another_name_is_no_match(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        sandbox.knobs(identification="success")
        asked = ask(owner, sandbox, holder="Musa Ibrahim")
        work_off()
        for body in events(sandbox, ear):
            deliver(client, body)
        work_off()
        assert check(asked).verdict == "mismatch"

    def test_of_a_reason_that_the_contract_does_not_have_is_looked_at(self, owner: Customer, inside: Flask) -> None:
        asked = identities.ask(
            owner,
            identities.account_number(),
            kind=Kind.BANK_ACCOUNT,
            given=identities.proof(email=owner.email),
        )
        with transaction(SYSTEM):
            assert service.hear_failure(asked, reason="Something new", actor=SYSTEM) == "identity check review"


class TestNewsThatIsOdd:
    def test_twice_is_once(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        sandbox.knobs(repeat=1)
        asked = ask(owner, sandbox)
        work_off()
        one, two = events(sandbox, ear)
        assert one == two
        spaced = json.dumps(json.loads(one), indent=1).encode()  # the same news in other bytes
        for body in (one, two, spaced):
            assert deliver(client, body) == 200
            work_off()
        assert check(asked).verdict == "match"
        assert outcome(spaced) == "answered before"
        told = rows("SELECT id FROM outbox WHERE name = 'identification.answered' AND subject = :id", id=asked)
        assert len(told) == 1
        assert aside(check(asked).vendor_reference) == []

    def test_of_a_second_asking_in_the_same_bytes_is_heard(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        sandbox.knobs(identification="unresolved")
        asked = ask(owner, sandbox)
        for times in (1, 2):
            work_off()
            body = events(sandbox, ear)[-1]
            for _ in range(2):
                assert deliver(client, body) == 200
            work_off()
            assert check(asked).state == CheckState.UNAVAILABLE
            assert len(rows("SELECT id FROM inbox WHERE body = :body", body=body)) == times
            leave()
            with transaction(owner.actor):
                service.ask_again(asked, customer_id=owner.id, actor=owner.actor)

    def test_late_still_counts(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        asked = ask(owner, sandbox)
        work_off()
        (body,) = events(sandbox, ear)
        with clock.at(clock.now() + rules.WAITS_MAX + timedelta(minutes=1)), transaction(SYSTEM):
            service.give_up_overdue(actor=SYSTEM)
        assert check(asked).state == CheckState.UNAVAILABLE
        deliver(client, body)
        work_off()
        assert (check(asked).state, check(asked).verdict) == (CheckState.ANSWERED, "match")

    def test_lost_ends_after_a_day_and_is_asked_again(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        sandbox.knobs(identification="never")
        asked = ask(owner, sandbox)
        work_off()
        assert events(sandbox, ear) == []
        with pytest.raises(errors.NotAskable), transaction(owner.actor):
            service.ask_again(asked, customer_id=owner.id, actor=owner.actor)
        with clock.at(clock.now() + rules.WAITS_MAX + timedelta(minutes=1)), transaction(SYSTEM):
            service.give_up_overdue(actor=SYSTEM)
        assert check(asked).state == CheckState.UNAVAILABLE
        sandbox.knobs(identification="by_name")
        with transaction(owner.actor):
            service.ask_again(asked, customer_id=owner.id, actor=owner.actor)
        work_off()
        (body,) = events(sandbox, ear)
        deliver(client, body)
        work_off()
        assert check(asked).verdict == "match"

    def test_out_of_order_reaches_each_its_own_check(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        first = ask(owner, sandbox, holder="Musa Ibrahim")
        work_off()
        second = ask(owner, sandbox)
        work_off()
        assert check(first).vendor_reference == check(second).vendor_reference != ""
        earlier, later = events(sandbox, ear)
        for body in (later, earlier):
            deliver(client, body)
            work_off()
        assert [check(asked).verdict for asked in (first, second)] == ["mismatch", "match"]

    def test_that_contradicts_changes_nothing_and_is_seen(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        asked = ask(owner, sandbox)
        work_off()
        (body,) = events(sandbox, ear)
        deliver(client, body)
        work_off()
        message = json.loads(body)
        message["event"] = "customeridentification.failed"
        message["data"]["reason"] = "Account number or BVN is incorrect"
        deliver(client, json.dumps(message).encode())
        work_off()
        assert check(asked).verdict == "match"
        (item,) = aside(check(asked).vendor_reference)
        assert "contradicts" in item.reason

    def test_that_paystack_does_not_confirm_is_seen_and_no_pass(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        sandbox.knobs(identification="name")
        asked = ask(owner, sandbox)
        work_off()
        (body,) = events(sandbox, ear)
        message = json.loads(body)
        message["event"] = "customeridentification.success"
        deliver(client, json.dumps(message).encode())
        work_off()
        assert check(asked).state == CheckState.ASKED
        (item,) = aside(check(asked).vendor_reference)
        assert "does not confirm" in item.reason

    @pytest.mark.parametrize("change", ["bvn", "account_number", "bank_code", "customer_code"])
    def test_of_other_numbers_is_nobodys(
        self,
        owner: Customer,
        sandbox: SandboxProcess,
        ear: Ear,
        client: FlaskClient,
        work_off: Callable[..., int],
        change: str,
    ) -> None:
        asked = ask(owner, sandbox)
        work_off()
        (body,) = events(sandbox, ear)
        told = json.loads(body)
        reference = told["data"]["customer_code"]
        if change == "customer_code":
            told["data"][change] = reference = f"CUS_{asked[-12:]}"
        else:
            told["data"]["identification"][change] = "999"
        deliver(client, json.dumps(told).encode())
        work_off()
        assert check(asked).state == CheckState.ASKED
        (item,) = aside(reference)
        assert "did not ask" in item.reason

    def test_that_is_forged_leaves_nothing(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        asked = ask(owner, sandbox)
        work_off()
        (body,) = events(sandbox, ear)
        assert deliver(client, body, key="sk_test_another") == 401
        work_off()
        assert check(asked).state == CheckState.ASKED

    @pytest.mark.parametrize(
        "broken",
        [
            {},
            {"customer_code": "CUS_x"},
            {"customer_code": "CUS_x", "identification": {"bvn": 1}},
            {"identification": []},
        ],
    )
    def test_that_cannot_be_read_is_seen(
        self, client: FlaskClient, inside: Flask, work_off: Callable[..., int], broken: dict[str, Any]
    ) -> None:
        body = json.dumps({"event": "customeridentification.success", "data": broken | {"n": str(broken)}}).encode()
        assert deliver(client, body) == 200
        work_off()
        assert outcome(body) == "in suspense"

    @pytest.mark.parametrize("name", ["customeridentification.success.json", "customeridentification.failed.json"])
    def test_as_paystack_recorded_it_is_read(
        self, client: FlaskClient, inside: Flask, work_off: Callable[..., int], name: str
    ) -> None:
        body = (RECORDED / name).read_bytes()
        assert deliver(client, body) == 200
        work_off()
        (item, *_) = aside(json.loads(body)["data"]["customer_code"])
        assert "did not ask" in item.reason


class TestTheCall:
    def test_back_is_made_again_when_paystack_is_silent(
        self, owner: Customer, sandbox: SandboxProcess, ear: Ear, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        asked = ask(owner, sandbox)
        work_off()
        (body,) = events(sandbox, ear)
        deliver(client, body)
        with SandboxOff(client.application):
            work_off()
            assert (check(asked).state, outcome(body)) == (CheckState.ASKED, "")
        work_off(horizon=timedelta(seconds=5))
        assert check(asked).verdict == "match"

    def test_is_made_again_after_a_time_out_and_nothing_passes_meanwhile(
        self, owner: Customer, inside: Flask, work_off: Callable[..., int]
    ) -> None:
        number = f"30{identities.account_number()[2:]}"
        asked = identities.ask(owner, number, kind=Kind.BANK_ACCOUNT, given=identities.proof(email=owner.email))
        with SandboxOff(inside):
            work_off()
            assert (check(asked).state, check(asked).attempts) == (CheckState.ASKED, 1)
        work_off(horizon=rules.PAUSES[0] + timedelta(seconds=1))
        assert check(asked).sent_at is not None

    def test_that_paystack_refuses_is_no_record(
        self, owner: Customer, inside: Flask, work_off: Callable[..., int]
    ) -> None:
        unlisted = identities.Given("Ada Obi", None, "99999", identities.number("2233"), owner.email)
        asked = identities.ask(owner, identities.account_number(), kind=Kind.BANK_ACCOUNT, given=unlisted)
        work_off()
        assert check(asked).verdict == "not_found"


class SandboxOff:
    """Paystack at an address where nobody listens, as long as the block lasts."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __enter__(self) -> None:
        clients = self._app.extensions["clients"]
        self._http = clients.paystack._http._base_url
        clients.paystack._http._base_url = "http://127.0.0.1:9"

    def __exit__(self, *_: object) -> None:
        self._app.extensions["clients"].paystack._http._base_url = self._http
