"""Every sample file gives the counts, sums and ties that an independent reader found in it."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from app.statements.formats import registry
from app.statements.formats.lines import EXACT, Parsed
from app.statements.formats.settings import Settings
from sandbox import files
from sandbox.exchange.statements import LEDGERS
from tests.makers.statements import BANK, SAMPLES, SOUND, sample

EXPECTED: dict[str, Any] = json.loads((SAMPLES / "expected.json").read_bytes())
MT940 = [path for path in EXPECTED if path.startswith("bank_mt940/")]
CAMT = [path for path in EXPECTED if path.startswith("bank_camt/")]
TABLES = [path for path in EXPECTED if path.endswith(".csv")]


def first_like(path: str) -> Parsed:
    """The file as the likeliest format."""
    return registry.parse(registry.recognised(sample(path))[0].name, sample(path), BANK)


@pytest.mark.parametrize("path", [*MT940, "scenario_a/bank_ngn.mt940"])
def test_mt940(path: str) -> None:
    wanted = EXPECTED[path] if path in EXPECTED else EXPECTED["scenario_a"]["bank"]
    told = first_like(path)
    assert [
        (each.ref, len(each.lines), each.opening, each.moved, each.closing, each.ties) for each in told.statements
    ] == [
        (
            *(each["ref"], each["lines"], Decimal(each["open"]), Decimal(each["sum"]), Decimal(each["close"])),
            each["ties"],
        )
        for each in wanted
    ]
    assert told.whole
    assert told.rows_total == sum(each["lines"] for each in wanted)


@pytest.mark.parametrize("path", CAMT)
def test_camt(path: str) -> None:
    told = first_like(path)
    assert told.whole
    assert len(told.statements) == len(EXPECTED[path]["statements"])
    for each, wanted in zip(told.statements, EXPECTED[path]["statements"], strict=True):
        assert each.rows_total == wanted["entries"]
        assert {each.asset: each.moved} == {asset: Decimal(told) for asset, told in wanted["sum"].items()}
        (opening, _), *_ = wanted["balances"]["OPBD"]
        (closing, in_asset), *_ = wanted["balances"]["CLBD"]
        assert (each.opening, each.closing, each.ties) == (Decimal(opening), Decimal(closing), wanted["ties"])
        assert (in_asset in each.untied) is (in_asset != each.asset)


@pytest.mark.parametrize("path", TABLES)
def test_every_row_of_a_table_is_told(path: str) -> None:
    told = first_like(path)
    assert told.whole
    assert told.rows_total + told.heading_rows == EXPECTED[path]["nonblank_rows"]
    assert told.rejected == ()
    if not path.startswith("bank_csv/"):
        assert told.format != "bank-csv" or path == "scenario_a/bank_ngn.csv"


def test_european_numbers_and_split_columns() -> None:
    told = first_like("bank_csv/bsp_csv_european_decimals.csv")
    assert [line.delta for line in told.lines] == [Decimal("-1234.56"), Decimal("3500.00"), Decimal("-4.50")]
    (split,) = first_like("bank_csv/bsp_split_amounts.csv").statements
    assert (split.opening, split.closing, split.ties) == (Decimal("1000.00"), Decimal("2050.25"), True)


def test_exchange_files_that_tell_no_balance() -> None:
    legs = {
        (line.asset, line.delta) for line in first_like("exchange/coinbase_v3_convert.ghostfoliosidekick.csv").lines
    }
    assert legs == {("ETH", Decimal("-0.00087766")), ("USDC", Decimal("1.629352"))}
    coinbase = first_like("exchange/coinbase_v4.export-to-ghostfolio.csv").lines
    twice = [line for line in coinbase if line.external_id == "623d6507925c200001fcbXXX"]
    assert [(line.delta, line.fee, line.fee_asset) for line in twice] == [
        (Decimal("0.00166779"), Decimal("2.99"), "USD"),
        (Decimal("0.00166779"), Decimal("2.99"), "EUR"),
    ]
    cryptocom = first_like("exchange/cryptocom_app.export-to-ghostfolio.csv")
    exact = next(line.raw["Native Amount (in USD)"] for line in cryptocom.lines if line.row == 2)
    assert exact == "1272.818163455002581754924039178839659092358"
    (withdrawn,) = first_like("exchange/bitvavo_withdrawal.ghostfoliosidekick.csv").lines
    assert withdrawn.at.isoformat() == "2023-10-24T19:23:37+00:00"


def test_gemini_tells_how_far_its_balances_are_off() -> None:
    told = {each.asset: each for each in first_like("exchange/gemini.yabc.csv").statements}
    usd, zec = told["USD"], told["ZEC"]
    assert [line.delta for line in usd.lines][:2] == [Decimal("-53.75"), Decimal("488.23")]
    assert usd.ties is False
    assert usd.gaps
    assert zec.ties is True


@pytest.mark.parametrize(
    ("name", "path", "rows"),
    [
        ("paystack-payouts", "paystack_api/settlements_list.json", 15),
        ("paystack-transactions", "paystack_api/settlements_transactions.json", 1),
    ],
)
def test_paystack_answers(name: str, path: str, rows: int) -> None:
    answer = json.dumps(json.loads(sample(path))["200"]["data"]).encode()
    told = registry.parse(name, answer)
    assert registry.recognised(answer)[0].name == name
    assert told.whole
    assert told.rows_total == rows == len(json.loads(answer)["data"])
    assert told.rejected == ()
    first = {"paystack-payouts": "-9.95", "paystack-transactions": "96.10"}[name]
    assert Decimal(first) in {line.delta for line in told.lines}


@pytest.mark.parametrize("name", SOUND)
def test_every_format_reads_and_knows_its_own(name: str) -> None:
    body, settings = SOUND[name]
    told = registry.parse(name, body, settings)
    assert registry.recognised(body)[0].name == told.format == name
    assert told.whole
    assert told.rows_total
    assert told.rejected == ()
    for line in told.lines:
        assert line.at.tzinfo is not None
        assert line.asset
        assert line.raw
        fee = line.fee if line.fee_asset == line.asset else Decimal(0)
        assert line.delta == EXACT.subtract(line.principal, fee)
    for each in told.statements:
        if each.opening is not None and name != "gemini-history":
            assert (each.ties, each.gaps) == (True, ())


def test_every_format_is_here() -> None:
    assert SOUND.keys() == registry.FORMATS.keys()
    settings = set(Settings.__dataclass_fields__)
    assert all(each.takes <= settings and each.headers and each.title for each in registry.FORMATS.values())


def test_the_sandbox_writes_generations_that_are_known() -> None:
    kraken = {tuple(header.split(",")) for header in registry.FORMATS["kraken-ledgers"].headers}
    assert set(LEDGERS.values()) <= kraken
    heads = {"paystack-transactions": files._CHARGE_HEAD, "paystack-transfers": files._TRANSFER_HEAD}
    for name, head in heads.items():
        assert ",".join(head) in registry.FORMATS[name].headers
        told = registry.parse(name, (",".join(head) + "\n").encode())
        assert (told.rows_total, told.heading_rows, told.statements) == (0, 1, ())


def test_the_page_lists_every_format() -> None:
    page = (SAMPLES.parents[2] / "docs" / "statements.md").read_text()
    formats, _, _ = page.partition("## Settings")
    listed = set(re.findall(r"^\| `([a-z0-9-]+)` \|", formats, re.MULTILINE))
    assert listed == registry.FORMATS.keys()
    taken = {name for each in registry.FORMATS.values() for name in each.takes}
    assert [name for name in sorted(taken) if f"`{name}`" not in page] == []
