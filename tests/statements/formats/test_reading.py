"""Bytes to text to cells: encodings, archives, numbers and dates as people write them, and places of what is wrong."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.statements.formats import cells, registry
from app.statements.formats.errors import Unreadable
from app.statements.formats.lines import Told
from app.statements.formats.settings import DateOrder, Settings
from tests.makers.statements import SOUND, sample, zipped

KRAKEN = sample("scenario_a/kraken_ledgers.csv")
LAGOS = ZoneInfo("Africa/Lagos")


def refusal(name: str, body: bytes, settings: Settings | None = None) -> Unreadable:
    """The refusal that this file meets."""
    with pytest.raises(Unreadable) as refused:
        registry.parse(name, body, settings)
    return refused.value


class TestOpening:
    @pytest.mark.parametrize(
        "body",
        [
            b"\xef\xbb\xbf" + KRAKEN,
            KRAKEN.decode().encode("utf-16"),
            KRAKEN.replace(b"\n", b"\r\n"),
            KRAKEN.replace(b"\n", b"\r"),
            KRAKEN.replace(b'"', b""),
            KRAKEN.replace(b",", b";"),
            zipped(KRAKEN, "ledgers.csv"),
        ],
        ids=["mark", "utf-16", "crlf", "cr", "bare", "semicolons", "zip"],
    )
    def test_reads_the_same_whatever_it_is_wrapped_in(self, body: bytes) -> None:
        plain, told = (registry.parse("kraken-ledgers", each) for each in (KRAKEN, body))
        assert [line.delta for line in told.lines] == [line.delta for line in plain.lines]
        assert [line.external_id for line in told.lines] == [line.external_id for line in plain.lines]

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "it is empty"),
            (b" \n", "it is empty"),
            (b"%PDF-1.7", "this is a PDF"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel file"),
            (zipped(b"<xml/>", "xl/workbook.xml"), "a spreadsheet"),
            (zipped(b"0" * 30_000_000, "xl/worksheets/sheet1.xml"), "a spreadsheet"),
            (zipped(b"0" * 30_000_000, "ledgers.csv"), "larger than 8 MiB"),
            (zipped(KRAKEN, "ledgers.csv")[:-40], "damaged or locked"),
            (b"a\nb\x00", "zero bytes"),
            (b"a\nb\x81", "neither UTF-8 nor Windows-1252"),
        ],
        ids=lambda told: told if isinstance(told, str) else "body",
    )
    def test_refuses_what_is_no_text(self, body: bytes, says: str) -> None:
        assert says in refusal("kraken-ledgers", body).message


class TestPlaces:
    def test_names_the_row_and_column_of_a_bad_number(self) -> None:
        refused = refusal("kraken-ledgers", KRAKEN.replace(b"2393.3395", b"=1+1"))
        assert (refused.row, refused.column) == (2, "amount")
        assert refused.message == "Row 2, amount: '=1+1' is no number."

    def test_names_the_column_that_is_missing(self) -> None:
        refused = refusal("kraken-ledgers", KRAKEN.replace(b'"fee"', b'"cost"'))
        assert (refused.row, refused.column) == (1, "fee")

    def test_names_the_row_that_is_cut(self) -> None:
        refused = refusal("kraken-ledgers", KRAKEN[:-20])
        assert (refused.row, refused.column) == (21, "fee")

    def test_refuses_quotation_marks_that_do_not_close(self) -> None:
        refused = refusal("kraken-ledgers", KRAKEN[: KRAKEN.rindex(b'","ZEUR')])
        assert (refused.row, refused.column) == (21, "its quotation marks")

    def test_refuses_a_column_that_is_there_twice(self) -> None:
        refused = refusal("kraken-ledgers", KRAKEN.replace(b'"subtype"', b'"fee"'))
        assert (refused.row, refused.column) == (1, "fee")

    def test_says_what_was_found_instead(self) -> None:
        refused = refusal("kraken-ledgers", sample("scenario_a/kucoin_account_history.csv"))
        assert refused.found == "kucoin-account"
        assert "This looks like: KuCoin account history" in refused.message
        assert refusal("mt940", KRAKEN).found == "kraken-ledgers"

    def test_keeps_a_formula_as_text(self) -> None:
        told = registry.parse("kraken-ledgers", KRAKEN.replace(b'"trade",""', b'"trade","=1+1"'))
        assert {line.raw["subtype"] for line in told.lines} == {"=1+1", ""}

    def test_refuses_a_zone_that_is_none(self) -> None:
        assert refusal("binance-history", sample("scenario_a/binance_transaction_history.csv"), Settings(zone="../etc"))


@pytest.mark.parametrize("name", sorted(SOUND))
def test_row_by_row_is_the_same_as_whole(name: str) -> None:
    body, settings = SOUND[name]
    telling, parsed = registry.stream(name, body, settings), registry.parse(name, body, settings)
    told = [each for _, each in telling.told]
    assert telling.rows_total == parsed.rows_total
    every: list[Told] = [*parsed.lines, *parsed.ignored, *parsed.rejected]
    assert sorted(told, key=_place) == sorted(every, key=_place)
    whole = {(one.account, one.asset, one.ref): one for one in parsed.statements}
    for one in telling.summaries:
        same = whole[(one.account, one.asset, one.ref)]
        assert (one.opening, one.closing, one.moved, one.gaps) == (same.opening, same.closing, same.moved, same.gaps)


def _place(told: Told) -> tuple[int, str]:
    return told.row, repr(told)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("1,234.50", "1234.50"),
        ("-12", "-12"),
        ("6.0E-7", "0.00000060"),
        (".5", "0.5"),
        ("1 234 567.8", "1234567.8"),
        ("+3", "3"),
    ],
)
def test_numbers(told: str, wanted: str) -> None:
    assert cells.number(told) == Decimal(wanted)


@pytest.mark.parametrize(
    "told", ["", "NaN", "Infinity", "1_000", "0x1", "1,23,4", "١٢", "1e999", "--1", "1.2.3", "1e1.5"]
)
def test_what_is_no_number(told: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        cells.number(told)


def test_decimal_commas() -> None:
    assert cells.number("-1.234,56", decimal_comma=True) == Decimal("-1234.56")
    assert cells.number("1250,50", decimal_comma=True) == Decimal("1250.50")


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("€3343.11", ("3343.11", "")),
        ("-€597.49846", ("-597.49846", "")),
        ("$11,093.73 ", ("11093.73", "")),
        ("($53.62)", ("-53.62", "")),
        ("(1.0 ETH)", ("-1.0", "ETH")),
        ("0.0010000000ETH", ("0.0010000000", "ETH")),
        ("0.2092 BTC ", ("0.2092", "BTC")),
        ("6.0E-7", ("6.0E-7", "")),
    ],
)
def test_amounts_with_units(told: str, wanted: tuple[str, str]) -> None:
    assert cells.amount(told) == (Decimal(wanted[0]), wanted[1])


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("2026-03-01 21:30:03", datetime(2026, 3, 1, 20, 30, 3, tzinfo=UTC)),
        ("2026-03-01T21:30:03Z", datetime(2026, 3, 1, 21, 30, 3, tzinfo=UTC)),
        ("2025-01-17 16:57:02 UTC", datetime(2025, 1, 17, 16, 57, 2, tzinfo=UTC)),
        ("2026-03-01T21:30:03.123456789+01:00", datetime(2026, 3, 1, 20, 30, 3, 123456, tzinfo=UTC)),
        ("02-Mar-2026", datetime(2026, 3, 1, 23, tzinfo=UTC)),
        ("5/1/2022 14:00", datetime(2022, 1, 5, 13, tzinfo=UTC)),
        ("Jan. 24, 2021, 05:36 PM", datetime(2021, 1, 24, 16, 36, tzinfo=UTC)),
        ("31.12.25", datetime(2025, 12, 30, 23, tzinfo=UTC)),
    ],
)
def test_moments(told: str, wanted: datetime) -> None:
    assert cells.moment(told, LAGOS)[0] == wanted


def test_the_order_of_a_date_is_a_setting() -> None:
    assert cells.moment("5/1/2022", UTC, DateOrder.MONTH_FIRST)[1] == date(2022, 5, 1)
    assert cells.moment("5/1/2022", UTC)[1] == date(2022, 1, 5)


@pytest.mark.parametrize(
    "told",
    [
        *("", "2026-02-30", "32-Mar-2026", "2-Foo-2026", "0001-01-01T00:00:00+14:00", "today"),
        *("01/01/0001", "01/01/0026", "1 Jan 0001", "1969-12-31", "1969-12-31 10:00:00"),
    ],
)
def test_what_is_no_date(told: str) -> None:
    with pytest.raises(ValueError, match=r"no date|no month|range|month must|Invalid|out of"):
        cells.moment(told, UTC)


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        *(("XXBT", "BTC"), ("XBT", "BTC"), ("ZEUR", "EUR"), ("XXDG", "DOGE"), ("XETH", "ETH"), ("USDT", "USDT")),
        *(("ZRX", "ZRX"), ("XRP", "XRP"), ("XTZ", "XTZ")),
    ],
)
def test_tickers(told: str, ours: str) -> None:
    assert cells.ticker(told) == ours
