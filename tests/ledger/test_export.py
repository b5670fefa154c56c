"""What is exported: names that do not collide, whole columns, openings, sums to the unit, one snapshot."""

import csv
import io
import re
import threading
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import clock
from app.core.clock import WAT
from app.core.db import rows, transaction, whole_books
from app.core.money import ASSETS, Money, parse, plain
from app.ledger import accounts, as_beancount, as_hledger, trial, whole
from app.ledger.export import Format, export
from app.ledger.whole import Span
from dev.embedded import Servers
from tests.makers import assets, books
from tests.makers.databases import fresh_database

pytestmark = pytest.mark.xdist_group("export")

PART = st.text("aZx01_.-cuph", min_size=1, max_size=6)
CODE = st.builds(
    lambda kind, parts, asset: ":".join([kind, *parts, asset]),
    st.sampled_from(sorted(as_beancount.CLASSES)),
    st.lists(PART, max_size=3),
    st.text("AX1.", min_size=2, max_size=5),
)
BEANCOUNT_NAME = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")
BEANCOUNT_COMMODITY = re.compile(r"[A-Z][A-Z0-9'._-]*[A-Z0-9]")
ESCAPED = re.compile(r"--([uph])|-")
MEANING = {"u": "_", "p": ".", "h": "-", None: "_"}
COLUMNS = "journal_id,booked_at,effective_at,kind,reference,account,asset,amount"
LONG = 10_000


@pytest.fixture(scope="module")
def desk(given: Servers, home: Path) -> Iterator[Flask]:
    """The books of this file alone."""
    with fresh_database(given, home) as made, books.desk(made.app_url) as room:
        with room.app_context():
            assets.live()
        yield room


@pytest.fixture
def inside(desk: Flask) -> Iterator[Flask]:
    """At those books."""
    with desk.app_context():
        yield desk


def exported(format_: Format, span: Span | None = None) -> str:
    """The whole text."""
    with whole_books():
        return "".join(export(format_, span or Span()))


def legs(text: str) -> list[dict[str, str]]:
    """Csv, read again."""
    return list(csv.DictReader(io.StringIO(text)))


def sums(found: list[dict[str, str]]) -> dict[str, int]:
    """Units per account."""
    total: dict[str, int] = defaultdict(int)
    for row in found:
        asset = ASSETS[row["asset"]]
        units = parse(row["amount"].lstrip("-"), asset=asset).units
        total[row["account"]] += -units if row["amount"].startswith("-") else units
    return {code: units for code, units in total.items() if units}


def balances(at: datetime | None = None) -> dict[str, int]:
    """Units per account as the trial balance has them."""
    return {line.code: line.balance.units for line in trial.trial_balance(at, each_customer=True) if line.balance}


