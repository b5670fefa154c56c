"""Journals by hand at the console: one asks, another approves, and the page says what is wrong while it is typed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app.core import clock
from app.core.clock import WAT
from app.core.permissions import ROLES, Permission, Role
from app.ledger import balances
from tests.makers import books, browse
from tests.web.console.conftest import Visitor

PAGE = "/console/ledger/requests"
Lines = list[tuple[str, str, str]]


@pytest.fixture
def finance(visitor: Visitor) -> FlaskClient:
    """Who asks."""
    return visitor(Role.FINANCE)


@pytest.fixture
def treasury(visitor: Visitor) -> FlaskClient:
    """Who approves."""
    return visitor(Role.TREASURY)


@pytest.fixture
def accounts(inside: Flask) -> tuple[str, str]:
    """Two accounts of this test alone."""
    return books.account("expense"), books.account("income")


def send(client: FlaskClient, lines: Lines, **fields: str) -> TestResponse:
    """Fill the form in and send it."""
    page = client.get(f"{PAGE}/new")
    sent: MultiDict[str, Any] = MultiDict(
        {"csrf_token": browse.token_of(page), "key": browse.key_of(page), "reason": "A reason.", **fields}
    )
    for account, side, amount in lines:
        sent.add("account", account)
        sent.add("side", side)
        sent.add("amount", amount)
    return client.post(PAGE, data=sent)


def even(accounts: tuple[str, str], amount: str = "12.50") -> Lines:
    """Two lines that balance."""
    return [(accounts[0], "debit", amount), (accounts[1], "credit", amount), ("", "debit", "")]


def asked(client: FlaskClient, accounts: tuple[str, str], **fields: str) -> str:
    """Ask: the address of the request."""
    answer = send(client, even(accounts), **fields)
    assert answer.status_code == 303, answer.text
    return answer.location


def approval(place: str) -> str:
    """Where this request is decided on."""
    return f"/console/approvals/{place.rpartition('/')[2]}"


def act(client: FlaskClient, place: str, name: str, **fields: str) -> str:
    """Do it and answer the page that comes after."""
    answer = browse.send(client, f"{approval(place)}/{name}", form_at=approval(place), **fields)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def shown(client: FlaskClient, place: str) -> str:
    """The hash of the content on the page."""
    assert f'href="{approval(place)}"' in client.get(place).text
    found = re.search(r'name="shown" value="([0-9a-f]+)"', client.get(approval(place)).text)
    assert found
    return found[1]


class TestAsking:
    def test_waits_for_somebody_else(self, finance: FlaskClient, accounts: tuple[str, str]) -> None:
        place = asked(finance, accounts, reason="Booked twice <by hand>.")
        page = finance.get(place).text
        for words in ("Needs approval", "waits for another person", "Booked twice &lt;by hand&gt;.", "₦12"):
            assert words in page, words
        assert "Decide…" not in page
        assert place in finance.get(PAGE).text
        assert balances.of(accounts[0]).booked == books.kobo(0)

    def test_sent_twice_asks_once(self, finance: FlaskClient, accounts: tuple[str, str]) -> None:
        first, second = (send(finance, even(accounts), key="the-same-key") for _ in range(2))
        assert first.location == second.location

    def test_sent_twice_with_another_content_can_be_sent_once_more(
        self, finance: FlaskClient, accounts: tuple[str, str]
    ) -> None:
        send(finance, even(accounts), key="my-own-key")
        again = send(finance, even(accounts, "13"), key="my-own-key")
        assert again.status_code == 422
        assert "This form was sent before with other content." in again.text
        key = re.search(r'name="key" value="([^"]+)"', again.text)
        assert key
        assert key[1] != "my-own-key"
        assert send(finance, even(accounts, "13"), key=key[1]).status_code == 303

    def test_with_a_character_that_no_text_has_is_refused(
        self, finance: FlaskClient, accounts: tuple[str, str]
    ) -> None:
        assert send(finance, even(accounts), reason="a\0b").status_code == 400

    def test_more_lines_can_be_had(self, finance: FlaskClient, accounts: tuple[str, str]) -> None:
        page = send(finance, even(accounts), act="more", reason="")
        assert page.status_code == 200
        assert page.text.count('name="account"') == 7
        assert accounts[0] in page.text
        many = send(finance, even(accounts) * 6, act="more")
        assert many.text.count('name="account"') == 20

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            (("asset:nowhere:NGN", "credit", "12.50"), "There is no such account."),
            (("", "credit", "12.50"), "Which account?"),
            (("OTHER", "credit", ""), "How much?"),
            (("OTHER", "credit", "0"), "More than nothing."),
            (("OTHER", "credit", "-5"), "Write the amount in digits"),
            (("OTHER", "credit", "12.505"), "NGN has at most 2 decimals."),
            (("OTHER", "credit", "12"), "Debits and credits must be equal"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, finance: FlaskClient, accounts: tuple[str, str], line: tuple[str, str, str], says: str
    ) -> None:
        line = (line[0].replace("OTHER", accounts[1]), *line[1:])
        answer = send(finance, [(accounts[0], "debit", "12.50"), line])
        assert answer.status_code == 422
        assert says in answer.text

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"reason": " "}, "Say why."),
            ({"reason": "x" * 501}, "At most 500 characters."),
            ({"corrects": "the first"}, "The number of a journal, in digits."),
            ({"corrects": "999999999"}, "There is no journal 999999999."),
            ({"effective_on": "soon"}, "Write a day"),
            ({"effective_on": "2199-01-01"}, "a day that has not come"),
            ({"key": ""}, "An idempotency key"),
        ],
    )
    def test_so_is_what_is_wrong_with_the_rest(
        self, finance: FlaskClient, accounts: tuple[str, str], fields: dict[str, str], says: str
    ) -> None:
        answer = send(finance, even(accounts), **fields)
        assert answer.status_code == 422
        assert says in answer.text

    def test_frozen_accounts_are_named(self, finance: FlaskClient, accounts: tuple[str, str]) -> None:
        books.restrict(accounts[0], debits=True)
        assert "It is frozen for debits." in send(finance, even(accounts)).text

    def test_the_sums_are_said_while_typing(self, finance: FlaskClient, accounts: tuple[str, str]) -> None:
        query = {"account": [*accounts], "side": ["debit", "credit"], "amount": ["12.50", "2.50"]}
        answer = finance.get(f"{PAGE}/new/check", query_string=query, headers={"HX-Request": "true"})
        assert "a credit of ₦10.00 is missing" in answer.text
        assert "<html" not in answer.text
        query["amount"] = ["1,250", "1250.00"]
        answer = finance.get(f"{PAGE}/new/check", query_string=query, headers={"HX-Request": "true"})
        assert "debits and credits are ₦1,250.00" in answer.text

    def test_accounts_are_suggested(self, finance: FlaskClient, accounts: tuple[str, str]) -> None:
        query = {"account": accounts[0][8:-6], "side": "debit", "amount": ""}
        answer = finance.get(f"{PAGE}/new/check", query_string=query, headers={"HX-Request": "true"})
        assert f'<option value="{accounts[0]}">' in answer.text

    def test_a_journal_leads_to_its_correction(self, finance: FlaskClient, accounts: tuple[str, str]) -> None:
        number = books.post(books.move(*accounts, 100)).journal_id
        assert f"{PAGE}/new?corrects={number}" in finance.get(f"/console/ledger/journals/{number}").text
        assert f'value="{number}"' in finance.get(f"{PAGE}/new?corrects={number}").text


class TestDeciding:
    def test_another_person_has_it_booked(
        self, finance: FlaskClient, treasury: FlaskClient, accounts: tuple[str, str], work_off: Callable[..., int]
    ) -> None:
        first = books.post(books.move(*accounts, 100)).journal_id
        place = asked(
            finance, accounts, corrects=str(first), effective_on=clock.now().astimezone(WAT).date().isoformat()
        )
        said = act(treasury, place, "approve", shown=shown(treasury, place))
        assert "Approved. It is being carried out." in said
        work_off()
        page = treasury.get(place).text
        number = re.search(r">journal (\d+)</a></dd>\s*</div>\s*</dl>", page)
        assert number, page
        assert f"/console/ledger/journals/{number[1]}" in page
        assert balances.of(accounts[0]).booked == books.kobo(1_350)
        journal = treasury.get(f"/console/ledger/journals/{number[1]}").text
        assert f'href="{approval(place)}"' in journal
        assert f">journal {first}</a>" in journal
        assert place in treasury.get(f"{PAGE}?view=ended").text
        assert "data-open" not in treasury.get(approval(place)).text.partition("<main")[2].partition("</main>")[0]

    def test_what_changed_or_cannot_be_is_said(
        self, finance: FlaskClient, treasury: FlaskClient, accounts: tuple[str, str], work_off: Callable[..., int]
    ) -> None:
        place = asked(finance, accounts)
        assert "not what you were shown" in act(treasury, place, "approve", shown="something")
        books.restrict(accounts[0], debits=True)
        assert "Frozen in this direction" in treasury.get(place).text
        act(treasury, place, "approve", shown=shown(treasury, place))
        work_off()
        page = treasury.get(place).text
        assert "It was approved and could not be booked" in page
        assert "unknown, or frozen in this direction" in page

    def test_a_rejection_has_a_reason(
        self, finance: FlaskClient, treasury: FlaskClient, accounts: tuple[str, str]
    ) -> None:
        place = asked(finance, accounts)
        assert "Say why." in act(treasury, place, "deny", reason="")
        page = act(treasury, place, "deny", reason="Wrong account.")
        assert "Denied. It is not carried out." in page
        assert "Wrong account." in finance.get(place).text

    def test_who_asked_withdraws(self, finance: FlaskClient, visitor: Visitor, accounts: tuple[str, str]) -> None:
        place, colleague = asked(finance, accounts), visitor(Role.FINANCE)
        assert "Take it back" not in colleague.get(place).text
        assert "Only who asked" in act(colleague, place, "cancel")
        assert "Take it back" in finance.get(place).text
        assert "Taken back. Nothing was changed." in act(finance, place, "cancel")

    def test_ones_own_is_refused_whatever_ones_roles(
        self, finance: FlaskClient, accounts: tuple[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = asked(finance, accounts)
        yes = f"{approval(place)}/approve"
        assert browse.send(finance, yes, form_at=approval(place), shown="x").status_code == 403
        monkeypatch.setitem(ROLES, Role.FINANCE, ROLES[Role.FINANCE] | {Permission.APPROVALS_DECIDE})
        assert "Decide…" not in finance.get(place).text
        assert "It needs a second person." in act(finance, place, "approve", shown="x")
        assert "It needs a second person." in act(finance, place, "deny", reason="x")


class TestWhoMay:
    def test_each_role_sees_its_part(self, visitor: Visitor, accounts: tuple[str, str]) -> None:
        place = asked(visitor(Role.FINANCE), accounts)
        auditor, support, treasury = (visitor(role) for role in (Role.AUDITOR, Role.SUPPORT, Role.TREASURY))
        assert "It waits for treasury." in auditor.get(place).text
        assert auditor.get(f"{PAGE}/new").status_code == 403
        assert support.get(PAGE).status_code == 403
        assert treasury.get(f"{PAGE}/new").status_code == 403
        assert "Decide…" in treasury.get(place).text
        assert "See it as it would be booked" in treasury.get(approval(place)).text
        assert auditor.get(f"{PAGE}/grq_00000000000000000000000000").status_code == 404

    def test_what_waits_is_counted(self, finance: FlaskClient, accounts: tuple[str, str]) -> None:
        asked(finance, accounts)
        side = finance.get("/console/ledger").text.partition("Manual journals")[2][:200]
        assert "side-count" in side
