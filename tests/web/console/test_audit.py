"""The audit's pages: each finds the records of those they answer for, by any part of them, and nobody else's."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.identity import service as identity
from app.payments import suspense
from app.payments.rules import SuspenseState
from app.restrictions.rules import Kind
from tests.makers import applicants, asking, books, browse, people, restricted
from tests.web.console.conftest import Visitor, enter

Act = Callable[..., int]


@pytest.fixture
def auditor(visitor: Visitor) -> FlaskClient:
    """Somebody who may read every record."""
    return visitor(Role.AUDITOR)


@pytest.fixture
def act(inside: Flask) -> Act:
    """Do something recorded in the name of an operator: the record's id."""

    def do(operator_id: str, *, reason: str = "") -> int:
        customer = people.customer()
        who = actor.operator(
            operator_id, request_id="req_of_audit_test", ip="198.51.100.7", session="ses_of_audit_test"
        )
        with transaction(who, reason=reason):
            session = identity.open_session(
                customer.login_id, audience=identity.rules.Audience.CUSTOMER, device=identity.Device("x")
            )
        found = rows("SELECT max(id) AS id FROM audit.records WHERE row_id = :id", id=session.session_id)[0].id
        leave()
        return int(found)

    return do


def suspended() -> str:
    """An item in suspense without money behind it: its id."""
    cause = books.fresh("cause")
    with transaction(actor.system("test")):
        suspense.suspend(suspense.Trouble(cause, "test", "", "A reason."), actor=actor.system("test"))
    (item,) = rows("SELECT id FROM suspense_items WHERE cause = :cause", cause=cause)
    leave()
    return str(item.id)


def listed(client: FlaskClient, query: str = "") -> set[int]:
    """The records on the first page."""
    answer = client.get(f"/console/audit?{query}")
    assert answer.status_code == 200, answer.text
    return {int(found) for found in re.findall(r'href="/console/audit/(\d+)"', answer.text)}


class TestScope:
    @pytest.mark.parametrize(
        ("reader", "sees"),
        [
            (Role.AUDITOR, {"support", "compliance_officer", "finance"}),
            (Role.ADMIN, {"support", "compliance_officer", "finance"}),
            (Role.COMPLIANCE_MANAGER, {"compliance_officer"}),
            (Role.COMPLIANCE_OFFICER, {"compliance_officer"}),
            (Role.FINANCE, {"finance"}),
            (Role.TREASURY, set()),
            (Role.SUPPORT, set()),
        ],
    )
    def test_is_the_readers_and_their_teams(self, visitor: Visitor, act: Act, reader: Role, sees: set[str]) -> None:
        staff = {role: people.operator(Role(role))[0] for role in ("support", "compliance_officer", "finance")}
        client = visitor(reader)
        made = {role: act(operator_id) for role, operator_id in staff.items()}  # (last, for the page shows the newest)
        found = listed(client)
        assert {role for role, record in made.items() if record in found} == sees
        for role, record in made.items():
            assert client.get(f"/console/audit/{record}").status_code == (200 if role in sees else 404)

    def test_holds_ones_own_acts(self, app: Flask, inside: Flask, act: Act) -> None:
        operator_id, email = people.operator(Role.SUPPORT)
        mine, others = act(operator_id), act(people.operator(Role.SUPPORT)[0])
        client = app.test_client()
        browse.come_in(client, email, console=True)
        assert mine in listed(client)
        assert others not in listed(client)

    def test_leaves_out_what_is_compliances_for_administrators(self, visitor: Visitor) -> None:
        officer = applicants.officer()
        refusal = asking.refusal(officer)
        answer = rows(
            "SELECT id FROM application_answers WHERE application_id = :id", id=refusal.payload["application_id"]
        )[0]
        hold = restricted.placed(people.customer(), Kind.LEGAL_HOLD)
        lift = restricted.asked(hold, authority="Federal High Court Abuja")
        leave()
        for role in (Role.AUDITOR, Role.ADMIN):
            client = visitor(role)
            for object_id in (refusal.id, answer.id, hold, lift.id):
                assert bool(listed(client, f"object={object_id}")) == (role is Role.AUDITOR), (role, object_id)


