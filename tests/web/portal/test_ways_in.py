"""The pages where money comes in: each way to pay, an account number, kept cards, and what is said of each."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.db import leave, rows, transaction
from app.payments import dedicated, deposits, queries
from app.payments.intake import flows
from app.payments.rules import Method
from tests.makers import browse, paying, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.web.portal.conftest import at_home


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def visitor(app: Flask, owner: Customer) -> FlaskClient:
    return at_home(app, owner)


def add(visitor: FlaskClient, **fields: str) -> TestResponse:
    page = visitor.get("/deposit")
    form = {"csrf_token": browse.token_of(page), "key": browse.key_of(page), "amount": "3000", **fields}
    return visitor.post("/deposit", data=form)


def text_of(answer: TestResponse) -> str:
    return " ".join(answer.get_data(as_text=True).split())


class TestAddingMoney:
    def test_shows_the_account_to_send_it_to_and_says_when_it_came(
        self, sandbox: SandboxProcess, owner: Customer, visitor: FlaskClient
    ) -> None:
        answer = add(visitor, method="bank_transfer")
        assert answer.status_code == 303
        page = text_of(visitor.get(answer.location))
        (row,) = rows("SELECT id, pay_number, reference FROM deposits WHERE customer_id = :c", c=owner.id)
        leave()
        assert f'data-copy="{row.pay_number}"' in page
        assert "Send exactly this amount, once" in page
        sandbox.receive(300_000, row.pay_number, sender_name="Ada Obi")
        paying.told(row.reference, visitor.application)
        assert "It is in your wallet" in text_of(visitor.get(answer.location))

    def test_shows_the_code_to_dial_of_the_bank_that_was_chosen(
        self, sandbox: SandboxProcess, visitor: FlaskClient
    ) -> None:
        without = add(visitor, method="ussd")
        assert (without.status_code, "Choose your bank." in text_of(without)) == (422, True)
        answer = add(visitor, method="ussd", ussd="737")
        assert 'data-copy="*737*' in text_of(visitor.get(answer.location)).replace("&#42;", "*")

    def test_shows_what_an_amount_costs_before_one_continues(self, visitor: FlaskClient) -> None:
        asks = {"HX-Request": "true", "HX-Request-Type": "partial"}
        part = text_of(visitor.get("/deposit?amount=5000", headers=asks))
        assert "Arrives in your wallet" in part
        assert "Nothing: we pay it" in part
        assert "<html" not in part
        assert "Arrives in your wallet" not in text_of(visitor.get("/deposit?amount=1", headers=asks))

    def test_a_way_that_there_is_not_is_refused(self, visitor: FlaskClient) -> None:
        for method in ("placed", "dedicated_account", "nonsense"):
            assert add(visitor, method=method).status_code == 422

    def test_somebody_elses_card_is_nobodys(self, visitor: FlaskClient) -> None:
        card_id = paying.kept_card(people.customer())
        assert add(visitor, method=f"saved_card:{card_id}", step="confirm").status_code in {404, 422}
        assert visitor.get(f"/deposit/review?amount=3000&method=saved_card:{card_id}").status_code == 422

    def test_a_kept_card_that_is_declined_says_so(
        self, sandbox: SandboxProcess, owner: Customer, visitor: FlaskClient
    ) -> None:
        card_id = paying.kept_card(owner)  # (one that the vendor does not know)
        answer = add(visitor, method=f"saved_card:{card_id}", step="confirm")
        page = text_of(visitor.get(answer.location))
        assert "declined this card" in page
        assert "No payment came" in page

    def test_a_kept_card_is_charged_only_after_a_second_look(self, owner: Customer, visitor: FlaskClient) -> None:
        card_id = paying.kept_card(owner)
        leave()
        looked = add(visitor, method=f"saved_card:{card_id}")
        assert (looked.status_code, "Charge ₦3,000.00" in text_of(visitor.get(looked.location))) == (303, True)
        assert rows("SELECT FROM deposits WHERE customer_id = :c", c=owner.id) == []
        leave()
        too_much = visitor.get(add(visitor, method=f"saved_card:{card_id}", amount="6000000").location)
        assert (too_much.status_code, "A deposit is between" in text_of(too_much)) == (422, True)

    def test_what_is_held_says_until_when(self, owner: Customer, visitor: FlaskClient) -> None:
        assert "You can use it after 24 hours" in text_of(visitor.get("/deposit"))
        leave()
        with transaction(owner.actor):
            deposit = deposits.start(owner.id, amount=naira(900), actor=owner.actor, method=Method.CARD)
        charge = paying.Charge(deposit.reference, "success", 90_000, 90_000, 0, "NGN", "test", "card", None)
        with transaction(paying.SYSTEM):
            deposits.settle(deposit.id, charge=charge, our_domain="test", actor=paying.SYSTEM)
        leave()
        assert "It is held for a while" in text_of(visitor.get(f"/deposits/{deposit.id}"))


class TestAccountNumber:
    def test_is_asked_for_shown_and_looked_at(
        self, sandbox: SandboxProcess, owner: Customer, visitor: FlaskClient
    ) -> None:
        assert "There is none yet" in text_of(visitor.get("/deposit/account"))
        browse.send(visitor, "/deposit/account")
        assert "It is being opened" in text_of(visitor.get("/deposit/account"))
        number = paying.account_number(owner)
        page = text_of(visitor.get("/deposit/account"))
        assert f'data-copy="{number}"' in page
        browse.send(visitor, "/deposit/account/look", form_at="/deposit/account")
        browse.send(visitor, "/deposit/account/look", form_at="/deposit/account")
        assert "It can look again at" in text_of(visitor.get("/deposit/account"))

    def test_that_is_refused_says_so_in_words_of_ours(
        self, owner: Customer, visitor: FlaskClient, inside: Flask
    ) -> None:
        browse.send(visitor, "/deposit/account")
        account = queries.dedicated_account(customer_id=owner.id)
        assert account is not None
        account_id = account.id
        leave()
        with transaction(paying.SYSTEM):
            dedicated.note_customer(account_id, code="CUS_nobody")
        paystack = inside.extensions["clients"].paystack
        assert flows.open_account(account_id, paystack=paystack, actor=paying.SYSTEM) is None
        (told,) = rows("SELECT reason FROM moves WHERE subject = :a AND new_state = 'refused'", a=account_id)
        leave()
        page = text_of(visitor.get("/deposit/account"))
        assert "It could not be opened" in page
        assert "if it stays so, write to us" in page
        assert told.reason.startswith("Paystack opens none: ")
        assert told.reason not in page


class TestCards:
    def test_are_listed_and_removed(self, owner: Customer, visitor: FlaskClient) -> None:
        assert "No cards" in text_of(visitor.get("/cards"))
        card_id = paying.kept_card(owner)
        page = text_of(visitor.get("/cards"))
        assert "4081" in page
        assert "AUTH_" not in page
        browse.send(visitor, f"/cards/{card_id}/remove", form_at="/cards")
        assert queries.saved_cards(customer_id=owner.id) == []
