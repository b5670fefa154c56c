"""A call of each door through which a customer's program writes."""

from werkzeug.test import TestResponse

from app.core.db import leave, rows, transaction
from app.identity import api_keys, rules
from app.identity.scopes import Scope
from tests.makers import apps, people, priced, trading
from tests.web.scenes.stage import Call, Scene


def api_open_session(scene: Scene) -> TestResponse:
    body = {"email": people.customer().email, "password": people.PASSWORD}
    return scene.app.test_client().post("/api/v1/sessions", json=body)


def api_close_session(scene: Scene) -> TestResponse:
    client, headers = scene.bearer(people.customer())
    return client.delete("/api/v1/sessions/current", headers=headers)


def api_start_deposit(scene: Scene) -> TestResponse:
    client, headers = scene.bearer(people.customer())
    return client.post("/api/v1/deposits", json={"amount": {"asset": "NGN", "units": "500000"}}, headers=headers)


def api_request_withdrawal(scene: Scene) -> TestResponse:
    customer, account = scene.rich()
    client, headers = scene.bearer(customer)
    body = {"amount": {"asset": "NGN", "units": "100000"}, "bank_account": account}
    return client.post("/api/v1/withdrawals", json=body, headers=headers)


def prove_factor(scene: Scene) -> TestResponse:
    customer = people.customer(enrolled=True)
    client, headers = scene.bearer(customer)
    body = {"code": apps.code(customer.email)}
    return client.post("/api/v1/sessions/current/factor", json=body, headers=headers)


def sign_token(scene: Scene) -> TestResponse:
    customer = people.customer()
    with transaction(customer.actor):
        _, key = api_keys.issue(customer.login_id, name="Books", scopes=set(Scope), lives=rules.KEY_LIVES[0])
    leave()
    return scene.app.test_client().post("/api/v1/tokens", headers={"Authorization": f"Bearer {key}"})


def ask_quote(scene: Scene) -> TestResponse:
    """An offer is kept by itself, not recorded: it changes nothing."""
    priced.at()
    client, headers = scene.bearer(trading.dealer())
    body = {"give": "NGN", "get": "BTC", "amount": {"asset": "NGN", "units": "1000000"}}
    answer = client.post("/api/v1/quotes", json=body, headers=headers)
    assert answer.json
    assert len(rows("SELECT FROM quotes WHERE id = :id", id=answer.json["id"])) == 1
    leave()
    return answer


def place_order(scene: Scene) -> TestResponse:
    priced.at()
    who = trading.dealer()
    client, headers = scene.bearer(who)
    return client.post("/api/v1/orders", json={"quote": trading.quoted(who).id}, headers=headers)


CALLS: dict[str, Call] = {
    "api.open_session": api_open_session,
    "api.close_session": api_close_session,
    "api.start_deposit": api_start_deposit,
    "api.request_withdrawal": api_request_withdrawal,
    "api.place_order": place_order,
    "api.prove_factor": prove_factor,
    "api.sign_token": sign_token,
}