def middle() -> datetime:
    """A moment with journals on both sides of it."""
    booked = [row.booked_at for row in rows("SELECT booked_at FROM ledger.journals ORDER BY id")]
    return booked[len(booked) // 2]


def read_back(name: str) -> str:
    """The code that a beancount name stands for: what can be undone has not collided."""
    kind, *parts, asset = name.split(":")
    code = {long: short for short, long in as_beancount.CLASSES.items()}[kind]
    for part in parts:
        marked = part.startswith("X--c")
        text = ESCAPED.sub(lambda found: MEANING[found[1]], part.removeprefix("X--c"))
        code += ":" + (text if marked else text[0].lower() + text[1:])
    return f"{code}:{asset.removeprefix('X--a').replace('-', '.')}"


class TestNames:
    @settings(max_examples=400)
    @given(CODE)
    def test_of_beancount_can_be_read_back(self, code: str) -> None:
        name = as_beancount.name(code)
        assert BEANCOUNT_NAME.fullmatch(name)
        assert read_back(name) == code

    @settings(max_examples=400)
    @given(st.lists(CODE, min_size=2, max_size=8, unique=True))
    def test_of_beancount_are_never_the_same_or_below_one_another(self, codes: list[str]) -> None:
        names = [as_beancount.name(code) for code in codes]
        assert len(set(names)) == len(codes)
        assert not [one for one in names for other in names if other.startswith(f"{one}:")]

    @pytest.mark.parametrize(
        ("code", "name"),
        [
            ("liability:customer:cus_01kaq:NGN", "Liabilities:Customer:Cus-01kaq:NGN"),
            ("asset:paystack:NGN", "Assets:Paystack:NGN"),
            ("income:withdrawal_fees:USDT.TRC20", "Income:Withdrawal-fees:USDT-TRC20"),
            ("expense:9.a_:BTC", "Expenses:9--pa--u:BTC"),
            ("equity:opening-balances:NGN", "Equity:Opening--hbalances:NGN"),
        ],
    )
    def test_of_beancount_are_readable(self, code: str, name: str) -> None:
        assert as_beancount.name(code) == name

    @given(st.lists(st.text("AX1.", min_size=2, max_size=5), min_size=2, max_size=8, unique=True))
    def test_of_assets_do_not_collide(self, codes: list[str]) -> None:
        commodities = [as_beancount.commodity(code) for code in codes]
        assert len(set(commodities)) == len(codes)
        assert all(BEANCOUNT_COMMODITY.fullmatch(commodity) for commodity in commodities)

    def test_of_assets_are_their_codes(self) -> None:
        assert [as_beancount.commodity(code) for code in ASSETS] == list(ASSETS)
        assert as_hledger.commodity("NGN") == "NGN"
        assert as_hledger.commodity("USDT.TRC20") == '"USDT.TRC20"'


class TestCsv:
    def test_has_these_columns(self, inside: Flask) -> None:
        assert exported(Format.CSV).splitlines()[0] == COLUMNS

    def test_has_a_row_per_leg_in_the_books_order(self, inside: Flask) -> None:
        found = legs(exported(Format.CSV))
        ours = rows(
            "SELECT e.journal_id, a.code FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id"
            " ORDER BY e.journal_id, e.leg"
        )
        assert [(int(row["journal_id"]), row["account"]) for row in found] == [
            (row.journal_id, row.code) for row in ours
        ]

    def test_tells_times_amounts_and_references_exactly(self, inside: Flask) -> None:
        row = next(row for row in legs(exported(Format.CSV)) if row["reference"] == assets.AWKWARD)
        header = rows("SELECT * FROM ledger.journals WHERE id = :id", id=int(row["journal_id"]))[0]
        assert row["amount"] == "250.000001"
        assert row["booked_at"] == header.booked_at.astimezone(UTC).isoformat(timespec="microseconds")
        assert datetime.fromisoformat(row["effective_at"]) == header.effective_at != header.booked_at
        assert row["kind"] == "deposit"

    def test_sums_to_the_balances(self, inside: Flask) -> None:
        assert sums(legs(exported(Format.CSV))) == balances()

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.sampled_from(assets.ALIKE), st.integers(1, 10**30)), min_size=1, max_size=5))
    def test_sums_to_the_balances_whatever_was_posted(self, inside: Flask, moves: list[tuple[str, int]]) -> None:
        for code, units in moves:
            books.post(assets.move("asset:wallet:hot:ETH", code, units))
        assert sums(legs(exported(Format.CSV))) == balances()


class TestSpan:
    def test_begins_with_what_was_there(self, inside: Flask) -> None:
        moment = middle()
        found = legs(exported(Format.CSV, Span(since=moment)))
        opening = [row for row in found if row["journal_id"] == "0"]
        theirs = {row["account"]: row["amount"] for row in opening if not row["account"].startswith("equity:opening")}
        before = trial.trial_balance(moment - timedelta(microseconds=1), each_customer=True)
        assert theirs == {line.code: plain(line.balance) for line in before if line.balance}
        assert {row["kind"] for row in opening} == {"opening"}
        assert {datetime.fromisoformat(row["booked_at"]) for row in found if row not in opening} == {
            row.booked_at
            for row in rows("SELECT booked_at FROM ledger.journals WHERE booked_at >= :moment", moment=moment)
        }
        assert sums(found) == balances()  # and nothing is left in equity:opening-balances

    def test_opens_an_account_against_openings_that_the_books_have_once(self, given: Servers, home: Path) -> None:
        ours, bank = "equity:opening-balances:NGN", "asset:bank:0123456789:NGN"
        with fresh_database(given, home) as made, books.desk(made.app_url) as room, room.app_context():
            with transaction(books.TESTER):
                for code in (ours, bank):
                    accounts.open_account(code, asset=ASSETS["NGN"], floor_units=None)
            books.post(books.move(bank, ours, 500))
            text = exported(Format.HLEDGER, Span(since=clock.now()))
        assert text.count(f"account {ours}") == 1

    def test_ends_before_its_end(self, inside: Flask) -> None:
        moment = middle()
        found = legs(exported(Format.CSV, Span(until=moment)))
        assert all(datetime.fromisoformat(row["booked_at"]) < moment for row in found)
        assert sums(found) == balances(moment - timedelta(microseconds=1))

    def test_that_begins_before_the_books_has_no_openings(self, inside: Flask) -> None:
        span = Span(since=datetime(2020, 1, 1, tzinfo=UTC))
        assert legs(exported(Format.CSV, span)) == legs(exported(Format.CSV))
        assert "opening-balances" not in exported(Format.HLEDGER, span)

    def test_has_the_prices_that_hold_in_it(self, inside: Flask) -> None:
        ours = rows("SELECT asset, at FROM ledger.prices ORDER BY at, asset")
        with whole_books():
            assert [(one.asset, one.at) for one in whole.prices(Span())] == [(one.asset, one.at) for one in ours]
            late = list(whole.prices(Span(since=ours[0].at + timedelta(hours=1))))
            early = list(whole.prices(Span(until=ours[-1].at)))
        assert [one.at for one in late] == [one.at for one in ours]  # the first still held when it began
        assert {one.at for one in early} == {ours[0].at}


