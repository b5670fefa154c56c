"""What is masked is shown to who says why, so often in a day, and never without a record."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from app.core.db import leave, rows
from app.core.permissions import Role
from app.identity import queries as identity
from app.notifications import queries as notifications
from tests.makers import browse, people
from tests.makers.books import refused, undone
from tests.makers.people import Customer
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

FRAGMENT = {"HX-Request": "true"}


@dataclass(frozen=True)
class Masked:
    """A bank account of a customer, and its number."""

    owner: Customer
    account_id: str
    number: str

    @property
    def door(self) -> str:
        """Where its number is asked for."""
        return f"/console/reveal/account_number/{self.account_id}"


@pytest.fixture
def masked(app: Flask, inside: Flask) -> Masked:
    """A bank account."""
    owner = people.customer()
    account_id = people.bank_account(owner, app=app)
    (row,) = rows("SELECT account_number FROM bank_accounts WHERE id = :id", id=account_id)
    leave()
    return Masked(owner, account_id, row.account_number)


@pytest.fixture
def few(app: Flask) -> Iterator[int]:
    """Settings with which nobody sees more than three in a day."""
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, reveals_a_day=3)
    yield 3
    app.extensions["settings"] = before


def show(
    client: FlaskClient,
    door: str,
    *,
    reason: str = "Checks a payment.",
    why: str = "Review of the account",
    headers: dict[str, str] | None = None,
) -> TestResponse:
    """Say why and ask."""
    token = browse.token_of(client.get(door))
    return client.post(door, data={"csrf_token": token, "why": why, "reason": reason}, headers=headers or {})


def reveals_of(object_id: str) -> list[tuple[str, bool, str]]:
    """What the audit says about an object: reason, whether refused, actor."""
    found = rows(
        "SELECT reason, after, actor FROM audit.records WHERE table_name = 'reveals' AND row_id = :id ORDER BY id",
        id=object_id,
    )
    leave()
    return [(row.reason, row.after["refused"], row.actor) for row in found]


class TestShowing:
    def test_puts_the_value_in_the_place_of_the_mask_and_on_the_record(self, visitor: Visitor, masked: Masked) -> None:
        client = visitor(Role.COMPLIANCE_OFFICER)
        answer = show(client, masked.door, headers=FRAGMENT)
        assert answer.status_code == 200
        assert f'id="veil-account_number-{masked.account_id}"' in answer.text
        assert masked.number in answer.text
        assert 'data-hide-after="60"' in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["HX-Trigger"] == "revealed"
        assert "HX-Push-Url" not in answer.headers
        ((reason, was_refused, _),) = reveals_of(masked.account_id)
        assert (reason, was_refused) == ("Account number. Review of the account: Checks a payment.", False)

    def test_works_without_scripts_too(self, visitor: Visitor, masked: Masked) -> None:
        client = visitor(Role.AUDITOR)
        assert f'href="{masked.door}"' in client.get(f"/console/customers/{masked.owner.id}").text
        assert masked.number in show(client, masked.door).text

    def test_stands_in_the_history_of_the_object_and_in_the_audit(self, visitor: Visitor, masked: Masked) -> None:
        client = visitor(Role.COMPLIANCE_OFFICER)
        show(client, masked.door)
        page = client.get(f"/console/customers/{masked.owner.id}/timeline").text
        assert "Masked field looked at" in page
        assert masked.number not in page
        audit = client.get(f"/console/audit?table=reveals&object={masked.account_id}").text
        assert "Checks a payment." in audit
        assert masked.number not in audit

    @pytest.mark.parametrize(
        ("why", "reason"), [("Review of the account", "   "), ("Review of the account", "x"), ("", "Checks a payment.")]
    )
    def test_needs_a_reason(self, visitor: Visitor, masked: Masked, why: str, reason: str) -> None:
        answer = show(visitor(Role.COMPLIANCE_OFFICER), masked.door, why=why, reason=reason, headers=FRAGMENT)
        assert answer.status_code == 422
        assert answer.headers["HX-Retarget"] == "#reveal"
        assert "Say why you need to see it" in answer.text
        assert masked.number not in answer.text
        assert reveals_of(masked.account_id) == []

    @pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.TREASURY, Role.ADMIN])
    def test_is_not_for_everybody(self, visitor: Visitor, masked: Masked, role: Role) -> None:
        client = visitor(role)
        token = browse.token_of(client.get("/console/account"))
        assert client.get(masked.door).status_code == 403
        sent = {"csrf_token": token, "why": "Other", "reason": "I am curious."}
        answer = client.post(masked.door, data=sent)
        assert answer.status_code == 403
        assert masked.number not in answer.text
        assert masked.door not in client.get(f"/console/customers/{masked.owner.id}").text

    def test_is_for_what_there_is(self, visitor: Visitor, masked: Masked) -> None:
        client = visitor(Role.COMPLIANCE_OFFICER)
        for door in (
            "/console/reveal/account_number/ba_no",
            "/console/reveal/password/cus_1",
            "/console/reveal/email/x",
        ):
            assert client.get(door).status_code == 404

    def test_shows_an_address(self, visitor: Visitor, masked: Masked) -> None:
        client = visitor(Role.COMPLIANCE_MANAGER)
        assert masked.owner.email in show(client, f"/console/reveal/email/{masked.owner.id}").text

    def test_leaves_no_value_in_the_record(self, owner_engine: Engine, visitor: Visitor, masked: Masked) -> None:
        show(visitor(Role.COMPLIANCE_OFFICER), masked.door)
        with undone(owner_engine) as connection:
            for table in ("audit.records", "reveals"):
                found = connection.execute(
                    text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :number"),  # noqa: S608 (of two names)
                    {"number": f"%{masked.number}%"},
                )
                assert found.scalar_one() == 0
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            assert refused(connection, "UPDATE reveals SET reason = 'another'") == "23001"
            assert refused(connection, "DELETE FROM reveals") == "23001"


class TestTheLimit:
    def test_is_kept_recorded_and_told_once(
        self, app: Flask, visitor: Visitor, masked: Masked, few: int, work_off: Callable[..., int]
    ) -> None:
        work_off()  # what other tests left is told before there is this watcher
        watcher = people.operator(Role.COMPLIANCE_MANAGER)[1]
        client = visitor(Role.COMPLIANCE_OFFICER)
        assert [show(client, masked.door).status_code for _ in range(few + 2)] == [200] * few + [429] * 2
        limited = show(client, masked.door, headers=FRAGMENT)
        assert "as much in a day as anybody may" in limited.text
        assert masked.number not in limited.text
        assert [was_refused for _, was_refused, _ in reveals_of(masked.account_id)] == [False] * few + [True] * 3
        work_off()
        leave()
        told = [mail for mail in notifications.kept_for_operators(limit=500) if mail.to == watcher]
        assert [mail.subject for mail in told if "masked fields" in mail.subject] == [
            "Bola Ade has reached the limit of masked fields"
        ]

    def test_is_each_person_s_own_and_of_a_day(
        self, visitor: Visitor, masked: Masked, few: int, work_off: Callable[..., int]
    ) -> None:
        first, second = visitor(Role.COMPLIANCE_OFFICER), visitor(Role.COMPLIANCE_OFFICER)
        for _ in range(few):
            show(first, masked.door)
        assert show(first, masked.door).status_code == 429
        assert show(second, masked.door).status_code == 200
        work_off()  # so that the mails about it are in nobody else's way


class TestElsewhere:
    def test_the_audit_s_file_holds_no_value(self, visitor: Visitor, masked: Masked) -> None:
        client = visitor(Role.AUDITOR)
        show(client, masked.door)
        sent = {"table": "bank_accounts", "object": masked.account_id, "reason": "The yearly review."}
        answer = browse.send(client, "/console/audit/export", form_at="/console/audit", **sent)
        found = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["row"] for row in found] == [masked.account_id]
        assert masked.number not in answer.text
        assert "[masked]" in found[0]["after"]

    def test_the_queue_of_withdrawals_masks_the_number(self, visitor: Visitor) -> None:
        page = visitor(Role.TREASURY).get("/console/withdrawals?view=ended").text
        assert not re.search(r"\b\d{10}\b", page)


def test_a_phone_number_is_one_of_them(visitor: Visitor) -> None:
    owner, officer = people.customer(enrolled=True), visitor(Role.COMPLIANCE_OFFICER)
    phone = identity.counting_phone(owner=owner.login_id)
    assert phone
    number = identity.number_for_operators(phone.id)
    leave()
    page = officer.get(f"/console/customers/{owner.id}").text
    assert (number in page, f"•••• {number[-4:]}" in page) == (False, True)
    door = f"/console/reveal/phone/{phone.id}"
    assert door in page
    assert number in show(officer, door).text
    assert officer.get("/console/reveal/phone/ph_none").status_code == 404
