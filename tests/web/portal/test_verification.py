"""The way to a tier at the portal's doors: each step with and without a script, what was sent back alone, the end."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.applications import queries, review, service
from app.applications.rules import CONSENT, About, Step, StepState
from app.core import actor, clock
from app.core.db import leave, transaction
from app.customers.rules import Tier
from app.documents import queries as documents
from app.identification import service as numbers
from app.identification.rules import SAID, Verdict
from tests.makers import applicants, browse, identities, people, pictures
from tests.makers.applicants import PROFILE
from tests.makers.people import Customer
from tests.web.portal.conftest import at_home, begin, send, state_of, token_of_page

WorkOff = Callable[..., int]
LOOKED_UP = SAID[Verdict.MATCH]
OFFICER = actor.system("test")


def picture(words: str = "a picture") -> dict[str, tuple[bytes, str]]:
    return {"selfie": (pictures.jpeg(words), "IMG_0001.JPG")}


class TestStanding:
    def test_somebody_new_sees_what_each_tier_brings(self, visitor: FlaskClient) -> None:
        page = visitor.get("/verification").text
        assert page.count("What we need") == 4  # three tiers and a business
        assert "Your BVN or your NIN" in page
        assert "The review takes about 4 hours" in page
        assert "Verify yourself" in visitor.get("/").text

    def test_the_first_tier_asks_for_the_number_that_was_chosen(self, visitor: FlaskClient, owner: Customer) -> None:
        assert begin(visitor, Tier.T1, number="nin").location == "/verification/contact"
        assert state_of(owner, Step.NIN) == StepState.OPEN
        assert visitor.get("/verification/bvn").status_code == 404
        assert "0 of 4 steps done" in visitor.get("/verification").text
        assert "Your verification is not finished" in visitor.get("/").text

    @pytest.mark.parametrize(
        "fields", [{"tier": "t9"}, {"tier": "t0"}, {"tier": "t3_plus"}, {"tier": "t1", "number": "selfie"}]
    )
    def test_what_is_not_offered_is_not_begun(
        self, visitor: FlaskClient, owner: Customer, fields: dict[str, str]
    ) -> None:
        assert send(visitor, "/verification", **fields).status_code == 303
        assert queries.open_one(owner=owner.id) is None
        assert "not one to apply for here" in visitor.get("/verification").text

    def test_one_at_a_time_and_it_can_be_taken_back(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T1)
        page = visitor.get("/verification")
        assert "Get Tier 2" not in page.text
        again = visitor.post("/verification", data={"csrf_token": browse.token_of(page), "tier": "t2"})
        assert again.status_code == 303
        page = visitor.get("/verification")
        assert "Finish that one first" in page.text
        visitor.post("/verification/take-back", data={"csrf_token": browse.token_of(page)})
        assert "Taken back" in visitor.get("/verification").text
        assert "Get Tier 2" in visitor.get("/verification").text


class TestSteps:
    def test_contact_asks_for_a_confirmed_phone(self, app: Flask, inside: Flask) -> None:
        known = people.customer(tier=Tier.T0)
        client = at_home(app, known)
        begin(client, Tier.T1)
        answer = send(client, "/verification/contact")
        assert answer.status_code == 422
        assert "Confirm your phone number first." in answer.text
        people.confirm_phone(known.login_id)
        leave()
        assert send(client, "/verification/contact").location == "/verification/profile"

    def test_what_was_typed_stays_with_the_fault(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T1)
        answer = send(visitor, "/verification/profile", **PROFILE | {"born": "2020-01-01", "city": "Ìbàdàn"})
        assert answer.status_code == 422
        assert "You need to be eighteen." in answer.text
        assert 'value="Ìbàdàn"' in answer.text

    def test_what_was_saved_is_there_again(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T1)
        assert send(visitor, "/verification/profile", **PROFILE).status_code == 303
        page = visitor.get("/verification/profile").text
        assert 'value="12 Marina"' in page
        assert '<option value="NG" selected>' in page

    def test_a_country_that_is_none(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T1)
        assert "Choose your country." in send(visitor, "/verification/profile", **PROFILE | {"country": "ZZ"}).text

    def test_a_number_is_looked_up_and_never_shown(
        self, visitor: FlaskClient, owner: Customer, work_off: WorkOff
    ) -> None:
        begin(visitor, Tier.T1)
        number = identities.number(identities.ECHO)
        early = send(visitor, "/verification/bvn", number=number)
        assert "Fill in “About you” first" in early.text
        send(visitor, "/verification/profile", **PROFILE)
        wrong = send(visitor, "/verification/bvn", number="123")
        assert (wrong.status_code, "This number has 11 digits." in wrong.text) == (422, True)
        assert send(visitor, "/verification/bvn", number=number).location == "/verification/bvn"
        page = visitor.get("/verification/bvn").text
        assert f"ending in {number[-4:]} is being looked up" in page
        assert "every 2s" in page
        assert number not in page
        work_off()
        page = visitor.get("/verification/bvn", headers={"HX-Request": "true"}).text
        assert page.lstrip().startswith('<div id="standing"')
        assert LOOKED_UP in page
        assert "every 2s" not in page
        assert state_of(owner, Step.BVN) == StepState.DONE

    def test_a_number_of_somebody_else_says_what_to_look_at(self, visitor: FlaskClient, work_off: WorkOff) -> None:
        begin(visitor, Tier.T1)
        send(visitor, "/verification/profile", **PROFILE)
        send(visitor, "/verification/bvn", number=identities.number(identities.OTHER))
        work_off()
        page = visitor.get("/verification/bvn").text
        assert "does not agree with what is registered" in page
        assert 'name="number"' in page
        right = identities.number(identities.ECHO)
        send(visitor, "/verification/bvn", number=right)
        work_off()
        assert LOOKED_UP in visitor.get("/verification/bvn").text

    def test_a_register_that_does_not_answer_stops_nobody(
        self, visitor: FlaskClient, owner: Customer, work_off: WorkOff
    ) -> None:
        begin(visitor, Tier.T1)
        send(visitor, "/verification/profile", **PROFILE)
        send(visitor, "/verification/bvn", number=identities.number(identities.ECHO))
        with clock.at(clock.now() + timedelta(hours=25)), transaction(OFFICER):
            numbers.give_up_overdue(actor=OFFICER)
        leave()
        assert state_of(owner, Step.BVN) == StepState.DONE
        page = visitor.get("/verification/bvn").text
        assert "The register does not answer at the moment" in page
        assert send(visitor, "/verification/bvn/again", at="/verification/bvn").status_code == 303
        work_off()
        assert LOOKED_UP in visitor.get("/verification/bvn").text

    def test_enter_in_a_field_saves(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T3_PLUS, subject="business")
        send(visitor, "/verification/document", kind="voter", number="1", files={"front": (pictures.png(), "f.png")})
        for step in ("document", "people", "bvn"):
            form = visitor.get(f"/verification/{step}").text.partition('id="step-form"')[2]
            first = re.search(r'<button type="submit"[^>]*>|<button[^>]*type="submit"[^>]*>', form)
            assert first
            assert "formaction" not in first[0]
            assert "name=" not in first[0]

    def test_asking_is_bounded(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T1)
        send(visitor, "/verification/profile", **PROFILE)
        for _ in range(5):
            assert send(visitor, "/verification/bvn", number=identities.number(identities.NOBODY)).status_code == 303
        visitor.post("/verification/bvn")
        answer = visitor.get("/verification/bvn")
        token = browse.token_of(answer)
        answer = visitor.post(
            "/verification/bvn", data={"csrf_token": token, "number": identities.number(identities.ECHO)}
        )
        assert (answer.status_code, "Try again tomorrow" in answer.text) == (422, True)

    def test_another_name_has_the_number_looked_up_again(self, visitor: FlaskClient, owner: Customer) -> None:
        begin(visitor, Tier.T1)
        send(visitor, "/verification/profile", **PROFILE)
        send(visitor, "/verification/bvn", number=identities.number(identities.ECHO))
        send(visitor, "/verification/profile", **PROFILE | {"occupation": "Doctor"})
        assert state_of(owner, Step.BVN) == StepState.DONE
        send(visitor, "/verification/profile", **PROFILE | {"last_name": "Okafor"})
        assert state_of(owner, Step.BVN) == StepState.OPEN


class TestFiles:
    def test_without_a_script_the_file_goes_with_the_form(
        self, visitor: FlaskClient, owner: Customer, work_off: WorkOff
    ) -> None:
        begin(visitor, Tier.T2)
        fields = {"kind": "passport", "number": "A01234567", "expires_on": "2031-01-01"}
        answer = send(visitor, "/verification/document", **fields, files={"front": (pictures.jpeg("front"), "f.jpg")})
        assert answer.status_code == 303
        assert state_of(owner, Step.DOCUMENT) == StepState.DONE
        page = visitor.get("/verification/document").text
        assert "Being checked" in page
        work_off()
        page = visitor.get("/verification/document").text
        assert "Ready" in page
        found = re.search(r'src="(/documents/[^"]+)"', page)
        assert found
        assert visitor.get(found[1]).mimetype == "image/png"

    def test_a_wrong_answer_does_not_lose_the_file(self, visitor: FlaskClient, owner: Customer) -> None:
        begin(visitor, Tier.T2)
        fields = {"kind": "passport", "number": "A01234567", "expires_on": "2001-01-01"}
        answer = send(visitor, "/verification/document", **fields, files={"front": (pictures.jpeg("front"), "f.jpg")})
        assert answer.status_code == 422
        assert "This document has expired" in answer.text
        assert "Being checked" in answer.text
        assert 'value="A01234567"' in answer.text

    def test_a_missing_file_keeps_the_answers(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T3)
        answer = send(visitor, "/verification/funds", kind="salary", story="A hospital pays me.")
        assert (answer.status_code, "Send this too." in answer.text) == (422, True)
        assert "A hospital pays me." in visitor.get("/verification/funds").text

    def test_a_file_sent_at_once_answers_with_its_part_of_the_page(self, visitor: FlaskClient, owner: Customer) -> None:
        begin(visitor, Tier.T1)
        answer = at_once(visitor, "/verification/selfie", "selfie", pictures.jpeg("me"))
        assert answer.status_code == 200
        assert answer.text.lstrip().startswith('<div id="standing"')
        assert "Being checked" in answer.text
        assert state_of(owner, Step.SELFIE) == StepState.DONE

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"GIF89a" + bytes(64), "This is a GIF."),
            (b"", "This file is empty."),
            (b"%PDF-1.7 nothing", "Send a photo here, not a PDF."),
        ],
    )
    def test_a_file_that_is_no_picture_is_refused_at_its_place(
        self, visitor: FlaskClient, body: bytes, says: str
    ) -> None:
        begin(visitor, Tier.T1)
        answer = at_once(visitor, "/verification/selfie", "selfie", body)
        assert (answer.status_code, says in answer.text) == (422, True)

    def test_one_that_cannot_be_read_says_so_and_is_sent_again(
        self, visitor: FlaskClient, owner: Customer, work_off: WorkOff
    ) -> None:
        begin(visitor, Tier.T1)
        at_once(visitor, "/verification/selfie", "selfie", pictures.jpeg("torn")[:900])
        work_off()
        page = visitor.get("/verification/selfie").text
        assert "We could not read this file." in page
        (document,) = documents.of_customer(owner=owner.id)
        with transaction(OFFICER):
            service.refuse_file(document.id)
        assert state_of(owner, Step.SELFIE) == StepState.OPEN
        assert "We could not read this file." in visitor.get("/verification/selfie").text
        at_once(visitor, "/verification/selfie", "selfie", pictures.jpeg("whole"))
        assert state_of(owner, Step.SELFIE) == StepState.DONE
        assert "We could not read this file." not in visitor.get("/verification/selfie").text

    def test_it_is_taken_out_again(self, visitor: FlaskClient, owner: Customer) -> None:
        begin(visitor, Tier.T1)
        at_once(visitor, "/verification/selfie", "selfie", pictures.jpeg("me"))
        assert send(visitor, "/verification/selfie/files/selfie/remove", at="/verification/selfie").status_code == 303
        assert state_of(owner, Step.SELFIE) == StepState.OPEN

    def test_a_place_that_is_none(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T1)
        assert at_once(visitor, "/verification/selfie", "back", pictures.jpeg()).status_code == 422
        assert visitor.post("/verification/nowhere/files/back", data=token(visitor)).status_code == 404


def at_once(client: FlaskClient, step: str, slot: str, body: bytes) -> TestResponse:
    """As the script sends a file when it was chosen."""
    data = {slot: (io.BytesIO(body), "photo.jpg")} | token(client)
    headers = {"HX-Request": "true"}
    return client.post(f"{step}/files/{slot}", data=data, headers=headers, content_type="multipart/form-data")


def token(client: FlaskClient) -> dict[str, Any]:
    return {"csrf_token": browse.token_of(client.get("/verification"))}


def hand_in(owner: Customer, wanted: Tier = Tier.T2, **more: Any) -> str:
    """Have an application of theirs in the reviewers' hands: its id."""
    today = clock.now().astimezone(clock.WAT).date().isoformat()
    found = applicants.submitted(owner, wanted, today=today, **more).id
    leave()
    return found


