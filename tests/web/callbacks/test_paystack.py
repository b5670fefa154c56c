"""The vendor's door: signatures, doubles, and every recorded event."""

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from app.clients.paystack import Paystack
from app.core import crypto
from app.web.callbacks.paystack import REFUSED_COUNTER
from tests.makers import people
from tests.makers.people import naira
from tests.makers.sandbox import SECRET, SandboxProcess

PATH = "/callbacks/paystack"
RECORDED = Path(__file__).parents[2] / "vectors" / "paystack"


def deliver(client: FlaskClient, body: bytes, *, signature: str | None = None) -> int:
    """POST as the vendor does; signed unless told otherwise."""
    headers = {"x-paystack-signature": crypto.hmac_sha512(body, key=SECRET) if signature is None else signature}
    return client.post(PATH, data=body, headers=headers, content_type="application/json").status_code


def inbox_rows(engine: Engine, body: bytes) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(text("SELECT count(*) FROM inbox WHERE body = :body"), {"body": body}).scalar_one()
        )


def charge_event(reference: str, **more: object) -> bytes:
    return json.dumps({"event": "charge.success", "data": {"reference": reference, **more}}).encode()


class TestSignature:
    @pytest.mark.parametrize("signature", ["", "0" * 128, "nonsense", "é" * 10])
    def test_wrong_one_is_refused_and_leaves_only_a_count(
        self, app: Flask, client: FlaskClient, owner_engine: Engine, signature: str
    ) -> None:
        body = charge_event(f"unsigned-{len(signature)}")
        before = int(app.extensions["redis"].get(REFUSED_COUNTER) or 0)
        assert deliver(client, body, signature=signature) == 401
        assert inbox_rows(owner_engine, body) == 0
        assert int(app.extensions["redis"].get(REFUSED_COUNTER)) >= before + 1

    def test_missing_one_is_refused(self, client: FlaskClient, owner_engine: Engine) -> None:
        body = charge_event("unsigned-at-all")
        assert client.post(PATH, data=body, content_type="application/json").status_code == 401
        assert inbox_rows(owner_engine, body) == 0

    def test_it_is_over_the_raw_bytes_not_over_their_meaning(self, client: FlaskClient, owner_engine: Engine) -> None:
        sent = b'{"event": "charge.success",  "data": {"reference": "raw-bytes", "amount": 1e3}}'
        signed_anew = json.dumps(json.loads(sent)).encode()
        assert deliver(client, sent, signature=crypto.hmac_sha512(signed_anew, key=SECRET)) == 401
        assert deliver(client, sent) == 200
        assert inbox_rows(owner_engine, sent) == 1

    def test_published_vectors_hold(self) -> None:
        cases = json.loads((RECORDED / "signature_vectors.json").read_text())
        assert cases
        for case in cases:
            paystack = Paystack("http://localhost", secret_key=case["secret"])
            assert paystack.signed(base64.b64decode(case["raw_body_base64"]), signature=case["x-paystack-signature"])


class TestDoubles:
    def test_fifty_deliveries_at_once_are_one_credit(
        self, app: Flask, inside: Flask, sandbox: SandboxProcess, owner_engine: Engine, work_off: Callable[..., int]
    ) -> None:
        owner = people.customer()
        deposit_id, reference = people.open_deposit(owner, naira(50_000), app=app)
        sandbox.pay(reference)
        body = charge_event(reference, amount=5_000_000)
        start, codes = threading.Barrier(50), []

        def send() -> None:
            start.wait()
            codes.append(deliver(app.test_client(), body))

        threads = [threading.Thread(target=send) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        work_off()
        assert codes == [200] * 50
        assert inbox_rows(owner_engine, body) == 1
        assert owner.balance().booked == naira(50_000)
        with owner_engine.connect() as connection:
            journals = connection.execute(
                text("SELECT count(*) FROM ledger.journals WHERE ref = :ref"), {"ref": deposit_id}
            ).scalar_one()
        assert journals == 1

    def test_other_bytes_of_the_same_news_are_no_second_credit(
        self, app: Flask, inside: Flask, sandbox: SandboxProcess, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        owner = people.customer()
        _, reference = people.open_deposit(owner, naira(7_000), app=app)
        sandbox.pay(reference)
        for body in (charge_event(reference), charge_event(reference, retried=True), charge_event(reference) + b"\n"):
            assert deliver(client, body) == 200
        work_off()
        assert owner.balance().booked == naira(7_000)


def recorded() -> list[Path]:
    return sorted(
        path
        for path in RECORDED.glob("*.json")
        if path.stem not in {"signature_vectors", "fee_vectors"} and "fragment" not in path.stem
    )


class TestRecordedEvents:
    @pytest.mark.parametrize("path", recorded(), ids=lambda path: path.stem)
    def test_each_is_kept_and_seen(
        self, path: Path, client: FlaskClient, owner_engine: Engine, work_off: Callable[..., int]
    ) -> None:
        body = path.read_bytes()
        assert deliver(client, body) == 200
        work_off()
        with owner_engine.connect() as connection:
            row = connection.execute(
                text(
                    "SELECT i.outcome, i.handled_at, s.event, s.state, s.journal_id FROM inbox i"
                    " LEFT JOIN suspense_items s ON s.inbox_id = i.id WHERE i.body = :body"
                ),
                {"body": body},
            ).one()
        assert row.handled_at is not None
        # The references are the documentation's own: the vendor does not know them, so nothing may move.
        assert (row.outcome, row.event, row.state, row.journal_id) == (
            "in suspense",
            json.loads(body)["event"],
            "open",
            None,
        )

    def test_there_are_some(self) -> None:
        assert len(recorded()) >= 20

    def test_what_is_no_event_is_kept_too(
        self, client: FlaskClient, owner_engine: Engine, work_off: Callable[..., int]
    ) -> None:
        odd = (
            b'{"event": "charge.success", "data": {"reference": "a\\u0000b", "amount": 1}}',
            b'{"event": "x", "data": {"reference": "\\ud800", "amount": ' + b"9" * 60 + b"}}",
            b'{"event": "deep", "data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        )
        for body in (b"", b"[]", b"not json", b'{"event": "charge.success"}', b'{"event": "x", "data": 3}', *odd):
            assert deliver(client, body) == 200
            work_off()
            with owner_engine.connect() as connection:
                shown = connection.execute(
                    text("SELECT s.state FROM suspense_items s JOIN inbox i ON i.id = s.inbox_id WHERE i.body = :body"),
                    {"body": body},
                ).scalar_one()
            assert shown == "open"
