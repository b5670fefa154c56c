"""Receipts and activity at the portal's doors: whose they are, what stands on them, and that nothing else does."""

import re
from collections.abc import Callable
from datetime import timedelta

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.disputes import rules as disputes
from app.payments import flows as rail
from app.payments import refund_rules
from app.payments import rules as payments
from app.web import receipts
from app.withdrawals import rules, service
from app.withdrawals.models import Withdrawal
from reports import activity, overview, timelines
from reports import receipts as reports
from reports.receipts import Receipt
from tests.makers import browse, giving_back, people
from tests.makers.books import fresh
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

pytestmark = pytest.mark.usefixtures("inside")

WorkOff = Callable[..., int]
Ended = Callable[..., str]


@pytest.fixture
def paid(inside: Flask, sandbox: SandboxProcess) -> tuple[Customer, str]:
    """Somebody who paid in, and the deposit."""
    one = people.customer(enrolled=True)
    people.paid_in(one, naira(20_000), app=inside, sandbox=sandbox)
    leave()
    return one, str(rows("SELECT id FROM deposits WHERE customer_id = :me", me=one.id)[0].id)


def at_home(app: Flask, one: Customer) -> FlaskClient:
    client = app.test_client()
    browse.come_in(client, one.email)
    leave()
    return client


def text_of(body: bytes) -> str:
    """The text of a file's pages, as a reader finds it."""
    document = pypdfium2.PdfDocument(body)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


class TestTheFile:
    def test_says_what_the_page_says(self, app: Flask, paid: tuple[Customer, str]) -> None:
        one, deposit_id = paid
        client = at_home(app, one)
        shown, file = client.get(f"/receipts/{deposit_id}"), client.get(f"/receipts/{deposit_id}.pdf")
        assert (shown.status_code, file.status_code, file.mimetype) == (200, 200, "application/pdf")
        receipt = reports.of_movement(deposit_id, customer_id=one.id)
        read = text_of(file.data)
        for label, value in receipt.lines:
            assert label in shown.text
            assert value in shown.text
            assert label in read
            assert value in read.replace("\r\n", "")
        assert "₦20,000.00" in read
        assert receipt.code in read
        assert receipt.code in shown.text

    def test_is_the_same_bytes_each_time(self, app: Flask, paid: tuple[Customer, str]) -> None:
        one, deposit_id = paid
        client = at_home(app, one)
        first, second = (client.get(f"/receipts/{deposit_id}.pdf").data for _ in range(2))
        assert first == second

    @pytest.mark.parametrize("ending", ["", ".pdf"])
    def test_is_its_owners_alone(self, app: Flask, paid: tuple[Customer, str], ending: str) -> None:
        _, deposit_id = paid
        stranger = at_home(app, people.customer())
        assert stranger.get(f"/receipts/{deposit_id}{ending}").status_code == 404
        assert app.test_client().get(f"/receipts/{deposit_id}{ending}").status_code in {302, 303, 401}

    def test_writes_names_of_every_tongue_and_breaks_what_is_long(self) -> None:
        lines = (("Customer", "Ọláṣubọ́mí Ẹniọlá " * 6), ("To", "Наталья 王"), ("Our reference", "x" * 200))
        read = text_of(
            receipts.drawn(
                Receipt("dep_1", "Money added", Money(NGN, 1), lines, "AAAA"),
                checked_at="https://x.test/receipts/check",
            )
        )
        assert "Ọláṣubọ́mí" in read
        assert "Wang" in read
        assert read.count("x") >= 200


S = rules.State


def withdrawal(one: Customer, app: Flask) -> Withdrawal:
    """A withdrawal that waits."""
    asked = people.asked_for(one, naira(1_000), account=people.bank_account(one, app=app))
    leave()
    return asked


def approve(asked: Withdrawal) -> None:
    """Treasury agrees."""
    operator_id, _ = people.operator(Role.TREASURY)
    with transaction(who := actor.operator(operator_id)):
        service.approve(asked.id, operator_id=operator_id, content_hash=asked.content_hash, owns=None, actor=who)


@pytest.fixture
def ended(app: Flask, paid: tuple[Customer, str], sandbox: SandboxProcess, work_off: WorkOff) -> Ended:
    """A withdrawal that went all its way, and how that ended at the bank."""

    def go(outcome: str = "success") -> str:
        sandbox.knobs(transfer_outcome=outcome)
        asked = withdrawal(paid[0], app)
        approve(asked)
        work_off()
        sandbox.flush()
        work_off(timedelta(minutes=5))
        leave()
        return asked.id

    return go