def send_back(application_id: str, **steps: str) -> None:
    """A reviewer sends steps back, each for a reason."""
    officer = applicants.officer()
    who = actor.operator(officer)
    with transaction(who):
        wanted = {Step(step): (code, "") for step, code in steps.items()}
        review.ask_again(application_id, wanted, operator_id=officer, actor=who)
    leave()


class TestCheckAndSend:
    def test_it_is_sent_with_consent_and_is_out_of_their_hands(self, visitor: FlaskClient, owner: Customer) -> None:
        application = applicants.begin(owner, Tier.T1)
        assert "Do what is missing" in visitor.get("/verification/check").text
        steps = [Step(each.row.step) for each in queries.steps(application.id, owner=owner.id)]
        applicants.do(owner, application.id, steps, today="2026-11-01")
        leave()
        page = visitor.get("/verification/check").text
        assert "12 Marina, Lagos, Lagos, Nigeria" in page
        refused = send(visitor, "/verification/check")
        assert (refused.status_code, "Agree to this first" in refused.text) == (422, True)
        assert send(visitor, "/verification/check", consent=CONSENT).location == "/verification"
        page = visitor.get("/verification").text
        assert "With our reviewers" in page
        assert "You hear from us by" in page
        assert "Take it back" not in page
        story = queries.story(application.id, owner=owner.id)
        assert [one.facts["consent"] for one in story if one.what == "submitted"] == [CONSENT]
        leave()
        assert visitor.get("/verification/profile").location == "/verification"
        answer = visitor.post("/verification/profile", data={**PROFILE, **token_of_page(visitor)})
        assert answer.status_code == 422
        assert "This is with our reviewers." in answer.text

    def test_whether_somebody_senior_has_it_is_not_told(self, visitor: FlaskClient, owner: Customer) -> None:
        application_id = hand_in(owner)
        officer = applicants.officer()
        who = actor.operator(officer)
        with transaction(who):
            review.claim(application_id, operator_id=officer, actor=who)
        leave()
        before = trail_of(visitor)
        with transaction(who):
            review.escalate(application_id, reason="A hit on a list.", operator_id=officer, actor=who)
        leave()
        assert before == [
            "You began",
            "You sent it to us",
            "Somebody began to look at it",
            "We look at it",
            "You hear from us",
        ]
        assert trail_of(visitor) == before
        assert "escalat" not in visitor.get("/verification").text.lower()


