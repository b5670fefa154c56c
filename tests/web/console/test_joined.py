"""The page of the accounts that are counted as one: asked for there, agreed to, seen on each line; and back."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import leave
from app.core.permissions import Role
from app.governance import queries as governance
from app.statements import queries as sources
from tests.makers import books, browse, ruled
from tests.makers.joining import WHY, Both
from tests.makers.matching import Outside
from tests.web.console.conftest import enter


@pytest.fixture
def both(inside: Flask) -> Both:
    """A line that is booked on a second account, and something else there that nobody told of."""
    made, ref = Both(Outside()), books.fresh("dep")
    made.outside.tell((300, ref), covers=3)
    made.book(300, ref=ref)
    made.book(7_777)
    made.outside.run()
    return made


@pytest.fixture
def finance(app: Flask, inside: Flask) -> FlaskClient:
    return enter(app, Role.FINANCE)


def look(client: FlaskClient, place: str) -> str:
    answer = client.get(place)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def agreed(place: str) -> None:
    """What a form led to is agreed to by treasury, and carried out."""
    ruled.agree(governance.one_for_operators(place.rpartition("/")[2]).request)


def test_it_is_asked_for_agreed_to_and_seen_wherever_its_lines_are(finance: FlaskClient, both: Both) -> None:
    queue = f"/console/breaks/of/{both.outside.account}"
    place = f"{queue}/accounts"
    assert f'href="{place}"' in look(finance, queue)
    said = {"account": both.second, "reason": WHY, "key": books.fresh()}
    first, again = (browse.send(finance, place, form_at=place, **said).headers["Location"] for _ in range(2))
    assert first == again
    waits = look(finance, place)
    assert ("A change was asked for by" in waits, "80.77" in waits) == (True, False)
    agreed(first)
    both.outside.run()
    shown = look(finance, place)
    for words in ("80.77", "all that it ever had", WHY, "Together"):
        assert words in shown
    shown = look(finance, queue)
    assert (f"in {both.second}" in shown, "2 accounts together" in shown) == (True, True)
    (number,) = both.outside.open_ids
    assert f"One leg goes to {both.second}" in look(finance, f"/console/breaks/{number}")
    source = sources.source_for_operators(both.outside.source).id
    leave()
    lines = look(finance, f"/console/statements/sources/{source}/lines")
    assert f"in {both.second}" in lines
    assert both.second in look(finance, f"/console/statements/sources/{source}")
    assert f"with {both.second}" in look(finance, "/console/breaks")
    alone = f"/console/ledger/accounts/{both.second}"
    assert f"Counted together with {both.outside.account}" in look(finance, alone)
    said = {"account": both.second, "reason": "They part."}
    agreed(browse.send(finance, f"{place}/leave", form_at=place, key=books.fresh(), **said).headers["Location"])
    shown = look(finance, place)
    for words in ("Counted with it once", "They part."):
        assert words in shown
    assert ("Together" in shown, "Counted together with" in look(finance, alone)) == (False, False)
    late = browse.send(finance, f"{place}/leave", form_at=place, key=books.fresh(), **said)
    assert (late.status_code, "not counted with this account any more" in late.text) == (422, True)


def test_what_cannot_be_says_why_and_loses_nothing(finance: FlaskClient, both: Both) -> None:
    place = f"/console/breaks/of/{both.outside.account}/accounts"
    said = {"account": both.outside.other, "reason": "They are one <b>.", "key": books.fresh()}
    answer = browse.send(finance, place, form_at=place, **said)
    shown = answer.get_data(as_text=True)
    assert (answer.status_code, "Nobody outside keeps this account." in shown) == (422, True)
    assert (both.outside.other in shown, "They are one &lt;b&gt;." in shown) == (True, True)
    assert finance.get(f"/console/breaks/of/{both.second}/accounts").status_code == 404


def test_who_may_only_look_sees_no_form(app: Flask, both: Both) -> None:
    place = f"/console/breaks/of/{both.outside.account}/accounts"
    shown = look(enter(app, Role.AUDITOR), place)
    assert (both.outside.account in shown, "Ask to count it" in shown) == (True, False)
