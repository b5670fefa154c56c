"""Who reads which words of a restriction, at every door: its customer, support, compliance, and nobody a word more."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.customers import service as customers
from app.restrictions import queries
from app.restrictions.reasons import REASONS
from app.restrictions.rules import TITLES, Kind
from tests.makers import apps, books, browse, mailbox, people, restricted
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

WorkOff = Callable[..., int]
LIST = "/console/restrictions"
INSPECTORS = {Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER, Role.AUDITOR}
READERS = INSPECTORS | {Role.SUPPORT, Role.TREASURY}
LEGAL = TITLES[Kind.LEGAL_HOLD]


def place(owner: Customer) -> str:
    return f"/console/customers/{owner.id}"


def secret_note() -> str:
    """A note that stands nowhere else."""
    return f"Seen by {books.fresh('heron')}"


class TestWhatStaffRead:
    @pytest.mark.parametrize("role", Role)
    def test_on_every_page_is_what_their_role_may(
        self, app: Flask, sandbox: SandboxProcess, visitor: Visitor, role: Role
    ) -> None:
        owner, note, reason = people.customer(enrolled=True), secret_note(), REASONS["court_order"]
        people.paid_in(owner, naira(5_000), app=app, sandbox=sandbox)
        hold = restricted.placed(owner, Kind.LEGAL_HOLD, reason=reason.code, note=note)
        request = restricted.asked(hold, authority="Federal High Court Abuja, FHC/ABJ/1")
        client = visitor(role)
        read = {
            path: client.get(path)
            for path in (
                place(owner),
                LIST,
                f"{LIST}?stops=legal",
                f"{LIST}/{hold}",
                "/console/approvals?view=open",
                f"/console/approvals/{request.id}",
                f"/console/audit?object={hold}",
                "/console/",
            )
        }
        assert (reason.support_text in read[place(owner)].text) == (role in READERS)
        assert (read[LIST].status_code == 200) == (role in READERS)
        assert (read[f"{LIST}/{hold}"].status_code == 200) == (role in INSPECTORS)
        if role in INSPECTORS:
            assert note in read[f"{LIST}/{hold}"].text
            assert reason.compliance_text in read[f"{LIST}/{hold}"].text
        for path, answer in read.items():
            if role not in INSPECTORS or path != f"{LIST}/{hold}":
                assert note not in answer.text, path
                assert reason.compliance_text not in answer.text, path
            if role not in INSPECTORS:
                for word in (reason.title, LEGAL, "Federal High Court", reason.code):
                    assert word not in answer.text, (path, word)

    def test_in_the_timeline_is_not_why(self, visitor: Visitor) -> None:
        owner, note = people.customer(), secret_note()
        hold = restricted.placed(owner, note=note)
        for role in (Role.ADMIN, Role.AUDITOR):
            client = visitor(role)
            found = re.findall(r'href="(/console/audit/\d+)', client.get(f"/console/audit?object={hold}").text)
            for path in found:
                assert note not in client.get(path).text
            assert bool(found) == (role is Role.AUDITOR)

    def test_as_the_customer_is_what_the_customer_reads(self, app: Flask) -> None:
        owner, note = people.customer(enrolled=True), secret_note()
        restricted.placed(owner, reason="unusual_activity", note=note)
        restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order", note=note)
        client = app.test_client()
        browse.come_in(client, owner.email)
        for path in ("/", "/activity", "/withdraw", "/deposit", "/security"):
            page = client.get(path).text
            assert REASONS["unusual_activity"].customer_text in page, path
            assert page.count("note-warn") >= 1
            for word in (note, LEGAL, "court", "Unusual", "compliance"):
                assert word.casefold() not in page.casefold(), (path, word)


class TestWhatTheCustomerReads:
    def test_is_nothing_of_what_they_are_not_told_until_something_is_refused(
        self, app: Flask, work_off: WorkOff, caplog: pytest.LogCaptureFixture, sandbox: SandboxProcess
    ) -> None:
        owner, note, reason = people.customer(enrolled=True), secret_note(), REASONS["court_order"]
        people.paid_in(owner, naira(5_000), app=app, sandbox=sandbox)
        account = people.bank_account(owner, app=app)
        work_off()
        with caplog.at_level(logging.DEBUG):
            restricted.placed(owner, Kind.LEGAL_HOLD, reason=reason.code, note=note)
            work_off()
            client = app.test_client()
            browse.come_in(client, owner.email)
            assert reason.customer_text not in client.get("/").text
            page = client.get("/withdraw")
            asked = {"amount": "1000", "account": account, "key": browse.key_of(page)}
            refused = client.post("/withdraw", data={"csrf_token": browse.token_of(page), **asked})
        assert refused.status_code == 422
        assert reason.customer_text in refused.text
        told = {each.customer_text for each in REASONS.values()}
        assert not [one for one in mailbox.letters_to(owner.email) if any(words in one.body for words in told)]
        for word in (note, reason.compliance_text, reason.support_text):
            assert word not in refused.text
            assert word not in caplog.text

    def test_by_mail_is_allowed_and_comes_again_when_it_ends(self, work_off: WorkOff) -> None:
        owner, note, reason = people.customer(), secret_note(), REASONS["documents_expired"]
        restriction_id = restricted.placed(owner, reason=reason.code, note=note)
        work_off()
        (letter,) = [one for one in mailbox.letters_to(owner.email) if "cannot send money" in one.subject]
        assert reason.customer_text in letter.body
        assert "adding money" in letter.body
        restricted.lifted(restriction_id)
        work_off()
        assert "A restriction of your account has ended" in mailbox.subjects_to(owner.email)
        for one in mailbox.letters_to(owner.email):
            for word in (note, reason.compliance_text, reason.support_text):
                assert word not in one.body

    def test_by_a_program_is_a_code_and_the_same_words(self, app: Flask, sandbox: SandboxProcess) -> None:
        owner, note, reason = people.customer(enrolled=True), secret_note(), REASONS["tier_overrun"]
        people.paid_in(owner, naira(5_000), app=app, sandbox=sandbox)
        account = people.bank_account(owner, app=app)
        restricted.placed(owner, Kind.NO_DEBIT, reason=reason.code, note=note)
        restricted.placed(owner, Kind.NO_CREDIT, reason=reason.code, note=note)
        client = app.test_client()
        sent = {"email": owner.email, "password": people.PASSWORD, "code": apps.code(owner.email)}
        token = client.post("/api/v1/sessions", json=sent).get_json()["token"]
        amount = {"amount": {"asset": "NGN", "units": "100000"}}
        for door, body in (("withdrawals", amount | {"bank_account": account}), ("deposits", amount)):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": books.fresh()}
            answer = client.post(f"/api/v1/{door}", json=body, headers=headers)
            assert answer.status_code == 409, answer.text
            assert answer.get_json()["error"] == {"code": "account_restricted", "message": reason.customer_text}

    def test_promises_nothing_that_another_one_or_the_freeze_stops(self, app: Flask) -> None:
        owner, other = people.customer(), people.customer()
        for each in (owner, other):
            restricted.placed(each, Kind.NO_CREDIT, reason="documents_expired")
        leave()
        assert "withdrawing" in queries.active(owner=owner.id)[0].works
        restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order")
        with transaction(other.actor):
            customers.lock(other.id, here="", actor=other.actor)
        leave()
        for each in (owner, other):
            (told,) = queries.active(owner=each.id)
            assert "withdrawing" not in told.works

    def test_ends_with_the_restriction(self, app: Flask) -> None:
        owner, reason = people.customer(), REASONS["customer_wish"]
        restriction_id = restricted.placed(owner, Kind.NO_TRADE, reason=reason.code)
        client = app.test_client()
        browse.come_in(client, owner.email)
        assert reason.customer_text in client.get("/").text
        restricted.lifted(restriction_id)
        assert reason.customer_text not in client.get("/").text

    def test_reads_no_word_that_tips_off(self) -> None:
        forbidden = ("suspic", "fraud", "launder", "report", "court", "order", "authorit", "claim", "complian")
        for reason in REASONS.values():
            assert not [word for word in forbidden if word in reason.customer_text.casefold()], reason.code
        quiet = {REASONS[code].customer_text for code in ("unusual_activity", "court_order", "third_party_claim")}
        assert len(quiet) == 1  # (one cannot be told from the other)
        assert len({REASONS[code].support_text for code in ("unusual_activity", "court_order")}) == 1


class TestTheConsole:
    def test_places_one_with_a_look_at_what_each_reads(self, visitor: Visitor) -> None:
        owner, client, reason = people.customer(), visitor(Role.COMPLIANCE_OFFICER), REASONS["documents_expired"]
        form = f"{place(owner)}/restrict"
        assert f'href="{form}"' in client.get(place(owner)).text
        preview = client.get(form, query_string={"reason": reason.code}, headers={"HX-Request": "true"}).text
        assert preview.lstrip().startswith('<div id="preview"')
        for words in (reason.customer_text, reason.support_text, reason.compliance_text):
            assert words in preview
        until = (clock.now() + timedelta(days=2)).astimezone(clock.WAT).strftime("%Y-%m-%dT%H:%M")
        note = secret_note()
        answer = browse.send(client, form, kind="no_debit", reason=reason.code, note=note, until=until)
        assert answer.status_code == 303
        leave()
        (shown,) = queries.active_for_operators(owner.id)
        assert shown.expires_at is not None
        assert shown.expires_at.astimezone(clock.WAT).strftime("%Y-%m-%dT%H:%M") == until
        assert reason.support_text in client.get(place(owner)).text

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"kind": ""}, "Choose what is to be stopped"),
            ({"reason": ""}, "Choose what is to be stopped"),
            ({"note": ""}, "Write a note"),
            ({"until": "2020-01-01T00:00"}, "It ends at a time to come"),
            ({"until": "soon"}, "It ends at a time to come"),
            ({"kind": "legal_hold", "until": "2199-01-01T00:00"}, "A legal hold has no end of its own"),
        ],
    )
    def test_says_what_is_missing_where_it_is_missing(
        self, visitor: Visitor, change: dict[str, str], says: str
    ) -> None:
        owner, client = people.customer(), visitor(Role.COMPLIANCE_MANAGER)
        sent = {"kind": "no_debit", "reason": "court_order", "note": "A long note.", "until": ""} | change
        answer = browse.send(client, f"{place(owner)}/restrict", **sent)
        assert answer.status_code == 422
        assert says in answer.text
        assert sent["note"] in answer.text
        leave()
        assert queries.active_for_operators(owner.id) == []

    def test_asks_to_lift_and_says_so_and_for_a_hold_by_whose_word(self, visitor: Visitor, work_off: WorkOff) -> None:
        owner, client = people.customer(), visitor(Role.COMPLIANCE_OFFICER)
        hold = restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order")
        one = f"{LIST}/{hold}"
        refused = browse.send(client, f"{one}/lift", form_at=one, reason="It is settled.", authority="")
        assert refused.status_code == 422
        assert "Name the court" in refused.text
        sent = {"reason": "It is settled.", "authority": "High Court of Lagos, LD/1"}
        assert browse.send(client, f"{one}/lift", form_at=one, **sent).status_code == 303
        page = client.get(one).text
        assert "A change was asked for" in page
        assert "Ask for approval" not in page
        manager = visitor(Role.COMPLIANCE_MANAGER)
        (request,) = re.findall(r"/console/approvals/(grq_\w+)", page)[:1]
        look = manager.get(f"/console/approvals/{request}")
        assert "High Court of Lagos, LD/1" in look.text
        (seen,) = re.findall(r'name="shown" value="(\w+)"', look.text)[:1]
        answer = manager.post(
            f"/console/approvals/{request}/approve", data={"csrf_token": browse.token_of(look), "shown": seen}
        )
        assert answer.status_code == 303
        work_off()
        assert "The request that lifted it" in client.get(one).text

    def test_lists_what_stands_what_ends_soon_and_what_ended(self, visitor: Visitor) -> None:
        client = visitor(Role.COMPLIANCE_OFFICER)
        soon = restricted.placed(people.customer(), Kind.NO_CREDIT, lasts=timedelta(days=1))
        later = restricted.placed(people.customer(), Kind.NO_DEBIT, lasts=timedelta(days=30))
        ended = restricted.placed(people.customer(), Kind.NO_TRADE)
        restricted.lifted(ended)

        def listed(**asked: str) -> set[str]:
            return set(re.findall(rf'href="{LIST}/(res_\w+)"', client.get(LIST, query_string=asked).text))

        assert {soon, later} <= listed()
        assert ended not in listed()
        assert soon in listed(view="soon")
        assert later not in listed(view="soon")
        assert ended in listed(view="ended")
        assert soon in listed(stops="in")
        assert later not in listed(stops="in")
        assert later in listed(stops="out")
        assert listed(view="ended", before=ended).isdisjoint({ended})

    def test_shows_where_money_is_decided_on_that_it_waits(
        self, app: Flask, sandbox: SandboxProcess, visitor: Visitor
    ) -> None:
        owner = people.customer(enrolled=True)
        people.paid_in(owner, naira(5_000), app=app, sandbox=sandbox)
        account = people.bank_account(owner, app=app)
        customer: FlaskClient = app.test_client()
        browse.come_in(customer, owner.email)
        page = customer.get("/withdraw")
        asked = {"amount": "1000", "account": account, "key": browse.key_of(page)}
        withdrawal = customer.post("/withdraw", data={"csrf_token": browse.token_of(page), **asked}).location
        client, one = visitor(Role.TREASURY), f"/console{withdrawal}"
        assert "The account is restricted" not in client.get(one).text
        restricted.placed(owner)
        assert "The account is restricted" in client.get(one).text


def test_money_in_suspense_says_whose_it_is_and_what_its_way_is(visitor: Visitor) -> None:
    owner = people.customer()
    item_id = restricted.waiting(owner)
    finance, treasury, one = visitor(Role.FINANCE), visitor(Role.TREASURY), f"/console/suspense/{item_id}"
    assert place(owner) in finance.get(one).text
    assert "Finance asks that it be credited" in treasury.get(one).text
    stopped = restricted.placed(owner, Kind.NO_CREDIT)
    assert "takes nothing in at present" in finance.get(one).text
    restricted.lifted(stopped)
    refused = browse.send(finance, f"{one}/place", form_at=one, reason="")
    assert refused.status_code == 422
    assert browse.send(finance, f"{one}/place", form_at=one, reason="It is lifted.").status_code == 303
    assert "was asked for" in finance.get(one).text