class TestSentBack:
    def test_only_what_was_named_is_open(self, visitor: FlaskClient, owner: Customer) -> None:
        send_back(hand_in(owner), selfie="no_face")
        page = visitor.get("/verification").text
        assert "We need to see your face alone" in page
        assert page.count("Send again") == 1
        assert 'href="/verification/selfie"' in page
        assert 'href="/verification/profile"' not in page
        assert "We need something from you again" in visitor.get("/").text
        assert visitor.get("/verification/profile").location == "/verification"
        refused = visitor.post("/verification/profile", data={**PROFILE, **token_of_page(visitor)})
        assert refused.status_code == 422
        assert "We need to see your face alone" in visitor.get("/verification/selfie").text

    def test_the_same_again_is_not_enough(self, visitor: FlaskClient, owner: Customer) -> None:
        application_id = hand_in(owner)
        send_back(application_id, document="blurry", selfie="no_face")
        fields = applicants.GIVEN[Step.DOCUMENT]
        answer = send(visitor, "/verification/document", **fields)
        assert (answer.status_code, "This is what we have already." in answer.text) == (422, True)
        assert send(visitor, "/verification/selfie").status_code == 422
        files = {"front": (pictures.jpeg("sharper"), "front.jpg")}
        assert send(visitor, "/verification/document", **fields, files=files).location == "/verification/selfie"
        at_once(visitor, "/verification/selfie", "selfie", pictures.jpeg("a face"))
        assert send(visitor, "/verification/selfie").location == "/verification/check"
        assert send(visitor, "/verification/check", consent=CONSENT).status_code == 303
        assert "You sent it to us again" in visitor.get("/verification").text

    def test_what_was_done_in_an_earlier_round_is_closed_in_the_next(
        self, visitor: FlaskClient, owner: Customer
    ) -> None:
        application_id = hand_in(owner)
        send_back(application_id, selfie="no_face")
        at_once(visitor, "/verification/selfie", "selfie", pictures.jpeg("a face"))
        send(visitor, "/verification/check", consent=CONSENT)
        send_back(application_id, document="expired")
        assert visitor.get("/verification/selfie").location == "/verification"
        assert visitor.get("/verification/document").status_code == 200


