"""openapi.yaml says what the doors are, no more and no less, and its states are the machines' own."""

import yaml
from flask import Flask
from flask.testing import FlaskClient

from app.payments.rules import DepositState
from app.trading import rules as trading
from app.withdrawals.rules import State


def described(client: FlaskClient) -> dict[str, dict[str, object]]:
    return dict(yaml.safe_load(client.get("/api/v1/openapi.yaml").text))


def test_every_door_is_described(app: Flask, client: FlaskClient) -> None:
    doors = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.rule.endswith("openapi.yaml")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    paths = described(client)["paths"]
    assert {(path, method) for path, methods in paths.items() for method in methods} == doors  # type: ignore[attr-defined]


def test_its_states_are_ours(client: FlaskClient) -> None:
    schemas = described(client)["components"]["schemas"]
    assert schemas["Deposit"]["properties"]["state"]["enum"] == list(DepositState)  # type: ignore[index]
    assert schemas["Order"]["allOf"][1]["properties"]["state"]["enum"] == list(trading.State)  # type: ignore[index]
    assert schemas["Withdrawal"]["properties"]["state"]["enum"] == list(State)  # type: ignore[index]
