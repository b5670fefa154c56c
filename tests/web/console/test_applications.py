"""The review of applications: found, taken up by one at a time, answered, decided; by two where it is grave."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.applications import queries, review, rules, service
from app.applications.errors import OwnApplication
from app.applications.models import Application
from app.applications.rules import About, State, Step
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.customers import queries as customers
from app.customers.rules import Tier
from app.governance import queries as approvals
from tests.makers import applicants, browse, people, restricted
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

TODAY = date.today().isoformat()  # noqa: DTZ011
LIST = "/console/applications"
OFFICER, MANAGER, AUDITOR = Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER, Role.AUDITOR
HTMX = {"HX-Request": "true"}
TEST = actor.system("test")


def place(application: Application) -> str:
    return f"{LIST}/{application.id}"


def handed_in(wanted: Tier = Tier.T1, **more: str) -> Application:
    found = applicants.submitted(today=TODAY, wanted=wanted, **more)  # type: ignore[arg-type]
    leave()
    return found


def listed(client: FlaskClient, **asked: str) -> list[str]:
    answer = client.get(LIST, query_string=asked)
    assert answer.status_code == 200, answer.text
    return re.findall(r'class="row-main" href="/console/applications/(app_\w+)"', answer.text)


def now(application: Application) -> Application:
    leave()
    return queries.one_for_operators(application.id)


def press(
    client: FlaskClient, application: Application, deed: str, *, headers: Any = HTMX, **fields: str
) -> TestResponse:
    """Send a form of the panel."""
    page = client.get(place(application))
    assert page.status_code == 200, page.text
    form = {"csrf_token": browse.token_of(page), **fields}
    return client.post(f"{place(application)}/{deed}", data=form, headers=headers)


def answer_all(client: FlaskClient, application: Application) -> None:
    codes = [item.code for item in queries.checklist_for_operators(application)]
    leave()
    for code in codes:
        assert press(client, application, "answers", item=code, said="yes").status_code == 200


class TestTheQueue:
    def test_lists_and_filters(self, visitor: Visitor) -> None:
        client = visitor(OFFICER)
        one, other = handed_in(Tier.T1), handed_in(Tier.T2, screening="open")
        assert listed(client, id=one.id) == [one.id]
        assert listed(client, id=one.customer_id) == [one.id]
        assert listed(client, id=other.id, tier="t1") == []
        assert listed(client, id=other.id, tier="t2", view="hits", screening="open", country="ng") == [other.id]
        assert listed(client, id=one.id, view="hits") == []
        for name, fitting, unfitting in (
            ("about", "tier", "review"),
            ("subject", "person", "business"),
            ("risk", "low", "high"),
            ("country", "NG", "GH"),
        ):
            assert listed(client, id=one.id, **{name: fitting}) == [one.id], name
            assert listed(client, id=one.id, **{name: unfitting}) == [], name
        assert listed(client, id=one.id, resubmission="1") == []

    def test_has_views(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in()
        for view, there in (("open", True), ("unclaimed", True), ("late", False), ("decided", False)):
            assert (listed(client, id=one.id, view=view) == [one.id]) is there, view
        with clock.at(clock.now() + timedelta(hours=5)):
            late = queries.Queue(view="late", asked=one.id)
            assert queries.list_for_operators(late, operator_id="")
        press(client, one, "claim")
        assert listed(client, id=one.id, view="unclaimed") == []
        assert listed(client, id=one.id, view="mine") == [one.id]
        assert listed(client, id=one.id, assignee="me") == [one.id]
        assert listed(client, id=one.id, assignee="none") == []
        press(client, one, "escalate", reason="It is strange.")
        assert listed(client, id=one.id, view="escalated") == [one.id]

    def test_says_when_the_filters_are_too_narrow(self, visitor: Visitor) -> None:
        page = visitor(OFFICER).get(LIST, query_string={"id": "app_nothing"}).text
        assert "The filters may be too narrow." in page
        assert "Clear the filters" in page
        assert "Waiting on customers" in page

    def test_goes_on_where_the_page_ends(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        client = visitor(OFFICER)
        made = [handed_in().id for _ in range(3)]
        monkeypatch.setattr(queries, "PAGE", 2)
        seen, address = [], f"{LIST}?view=open"
        while address:
            page = client.get(address)
            seen += re.findall(r'class="row-main" href="/console/applications/(app_\w+)"', page.text)
            found = re.search(r'rel="next" href="([^"]+)"', page.text)
            address = found[1].replace("&amp;", "&") if found else ""
        assert len(seen) == len(set(seen))
        assert [one for one in seen if one in made] == made
        assert client.get(f"{LIST}?after=nonsense").status_code == 400

    def test_keeps_views_of_one_s_own(self, visitor: Visitor) -> None:
        mine, others = visitor(OFFICER), visitor(OFFICER)
        kept = browse.send(
            mine, f"{LIST}/views", form_at=f"{LIST}?view=late&tier=t2", name="Late T2", view="late", tier="t2"
        )
        assert kept.location == f"{LIST}?view=late&tier=t2"
        page = mine.get(LIST).text
        assert 'href="/console/applications?view=late&amp;tier=t2"' in page
        assert "Late T2" not in others.get(LIST).text
        (view,) = re.findall(r"/views/(svw_\w+)/rename", page)
        assert browse.send(others, f"{LIST}/views/{view}/rename", form_at=LIST, name="Ours").status_code == 303
        browse.send(mine, f"{LIST}/views/{view}/rename", form_at=LIST, name="The late ones")
        assert "The late ones" in mine.get(LIST).text
        browse.send(others, f"{LIST}/views/{view}/delete", form_at=LIST)
        assert "The late ones" in mine.get(LIST).text
        browse.send(mine, f"{LIST}/views/{view}/delete", form_at=LIST)
        assert "The late ones" not in mine.get(LIST).text

    def test_keeps_twenty_at_most(self, visitor: Visitor) -> None:
        client = visitor(OFFICER)
        for number in range(21):
            browse.send(client, f"{LIST}/views", form_at=LIST, name=f"View {number}", view="late")
        page = client.get(LIST).text
        assert page.count("/rename") == 20
        assert "View 20" not in page

    def test_assigns_several_and_tells_of_each(self, visitor: Visitor) -> None:
        client, one, decided = visitor(OFFICER), handed_in(), applicants.answered(handed_in())
        other, _ = people.operator(OFFICER)
        leave()
        assert press(client, decided, "approve", tier="t1").status_code == 200
        token = browse.token_of(client.get(LIST))
        sent = {"csrf_token": token, "chosen": [one.id, decided.id], "deed": "assign", "to": other}
        page = client.post(f"{LIST}/together", data=sent)
        assert page.status_code == 200
        assert "Assigned" in page.text
        assert "There is nothing to decide on this one at present." in page.text
        assert now(one).assigned_to == other
        strangers = client.post(f"{LIST}/together", data=sent | {"to": people.operator(Role.FINANCE)[0]})
        assert "That person does not review applications." in strangers.text
        client.post(f"{LIST}/together", data=sent | {"deed": "mine"})
        assert listed(client, id=one.id, view="mine") == [one.id]

    @pytest.mark.parametrize(
        ("role", "status"), [(MANAGER, 200), (AUDITOR, 200), (Role.SUPPORT, 403), (Role.ADMIN, 403)]
    )
    def test_is_for_compliance_and_the_auditor(self, visitor: Visitor, role: Role, status: int) -> None:
        assert visitor(role).get(LIST).status_code == status


class TestTakingUp:
    def test_the_next_one_is_claimed(self, visitor: Visitor) -> None:
        client = visitor(OFFICER)
        one = handed_in()
        taken = browse.send(client, f"{LIST}/next", form_at=LIST, id=one.id, view="open")
        assert taken.location == place(one)
        assert now(one).claimed_by
        assert "It is yours for" in client.get(place(one)).text
        none = browse.send(client, f"{LIST}/next", form_at=LIST, id=one.id, view="open")
        assert none.location.startswith(f"{LIST}?")

    def test_decisions_are_dead_until_it_is_claimed(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in()
        before = client.get(place(one)).text
        assert re.search(r'data-open="again"[^>]*disabled', before)
        assert 'id="again"' not in before
        after = press(client, one, "claim").text
        assert not re.search(r'data-open="again"[^>]*disabled', after)
        assert 'id="again"' in after
        assert re.search(r'data-open="approve"[^>]*disabled', after), "nothing is answered yet"
        assert "questions are not answered" in after
        answer_all(client, one)
        assert not re.search(r'data-open="approve"[^>]*disabled', client.get(place(one)).text)
        assert 'data-open="again" data-key="m" disabled' in press(client, one, "release").text

    def test_who_comes_second_is_told_who_has_it(self, visitor: Visitor) -> None:
        first, second, one = visitor(OFFICER), visitor(OFFICER), handed_in()
        press(first, one, "claim")
        page = second.get(place(one)).text
        assert "Bola Ade is working on this until" in page
        assert re.search(r'data-open="again"[^>]*disabled', page)
        for deed, fields in (
            ("claim", {}),
            ("answers", {"item": "profile_adult", "said": "yes"}),
            ("approve", {"tier": "t1"}),
            ("again", {"step": "profile", "code-profile": "partial"}),
            ("escalate", {"reason": "It is strange."}),
            ("refuse", {"code": "risk", "reason": "It is strange."}),
        ):
            refused = press(second, one, deed, **fields)
            assert refused.status_code == 409, deed
            assert "Bola Ade is working on this." in refused.text, deed
            assert '<div id="desk"' in refused.text, deed
        assert now(one).state == State.SUBMITTED

    def test_a_sign_of_life_and_its_end(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in()
        press(client, one, "claim")
        before = clock.now() + rules.LEASE
        alive = press(client, one, "stay")
        assert alive.status_code == 200
        assert alive.text.strip().startswith('<div id="lease"')
        until = now(one).claim_until
        assert until is not None
        assert until > before
        with transaction(actor.system("test")):
            service.release(service.locked(one.id))
        lost = press(client, one, "stay")
        assert lost.status_code == 409
        assert "Your claim ended" in lost.text
        assert lost.headers["HX-Retarget"] == "#desk"
        assert re.search(r'data-open="again"[^>]*disabled', lost.text)


class TestThePanel:
    def test_each_opening_is_recorded(self, visitor: Visitor) -> None:
        client, one = visitor(AUDITOR), handed_in()
        for _ in range(2):
            assert client.get(place(one)).status_code == 200
        found = rows(
            "SELECT actor FROM audit.records WHERE table_name = 'application_views' AND row_id = :id", id=one.id
        )
        assert len(found) == 2
        assert {row.actor.partition(":")[0] for row in found} == {"operator"}

    def test_shows_what_was_given_and_what_happened(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in(Tier.T2)
        page = client.get(place(one)).text
        for words in ("12 Marina", "A01234567", "17 May 1990", "International passport", "Handed in", "Selfie"):
            assert words in page, words

    def test_an_answer_is_kept_at_once_and_counted(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in()
        many = len(queries.checklist_for_operators(one))
        leave()
        page = press(client, one, "answers", item="profile_adult", said="yes").text
        assert f"1 of {many}" in page
        assert re.search(r'id="q-profile_adult-yes" checked', page)
        assert press(client, one, "answers", item="profile_adult", said="na").status_code == 422

    def test_notes_are_for_compliance(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in()
        page = press(client, one, "notes", words="Looks <b>odd</b>.").text
        assert "Looks &lt;b&gt;odd&lt;/b&gt;." in page
        assert "never see these" in page
        assert press(client, one, "notes", words=" ").status_code == 422
        assert press(visitor(AUDITOR), one, "notes", words="Mine.").status_code == 403

    def test_names_who_shares_something(self, visitor: Visitor, app: Flask) -> None:
        one, other = handed_in(), people.customer()
        theirs = customers.one_for_operators(one.customer_id)
        leave()
        number = people.phone_number()
        for login in (theirs.login_id, other.login_id):
            people.waiting_number(login, number)
        page = visitor(OFFICER).get(place(one)).text
        assert "Phone number" in page
        assert f'href="/console/customers/{other.id}"' in page

    def test_of_nothing_is_not_there(self, visitor: Visitor) -> None:
        client = visitor(OFFICER)
        for path in ("app_none", "app_none/desk"):
            assert client.get(f"{LIST}/{path}").status_code == 404


class TestDeciding:
    def test_one_approves_what_one_may(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), applicants.answered(handed_in(Tier.T2))
        leave()
        page = press(client, one, "approve", tier="t1")
        assert page.status_code == 200
        assert "T1 approved by Bola Ade" in page.text
        assert "Next (" in page.text
        assert customers.tier(owner=one.customer_id) == Tier.T1

    def test_nothing_is_approved_unanswered(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in()
        refused = press(client, one, "approve", tier="t1")
        assert refused.status_code == 409
        assert "This cannot be approved yet." in refused.text
        assert press(client, one, "approve", tier="t9").status_code == 422
        assert now(one).state == State.SUBMITTED

    def test_a_high_tier_takes_two(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), applicants.answered(handed_in(Tier.T3))
        leave()
        assert press(client, one, "approve", tier="t3").status_code == 403
        asked = press(client, one, "propose", tier="t3", reason="All is shown.")
        assert asked.status_code == 200
        assert "A decision was asked for by Bola Ade" in asked.text
        request_id = str(now(one).request_id)
        assert f"/console/approvals/{request_id}" in asked.text
        at = f"/console/approvals/{request_id}"
        request = visitor(MANAGER).get(at)
        assert "tier T3" in request.text
        applicants.agreed(request_id)
        assert now(one).state == State.APPROVED
        assert customers.tier(owner=one.customer_id) == Tier.T3

    def test_a_refusal_takes_two(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in()
        asked = press(client, one, "refuse", code="forged", reason="The number is painted over.")
        assert asked.status_code == 200
        request_id = str(now(one).request_id)
        page = visitor(MANAGER).get(f"/console/approvals/{request_id}").text
        assert "Altered or forged document" in page
        assert "We could not verify your details" in page
        assert press(visitor(MANAGER), one, "refuse", code="forged", reason="Mine.").status_code == 403

    def test_asks_again_in_words_that_the_customer_reads(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in(Tier.T2)
        fields = {"step": "document", "code-document": "blurry", "words-document": "Your name is hidden by a finger."}
        page = press(client, one, "again", **fields)
        assert page.status_code == 200
        assert "With the customer" in page.text
        asked = queries.step(one.id, Step.DOCUMENT, owner=one.customer_id).row
        assert asked.again_words == "Your name is hidden by a finger."
        assert listed(client, id=one.id, view="waiting") == [one.id]
        assert press(client, handed_in(), "again").status_code == 422

    def test_a_lower_tier_than_they_have_is_no_approval(self, visitor: Visitor) -> None:
        owner = people.customer(tier=Tier.T0)
        applicants.decided(applicants.submitted(owner, Tier.T2, today=TODAY), Tier.T2)
        with transaction(TEST):
            opened = service.reopen(owner.id, about=About.REVIEW, actor=TEST)
        assert opened is not None
        client, one = visitor(OFFICER), applicants.answered(applicants.handed_in(owner, opened, today=TODAY))
        leave()
        press(client, one, "claim")
        page = client.get(place(one)).text
        assert re.search(r'data-open="lower">', page)
        assert page.count("T1, lower than they have") == 1
        assert press(client, one, "approve", tier="t1").status_code == 422
        lowered = press(client, one, "lower", tier="t1", reason="The document is void.")
        assert "Lowered to T1" in lowered.text
        assert customers.tier(owner=owner.id) is Tier.T1

    def test_a_refusal_ends_when_two_say_so(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), applicants.refused(handed_in())
        assert 'data-open="lift"' in client.get(place(one)).text
        assert press(client, one, "lift", reason="A mix-up.").status_code == 200
        (asked,) = [each.request for each in approvals.about_for_operators(f"application:{one.id}")]
        applicants.agreed(asked.id)
        page = client.get(place(one)).text
        assert 'data-open="lift"' not in page
        assert "They may apply again" in page

    def test_goes_without_scripts_too(self, visitor: Visitor) -> None:
        client, one = visitor(OFFICER), handed_in()
        assert press(client, one, "claim", headers={}).location == place(one)
        sent = press(client, one, "escalate", headers={}, reason="It is strange.")
        assert sent.location == place(one)
        assert now(one).state == State.ESCALATED
        assert "It is strange." in client.get(place(one)).text


def test_nobody_reads_what_compliance_keeps_about_themselves(app: Flask) -> None:
    officer, email = people.operator(Role.COMPLIANCE_OFFICER)
    owner = people.customer(email=email, tier=Tier.T0)
    application = applicants.submitted(owner, today=TODAY, screening="open")
    (hit,) = rows("SELECT id FROM screening_hits WHERE customer_id = :id", id=owner.id)
    (document, *_) = rows("SELECT id FROM documents WHERE customer_id = :id", id=owner.id)
    restriction = restricted.placed(owner)
    lift = restricted.asked(restriction)
    leave()
    client = app.test_client()
    browse.sign_in(client, email, console=True)
    for path in (
        place(application),
        f"{place(application)}/desk",
        f"/console/customers/{owner.id}/risk",
        f"/console/customers/{owner.id}/related",
        f"/console/documents/{document.id}/preview/1",
        f"/console/screening/{hit.id}",
        f"/console/restrictions/{restriction}",
        f"/console/approvals/{lift.id}",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get(f"/console/customers/{owner.id}").status_code == 200
    for part in ("timeline", "approvals"):
        told = client.get(f"/console/customers/{owner.id}/{part}").text
        assert application.id not in told
        assert lift.id not in told
    with pytest.raises(OwnApplication), transaction(who := actor.operator(officer)):
        review.note(application.id, "All is well.", operator_id=officer, actor=who)