class TestEnds:
    def test_a_tier_that_was_given(self, visitor: FlaskClient, owner: Customer) -> None:
        application_id = hand_in(owner)
        officer = applicants.officer()
        applicants.answer_all(queries.one_for_operators(application_id), officer)
        who = actor.operator(officer)
        with transaction(who):
            review.approve(application_id, tier=Tier.T1, operator_id=officer, actor=who)
        leave()
        page = visitor.get("/verification").text
        assert "You have Tier 1 now, not yet Tier 2." in page
        assert "Get Tier 2" in page

    def test_who_was_refused_is_offered_no_tier(self, visitor: FlaskClient, owner: Customer) -> None:
        applicants.refused(applicants.submitted(owner, Tier.T1, today=f"{clock.now():%Y-%m-%d}"))
        leave()
        page = visitor.get("/verification")
        assert "We have decided not to offer you another tier." in page.text
        assert "Get Tier" not in page.text
        visitor.post("/verification", data={"csrf_token": browse.token_of(page), "tier": "t1"})
        assert queries.open_one(owner=owner.id) is None

    def test_a_change_of_name_asks_for_that_alone(self, visitor: FlaskClient, owner: Customer) -> None:
        assert "You are not verified yet" in visitor.get("/verification/change").text
        people.verify(owner.id, Tier.T2)
        leave()
        assert send(visitor, "/verification/change", about="tier").status_code == 422
        assert send(visitor, "/verification/change", about="name").location == "/verification/profile"
        application = queries.open_one(owner=owner.id)
        assert application is not None
        assert [each.row.step for each in queries.steps(application.id, owner=owner.id)] == [
            "profile",
            "bvn",
            "nin",
            "document",
        ]
        leave()
        assert "Your new name" in visitor.get("/verification").text
        assert "One thing after the other" in visitor.get("/verification/change").text

    def test_a_review_that_is_due_is_told_on_the_first_page(self, visitor: FlaskClient, owner: Customer) -> None:
        people.verify(owner.id, Tier.T2)
        with transaction(OFFICER):
            service.reopen(owner.id, about=About.REVIEW, actor=OFFICER)
        leave()
        assert "A look at what we know of you" in visitor.get("/").text
        page = visitor.get("/verification").text
        assert "From time to time" in page
        assert "within 30 days" in page
        assert "Take it back" not in page