class TestAReceipt:
    def test_of_what_was_sent_back_says_so(
        self, app: Flask, paid: tuple[Customer, str], ended: Ended, sandbox: SandboxProcess, work_off: WorkOff
    ) -> None:
        one, sent = paid[0], ended()
        before = reports.of_movement(sent, customer_id=one.id)
        payout_id = rows("SELECT payout_id FROM withdrawals WHERE id = :id", id=sent)[0].payout_id
        leave()
        sandbox.conclude(payout_id, "reverse")
        transfer = app.extensions["clients"].paystack.find_transfer(payout_id)
        rail.record(payout_id, transfer=transfer, actor=actor.system("test"))
        work_off()
        leave()
        after = reports.of_movement(sent, customer_id=one.id)
        assert (before.title, after.title) == ("Withdrawal", "Withdrawal, sent back")
        assert "Came back to it" not in dict(before.lines)
        assert {"Came back to it", "Paid", "Sent back"} <= set(dict(after.lines))
        assert before.code != after.code

    def test_shows_no_more_than_the_end_of_an_account(self, paid: tuple[Customer, str], ended: Ended) -> None:
        one, sent = paid[0], ended()
        number = rows("SELECT account_number FROM bank_accounts WHERE customer_id = :me", me=one.id)[0].account_number
        bank = dict(reports.of_movement(sent, customer_id=one.id).lines)["Bank"]
        assert bank.endswith(f"•••••• {number[-4:]}")
        assert number[-4:] not in dict(reports.of_movement(sent, customer_id=one.id, masked=True).lines)["Bank"]

    def test_is_given_for_nothing_that_is_under_way_or_came_to_nothing(
        self, app: Flask, paid: tuple[Customer, str], ended: Ended
    ) -> None:
        one, client = paid[0], at_home(app, paid[0])
        for sent in (withdrawal(one, app).id, ended("failed")):
            assert client.get(f"/receipts/{sent}").status_code == 404
            assert client.get(f"/receipts/{sent}.pdf").status_code == 404

    def test_has_another_code_for_other_facts(self, paid: tuple[Customer, str], ended: Ended) -> None:
        codes = {reports.code_of(movement_id) for movement_id in (paid[1], ended(), ended())}
        assert len(codes) == len(("deposit", "one withdrawal", "another"))


class TestATimeline:
    def test_is_of_states_that_the_list_knows(self) -> None:
        known = {state for states in timelines.STEPS.values() for state in states}
        at_once = {"filled", "sent", "received"}  # (done when they are made: they have no line of time)
        assert known == (activity.UNDER_WAY | activity.OVER) - at_once
        assert not activity.UNDER_WAY & activity.OVER

    def test_has_words_for_every_state(self) -> None:
        assert set(map(str, payments.DepositState)) <= set(timelines.STEPS["deposit"])
        assert set(map(str, rules.State)) <= set(timelines.STEPS["withdrawal"])

    def test_says_what_was_and_what_comes(self, app: Flask, paid: tuple[Customer, str]) -> None:
        asked = withdrawal(paid[0], app)
        found = timelines.of(asked.id, kind="withdrawal", state=S.REQUESTED)
        assert [step.state for step in found] == ["done", "current", "todo", "todo"]
        shown = at_home(app, paid[0]).get(f"/withdrawals/{asked.id}").text
        assert [step.title for step in found if step.title in shown] == [step.title for step in found]

    @pytest.mark.parametrize(
        ("outcome", "last", "words"),
        [
            ("success", "done", "The bank has it"),
            ("failed", "current", "The bank did not take it: it is tried again or given back"),
        ],
    )
    def test_says_how_it_went_at_the_bank(
        self, app: Flask, paid: tuple[Customer, str], ended: Ended, outcome: str, last: str, words: str
    ) -> None:
        sent = ended(outcome)
        state = activity.one(sent, customer_id=paid[0].id).state
        found = timelines.of(sent, kind="withdrawal", state=state)
        been = [step for step in found if step.at]
        assert (been[-1].state, been[-1].title, {step.state for step in been[:-1]}) == (last, words, {"done"})
        assert words in at_home(app, paid[0]).get(f"/withdrawals/{sent}").text

    def test_of_a_deposit_waits_for_the_payment(self, app: Flask) -> None:
        one = people.customer()
        deposit_id, _ = people.open_deposit(one, naira(1_000), app=app)
        found = timelines.of(deposit_id, kind="deposit", state="awaiting_payment")
        assert [step.state for step in found] == ["done", "done", "current", "todo"]

    @pytest.mark.parametrize(
        ("kind", "state", "expected"),
        [
            ("withdrawal", "held", ["todo", "todo", "todo"]),
            ("withdrawal", "unpaid", ["todo", "todo"]),
            ("withdrawal", "sending", ["current"]),
            ("deposit", "suspended", ["todo"]),
            ("deposit", "started", ["current", "todo"]),
            ("deposit", "credited", []),
            ("withdrawal", "something new", []),
        ],
    )
    def test_goes_on_from_where_it_stands(self, kind: str, state: str, expected: list[str]) -> None:
        assert [step.state for step in timelines.of(fresh("x"), kind=kind, state=state)] == expected


