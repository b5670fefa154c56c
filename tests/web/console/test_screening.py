"""Screening in the console: what compliance sees and decides, and that nobody else learns of it."""

from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.governance import queries as governance
from app.governance import service as approvals
from app.screening import deciding, queries
from app.web.console import screening
from tests.makers import browse, governed, listed, people
from tests.web.console.conftest import Visitor

OUTSIDERS = (Role.SUPPORT, Role.FINANCE, Role.TREASURY, Role.ADMIN)


@pytest.fixture
def owner(inside: Flask) -> people.Customer:
    return people.customer()


@pytest.fixture
def hit_id(owner: people.Customer) -> str:
    return listed.open_hit(owner)


@pytest.fixture
def officer(visitor: Visitor) -> FlaskClient:
    return visitor(Role.COMPLIANCE_OFFICER)


class TestTheQueue:
    def test_shows_what_nobody_has_decided_on(self, officer: FlaskClient, hit_id: str) -> None:
        page = officer.get("/console/screening").text
        assert f"/console/screening/hits/{hit_id}" in page
        assert f"/console/screening/hits/{hit_id}" not in officer.get("/console/screening?view=closed").text

    def test_is_narrowed_by_list_topic_and_strength(self, officer: FlaskClient, hit_id: str) -> None:
        code = queries.hit_for_operators(hit_id).entry.list_code
        assert hit_id in officer.get(f"/console/screening?list={code}&topic=sanction&strong=1").text
        assert hit_id not in officer.get(f"/console/screening?list={code}&topic=pep").text
        assert "No hit fits" in officer.get("/console/screening?list=nowhere").text

    def test_shows_the_lists_with_their_last_change(self, officer: FlaskClient, hit_id: str) -> None:
        found = queries.hit_for_operators(hit_id)
        page = officer.get("/console/screening").text
        assert f"/console/screening/versions/{found.entry.version_id}" in page
        assert "1 added" in officer.get("/console/screening").text
        assert "Every line was read" in officer.get(f"/console/screening/versions/{found.entry.version_id}").text


class TestAHit:
    def test_stands_beside_what_is_listed(self, officer: FlaskClient, hit_id: str) -> None:
        page = officer.get(f"/console/screening/hits/{hit_id}").text
        assert "What we know" in page
        assert "The birth date agrees" in page

    def test_is_cleared_with_a_reason_alone(self, officer: FlaskClient, owner: people.Customer) -> None:
        hit_id = listed.open_hit(owner, born="")
        place, shown = f"/console/screening/hits/{hit_id}", listed.content(hit_id)
        send = partial(browse.send, officer, f"{place}/clear", form_at=place)
        assert send(reason=" ", shown=shown).status_code == 422
        assert send(reason="Born elsewhere.", shown="another").status_code == 409
        assert send(reason="Born elsewhere.", shown=shown).status_code == 303
        leave()
        assert (listed.hit(hit_id).state, listed.hit(hit_id).reason) == ("no_match", "Born elsewhere.")
        assert queries.state_for_system(owner.id) == "clear"

    def test_is_answered_with_its_card_where_a_part_of_a_page_asks(self, officer: FlaskClient, inside: Flask) -> None:
        hit_id = listed.open_hit(born="")
        place = f"/console/screening/hits/{hit_id}"
        token = browse.token_of(officer.get(place))
        answer = officer.post(
            f"{place}/clear",
            data={"csrf_token": token, "reason": "Born elsewhere.", "shown": listed.content(hit_id)},
            headers={"HX-Request": "true"},
        )
        assert answer.text.strip().startswith(f'<section class="card mb-3" id="hit-{hit_id}"')
        assert "Somebody else" in answer.text

    def test_is_confirmed_by_two(self, officer: FlaskClient, hit_id: str, owner: people.Customer) -> None:
        place = f"/console/screening/hits/{hit_id}"
        sent = {"reason": "The same passport.", "shown": listed.content(hit_id)}
        assert browse.send(officer, f"{place}/clear", form_at=place, **sent).status_code == 409
        assert browse.send(officer, f"{place}/ask", form_at=place, verdict="dropped", **sent).status_code == 422
        assert browse.send(officer, f"{place}/ask", form_at=place, verdict="match", **sent).status_code == 303
        leave()
        (asked,) = governance.about_for_operators(deciding.target_of(hit_id))
        manager = actor.operator(people.operator(Role.COMPLIANCE_MANAGER)[0])
        with transaction(manager):
            approvals.approve(asked.request.id, operator_id=manager.id, shown=asked.request.payload_hash, actor=manager)
        governed.carry_out(asked.request)
        assert (listed.hit(hit_id).state, listed.hit(hit_id).decided_by) == ("match", manager.id)
        assert queries.state_for_system(owner.id) == "match"

    def test_the_panel_shows_it_with_its_forms(self, app: Flask, hit_id: str, owner: people.Customer) -> None:
        standing = queries.standing_for_operators(owner.id)
        with app.test_request_context("/console/screening"):
            macro: Any = app.jinja_env.get_template("console/screening/_panel.html").module
            told, mute = (str(macro.panel(standing, {"decide": each, "ask": each})) for each in (True, False))
        leave()
        assert f"/console/screening/hits/{hit_id}/ask" in told
        assert f"/console/screening/hits/{hit_id}/ask" not in mute
        assert "Hits to look at" in mute
        assert screening.VIEWS


class TestTheSearch:
    def test_finds_by_name_and_keeps_nothing(self, officer: FlaskClient, hit_id: str) -> None:
        name = queries.hit_for_operators(hit_id).entry.names[0]
        place = "/console/screening/search"
        assert name in browse.send(officer, place, q=name.upper()).text
        assert "No list has this" in browse.send(officer, place, q="Ngozi Nobodyatall").text
        assert "Whom are you looking for" in officer.get(place, query_string={"q": name}).text


class TestNobodyElse:
    @pytest.mark.parametrize("role", OUTSIDERS)
    def test_is_shown_any_of_it(self, visitor: Visitor, role: Role, hit_id: str, owner: people.Customer) -> None:
        maker = actor.operator(people.operator(Role.COMPLIANCE_OFFICER)[0])
        with transaction(maker):
            asked = screening.requests.request_verdict(
                hit_id, "match", shown=listed.content(hit_id), reason="The same man.", maker=maker.id, actor=maker
            )
        leave()
        client = visitor(role)
        for path in ("", "/search", f"/hits/{hit_id}"):
            assert client.get(f"/console/screening{path}").status_code == 403
        assert client.get(f"/console/approvals/{asked.id}").status_code in {403, 404}
        entry = queries.hit_for_operators(hit_id).entry
        for path in ("/console/", f"/console/customers/{owner.id}", "/console/audit", "/console/approvals?view=open",
                     "/console/audit?table=screening_hits", "/console/audit?table=approval_requests"):  # fmt: skip
            page = client.get(path).text
            assert not [word for word in (hit_id, asked.id, entry.names[0], "The same man.") if word in page], path

    def test_an_auditor_and_a_manager_are(self, visitor: Visitor, hit_id: str) -> None:
        for role in (Role.AUDITOR, Role.COMPLIANCE_MANAGER):
            assert visitor(role).get(f"/console/screening/hits/{hit_id}").status_code == 200
        assert hit_id in visitor(Role.AUDITOR).get("/console/audit?table=screening_hits").text