class TestWhose:
    def test_each_sees_only_their_own(self, app: Flask, visitor: FlaskClient, owner: Customer) -> None:
        begin(visitor, Tier.T2)
        at_once(visitor, "/verification/selfie", "selfie", pictures.jpeg("mine"))
        send(visitor, "/verification/profile", **PROFILE)
        other = at_home(app, people.customer(tier=Tier.T0))
        assert "12 Marina" not in other.get("/verification").text
        assert other.get("/verification/profile").status_code == 404
        assert other.get("/verification/check").status_code == 404
        assert at_once(other, "/verification/selfie", "selfie", pictures.jpeg("theirs")).status_code == 404
        (document,) = documents.of_customer(owner=owner.id)
        leave()
        assert other.get(f"/documents/{document.id}/preview/1").status_code == 404

    def test_anothers_bank_account_is_none(self, app: Flask, visitor: FlaskClient, owner: Customer) -> None:
        other = people.customer()
        account = people.bank_account(other, app=app)
        mine = people.bank_account(owner, app=app)
        leave()
        begin(visitor, Tier.T2)
        answer = send(visitor, "/verification/bank", account=account)
        assert (answer.status_code, "Choose one of your bank accounts." in answer.text) == (422, True)
        assert send(visitor, "/verification/bank", account=mine).status_code == 303
        assert state_of(owner, Step.BANK) == StepState.DONE

    def test_a_bank_account_in_another_name_is_said(
        self, app: Flask, visitor: FlaskClient, owner: Customer, work_off: WorkOff
    ) -> None:
        begin(visitor, Tier.T2)
        account = people.bank_account(owner, app=app, name="SOMEBODY ELSE")
        work_off()
        leave()
        assert send(visitor, "/verification/bank", account=account).status_code == 303
        assert "Your bank has another name for this account" in visitor.get("/verification/bank").text
        assert "Your bank has another name for this account" in visitor.get("/verification/check").text

    def test_a_program_reads_where_it_stands(self, app: Flask, inside: Flask, owner: Customer) -> None:
        send_back(hand_in(owner), selfie="no_face")
        client = app.test_client()
        opened = client.post("/api/v1/sessions", json={"email": owner.email, "password": people.PASSWORD}).json
        assert opened
        said = client.get("/api/v1/verification", headers={"Authorization": f"Bearer {opened['token']}"}).json
        assert said
        assert (said["tier"], said["application"]["state"]) == ("t0", "waiting")
        again = {each["step"]: each["reason"] for each in said["application"]["steps"] if each["state"] == "again"}
        assert list(again) == ["selfie"]
        assert again["selfie"].startswith("We need to see your face")


def trail_of(client: FlaskClient) -> list[str]:
    """What the story of an application says."""
    page = client.get("/verification").text
    return re.findall(r'trail-title"><span[^>]*>[^<]*</span>([^<]+)<', page)
