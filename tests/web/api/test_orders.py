"""Programs buy, sell and swap: exact amounts, one order for one quote and one key, and every no with its code."""

from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import transaction
from app.core.errors import Refusal
from app.core.money import Money
from app.identity import api_keys, rules
from app.identity.scopes import Scope
from app.trading import errors
from tests.makers import priced, trading
from tests.makers.books import fresh
from tests.makers.coins import BTC
from tests.makers.people import Customer, naira

A_PURCHASE = {"give": "NGN", "get": "BTC", "amount": {"asset": "NGN", "units": "1000000"}}


@pytest.fixture
def who(inside: Flask) -> Customer:
    trading.market_opens()
    return trading.dealer(naira(1_000_000), Money(BTC, 10**6))


class Program:
    """A program of a customer's."""

    def __init__(self, client: FlaskClient, who: Customer) -> None:
        with transaction(who.actor):
            _, key = api_keys.issue(who.login_id, name="Bot", scopes=set(Scope), lives=rules.KEY_LIVES[0])
        self.client, self.headers = client, {"Authorization": f"Bearer {key}"}

    def send(self, path: str, body: object, *, key: str = "") -> tuple[int, dict[str, Any]]:
        """POST it: the status, and what was answered."""
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        answer = self.client.post(f"/api/v1/{path}", json=body, headers=headers)
        assert isinstance(answer.json, dict)
        return answer.status_code, answer.json

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """GET it."""
        answer = self.client.get(f"/api/v1/{path}", headers=self.headers)
        assert isinstance(answer.json, dict)
        return answer.status_code, answer.json


@pytest.fixture
def program(client: FlaskClient, who: Customer) -> Program:
    return Program(client, who)


def test_a_quote_becomes_an_order(program: Program, who: Customer) -> None:
    status, quote = program.send("quotes", A_PURCHASE)
    assert (status, quote["side"], quote["give"]) == (201, "buy", {"asset": "NGN", "units": "1000000"})
    assert quote["rate"] == {"coin": "BTC", "money": "NGN", "price": "96960000"}
    assert quote["used"] is False
    status, order = program.send("orders", {"quote": quote["id"]}, key=fresh())
    assert (status, order["state"], order["quote"], order["get"]) == (201, "filled", quote["id"], quote["get"])
    assert program.get(f"orders/{order['id']}") == (200, order)
    assert program.get(f"quotes/{quote['id']}")[1]["used"] is True
    assert program.get("orders")[1] == {"orders": [order], "next": None}
    assert trading.has(who) == naira(990_000)
    (movement,) = program.get("activity")[1]["movements"]
    assert (movement["kind"], movement["amount"], movement["got"]) == ("buy", order["give"], order["get"])


@pytest.mark.parametrize(
    ("body", "typed"),
    [
        ({"give": "NGN", "get": "BTC", "amount": {"asset": "BTC", "units": "10000"}}, ("get", "10000")),
        ({"give": "BTC", "get": "NGN", "amount": "all"}, ("give", "1000000")),
        ({"give": "BTC", "get": "ETH", "amount": {"asset": "BTC", "units": "50000"}}, ("give", "50000")),
    ],
)
def test_either_side_can_be_written_or_all(program: Program, body: object, typed: tuple[str, str]) -> None:
    status, quote = program.send("quotes", body)
    assert (status, quote[typed[0]]["units"]) == (201, typed[1])


def test_the_same_key_is_the_same_order(program: Program, who: Customer) -> None:
    _, quote = program.send("quotes", A_PURCHASE)
    key = fresh()
    answers = [program.send("orders", {"quote": quote["id"]}, key=key) for _ in range(5)]
    assert {answer[1]["id"] for answer in answers} == {answers[0][1]["id"]}
    assert [answer[0] for answer in answers] == [201] + [200] * 4
    assert trading.has(who) == naira(990_000)
    _, other = program.send("quotes", A_PURCHASE)
    assert program.send("orders", {"quote": other["id"]}, key=key)[1]["error"]["code"] == "idempotency_key_reused"
    status, again = program.send("orders", {"quote": quote["id"]}, key=fresh())
    assert (status, again["error"]["code"], again["error"]["order_id"]) == (409, "quote_used", answers[0][1]["id"])


