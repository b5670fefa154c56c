"""Statements at the console: finance says what a source is, brings files and sees each row; others look."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import assembly
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.statements import line_queries, queries, service
from app.statements.line_queries import Asked
from jobs.runtime import drain
from tests.makers import browse, ruled
from tests.makers.books import fresh
from tests.makers.statements import OUR_ADDRESS, sample
from tests.statements.test_bringing import FIRST, SECOND, STRANGE, THIRD, made, of
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

PAGE = "/console/statements"
BANK = b"""Account Number,0123456789
Opening Balance,,,,,"1,000.00"

Trans. Date,Reference,Debits,Credits,Balance,Remarks
01/03/2026,S1,,"2,500.00","3,500.00",SALARY
02/03/2026,S2,500.00,,"3,000.00",=RENT
"""


def source_of(format_name: str = "kraken-ledgers") -> str:
    """The address of a fresh source."""
    source_id = queries.source_for_operators(made(format_name)).id
    leave()
    return f"{PAGE}/sources/{source_id}"


def upload(
    client: FlaskClient, place: str, body: bytes, *, door: str = "files", name: str = "ledgers.csv"
) -> TestResponse:
    token = browse.token_of(client.get(place if door == "files" else f"{place}/columns"))
    sent = {"csrf_token": token, "file": (io.BytesIO(body), name)}
    return client.post(f"{place}/{door}", data=sent, content_type="multipart/form-data")


def test_finance_adds_a_source_and_says_what_its_columns_are(visitor: Visitor, inside: Flask) -> None:
    client, name = visitor(Role.FINANCE), fresh("bank")
    form = f"{PAGE}/new?format=bank-csv"
    said = {"format": "bank-csv", "name": name, "title": "Zenith, naira", "zone": "Africa/Lagos", "asset": "NGN"}
    faulty = browse.send(client, f"{PAGE}/sources", form_at=form, **said, lag_days="soon", cut_off="12:00")
    assert (faulty.status_code, "how many days later" in faulty.text, "Zenith, naira" in faulty.text) == (
        422,
        True,
        True,
    )
    added = browse.send(client, f"{PAGE}/sources", form_at=form, **said, lag_days="1", cut_off="12:00")
    place = urlsplit(added.location).path.removesuffix("/columns")
    proposed = upload(client, place, BANK, door="columns/sample", name="sample.csv")
    assert proposed.status_code == 200
    assert "2,500.00" in proposed.text
    assert "=RENT" in proposed.text
    columns = {"date": "Trans. Date", "narration": "Remarks", "reference": "Reference", "balance": "Balance"}
    sample_of = {"sample": BANK.decode(), "opening_label": "opening balance", "closing_label": "closing balance"}
    wrong = browse.send(client, f"{place}/columns", **columns, **sample_of, amount="Remarks", act="save")
    assert (wrong.status_code, "is no number" in wrong.text) == (422, True)
    right = {**columns, **sample_of, "debit": "Debits", "credit": "Credits"}
    assert browse.send(client, f"{place}/columns", **right, act="save").status_code == 303
    upload(client, place, BANK, name="march.csv")
    drain(inside)
    own = queries.source_for_operators(name)
    assert own.settings["profile"]["credit"] == "Credits"
    page = line_queries.lines_for_operators(own.id, Asked(), limit=10)
    leave()
    assert [(line.narration, line.delta, line.booked_on) for line in page.lines] == [
        ("=RENT", Decimal(-500), date(2026, 3, 2)),
        ("SALARY", Decimal(2500), date(2026, 3, 1)),
        ("Opening balance", Decimal(1000), date(2026, 2, 28)),
    ]


def test_a_file_is_followed_to_its_rows_and_taken_out_with_a_record(visitor: Visitor, inside: Flask) -> None:
    client, place, body = visitor(Role.FINANCE), source_of(), of(FIRST, SECOND, STRANGE)
    file_page = urlsplit(upload(client, place, body).location).path
    assert "Waits to be read" in client.get(file_page).text
    drain(inside)
    shown = client.get(file_page).text
    for words in ("1 row was rejected", "type airdrop is not known", "column type", "2 lines + 0 ignored + 1 rejected"):
        assert words in shown
    assert urlsplit(upload(client, place, body, name="again.csv").location).path == file_page
    taken = client.get(f"{file_page}/download")
    assert (taken.data, taken.headers["Content-Disposition"][-5:]) == (body, '.csv"')
    found = rows(
        "SELECT actor FROM audit.records WHERE table_name = 'statement_downloads' AND request_id = :id",
        id=taken.headers["X-Request-Id"],
    )
    leave()
    assert [row.actor.partition(":")[0] for row in found] == ["operator"]
    assert visitor(Role.TREASURY).get(f"{file_page}/download").status_code == 403


def test_a_file_that_cannot_be_read_says_where_and_one_too_many_is_not_taken(visitor: Visitor, inside: Flask) -> None:
    client, place = visitor(Role.FINANCE), source_of()
    file_page = urlsplit(upload(client, place, of(FIRST.replace("1.0000000000,0", "one,0"))).location).path
    drain(inside)
    assert "Row 2, amount: &#39;one&#39; is no number." in client.get(file_page).text
    assert "Refused" in client.get(place).text
    empty = upload(client, place, b"")
    assert (empty.status_code, "This file is empty" in empty.text) == (422, True)
    token = browse.token_of(client.get(place))
    sent = {"csrf_token": token, "file": (io.BytesIO(b""), "x.csv")}
    by_script = client.post(
        f"{place}/files", data=sent, content_type="multipart/form-data", headers={"HX-Request": "true"}
    )
    assert (by_script.status_code, by_script.mimetype) == (422, "text/plain")


def test_days_without_a_statement_are_told(visitor: Visitor, inside: Flask) -> None:
    client, place = visitor(Role.FINANCE), source_of()
    upload(client, place, of(FIRST))
    upload(client, place, of(THIRD.replace("2026-03-03", "2026-03-05")), name="later.csv")
    drain(inside)
    page = visitor(Role.AUDITOR).get(place).text
    assert "no statement" in page
    assert "Drop a statement" not in page  # looking is all that an auditor does
    assert "Days without a statement" in client.get(PAGE).text
    assert browse.send(client, f"{place}/retire", form_at=place).status_code == 303
    assert "Bring what is missing" not in client.get(place).text
    assert client.get(f"{place}/columns").status_code == 404


def test_the_days_of_a_file_are_said_with_it_or_later(visitor: Visitor, inside: Flask) -> None:
    client, place, days = visitor(Role.FINANCE), source_of(), {"from": "2026-02-27", "to": "2026-03-04"}
    sent = {"csrf_token": browse.token_of(client.get(place)), "file": (io.BytesIO(of(FIRST)), "x.csv"), **days}
    file_page = urlsplit(client.post(f"{place}/files", data=sent, content_type="multipart/form-data").location).path
    drain(inside)
    shown = client.get(file_page).text
    assert "Said when it was brought." in shown
    assert "27 Feb 2026" in client.get(place).text
    assert visitor(Role.AUDITOR).get(file_page).text.count("Say otherwise") == 0
    later = {"from": "2026-03-01", "to": "2026-03-05", "reason": "It stands on the paper."}
    assert browse.send(client, f"{file_page}/days", form_at=file_page, **later).status_code == 303
    assert "It stands on the paper." in client.get(file_page).text
    assert "27 Feb 2026" not in client.get(place).text
    for wrong in ({"from": ""}, {"from": "2026-03-06"}, {"from": "2026-03-02"}, {"reason": " "}, {"to": "soon"}):
        faulty = browse.send(client, f"{file_page}/days", form_at=file_page, **{**later, **wrong})
        assert faulty.status_code == 422, wrong
    half = {
        **sent,
        "csrf_token": browse.token_of(client.get(place)),
        "file": (io.BytesIO(of(THIRD)), "y.csv"),
        "to": "",
    }
    refused = client.post(f"{place}/files", data=half, content_type="multipart/form-data")
    assert (refused.status_code, "the first and the last day" in refused.text) == (422, True)


def test_an_account_of_what_we_own_stands_for_an_asset(visitor: Visitor) -> None:
    client, place = visitor(Role.FINANCE), source_of()
    said = {"asset": "NGN", "account": "asset:paystack:NGN", "tolerance": "0"}
    assert browse.send(client, f"{place}/accounts", form_at=place, **said).status_code == 303
    assert "tolerance 0 NGN" in client.get(place).text
    more = {**said, "tolerance": "0.50", "key": fresh()}
    assert "Say why" in browse.send(client, f"{place}/accounts", form_at=place, **more).text
    asked = browse.send(client, f"{place}/accounts", form_at=place, **more, reason="They round.")
    assert (asked.status_code, "/approvals/" in asked.headers["Location"]) == (303, True)
    assert "tolerance 0 NGN" in client.get(place).text
    for wrong in ({"account": "equity:capital:NGN"}, {"tolerance": "-1"}, {"tolerance": "some"}):
        assert browse.send(client, f"{place}/accounts", form_at=place, **{**said, **wrong}).status_code == 422


def test_a_wallet_is_set_up_and_its_node_s_balance_is_seen(visitor: Visitor, inside: Flask) -> None:
    client, name, wallet = visitor(Role.FINANCE), fresh("hot"), f"asset:wallet:{fresh('hot')}:BTC"
    form = f"{PAGE}/new?format=chain-balances"
    said = {"format": "chain-balances", "name": name, "title": "Hot", "zone": "UTC", "account": OUR_ADDRESS}
    assert "Of our wallet on the chain" in client.get(form).text
    added = browse.send(client, f"{PAGE}/sources", form_at=form, **said, lag_days="1", cut_off="12:00")
    place = urlsplit(added.headers["Location"]).path
    first = client.get(place).text
    assert ("No balance yet." in first, "Days it covers" in first) == (True, False)
    named = {"asset": "BTC", "account": wallet, "tolerance": "0", "key": fresh()}
    assert "Say why" in browse.send(client, f"{place}/accounts", form_at=place, **named).text
    asked = browse.send(client, f"{place}/accounts", form_at=place, **named, reason="Customers send coins.")
    assert (asked.status_code, "/approvals/" in asked.headers["Location"]) == (303, True)
    seen = client.get(asked.headers["Location"]).text
    assert all(words in seen for words in (wallet, OUR_ADDRESS, "A wallet of our own"))
    file = urlsplit(
        upload(client, place, sample("scenario_a/chain_balances.json"), name="chain.json").headers["Location"]
    ).path
    drain(inside)
    told = client.get(place).text
    assert all(words in told for words in ("2.41985242 BTC", f"{OUR_ADDRESS}, block 881235", "0 + 2 + 0"))
    seen = client.get(f"{file}?view=ignored").text
    assert all(words in seen for words in ("A balance", "block 881235", "of another wallet than the source&#39;s"))
    assert "Days it covers" not in seen
    assert "balances, of no days" in client.get(PAGE).text


def test_a_wallet_that_is_there_is_asked_for_too(visitor: Visitor) -> None:
    client, wallet = visitor(Role.FINANCE), f"asset:wallet:{fresh('hot')}:BTC"
    with transaction(ruled.SYSTEM):
        ids = [
            service.add_source(
                fresh("hot"), title="Hot", format_name="chain-balances", settings={"account": address}
            ).id
            for address in ("bc1qours", "bc1qanybodys")
        ]
    leave()
    ruled.agree(ruled.ask_wallet(ids[0], wallet))
    place = f"{PAGE}/sources/{ids[1]}"
    named = {"asset": "BTC", "account": wallet, "tolerance": "0", "key": fresh(), "reason": "A second one."}
    asked = browse.send(client, f"{place}/accounts", form_at=place, **named)
    assert (asked.status_code, "/approvals/" in asked.headers["Location"]) == (303, True)
    seen = client.get(asked.headers["Location"]).text
    assert all(words in seen for words in (wallet, "bc1qanybodys", "which is there already"))
    own = f"{PAGE}/sources/{ids[0]}"
    said = {"title": "Hot", "zone": "UTC", "lag_days": "1", "cut_off": "12:00", "account": "bc1qanybodys"}
    refused = browse.send(client, own, form_at=f"{own}/edit", **said)
    assert (refused.status_code, "Its address is what others agreed to" in refused.text) == (422, True)


def test_a_source_is_said_otherwise(visitor: Visitor) -> None:
    client, place = visitor(Role.FINANCE), source_of()
    said = {"title": "Kraken, spot", "zone": "UTC", "lag_days": "2", "cut_off": "06:30"}
    assert browse.send(client, place, form_at=f"{place}/edit", **said).status_code == 303
    assert "2 days later at 06:30" in client.get(place).text
    for wrong in ({"zone": "Mars/Phobos"}, {"title": " "}, {"lag_days": "90"}):
        assert browse.send(client, place, form_at=f"{place}/edit", **{**said, **wrong}).status_code == 422


def test_lines_are_found_by_asset_day_amount_and_words(
    visitor: Visitor, inside: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, place = visitor(Role.FINANCE), source_of()
    upload(client, place, sample("scenario_a/kraken_ledgers.csv"))
    upload(client, place, of(FIRST, SECOND, THIRD), name="more.csv")
    drain(inside)

    def found(query: str) -> str:
        answer = client.get(f"{place}/lines?{query}")
        assert answer.status_code == 200
        return answer.text

    assert "LA" in found("words=la&amount=1")
    assert "-0.2501000000" in found("asset=BTC&from=2026-03-02&to=2026-03-02&words=lb")
    assert "No line fits" in found("asset=DOGE")
    answer = client.get(f"{place}/lines?from=soon&to=2026-03-02")
    assert answer.status_code == 422
    assert ('name="from" value=""' in answer.text, 'name="to" value="2026-03-02"' in answer.text) == (True, True)
    assert client.get(f"{place}/lines?amount=NaN").status_code == 422
    assert client.get(f"{place}/lines?before=nowhere").status_code == 422
    # (the bound is twenty thousand lines: what is seen at it is the same at five)
    monkeypatch.setattr(line_queries, "LOOKED_AT", 5)
    assert "5 lines were looked at" in found("words=la")
    source_id, seen, before = place.rpartition("/")[2], list[int](), ""
    while True:
        page = line_queries.lines_for_operators(source_id, Asked(), before=before, limit=4)
        seen += [line.id for line in page.lines]
        before = page.older
        if not before:
            break
    leave()
    (kept,) = rows("SELECT count(*) AS n FROM statement_lines WHERE source_id = :id", id=source_id)
    leave()
    assert len(seen) == len(set(seen)) == kept.n > 3


def test_finance_has_a_teller_asked_and_sees_what_came_of_it(visitor: Visitor, inside: Flask) -> None:
    client, place = visitor(Role.FINANCE), source_of("paystack-payouts")
    assert "Say from which day on" in client.get(place).text
    wrong = browse.send(client, f"{place}/rhythm", form_at=place, every="86400", since="soon")
    assert (wrong.status_code, "from which day on" in wrong.text) == (422, True)
    assert browse.send(client, f"{place}/rhythm", form_at=place, every="86400", since="2026-03-01").status_code == 303
    assert browse.send(client, f"{place}/pulls", form_at=place).status_code == 303
    assert "Under way" in client.get(place).text
    drain(inside)
    shown = client.get(place).text
    assert "Each day" in shown
    assert " in " in shown
    assert ".json" in shown
    assert "Asked by itself" not in client.get(source_of("mt940")).text


def test_an_exchange_is_asked_by_itself_once_there_is_a_key(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, place = visitor(Role.FINANCE), source_of("luno-wallet")
    assert "Asked by itself" not in client.get(place).text
    settings = replace(app.extensions["settings"], venue_keys={"luno": ("key", "secret"), "bitstamp": ("", "")})
    found = assembly.tellers(settings)
    assert set(found) == {"luno-wallet"}
    monkeypatch.setitem(app.extensions, "clients", replace(app.extensions["clients"], tellers=found))
    assert "Asked by itself" in client.get(place).text
    assert "Asked by itself" not in client.get(source_of("bitstamp-transactions")).text
    said = browse.send(client, f"{place}/rhythm", form_at=place, every="3600", since="2026-03-01")
    assert (said.status_code, "Each hour" in client.get(place).text) == (303, True)
