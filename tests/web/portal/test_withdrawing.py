"""The way out, page by page: what an amount costs while it is typed, a second look, and the deed once."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.clients.http import Refused
from app.clients.paystack import Paystack, Transfer
from app.core import actor
from app.core.db import leave, rows, transaction
from app.payments import payouts
from app.withdrawals import refused
from app.withdrawals import service as withdrawals
from app.withdrawals.errors import NotCancelledNow
from tests.makers import browse, leaving, people
from tests.makers.people import Customer
from tests.makers.sandbox import SandboxProcess
from tests.web.portal.conftest import at_home

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
SYSTEM = actor.system("test")
COUNT = "SELECT id FROM withdrawals WHERE customer_id = :c"


@pytest.fixture
def rich(app: Flask, inside: Flask, sandbox: SandboxProcess) -> tuple[Customer, str]:
    """Somebody with ₦100,000 in the wallet, and an account to send it to."""
    found = leaving.rich(app, sandbox, amount=100_000)
    leave()
    return found


@pytest.fixture
def visitor(app: Flask, rich: tuple[Customer, str]) -> FlaskClient:
    return at_home(app, rich[0])


class TestWhatItCosts:
    def test_is_said_while_it_is_typed(self, visitor: FlaskClient) -> None:
        part = visitor.get("/withdraw?amount=20,000", headers=PART).text
        assert "<html" not in part
        assert "Leaves your wallet" in part
        assert "₦20,025" in part
        assert "Leaves your wallet" not in visitor.get("/withdraw?amount=1", headers=PART).text

    @pytest.mark.parametrize(
        ("amount", "words"), [("100000", "more than the ₦100,000.00"), ("6000000", "A withdrawal is between")]
    )
    def test_says_why_it_cannot_be(self, visitor: FlaskClient, amount: str, words: str) -> None:
        assert words in visitor.get(f"/withdraw?amount={amount}", headers=PART).text
        looked = visitor.get(f"/withdraw/review?amount={amount}&account={account_of(visitor)}")
        assert (looked.status_code, words in looked.text) == (422, True)


class TestTheSecondLook:
    def test_asks_for_nothing_and_the_deed_is_done_once(self, rich: tuple[Customer, str], visitor: FlaskClient) -> None:
        owner, account = rich
        key = browse.key_of(visitor.get("/withdraw"))
        place = f"/withdraw/review?amount=1000&account={account}&key={key}"
        looked = visitor.get(place)
        assert (looked.status_code, "Withdraw ₦1,000.00" in looked.text) == (200, True)
        assert rows(COUNT, c=owner.id) == []
        leave()
        deed = {"csrf_token": browse.token_of(looked), "key": browse.key_of(looked), "amount": "1000"}
        first = visitor.post("/withdraw", data={**deed, "account": account, "fee": "1000"})
        # (back to the second look, and once more)
        again = visitor.post("/withdraw", data={**deed, "key": browse.key_of(visitor.get(place)), "account": account})
        assert (first.status_code, again.location) == (303, first.location)
        assert len(rows(COUNT, c=owner.id)) == 1

    def test_writes_nothing_down_and_the_deed_does(self, rich: tuple[Customer, str], visitor: FlaskClient) -> None:
        owner, account = rich
        asked = {"amount": "200000", "account": account, "key": browse.key_of(visitor.get("/withdraw"))}
        assert visitor.get("/withdraw/review", query_string=asked).status_code == 422
        assert refused.of_for_operators(owner.id) == []
        leave()
        token = browse.token_of(visitor.get("/withdraw"))
        assert visitor.post("/withdraw", data={**asked, "csrf_token": token}).status_code == 422
        assert [one.code for one in refused.of_for_operators(owner.id)] == ["insufficient_funds"]
        leave()

    def test_knows_no_account_of_somebody_else(self, app: Flask, visitor: FlaskClient) -> None:
        other = people.bank_account(people.customer(), app=app)
        leave()
        assert visitor.get(f"/withdraw/review?amount=1000&account={other}").status_code in {404, 422}


class Refuses(Paystack):
    """Paystack, refusing every question."""

    def find_transfer(self, reference: str) -> Transfer | None:
        raise Refused(400, "x", f"Nothing of {reference} for you.")


def test_a_cancel_that_has_to_wait_is_said_in_plain_words(
    app: Flask, rich: tuple[Customer, str], visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = leaving.approved(*rich, 1_000)
    with transaction(SYSTEM):
        withdrawals.begin_sending(asked.id, actor=SYSTEM)
        payouts.refuse(asked.payout_id, reason="No.", actor=SYSTEM)
        withdrawals.fail(asked.payout_id, actor=SYSTEM)
    leave()
    refusing = replace(app.extensions["clients"], paystack=Refuses("http://127.0.0.1:9", secret_key=""))
    monkeypatch.setitem(app.extensions, "clients", refusing)
    place = f"/withdrawals/{asked.id}"
    assert browse.send(visitor, f"{place}/cancel", form_at=place).status_code == 303
    said = visitor.get(place).text
    assert NotCancelledNow.message in said
    assert "for you" not in said
    assert leaving.now(asked).state == "unpaid"


def account_of(visitor: FlaskClient) -> str:
    """The account that their form has chosen."""
    return visitor.get("/withdraw").text.partition('name="account" value="')[2].partition('"')[0]
