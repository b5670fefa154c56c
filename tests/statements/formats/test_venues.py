"""Exchanges: each generation of their headers, what each says beside the amount, and what is not known is rejected."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.statements.formats import registry
from app.statements.formats.kraken import HEADERS as KRAKEN_HEADERS
from app.statements.formats.lines import Kind, Parsed
from app.statements.formats.settings import Settings
from tests.makers.statements import BITSTAMP, BITSTAMP_OLD, BYBIT_UNIFIED, OKX_TRADING, SOUND, sample

KRAKEN = {
    "txid": "L1", "refid": "FTaBcD", "time": "2026-03-01 10:00:00", "type": "trade", "subtype": "",
    "aclass": "currency", "subclass": "crypto", "asset": "XXBT", "wallet": "spot / main", "amount": "-0.5",
    "fee": "0.001", "balance": "1.499", "amountusd": "-30000", "feeusd": "60", "balanceusd": "90000",
    "feecurrency": "XXBT",
}  # fmt: skip


def kraken(header: str = KRAKEN_HEADERS[0], **changed: str) -> Parsed:
    """A ledger of one row."""
    names = header.split(",")
    row = ",".join((KRAKEN | changed)[name] for name in names)
    return registry.parse("kraken-ledgers", f"{header}\n{row}\n".encode())


def edited(name: str, old: bytes, new: bytes) -> Parsed:
    """A sound file with something else in it."""
    body, settings = SOUND[name]
    assert old in body
    return registry.parse(name, body.replace(old, new), settings)


class TestKraken:
    @pytest.mark.parametrize("header", KRAKEN_HEADERS)
    def test_reads_every_generation(self, header: str) -> None:
        (line,) = kraken(header).lines
        assert (line.asset, line.delta, line.principal, line.fee) == (
            *("BTC", Decimal("-0.501")),
            *(Decimal("-0.5"), Decimal("0.001")),
        )
        assert (line.external_id, line.group, line.refs) == ("L1", "FTaBcD", ("FTaBcD",))

    def test_keeps_wallets_of_one_asset_apart(self) -> None:
        header = KRAKEN_HEADERS[2]
        rows = [KRAKEN, KRAKEN | {"txid": "L2", "asset": "XBT.M", "amount": "0.5", "fee": "0", "balance": "0.5"}]
        body = "\n".join([header, *(",".join(row[name] for name in header.split(",")) for row in rows)])
        told = registry.parse("kraken-ledgers", body.encode())
        assert [(each.asset, each.account, each.ties) for each in told.statements] == [
            ("BTC", "BTC", True),
            ("BTC", "BTC.M", True),
        ]

    def test_keeps_a_row_whose_id_was_blanked(self) -> None:
        (line,) = kraken(txid="").lines
        assert line.external_id == ""
        assert kraken(txid="", balance="").ignored[0].reason == "the pending twin of another row"

    @pytest.mark.parametrize(
        ("changed", "column"),
        [
            ({"type": "nftrebate"}, "type"),
            ({"balance": ""}, "balance"),
        ],
    )
    def test_rejects_what_it_does_not_know(self, changed: dict[str, str], column: str) -> None:
        told = kraken(**changed)
        assert [row.column for row in told.rejected] == [column]
        assert told.whole

    def test_rejects_a_fee_in_another_asset(self) -> None:
        assert kraken(KRAKEN_HEADERS[-1], feecurrency="ZUSD").rejected[0].column == "feecurrency"

    def test_keeps_identical_rows(self) -> None:
        body = sample("scenario_a/kraken_ledgers.csv").decode().splitlines()
        told = registry.parse("kraken-ledgers", "\n".join([*body, body[1]]).encode())
        assert len(told.lines) == 17
        assert sum(1 for line in told.lines if line.external_id == "LHCZHJ-XW5LJ-VZSNAD") == 2


class TestBinance:
    HEADER = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"

    def read(self, *rows: str, settings: Settings | None = None) -> Parsed:
        body = self.HEADER + "".join(f"1,{row},\n" for row in rows)
        return registry.parse("binance-history", body.encode(), settings)

    def test_groups_a_fee_that_is_a_second_late(self) -> None:
        told = self.read(
            "2026-03-01 10:00:05,Spot,Fee,BNB,-6.0E-7",
            "2026-03-01 10:00:04,Spot,Buy,BTC,0.1",
            "2026-03-01 10:00:06,Spot,Fee,BNB,-0.1",
            "2026-03-01 10:00:04,Funding,Buy,BTC,0.1",
        )
        groups = {line.row: line.group for line in told.lines}
        assert groups[2] == groups[3] == "Spot/trade/2026-03-01T10:00:04Z"
        assert len({groups[3], groups[4], groups[5]}) == 3
        assert next(line for line in told.lines if line.row == 2).delta == Decimal("-0.0000006")

    def test_keeps_equal_fills(self) -> None:
        row = "2026-03-01 10:00:04,Spot,Buy,BTC,0.1"
        assert [line.delta for line in self.read(row, row, row).lines] == [Decimal("0.1")] * 3

    def test_nets_what_moves_between_accounts(self) -> None:
        moved = "Transfer Between Main and Funding Wallet"
        told = self.read(f"2026-03-01 10:00:04,Spot,{moved},BTC,-1", f"2026-03-01 10:00:04,Funding,{moved},BTC,1")
        assert sum(line.delta for line in told.lines) == 0
        assert {line.kind for line in told.lines} == {Kind.TRANSFER}

    def test_takes_the_zone_from_the_settings(self) -> None:
        told = self.read("2026-03-01 00:30:00,Spot,Deposit,BTC,1", settings=Settings(zone="Africa/Lagos"))
        assert told.lines[0].at == datetime(2026, 2, 28, 23, 30, tzinfo=UTC)

    def test_rejects_an_operation_never_seen(self) -> None:
        told = self.read("2026-03-01 10:00:04,Spot,Megadrop Voucher,BTC,1")
        assert (told.rejected[0].column, told.lines) == ("Operation", ())


class TestKuCoin:
    def test_reads_the_offset_in_the_header(self) -> None:
        told = edited("kucoin-account", b"Time(UTC)", b"Time(UTC+08:00)")
        assert min(line.at for line in told.lines) == datetime(2026, 2, 28, 18, 53, 44, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("old", "new", "column"),
        [
            (b"487.14196871,0,", b"487.14196871,0.5,", "Fee"),
            (b"USDT,Deposit,487", b"USDT,Sideways,487", "Side"),
            (b"04:13:30,Deposit", b"04:13:30,Lottery", "Remark"),
        ],
    )
    def test_rejects_what_it_does_not_know(self, old: bytes, new: bytes, column: str) -> None:
        assert [row.column for row in edited("kucoin-account", old, new).rejected] == [column]


class TestCoinbase:
    V1 = (
        b"Timestamp,Transaction Type,Asset,Quantity Transacted,EUR Spot Price at Transaction,EUR Subtotal,"
        b"EUR Total (inclusive of fees),EUR Fees,Notes\n"
    )

    def test_reads_the_first_generation(self) -> None:
        told = registry.parse("coinbase-history", self.V1 + b"2020-01-01T00:00:00Z,Send,BTC,0.5,7000,,,,To a friend\n")
        (line,) = told.lines
        assert (line.delta, line.kind, line.fee_asset) == (Decimal("-0.5"), Kind.WITHDRAWAL, "EUR")

    def test_tells_both_legs_of_an_advanced_trade(self) -> None:
        row = (
            b"2024-01-01T00:00:00Z,Advanced Trade Sell,BTC,-0.5,EUR,40000,20000,19900,100,"
            b"Sold 0.5 BTC for 19900 EUR on BTC-EUR at 40000 EUR/BTC\n"
        )
        told = registry.parse("coinbase-history", COINBASE_V3 + row)
        assert {line.asset: line.delta for line in told.lines} == {"BTC": Decimal("-0.5"), "EUR": Decimal(19900)}
        assert told.rows_total == 1
        assert told.whole

    @pytest.mark.parametrize(
        ("row", "column"),
        [
            (b"2024-01-01T00:00:00Z,Teleport,BTC,1,EUR,1,1,1,0,\n", "Transaction Type"),
            (b"2024-01-01T00:00:00Z,Receive,BTC,-1,EUR,1,1,1,0,\n", "Quantity Transacted"),
            (b"2024-01-01T00:00:00Z,Convert,BTC,1,EUR,1,1,1,0,Swapped\n", "Notes"),
        ],
    )
    def test_rejects_what_it_does_not_know(self, row: bytes, column: str) -> None:
        assert [each.column for each in registry.parse("coinbase-history", COINBASE_V3 + row).rejected] == [column]


COINBASE_V3 = (
    b"Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,Spot Price at Transaction,Subtotal,"
    b"Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)


class TestBybit:
    def test_orders_rows_of_one_second_by_balance(self) -> None:
        told = {each.asset: each for each in registry.parse("bybit-unified", BYBIT_UNIFIED).statements}
        assert told["USDT"].closing == Decimal("39.94000000000000000001")
        assert told["USDT"].ties is True
        trade = told["USDT"].lines[1]
        assert (trade.delta, trade.principal, trade.fee) == (Decimal("-60.06"), Decimal(-60), Decimal("0.06"))

    def test_rejects_a_change_that_does_not_add_up(self) -> None:
        assert edited("bybit-unified", b"-60.06,39", b"-60.07,39").rejected[0].column == "Change"


class TestBitstamp:
    def test_tells_both_legs_and_the_fee(self) -> None:
        told = registry.parse("bitstamp-transactions", BITSTAMP)
        bought = {line.asset: (line.delta, line.fee) for line in told.lines if line.external_id == "2"}
        assert bought == {"BTC": (Decimal("0.01"), Decimal(0)), "EUR": (Decimal("-502.50"), Decimal("2.50"))}
        sold = {line.asset: line.delta for line in told.lines if line.external_id == "3"}
        assert sold == {"BTC": Decimal("-0.005"), "EUR": Decimal("249.74")}

    def test_reads_the_older_generation(self) -> None:
        told = registry.parse("bitstamp-transactions", BITSTAMP_OLD)
        assert {line.asset: line.delta for line in told.lines if line.row == 3} == {
            "BTC": Decimal("0.01"),
            "EUR": Decimal("-502.50"),
        }

    def test_rejects_a_fee_on_a_deposit(self) -> None:
        told = edited("bitstamp-transactions", b"1000.00,EUR,,,,,,,", b"1000.00,EUR,,,,,1.00,EUR,")
        assert told.rejected[0].column == "Fee"


class TestOkx:
    def test_moves_what_the_balance_moved(self) -> None:
        told = {each.asset: each for each in registry.parse("okx-trading", OKX_TRADING).statements}
        (bought,) = told["BTC"].lines
        assert (bought.delta, bought.principal, bought.fee) == (
            *(Decimal("0.000999"), Decimal("0.001000")),
            Decimal("0.000001"),
        )
        assert (told["USDT"].opening, told["USDT"].closing) == (Decimal(0), Decimal(40))

    def test_rejects_funding_that_does_not_add_up(self) -> None:
        assert edited("okx-funding", b"-49,200,150", b"-45,200,150").rejected[0].column == "Amount"


@pytest.mark.parametrize("name", ["binance-auto-invest", "kraken-trades"])
def test_files_that_tell_it_again_count_for_nothing(name: str) -> None:
    told = registry.parse(name, SOUND[name][0])
    assert told.lines == ()
    assert len(told.ignored) == told.rows_total > 0
