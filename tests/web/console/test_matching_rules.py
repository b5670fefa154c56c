"""The pages of the rules of matching: what counts, trying others, what they would change, asking for them."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import leave
from app.core.permissions import Role
from app.matching import flows, queries
from tests.makers import browse, ruled
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside
from tests.web.console.conftest import enter

PLACE = "/console/matching-rules"


@pytest.fixture
def outside(inside: Flask) -> Outside:
    """An account with a line and an entry that no rule puts together."""
    return Outside.differing()


@pytest.fixture
def finance(app: Flask, inside: Flask) -> FlaskClient:
    return enter(app, Role.FINANCE)


def look(client: FlaskClient, place: str) -> str:
    answer = client.get(place)
    assert answer.status_code == 200, place
    return " ".join(answer.get_data(as_text=True).split())


def fields(page: str) -> dict[str, str]:
    """What the form holds, as it would be sent unchanged."""
    found = dict(re.findall(r'name="([a-z_]+-\d+)"[^>]*? value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]*name="([a-z_]+-\d+)"[^>]*>(.*?)</select>', page):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return found


def test_rules_are_tried_on_their_own_page_and_asked_for_there(finance: FlaskClient, outside: Outside) -> None:
    assert outside.account in look(finance, PLACE)
    own = f"{PLACE}/of/{outside.account}"
    assert "standard rules" in look(finance, own)
    form = look(finance, f"{own}/new")
    sent = fields(form)
    assert sent["name-0"] == "their id"
    wrong = {**sent, "line-0": "token"}
    refused = browse.send(finance, f"{own}/trials", form_at=f"{own}/new", **wrong)
    assert (refused.status_code, "compares what lines do not have" in refused.text) == (422, True)
    last = max(int(name.partition("-")[2]) for name in sent)
    more = {f"name-{last}": "any amount", f"step-{last}": "amount", f"line-{last}": "line", f"entry-{last}": "entry"}
    made = browse.send(finance, f"{own}/trials", form_at=f"{own}/new", **{**sent, **more, f"before-{last}": "48"})
    assert made.status_code == 303
    trial = made.headers["Location"]
    assert "Waits to be tried" in look(finance, trial)
    early = browse.send(finance, f"{trial}/ask", form_at=trial, reason="x", key=fresh())
    assert early.status_code == 422
    flows.try_rules(int(trial.rpartition("/")[2]), actor=TEST)
    leave()
    shown = look(finance, trial)
    for words in ("As now", "Gained", "Any amount", "Breaks by reason", "Missing in the books"):
        assert words in shown
    assert "Trial" in look(finance, own)
    asked = browse.send(finance, f"{trial}/ask", form_at=trial, reason="The bank writes otherwise.", key=fresh())
    assert asked.status_code == 303
    assert "any amount" in look(finance, asked.headers["Location"])
    assert queries.own_version_for_operators(outside.account) == 0
    leave()


def test_versions_are_told_with_who_agreed(finance: FlaskClient, outside: Outside) -> None:
    for told in ((ruled.BY_REF,), queries.rules_for_operators(outside.account)[0][:4]):
        leave()
        ruled.agree(ruled.ask_rules(outside.account, *told))
    own = f"{PLACE}/of/{outside.account}"
    shown = look(finance, own)
    for words in ("counts", "See who agreed to it", "Begin with it", "The bank writes otherwise."):
        assert words in shown
    earlier = fields(look(finance, f"{own}/new?version=1"))
    assert [value for name, value in earlier.items() if name.startswith("name-") and value] == ["our reference"]


def test_an_auditor_looks_and_tries_nothing(app: Flask, outside: Outside) -> None:
    auditor = enter(app, Role.AUDITOR)
    own = f"{PLACE}/of/{outside.account}"
    assert "Try others" not in look(auditor, own)
    assert auditor.get(f"{own}/new").status_code == 403
    assert auditor.get(f"{PLACE}/trials/999999").status_code == 404
