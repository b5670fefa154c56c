"""Settlement at the console: what is owed and came, the float, and what Paystack charges."""

import csv
import io

import pytest
from flask import Flask

from app.core import clock
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.settlement import queries, service
from app.settlement.rules import SettlementState
from tests.makers import books, browse, settled
from tests.makers.settled import SYSTEM
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

PAGE = "/console/settlements"
FLOAT = f"{PAGE}/float"
PRICES = f"{PAGE}/prices"


def test_what_is_owed_stands_by_its_day(visitor: Visitor) -> None:
    settled.charge()
    due = queries.standing_for_operators().days[-1].due_on
    leave()
    page = visitor(Role.AUDITOR).get(PAGE).text
    assert f"{due:%a %-d %b %Y}" in page
    assert "Read now" not in page  # looking is all that an auditor does


def test_a_settlement_shows_its_charges_and_gives_them_as_a_file(visitor: Visitor) -> None:
    charges = [settled.charge(), settled.charge(100_000, fees=1_600), settled.charge(known=False)]
    said = settled.told(charges, deductions=5_000)
    settled.note(said, charges)
    row = settled.row(said)
    leave()
    client = visitor(Role.FINANCE)
    page = client.get(f"{PAGE}/{row.id}").text
    for words in ("Agrees", "Another fee", "Not in our books", f"Journal {row.journal_id}"):
        assert words in page
    lines = list(csv.DictReader(io.StringIO(client.get(f"{PAGE}/{row.id}/charges.csv").text)))
    assert {line["reference"]: line["fee_ngn"] for line in lines} == {
        charges[0].reference: "175.00",
        charges[1].reference: "16.00",
        charges[2].reference: "175.00",
    }


def test_one_that_does_not_add_up_says_why_and_is_closed_with_a_note(visitor: Visitor) -> None:
    charges = [settled.charge(), settled.charge()]
    said = settled.told(charges)
    settled.note(said, charges[:1])
    place, client = f"{PAGE}/{settled.row(said).id}", visitor(Role.FINANCE)
    leave()
    assert "do not add up" in client.get(place).text
    assert browse.send(client, f"{place}/close", form_at=place, note="").status_code == 422
    browse.send(client, f"{place}/close", form_at=place, note="  ")
    assert settled.row(said).state == SettlementState.DIFFERS
    assert browse.send(client, f"{place}/close", form_at=place, note="By one.", journal="none").status_code == 422
    browse.send(client, f"{place}/close", form_at=place, note="By one.", journal="999999999999")
    assert "No manual journal of this number" in client.get(place).text
    assert browse.send(client, f"{place}/close", form_at=place, note="By journal 7.").status_code == 303
    assert settled.row(said).state == SettlementState.CLOSED
    assert "By journal 7." in client.get(place).text


def test_the_float_stands_beside_the_books(visitor: Visitor) -> None:
    with transaction(SYSTEM):
        service.note_float(4_321_00)
    leave()
    page = visitor(Role.TREASURY).get(FLOAT).text
    for words in ("The balance is below its floor", "4,321", "Topped up to"):
        assert words in page
    assert "Ask for a top-up" not in page  # finance asks


@pytest.mark.parametrize(
    ("door", "fields", "words"),
    [
        ("top-ups", {"amount": "12"}, "A top-up is between"),
        ("top-ups", {"amount": "nothing"}, "amount"),
        ("floor", {"floor": "5,000", "target": "10", "starts_on": "2031-01-01"}, "A floor is above nothing"),
        ("floor", {"floor": "5,000", "target": "9,000", "starts_on": ""}, "on which day"),
    ],
)
def test_what_cannot_be_asked_for_says_why(visitor: Visitor, door: str, fields: dict[str, str], words: str) -> None:
    answer = browse.send(
        visitor(Role.FINANCE), f"{FLOAT}/{door}", form_at=FLOAT, reason="x", key=books.fresh(), **fields
    )
    assert answer.status_code == 422
    assert words in answer.text


def test_a_month_of_fees_is_a_page_and_a_file(visitor: Visitor) -> None:
    charges = [settled.charge(100_000, fees=1_600)]
    settled.note(settled.told(charges), charges)
    client, month = visitor(Role.AUDITOR), f"{clock.now().astimezone(WAT):%Y-%m}"
    assert "With another fee" in client.get(f"{PRICES}?month={month}").text
    lines = list(csv.DictReader(io.StringIO(client.get(f"{PRICES}.csv?month={month}").text)))
    assert {"card"} <= {line["service"] for line in lines}
    assert client.get(f"{PRICES}?month=nonsense").status_code == 400
    assert client.get(f"{PRICES}?month=1999-01").status_code == 200


def test_a_price_list_that_cannot_count_says_why(visitor: Visitor, app: Flask) -> None:
    client = visitor(Role.FINANCE)
    for fields, words in (
        ({"over-0": "5", "flat-0": "1", "starts_on": "2031-01-01"}, "The first band begins at nothing."),
        ({"over-0": "0", "share-0": "100", "starts_on": "2031-01-01"}, "does not keep the whole"),
        ({"over-0": "0", "flat-0": "1"}, "from which day"),
    ):
        answer = browse.send(client, f"{PRICES}/dedicated", form_at=PRICES, reason="x", key=books.fresh(), **fields)
        assert answer.status_code == 422
        assert words in answer.text
