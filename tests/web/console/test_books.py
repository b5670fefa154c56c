"""The room of the books: accounts, statements, journals and reports, as an operator sees them."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.clock import WAT
from app.core.db import transaction
from app.core.money import ASSETS, NGN, Money
from app.core.permissions import Role
from app.ledger import accounts, posting, prices
from app.ledger.journal import Journal, credit, debit
from tests.makers import asking, books, people, rated
from tests.makers.coins import BTC
from tests.web.console.conftest import Visitor


@pytest.fixture
def auditor(visitor: Visitor) -> FlaskClient:
    """Somebody who may read everything."""
    return visitor(Role.AUDITOR)


def sheet(client: FlaskClient, path: str) -> list[dict[str, str]]:
    """A CSV file as rows."""
    answer = client.get(path, buffered=True)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    return list(csv.DictReader(io.StringIO(answer.text)))


def moved(debited: str, credited: str, units: int, **more: object) -> int:
    """A journal between two accounts: its number."""
    legs = (debit(debited, books.kobo(units)), credit(credited, books.kobo(units)))
    return books.post(Journal("test.moved", books.fresh("ref"), legs, **more)).journal_id  # type: ignore[arg-type]


class TestAccounts:
    def test_stand_by_class_with_their_sums(self, auditor: FlaskClient) -> None:
        page = auditor.get("/console/ledger").text
        for words in ("Assets", "Liabilities", "Income", "Expenses", "asset:<wbr>paystack:<wbr>NGN", "Hot"):
            assert words in page, words

    def test_customers_are_one_line_that_opens_a_list(self, auditor: FlaskClient) -> None:
        owner = people.customer()
        assert owner.id not in auditor.get("/console/ledger").text
        assert "/console/ledger/customers/NGN" in auditor.get("/console/ledger").text
        found = auditor.get(f"/console/ledger/customers/NGN?q={owner.id[-12:]}").text
        assert f"/console/ledger/accounts/{owner.account}" in found
        assert "Ada Obi" in found
        assert "No customer like that" in auditor.get("/console/ledger/customers/NGN?q=nobody-at-all").text
        assert auditor.get("/console/ledger/customers/NGN?after=nothing").status_code == 404
        assert auditor.get("/console/ledger/customers/GOLD").status_code == 404

    def test_customers_are_paged(self, auditor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(3):
            people.customer()
        monkeypatch.setattr("app.web.console.books.accounts.PAGE", 2)
        first = auditor.get("/console/ledger/customers/NGN")
        following = re.search(r'rel="next" href="([^"]+)"', first.text)
        assert following
        second = auditor.get(following[1].replace("&amp;", "&"))
        codes = [set(re.findall(r"accounts/(liability:customer:[^?\"]+)", page.text)) for page in (first, second)]
        assert len(codes[0]) == 2
        assert codes[0].isdisjoint(codes[1])

    def test_what_a_customer_had_then_can_be_asked(self, auditor: FlaskClient) -> None:
        owner = people.customer()
        moved("asset:paystack:NGN", owner.account, 4_242_00)
        tomorrow = (clock.now() + timedelta(days=1)).astimezone(WAT).strftime("%Y-%m-%dT%H:%M")
        found = auditor.get(f"/console/ledger/customers/NGN?q={owner.id}&at={tomorrow}").text
        assert found.count("₦4,242") == 2
        before = auditor.get(f"/console/ledger/customers/NGN?q={owner.id}&at=2020-01-01T00:00").text
        assert before.count("₦4,242") == 1

    def test_other_assets_are_valued_where_a_price_is_known(self, auditor: FlaskClient) -> None:
        gold = books.account("asset", asset=BTC)
        asked = asking.new_asset(people.operator(Role.FINANCE)[0])
        rated.agree(asked)
        unpriced = ASSETS[asked.payload["asset"]["code"]]
        other_coin = books.account("asset", asset=unpriced)
        with transaction(books.TESTER):
            prices.record("BTC", naira=Decimal(150_000_000), at=clock.now(), source="test feed")
            for code, asset in ((gold, BTC), (other_coin, unpriced)):
                accounts.open_account(f"equity:test:{asset.code}", asset=asset, floor_units=None)
                amount = Money(asset, 25_000_000)
                journal = Journal("test.moved", "r", (debit(code, amount), credit(f"equity:test:{asset.code}", amount)))
                posting.post(journal, key=books.fresh())
        page = auditor.get("/console/ledger").text
        assert "₦37,500,000" in page
        assert "test feed" in page
        assert "no price" in page
        assert re.search(rf"without [^<]*{re.escape(unpriced.code)}[^<]*: no price", page)

    def test_badges_say_what_stops_an_account(self, auditor: FlaskClient) -> None:
        frozen, closed = books.account(), books.account()
        books.restrict(frozen, debits=True)
        books.close(closed)
        page = auditor.get(f"/console/ledger?q={frozen}").text
        assert "Frozen for debits" in page
        assert "Frozen for credits" not in page
        assert "Closed" in auditor.get(f"/console/ledger?q={closed}").text
        assert "Frozen for debits" in auditor.get(f"/console/ledger/accounts/{frozen}").text

    def test_nothing_found_is_said(self, auditor: FlaskClient) -> None:
        assert "No account by that name" in auditor.get("/console/ledger?q=nowhere").text

    @pytest.mark.parametrize("path", ["/console/ledger", "/console/ledger/reports", "/console/ledger/proof"])
    def test_are_not_for_everybody(self, visitor: Visitor, path: str) -> None:
        assert visitor(Role.SUPPORT).get(path).status_code == 403


class TestStatement:
    def test_pages_lead_back_and_forth(self, auditor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.web.console.books.statement.PAGE", 2)
        here, there = books.account("asset"), books.account()
        numbers = [moved(here, there, 100 + step) for step in range(5)]
        seen, pages, place = [], [], f"/console/ledger/accounts/{here}"
        while place:
            pages.append(place)
            page = auditor.get(place).text
            seen += [int(number) for number in re.findall(r'row-main" href="/console/ledger/journals/(\d+)"', page)]
            older = re.search(r'rel="next" href="([^"]+)"', page)
            place = older[1].replace("&amp;", "&") if older else ""
        assert seen == numbers[::-1]
        for page, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
            newer = re.search(r'rel="prev" href="([^"]+)"', auditor.get(page).text)
            assert newer
            assert newer[1].replace("&amp;", "&") == before

    def test_shows_holds_and_what_is_left(self, auditor: FlaskClient) -> None:
        owner = books.wallet(10_000)
        books.hold(owner, 2_500, ref="wd_about-this", expires_at=clock.now() + timedelta(days=2))
        page = auditor.get(f"/console/ledger/accounts/{owner}").text
        for words in ("₦100", "₦25", "₦75", "wd_about", "Open holds"):
            assert words in page, words
        assert "Nothing is held." in auditor.get(f"/console/ledger/accounts/{books.account()}").text

    def test_a_range_bounds_it(self, auditor: FlaskClient) -> None:
        code = books.account("asset")
        moved(code, books.account(), 500)
        tomorrow = (clock.now() + timedelta(days=1)).astimezone(WAT).strftime("%Y-%m-%dT%H:%M")
        assert "no. " in auditor.get(f"/console/ledger/accounts/{code}?to={tomorrow}").text
        assert "Nothing was booked in that time" in auditor.get(f"/console/ledger/accounts/{code}?from={tomorrow}").text
        assert (
            "Nothing was booked in that time"
            in auditor.get(f"/console/ledger/accounts/{code}?to=2020-01-01T00:00").text
        )

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("from=soon", 400),
            ("to=0001-01-01T00:00", 400),
            ("to=9999-12-31T23:59", 400),
            ("before=99", 404),
            ("before=a|b|c", 404),
            ("before=2026-01-01T00:00:00%2B00:00|99999999999999999999|0", 404),
            ("before=2026-01-01T00:00:00%2B00:00|1|99", 404),
            ("from=a&from=%00", 404),
        ],
    )
    def test_odd_ranges_are_refused(self, auditor: FlaskClient, query: str, status: int) -> None:
        assert auditor.get(f"/console/ledger/accounts/asset:paystack:NGN?{query}").status_code == status

    def test_the_file_holds_all_lines(self, auditor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.web.console.books.statement.BATCH", 2)
        debits, credits_ = books.account("asset"), books.account()
        for units in (100, 200, 300, 450):
            moved(debits, credits_, units)
        found = sheet(auditor, f"/console/ledger/accounts/{credits_}/statement.csv")
        assert [row["amount_debit_positive"] for row in found] == ["-4.50", "-3.00", "-2.00", "-1.00"]
        assert found[0]["balance_debit_positive"] == "-10.50"
        assert (
            sheet(auditor, f"/console/ledger/accounts/{debits}/statement.csv")[0]["balance_debit_positive"] == "10.50"
        )
        assert auditor.get("/console/ledger/accounts/asset:none:NGN/statement.csv").status_code == 404

    def test_the_file_holds_no_formula(self, auditor: FlaskClient) -> None:
        debits, credits_ = books.account("asset"), books.account()
        books.post(books.move(debits, credits_, 100, ref='=HYPERLINK("http://evil")'))
        (row,) = sheet(auditor, f"/console/ledger/accounts/{credits_}/statement.csv")
        assert row["ref"] == '\'=HYPERLINK("http://evil")'
        assert row["amount_debit_positive"] == "-1.00"


class TestJournal:
    def test_shows_header_legs_and_seal(self, auditor: FlaskClient) -> None:
        number = moved(books.account("asset"), books.account(), 700, memo={"note": "a <b> memo"})
        page = auditor.get(f"/console/ledger/journals/{number}").text
        for words in ("test.moved", "₦7", "a &lt;b&gt; memo", "Not sealed yet"):
            assert words in page, words
        books.settle_seal()
        assert "Sealed" in auditor.get(f"/console/ledger/journals/{number}").text
        assert auditor.get("/console/ledger/journals/999999999").status_code == 404

    def test_leads_to_what_reverses_and_corrects_it(self, auditor: FlaskClient) -> None:
        debits, credits_ = books.account("asset"), books.account()
        first = moved(debits, credits_, 700)
        second = moved(debits, credits_, 800, corrects=first)
        third = books.reverse(first).journal_id
        page = auditor.get(f"/console/ledger/journals/{first}").text
        assert re.search(rf"Corrected by</dt>\s*<dd><a href=\"/console/ledger/journals/{second}\"", page)
        assert re.search(rf"Reversed by</dt>\s*<dd><a href=\"/console/ledger/journals/{third}\"", page)
        assert "Others about the same" in page
        assert f"/console/ledger/journals/{first}" in auditor.get(f"/console/ledger/journals/{third}").text

    def test_names_the_hold_it_used(self, auditor: FlaskClient) -> None:
        owner, other = books.wallet(1_000), books.account("asset")
        held = books.hold(owner, 600)
        used = books.capture(held.hold_id, books.move(owner, other, 500))
        page = auditor.get(f"/console/ledger/journals/{used.journal_id}").text
        assert f"hold {held.hold_id}" in page
        assert "From a hold of" in page

    def test_links_its_subject_for_those_who_may_open_it(self, auditor: FlaskClient, inside: Flask) -> None:
        debits, credits_ = books.account("asset"), books.account()
        number = books.post(books.move(debits, credits_, 100, ref="wd_00000000000000000000000000")).journal_id
        page = auditor.get(f"/console/ledger/journals/{number}").text
        assert '<a href="/console/withdrawals/wd_00000000000000000000000000">Withdrawal</a>' in page

    def test_records_of_others_are_for_auditors(self, visitor: Visitor, auditor: FlaskClient) -> None:
        owner = people.customer()  # a recorded act, which the journal names as what it is about
        legs = (debit(books.account("asset"), books.kobo(100)), credit(books.account(), books.kobo(100)))
        number = books.post(Journal("test.moved", owner.id, legs)).journal_id
        assert "Signed up" in auditor.get(f"/console/ledger/journals/{number}").text
        assert "Signed up" not in visitor(Role.FINANCE).get(f"/console/ledger/journals/{number}").text


class TestReports:
    @pytest.mark.parametrize("name", ["trial-balance", "balance-sheet"])
    @pytest.mark.parametrize(
        "query", ["", "basis=effective", "at=2026-01-01T00:00", "basis=effective&at=2026-01-01T00:00"]
    )
    def test_balance_in_every_asset(self, auditor: FlaskClient, name: str, query: str) -> None:
        page = auditor.get(f"/console/ledger/reports/{name}?{query}", follow_redirects=True)
        assert page.status_code == 200
        assert "check-ok" in page.text
        assert "check-bad" not in page.text
        found = sheet(auditor, f"/console/ledger/reports/{name}.csv?{query}")
        for asset in {row["asset"] for row in found}:
            assert sum(Decimal(row["balance"]) for row in found if row["asset"] == asset) == 0

    def test_each_customer_stands_in_the_file_when_asked(self, auditor: FlaskClient) -> None:
        owner = people.customer()
        moved("asset:paystack:NGN", owner.account, 321)
        folded = sheet(auditor, "/console/ledger/reports/trial-balance.csv")
        each = sheet(auditor, "/console/ledger/reports/trial-balance.csv?customers=each")
        assert owner.account not in {row["account"] for row in folded}
        assert {row["account"]: row["balance"] for row in each}[owner.account] == "-3.21"

    def test_the_two_times_differ(self, auditor: FlaskClient) -> None:
        debits, credits_ = books.account("asset"), books.account("income")
        moved(debits, credits_, 900, effective_at=datetime(2026, 3, 10, 12, tzinfo=UTC))
        at = "at=2026-03-31T23:59"
        booked = sheet(auditor, f"/console/ledger/reports/trial-balance.csv?{at}")
        effective = sheet(auditor, f"/console/ledger/reports/trial-balance.csv?{at}&basis=effective")
        assert {row["account"]: row["balance"] for row in booked}[debits] == "0.00"
        assert {row["account"]: row["balance"] for row in effective}[debits] == "9.00"

    def test_the_income_statement_is_of_a_span(self, auditor: FlaskClient) -> None:
        debits, credits_ = books.account("asset"), books.account("income")
        moved(debits, credits_, 1_100, effective_at=datetime(2026, 2, 10, 12, tzinfo=UTC))
        inside = sheet(
            auditor, "/console/ledger/reports/income-statement.csv?from=2026-02-01T00:00&at=2026-02-28T23:59"
        )
        outside = sheet(
            auditor, "/console/ledger/reports/income-statement.csv?from=2026-03-01T00:00&at=2026-03-31T23:59"
        )
        assert {row["account"]: row["balance"] for row in inside}[credits_] == "-11.00"
        assert {row["account"]: row["balance"] for row in outside}[credits_] == "0.00"
        page = auditor.get("/console/ledger/reports/income-statement").text
        assert "Income less expenses" in page
        assert "This month" in page

    def test_lines_lead_to_the_statement_of_then(self, auditor: FlaskClient) -> None:
        people.customer()
        page = auditor.get("/console/ledger/reports/trial-balance?at=2026-11-01T10:00", follow_redirects=True).text
        assert "/console/ledger/accounts/asset:paystack:NGN?to=2026-11-01T10:00" in page
        assert "/console/ledger/customers/NGN?at=2026-11-01T10:00" in page

    @pytest.mark.parametrize("query", ["at=soon", "basis=neither", "from=1", "from=2026-03-01&at=2026-02-01"])
    def test_odd_questions_are_refused(self, auditor: FlaskClient, query: str) -> None:
        assert auditor.get(f"/console/ledger/reports/income-statement?{query}").status_code == 400

    def test_there_are_three(self, auditor: FlaskClient) -> None:
        assert auditor.get("/console/ledger/reports/cash-flow").status_code == 404
        assert auditor.get("/console/ledger/reports/cash-flow.csv").status_code == 404
        assert NGN.code in auditor.get("/console/ledger/reports").text