class TestText:
    @pytest.mark.parametrize("format_", [Format.BEANCOUNT, Format.HLEDGER])
    def test_dates_by_the_day_in_lagos(self, inside: Flask, format_: Format) -> None:
        late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
        booked = whole.Booked(7, "kind", "ref", late, late, ())
        module = {Format.BEANCOUNT: as_beancount, Format.HLEDGER: as_hledger}[format_]
        assert module.journal(booked).lstrip().startswith("2026-11-22 * ")
        assert late.astimezone(WAT).day == 22

    @pytest.mark.parametrize("format_", [Format.BEANCOUNT, Format.HLEDGER])
    def test_says_of_every_account_what_it_holds(self, inside: Flask, format_: Format) -> None:
        text = exported(format_)
        asserted = re.findall(r" ~ 0 |==", text)
        assert len(asserted) == len(trial.trial_balance(each_customer=True))

    @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
    def test_of_a_reference_stays_in_its_line(self, ref: str) -> None:
        moment = datetime(2026, 11, 21, tzinfo=UTC)
        booked = whole.Booked(7, "kind", ref, moment, moment, ())
        assert len(as_hledger.journal(booked).splitlines()) == 7
        assert as_hledger.journal(booked).isascii()
        assert "\n" not in as_beancount.journal(booked).split("ref: ")[1].split("\n  effective_at")[0]


class TestStream:
    def test_is_one_snapshot(self, inside: Flask) -> None:
        """Somebody posts while it is being read: it is not half in."""

        def post_meanwhile() -> None:
            with inside.app_context():
                books.post(assets.move("asset:wallet:hot:ETH", assets.ALIKE[1], 5))

        before = balances()
        with whole_books():
            pieces = export(Format.CSV, Span())
            began = next(pieces) + next(pieces)  # (the second asks the database: now the snapshot is taken)
            poster = threading.Thread(target=post_meanwhile)
            poster.start()
            poster.join()
            rest = "".join(pieces)
        assert sums(legs(began + rest)) == before != balances()

    @pytest.mark.parametrize(
        "stream",
        [whole.accounts, whole.journals, whole.prices, lambda _: whole.holdings()],
        ids=["accounts", "journals", "prices", "holdings"],
    )
    def test_comes_from_a_cursor_of_the_server(self, inside: Flask, stream: Callable[[Span], Iterator[object]]) -> None:
        """Else the driver would take all rows at once, in memory that Python does not count."""
        with whole_books():
            assert rows("SELECT name FROM pg_cursors") == []
            reading = stream(Span())
            next(reading)
            assert len(rows("SELECT name FROM pg_cursors")) == 1

    @pytest.mark.slow
    def test_takes_no_more_memory_for_more_books(self, given: Servers, home: Path) -> None:
        with fresh_database(given, home) as made, books.desk(made.app_url) as room, room.app_context():
            before = rows("SELECT count(*) AS n FROM ledger.entries")[0].n
            self._post(LONG // 4)
            few = {format_: self._peak(format_) for format_ in Format}
            self._post(LONG - LONG // 4)
            many = {format_: self._peak(format_) for format_ in Format}
            assert rows("SELECT count(*) AS n FROM ledger.entries")[0].n == before + 2 * LONG
        assert [one for one in Format if many[one] > few[one] * 1.2 + 100_000] == []  # (bytes)

    @staticmethod
    def _post(journals: int) -> None:
        code, other = books.account("asset"), books.account("liability")
        for at in range(0, journals, 500):
            books.batch(*((books.move(code, other, 1), f"{code}-{at}-{n}") for n in range(500)))

    @staticmethod
    def _peak(format_: Format) -> int:
        tracemalloc.start()
        try:
            with whole_books():
                for _ in export(format_, Span()):
                    pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_a_closing_balance_is_not_the_sum_of_what_was_streamed(inside: Flask) -> None:
    """It is the running balance, so that the reader proves one by the other."""
    with whole_books():
        held = {one.code: one.balance for one in whole.holdings() if one.balance}
    assert {code: money.units for code, money in held.items()} == balances()
    assert all(isinstance(money, Money) for money in held.values())