def test_a_quote_can_take_the_place_of_another(program: Program) -> None:
    _, old = program.send("quotes", A_PURCHASE)
    assert program.send("quotes", A_PURCHASE | {"replaces": old["id"]})[1]["replaces"] == old["id"]
    assert program.send("quotes", A_PURCHASE | {"replaces": "qt_none"})[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        A_PURCHASE | {"give": "DOGE"},
        A_PURCHASE | {"get": 7},
        A_PURCHASE | {"amount": {"asset": "ETH", "units": "1"}},
        A_PURCHASE | {"amount": {"asset": "NGN", "units": "1.5"}},
        A_PURCHASE | {"amount": {"asset": "NGN", "units": 5}},
        A_PURCHASE | {"amount": {"asset": "NGN", "units": "-5"}},
        A_PURCHASE | {"amount": {"asset": ["NGN"], "units": "5"}},
        A_PURCHASE | {"amount": "some"},
        A_PURCHASE | {"replaces": 5},
        {"give": "NGN"},
    ],
)
def test_what_cannot_be_read_is_said_to_be_so(program: Program, body: object) -> None:
    status, answer = program.send("quotes", body)
    assert (status, answer["error"]["code"]) == (400, "malformed")


def test_an_order_needs_a_key_and_a_quote(program: Program) -> None:
    _, quote = program.send("quotes", A_PURCHASE)
    assert program.send("orders", {"quote": quote["id"]})[0] == 400
    assert program.send("orders", {}, key=fresh())[0] == 400
    assert program.send("orders", {"quote": "qt_none"}, key=fresh())[0] == 404


def test_others_see_nothing_of_it(app: Flask, program: Program) -> None:
    _, quote = program.send("quotes", A_PURCHASE)
    _, order = program.send("orders", {"quote": quote["id"]}, key=fresh())
    other = Program(app.test_client(), trading.dealer())
    assert other.get(f"quotes/{quote['id']}")[0] == 404
    assert other.get(f"orders/{order['id']}")[0] == 404
    assert other.get("orders")[1]["orders"] == []
    assert other.send("orders", {"quote": quote["id"]}, key=fresh())[0] == 404


def test_a_no_says_why(program: Program) -> None:
    too_much = A_PURCHASE | {"amount": {"asset": "NGN", "units": "100000001"}}
    status, answer = program.send("quotes", too_much)
    assert (status, answer["error"]["code"], answer["error"]["available"]) == (422, "not_enough", "100000000")
    _, quote = program.send("quotes", A_PURCHASE)
    priced.at(BTC_USDT="70000")
    status, answer = program.send("orders", {"quote": quote["id"]}, key=fresh())
    assert (status, answer["error"]["code"]) == (409, "price_moved")
    priced.at(BTC_USDT="")
    assert program.send("quotes", A_PURCHASE)[1]["error"]["code"] == "no_price"


def test_the_description_names_every_no_of_trading(client: FlaskClient) -> None:
    paths = yaml.safe_load(client.get("/api/v1/openapi.yaml").text)["paths"]
    said = paths["/api/v1/quotes"]["post"]["description"] + paths["/api/v1/orders"]["post"]["description"]
    elsewhere = {"bad_rhythm", "too_many_kept", "bad_alert_price", "there_already"}  # (programs cannot set these up)
    for refusal in vars(errors).values():
        if isinstance(refusal, type) and issubclass(refusal, Refusal) and refusal.__module__ == errors.__name__:
            assert refusal.code in elsewhere or f"`{refusal.code}`" in said, refusal.code
