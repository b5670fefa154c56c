"""What anybody typed stays a text in a spreadsheet, whatever it begins with; amounts keep every digit."""

import csv
import io
import shutil
import subprocess
import tracemalloc
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import clock
from app.core.money import NGN, Asset, Money
from reports import as_csv, documents
from reports.as_xlsx import DIGITS_MAX, Workbook
from reports.catalogue import Asks, Format, Report
from reports.tables import Line, Parameters, Section
from tests.makers import reporting

COIN = Asset("ETH", 18)
OFFICE = shutil.which("soffice") or shutil.which("libreoffice") or ""
CALCULATED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
RISKY = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "＝1+1",
    "a;=1+1",
    'x"=1+1',
    "=HYPERLINK(1)",
]
texts = st.text(max_size=40) | st.builds(
    "".join, st.tuples(st.sampled_from(["=", "+", "-", "@", "\t", "\r", " "]), st.text(max_size=10))
)
# What XML cannot say at all is no matter of ours: it is written in the workbook's own escapes.
plain_texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=40)


def opened(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def workbook(path: Path, *lines: Line) -> list[list[reporting.Cell]]:
    section = Section("Typed", ("A", "B"), lambda: iter(lines))
    with Workbook(path, title="=title", facts=[("Days", "=1+1")]) as book:
        book.begin(section)
        for line in lines:
            book.line(line)
        book.end(len(lines), [])
    found = reporting.sheets(path)
    assert not [cell for rows in found.values() for row in rows for cell in row if cell.formula]
    return found["Typed"][1:]


@given(texts, texts)
@settings(deadline=None)
def test_no_cell_of_a_csv_begins_like_a_formula(one: str, other: str) -> None:
    (cells,) = opened(as_csv.line([one, other]))
    assert len(cells) == 2
    for cell, typed in zip(cells, (one, other), strict=True):
        number = typed.removeprefix("-").replace(".", "", 1).isascii() and typed.removeprefix("-")[:1].isdigit()
        assert number or not cell.lstrip().startswith(CALCULATED) or cell.startswith("'")
        assert cell.removeprefix("'") == typed.removeprefix("'")


@pytest.mark.parametrize("typed", RISKY)
def test_a_text_that_would_be_calculated_is_marked_or_quoted(typed: str) -> None:
    line = as_csv.line([typed, "1.50"])
    for separator in (",", ";", "\t", "|"):
        for cells in csv.reader(io.StringIO(line, newline=""), delimiter=separator):
            assert not [cell for cell in cells if cell.lstrip().startswith(CALCULATED)], (separator, cells)


def test_numbers_stay_numbers() -> None:
    assert as_csv.line(["-12.50", "7", "0.000000000000000001"]) == "-12.50,7,0.000000000000000001\r\n"


@pytest.mark.parametrize("typed", RISKY)
def test_a_text_of_a_workbook_is_a_text(tmp_path: Path, typed: str) -> None:
    ((cell, amount),) = workbook(tmp_path / "a.xlsx", (typed, Money(NGN, 123_456_789_012_345)))
    assert cell.kind in {"s", "inlineStr"}
    assert amount == reporting.Cell("n", "1234567890123.45", formula=False)


@given(st.lists(plain_texts, min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_every_text_comes_back_as_it_was_typed(tmp_path_factory: pytest.TempPathFactory, typed: list[str]) -> None:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    found = workbook(path, *((text or "nothing", "end") for text in typed))
    assert [row[0].text for row in found] == [text or "nothing" for text in typed]


typed_by_others = st.builds("".join, st.tuples(st.sampled_from([*CALCULATED, " =", "'=", ""]), st.text(max_size=20)))


@given(st.lists(st.tuples(typed_by_others, typed_by_others, typed_by_others), min_size=1, max_size=4), typed_by_others)
@settings(deadline=None, max_examples=40)
def test_whatever_a_file_is_made_of_nothing_in_it_is_calculated(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str, str]], named: str
) -> None:
    """A counterparty, a narration, a comment; and a name that stands as a title, a note and the name of a sheet."""
    section = Section(named or "x", ("Counterparty", "Narration", named), lambda: iter(lines), note=named)
    report = Report("typed", "Typed", "", "", Asks.DAY, lambda _: [section])
    day, home = Parameters(date(2026, 1, 1), date(2026, 1, 1)), tmp_path_factory.mktemp("typed")
    for kind in (Format.CSV, Format.XLSX):
        documents.write(home / f"a.{kind}", report, day, format_=kind, at=clock.now(), told=lambda _: None)
    read = opened((home / "a.csv").read_text(encoding="utf-8"))
    assert not [cell for row in read for cell in row if cell.lstrip().startswith(CALCULATED)]
    cells = [cell for rows in reporting.sheets(home / "a.xlsx").values() for row in rows for cell in row]
    assert not [cell for cell in cells if cell.formula]
    assert {cell.kind for cell in cells if cell.text.lstrip().startswith(CALCULATED)} <= {"s", "inlineStr"}


@given(st.integers(-(10**37), 10**37))
@settings(deadline=None, max_examples=30)
def test_an_amount_keeps_every_digit(tmp_path_factory: pytest.TempPathFactory, units: int) -> None:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    ((cell, _),) = workbook(path, (Money(COIN, units), "end"))
    whole, _, tail = as_csv.written(Money(COIN, units)).partition(".")
    assert (cell.kind == "n") == (len(str(abs(units))) <= DIGITS_MAX)
    if cell.kind == "n":
        assert Money(COIN, round_trip(cell.text)) == Money(COIN, units)
    else:
        assert cell.text == f"{whole}.{tail}"


def round_trip(text: str) -> int:
    """A number of a workbook in smallest units, exactly."""
    return int(Decimal(text).scaleb(COIN.decimals))


# (an office is not installed for one check: what is written is held by those above, wherever tests run)
@pytest.mark.slow
@pytest.mark.skipif(not OFFICE, reason="no LibreOffice here: `make office` installs it")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_libreoffice_calculates_nothing_of_it(tmp_path: Path, kind: str) -> None:
    path, lines = tmp_path / f"typed.{kind}", [(text, Money(NGN, 150)) for text in RISKY]
    if kind == "csv":
        path.write_text("".join(as_csv.table(("A", "B"), lines)), encoding="utf-8", newline="")
    else:
        workbook(path, *lines)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    read = [OFFICE, profile, "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), str(path)]
    subprocess.run(read, check=True, capture_output=True, timeout=100)  # noqa: S603 (our own file)
    written = (tmp_path / "typed.fods").read_text(encoding="utf-8")
    assert "table:formula" not in written
    assert written.count('office:value="1.5"') >= len(RISKY)
    assert written.count("1+1") + written.count("HYPERLINK") >= len(RISKY) - 1


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
def test_ten_times_the_lines_take_no_more_memory(tmp_path: Path, kind: str) -> None:
    peaks = []
    for lines in (2_000, 20_000):
        many = ((number, Money(NGN, number), "a reason that somebody typed") for number in range(lines))
        section = Section("Many", ("A", "B", "C"), lambda many=many: many)  # type: ignore[misc]
        report = Report("many", "Many", "", "", Asks.DAY, lambda _, section=section: [section])  # type: ignore[misc]
        tracemalloc.start()
        documents.write(
            tmp_path / f"{lines}.{kind}", report, Parameters(date(2026, 1, 1), date(2026, 1, 1)),
            format_=Format(kind), at=clock.now(), told=lambda _: None,
        )  # fmt: skip
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000, peaks


def test_what_is_too_long_for_a_workbook_says_so_at_once(tmp_path: Path) -> None:
    section = Section("Many", ("A",), lambda: iter([]), expected=lambda: documents.WORKBOOK_LINES_MAX + 1)
    report = Report("many", "Many", "", "", Asks.DAY, lambda _: [section])
    day = Parameters(date(2026, 1, 1), date(2026, 1, 1))
    with pytest.raises(documents.TooLong):
        documents.write(tmp_path / "a.xlsx", report, day, format_=Format.XLSX, at=clock.now(), told=lambda _: None)
    documents.write(tmp_path / "a.csv", report, day, format_=Format.CSV, at=clock.now(), told=lambda _: None)