class TestFilters:
    def test_find_by_each_part_of_a_record(self, auditor: FlaskClient, act: Act) -> None:
        operator_id, _ = people.operator(Role.FINANCE)
        record, other = act(operator_id), act(people.operator(Role.FINANCE)[0])
        (row,) = rows("SELECT * FROM audit.records WHERE id = :id", id=record)
        fits_both = ("who=bola", "table=sessions", "action=insert", "request=req_of_audit_test", "ip=198.51.100.7")
        for query in (*fits_both, "session=ses_of_audit_test"):
            assert {record, other} <= listed(auditor, query), query
        for query in (f"who={operator_id}", f"who=operator:{operator_id}", f"object={row.row_id}"):
            assert listed(auditor, query) == {record}, query
        for query in ("who=nobody", "table=withdrawals", "action=delete", "request=req_x", "ip=::1", "session=ses_x"):
            assert record not in listed(auditor, query), query

    def test_find_by_time_in_whole_minutes(self, auditor: FlaskClient, act: Act) -> None:
        record = act(people.operator(Role.FINANCE)[0])
        minute = clock.now().astimezone(clock.WAT)
        earlier, later = minute - timedelta(minutes=2), minute + timedelta(minutes=2)
        shape = "%Y-%m-%dT%H:%M"
        assert record in listed(auditor, f"from={earlier:{shape}}&to={later:{shape}}")
        assert record not in listed(auditor, f"from={later:{shape}}")
        assert record not in listed(auditor, f"to={earlier:{shape}}")

    def test_that_cannot_be_read_are_said_in_place(self, auditor: FlaskClient) -> None:
        answer = auditor.get("/console/audit?from=yesterday")
        assert answer.status_code == 422
        assert "That time cannot be read" in answer.text

    def test_that_fit_nothing_say_so(self, auditor: FlaskClient) -> None:
        assert "No record fits" in auditor.get("/console/audit?object=nothing").text

    def test_page_by_page_show_every_record_once(
        self, auditor: FlaskClient, act: Act, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        operator_id, _ = people.operator(Role.FINANCE)
        made = [act(operator_id) for _ in range(5)]
        monkeypatch.setattr("app.web.console.audit.PAGE", 2)
        seen: list[int] = []
        place = f"/console/audit?who={operator_id}"
        while place:
            answer = auditor.get(place)
            seen += dict.fromkeys(int(found) for found in re.findall(r'href="/console/audit/(\d+)"', answer.text))
            following = re.search(r'rel="next" href="([^"]+)"', answer.text)
            place = following[1].replace("&amp;", "&") if following else ""
        assert seen == sorted(made, reverse=True)

    def test_answer_htmx_with_the_list_alone(self, auditor: FlaskClient) -> None:
        answer = auditor.get("/console/audit?who=nobody", headers={"HX-Request": "true"})
        assert answer.text.lstrip().startswith('<div id="results"')


class TestRecord:
    def test_shows_before_and_after_and_nothing_that_is_masked(self, auditor: FlaskClient, inside: Flask) -> None:
        customer = people.customer()
        made, confirmed = rows(
            "SELECT id FROM audit.records WHERE row_id = :id ORDER BY id LIMIT 2", id=customer.login_id
        )
        page = auditor.get(f"/console/audit/{made.id}").text
        assert "masked" in page
        assert customer.email not in page
        page = auditor.get(f"/console/audit/{confirmed.id}").text
        assert re.search(
            r"email confirmed at</dt>\s*<dd><del><span[^>]*>nothing</span></del>.*→.*<ins", page, re.DOTALL
        )

    def test_names_who_did_it_why_and_from_where(self, auditor: FlaskClient, act: Act) -> None:
        record = act(people.operator(Role.FINANCE)[0], reason="to try it")
        page = auditor.get(f"/console/audit/{record}").text
        for words in ("Bola Ade", "to try it", "198.51.100.7", "ses_of_a", "req_of_a"):
            assert words in page, words

    def test_opens_in_the_drawer(self, auditor: FlaskClient, act: Act) -> None:
        record = act(people.operator(Role.FINANCE)[0])
        answer = auditor.get(f"/console/audit/{record}", headers={"HX-Request": "true"})
        assert answer.text.lstrip().startswith('<div id="drawer"')

    def test_links_the_page_of_what_it_is_about(self, auditor: FlaskClient, app: Flask) -> None:
        item_id = suspended()
        (row,) = rows("SELECT id FROM audit.records WHERE row_id = :id", id=item_id)
        assert f'href="/console/suspense/{item_id}"' in auditor.get(f"/console/audit/{row.id}").text


class TestHistory:
    def test_of_an_item_tells_who_did_what_and_why(self, app: Flask, inside: Flask) -> None:
        item_id = suspended()
        finance = enter(app, Role.FINANCE)
        browse.send(
            finance,
            f"/console/suspense/{item_id}/resolve",
            form_at=f"/console/suspense/{item_id}",
            note="Looked into it.",
        )
        assert rows("SELECT state FROM suspense_items WHERE id = :id", id=item_id)[0].state == SuspenseState.RESOLVED
        leave()
        page = finance.get(f"/console/suspense/{item_id}").text
        trail = page[page.index('class="trail"') :]
        assert trail.index("Bola Ade: Looked into it.") < trail.index("by test")
        assert trail.count("What changed") == 1  # their own; the other record is a job's
        assert enter(app, Role.AUDITOR).get(f"/console/suspense/{item_id}").text.count("What changed") == 2


class TestExport:
    def export(self, client: FlaskClient, **fields: str) -> TestResponse:
        """Send the form with a token."""
        token = browse.token_of(client.get("/console/audit"))
        return client.post("/console/audit/export", data={"csrf_token": token, **fields}, buffered=True)

    def test_is_the_filtered_list_and_leaves_a_record(
        self, auditor: FlaskClient, act: Act, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.web.console.audit.BATCH", 2)
        operator_id, _ = people.operator(Role.FINANCE)
        made = [act(operator_id, reason="=cmd()") for _ in range(3)]
        act(people.operator(Role.FINANCE)[0])
        answer = self.export(auditor, who=operator_id, reason="For the regulator.")
        assert (answer.status_code, answer.mimetype) == (200, "text/csv")
        lines = list(csv.DictReader(io.StringIO(answer.text)))
        assert [int(line["id"]) for line in lines] == sorted(made, reverse=True)
        assert {(line["name"], line["reason"], line["ip"]) for line in lines} == {
            ("Bola Ade", "'=cmd()", "198.51.100.7")
        }
        assert all('"token_hash": "[masked]"' in line["after"] for line in lines)
        (noted,) = rows(
            "SELECT r.reason, r.actor, r.after FROM audit.records r JOIN audit_exports e ON e.id = r.row_id"
            " WHERE e.filters ->> 'who' = :who",
            who=operator_id,
        )
        assert (noted.reason, noted.after["filters"]) == ("For the regulator.", {"who": operator_id})
        assert noted.actor.startswith("operator:op_")
        leave()

    def test_holds_only_what_the_reader_may_see(self, visitor: Visitor, act: Act) -> None:
        operator_id, _ = people.operator(Role.COMPLIANCE_OFFICER)
        act(operator_id)
        answer = self.export(visitor(Role.SUPPORT), who=operator_id, reason="Curious.")
        assert list(csv.DictReader(io.StringIO(answer.text))) == []

    def test_without_a_reason_is_refused_in_place(self, auditor: FlaskClient) -> None:
        before = rows("SELECT count(*) AS n FROM audit_exports")[0].n
        answer = self.export(auditor, reason=" ")
        assert answer.status_code == 422
        assert "Say why these records leave the house." in answer.text
        leave()
        assert rows("SELECT count(*) AS n FROM audit_exports")[0].n == before
        leave()
