"""Documents at the doors: who sees them, marked and as nothing but pictures, and what is kept of each look."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse

from app.core import clock
from app.core.db import leave, rows, transaction
from app.core.permissions import LENT, ROLES, Permission, Role
from app.documents import rules, service
from app.web import throttle
from tests.makers import browse, hostile, papers, people, sessions
from tests.makers.people import Customer
from tests.web.console.conftest import enter

SEALED_OFF = "default-src 'none'; sandbox; frame-ancestors 'none'"


@pytest.fixture
def owner(inside: Flask) -> Customer:
    found = people.customer()
    leave()
    return found


@pytest.fixture
def document_id(app: Flask, owner: Customer) -> str:
    return papers.checked(owner, app=app, name="../evil.html").id


@pytest.fixture
def officer(app: Flask, inside: Flask) -> FlaskClient:
    return enter(app, Role.COMPLIANCE_OFFICER)


def page_of(document_id: str, page: int = 1) -> str:
    return f"/console/documents/{document_id}/preview/{page}"


def looks(document_id: str) -> list[Any]:
    found = rows("SELECT * FROM document_views WHERE document_id = :id ORDER BY viewed_at", id=document_id)
    leave()
    return found


class TestAPage:
    def test_is_a_picture_that_can_do_nothing_and_stays_nowhere(self, officer: FlaskClient, document_id: str) -> None:
        answer = officer.get(page_of(document_id))
        assert answer.status_code == 200
        assert answer.data.startswith(b"\x89PNG")
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Security-Policy"] == SEALED_OFF
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Content-Disposition"] == f'inline; filename="{document_id}-1.png"'

    def test_leaves_a_row_of_who_looked(self, officer: FlaskClient, document_id: str) -> None:
        answer = officer.get(page_of(document_id))
        (look,) = looks(document_id)
        assert (look.what, look.page, look.refused, look.told) == ("preview", 1, False, False)
        assert look.request_id == answer.headers["X-Request-Id"]
        (session,) = rows(
            "SELECT o.id FROM sessions s JOIN operators o USING (login_id) WHERE s.id = :id", id=look.session_id
        )
        leave()
        assert session.id == look.operator_id

    @pytest.mark.parametrize("page", [0, 2, 99])
    def test_that_is_not_there_leaves_none(self, officer: FlaskClient, document_id: str, page: int) -> None:
        assert officer.get(page_of(document_id, page)).status_code == 404
        assert looks(document_id) == []

    def test_of_what_is_not_checked_is_not_shown(self, app: Flask, officer: FlaskClient, owner: Customer) -> None:
        waiting = papers.sent(owner, app=app)
        assert officer.get(page_of(waiting)).status_code == 422
        assert officer.get(f"/console/documents/{waiting}/file").status_code == 422
        assert looks(waiting) == []

    def test_that_was_altered_is_not_shown(self, app: Flask, officer: FlaskClient, document_id: str) -> None:
        (file,) = rows("SELECT storage_name FROM document_files WHERE document_id = :id AND page = 1", id=document_id)
        leave()
        papers.store_of(app).put(file.storage_name, b"altered")
        answer = officer.get(page_of(document_id))
        assert answer.status_code == 503
        assert "does not open" in answer.text


class TestTheFile:
    def test_is_taken_under_a_name_of_ours(self, officer: FlaskClient, document_id: str) -> None:
        answer = officer.get(f"/console/documents/{document_id}/file")
        assert answer.status_code == 200
        assert answer.data.startswith(b"\xff\xd8\xff")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{document_id}.jpg"'
        assert answer.headers["Content-Security-Policy"] == SEALED_OFF
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert [look.what for look in looks(document_id)] == ["file"]

    def test_of_a_paper_is_a_paper(self, app: Flask, officer: FlaskClient, owner: Customer) -> None:
        paper = papers.checked(owner, app=app, body=hostile.pdf(catalog=hostile.JS)).id
        answer = officer.get(f"/console/documents/{paper}/file")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{paper}.pdf"'
        assert answer.headers["Content-Type"] == "application/pdf"
        assert b"JavaScript" not in answer.data

    def test_asks_for_a_fresh_proof(self, officer: FlaskClient, document_id: str) -> None:
        cookie = officer.get_cookie("bursar_console")
        assert cookie
        sessions.let_factor_age(sessions.id_of(cookie.value))
        leave()
        assert officer.get(f"/console/documents/{document_id}/file").location == "/console/prove"
        assert officer.get(page_of(document_id)).status_code == 200
        assert [look.what for look in looks(document_id)] == ["preview"]


class TestWhoLooks:
    @pytest.mark.parametrize("role", list(Role))
    def test_decides_on_customers_or_audits(self, app: Flask, document_id: str, role: Role) -> None:
        may = role in {Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER, Role.AUDITOR}
        client = enter(app, role)
        for path in (page_of(document_id), f"/console/documents/{document_id}/file"):
            assert client.get(path).status_code == (200 if may else 403)
        assert len(looks(document_id)) == (2 if may else 0)

    def test_has_it_from_a_role_of_their_own(self) -> None:
        assert Permission.DOCUMENTS_READ in ROLES[Role.COMPLIANCE_MANAGER]
        assert Permission.DOCUMENTS_READ not in LENT

    def test_at_many_is_told_of_once_and_stopped(
        self, app: Flask, officer: FlaskClient, owner: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "VIEWED_TOLD", 1)
        monkeypatch.setattr(rules, "VIEWED_MAX", 3)
        sent = [papers.checked(owner, app=app).id for _ in range(4)]
        for _ in range(3):  # leafing in one is one
            assert officer.get(page_of(sent[0])).status_code == 200
        (who,) = {look.operator_id for look in looks(sent[0])}
        assert told_of(who) == 0
        assert officer.get(page_of(sent[1])).status_code == 200
        assert officer.get(page_of(sent[2])).status_code == 200
        assert told_of(who) == 1
        refused = officer.get(page_of(sent[3]))
        assert refused.status_code == 429
        assert b"PNG" not in refused.data
        assert [look.refused for look in looks(sent[3])] == [True]
        assert officer.get(page_of(sent[0])).status_code == 200
        facts: dict[str, Any] = {"what": rules.What.PREVIEW, "page": 1, "session_id": "s", "request_id": "r"}
        with clock.at(clock.now() + rules.VIEWS_COUNT_FOR + timedelta(minutes=1)), transaction(papers.TEST):
            service.note_view(sent[3], operator_id=who, **facts)
        assert told_of(who) == 1


def told_of(operator_id: str) -> int:
    found = rows("SELECT FROM outbox WHERE name = 'documents.views_exceeded' AND subject = :id", id=operator_id)
    leave()
    return len(found)


class TestACustomer:
    def test_sees_their_own(self, app: Flask, owner: Customer, document_id: str, client: FlaskClient) -> None:
        browse.come_in(client, owner.email)
        answer = client.get(f"/documents/{document_id}/preview/1")
        assert answer.status_code == 200
        assert answer.data.startswith(b"\x89PNG")
        assert answer.headers["Content-Security-Policy"] == SEALED_OFF
        assert looks(document_id) == []

    def test_has_so_many_drawn_and_no_more(
        self, owner: Customer, document_id: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # (the rule itself, with a bound that two pictures reach: three hundred would be drawn for the usual one)
        monkeypatch.setattr(throttle, "LOOKS", parse("1 per minute"))
        monkeypatch.setattr(client.application.extensions["throttle"], "_factor", 1)
        browse.sign_in(client, owner.email)
        assert [client.get(f"/documents/{document_id}/preview/1").status_code for _ in range(2)] == [200, 429]

    def test_sees_nobody_elses(self, app: Flask, document_id: str, client: FlaskClient) -> None:
        browse.come_in(client, people.customer().email)
        assert client.get(f"/documents/{document_id}/preview/1").status_code == 404
        assert client.get("/documents/doc_none/preview/1").status_code == 404

    def test_is_not_looked_over_the_shoulder(self, app: Flask, owner: Customer, document_id: str) -> None:
        support = enter(app, Role.SUPPORT)
        place = f"/console/view-as?q={owner.id}"
        begun = browse.send(
            support, f"/console/view-as/{owner.id}", form_at=place, ticket="T-1", reason="They cannot send a file."
        )
        assert support.get(begun.location).status_code == 303
        assert support.get("/activity").status_code == 200
        assert support.get(f"/documents/{document_id}/preview/1").status_code == 403