class TestTheList:
    def test_is_narrowed_by_kind_by_standing_and_by_days(self, app: Flask, paid: tuple[Customer, str]) -> None:
        one, deposit_id = paid
        sent = withdrawal(one, app).id
        client = at_home(app, one)
        today = clock.now().astimezone(clock.WAT).date()
        yesterday = today - timedelta(days=1)
        found = {
            query: set(re.findall(r"/(?:deposits|withdrawals)/((?:dep|wd)_\w+)", client.get(f"/activity?{query}").text))
            for query in (
                "",
                "kind=deposit",
                "kind=withdrawal",
                "stands=open",
                "stands=done",
                "stands=nothing",
                f"since={today}",
                f"until={yesterday}",
                "since=nonsense",
                "kind=other&stands=other",
            )
        }
        assert list(found.values()) == [
            {deposit_id, sent}, {deposit_id}, {sent}, {sent}, {deposit_id}, set(), {deposit_id, sent}, set(),
            {deposit_id, sent}, {deposit_id, sent},
        ]  # fmt: skip

    def test_goes_on_where_a_page_ended(self, app: Flask, paid: tuple[Customer, str]) -> None:
        one, deposit_id = paid
        withdrawals = [withdrawal(one, app).id for _ in range(2)]
        everything, before = [], None
        for _ in range(3):
            lines, before = activity.of_customer(customer_id=one.id, before=before, limit=1)
            everything += [line.id for line in lines]
        assert everything == [*reversed(withdrawals), deposit_id]
        assert before is None


def test_staff_who_look_as_the_customer_do_not_learn_where_their_accounts_are(
    app: Flask, paid: tuple[Customer, str], ended: Ended
) -> None:
    one, sent = paid[0], ended()
    number = rows("SELECT account_number FROM bank_accounts WHERE customer_id = :me", me=one.id)[0].account_number
    support = app.test_client()
    browse.come_in(support, people.operator(Role.SUPPORT)[1], console=True)
    page = f"/console/view-as?q={one.email}"
    begun = browse.send(
        support, f"/console/view-as/{one.id}", form_at=page, ticket="T-1", reason="They cannot see a receipt."
    )
    support.get(begun.location)
    shown = support.get(f"/receipts/{sent}")
    assert shown.status_code == 200
    assert number[-4:] not in re.sub(
        r"wd_\w+|po_\w+|[A-F0-9]{4}(-[A-F0-9]{4})+", "", shown.text.partition("<article")[2]
    )


class TestWhoDoubtsOne:
    @staticmethod
    def asks(app: Flask, reference: str, code: str) -> str:
        return browse.send(app.test_client(), "/receipts/check", reference=reference, code=code).text

    def test_is_told_that_it_is_ours_and_nobodys_name(self, app: Flask, paid: tuple[Customer, str]) -> None:
        one, deposit_id = paid
        code = reports.code_of(deposit_id)
        leave()
        told = self.asks(app, f" {deposit_id} ", code.lower())
        assert "This receipt is ours" in told
        assert "20,000" in told
        name = rows("SELECT name FROM customers WHERE id = :me", me=one.id)[0].name
        assert name not in told

    def test_is_told_that_it_is_not(self, app: Flask, paid: tuple[Customer, str]) -> None:
        _, deposit_id = paid
        code = reports.code_of(deposit_id)
        leave()
        for reference, written in ((deposit_id, "AAAA-AAAA-AAAA-AAAA-AAAA"), ("dep_none", code), (deposit_id, "é")):
            told = self.asks(app, reference, written)
            assert "no receipt of ours" in told
            assert "This receipt is ours" not in told


class TestWhatWentBack:
    def test_a_deposit_tells_of_its_refunds_and_disputes(self, app: Flask) -> None:
        one = people.customer(enrolled=True)
        told, disputed = (giving_back.credited(one, naira(50_000)) for _ in range(2))
        giving_back.asked(told, naira(20_000))
        giving_back.dispute(giving_back.told_dispute(disputed, naira(50_000), giving_back.LOST), naira(50_000))
        found = rows("SELECT id, reference FROM deposits WHERE customer_id = :me", me=one.id)
        ids = {row.reference: row.id for row in found}
        leave()
        client = at_home(app, one)
        assert "₦20,000.00 of it goes back to whoever paid it" in client.get(f"/deposits/{ids[told]}").text
        assert "who got ₦50,000.00 back" in client.get(f"/deposits/{ids[disputed]}").text
        assert timelines.given_back(ids[told], customer_id=people.customer().id) == []

    def test_every_end_has_its_words(self) -> None:
        ends = {("refund", state) for state in refund_rules.ENDED} | {("dispute", state) for state in disputes.ENDED}
        assert {key for key in timelines.GIVEN_BACK if key[1]} == ends


def test_what_customers_owe_us_is_nothing_that_we_hold(app: Flask) -> None:
    one, worth = people.customer(), naira(50_000)
    reference = giving_back.credited(one, worth)
    giving_back.spent(one, worth)
    before = _naira_held()
    giving_back.dispute(giving_back.told_dispute(reference, worth, giving_back.LOST), worth)
    assert before - _naira_held() == worth


def _naira_held() -> Money:
    return next(cover.held for cover in overview.covers() if cover.asset == NGN.code)
