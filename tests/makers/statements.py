"""Statement files for tests: the samples by path, one sound file for each format, and what may happen to a file."""

import io
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from app.statements.formats.settings import Settings, Unit
from tests.makers import chains

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "statements"
BANK = Settings(zone="Africa/Lagos", asset="NGN")


@cache
def sample(path: str) -> bytes:
    """The bytes of a sample file."""
    return (SAMPLES / path).read_bytes()


BYBIT_UNIFIED = b"""UID: 100,Company Name: ,Country: NG
Uid,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,Cash Flow,Change,Wallet Balance,\
Action,Time(UTC)
100,USDT,BTCUSDT,TRADE,BUY,0.001,--,60000,--,-0.06,-60,-60.06,39.94000000000000000001,--,2026-03-01 10:00:01
100,BTC,BTCUSDT,TRADE,BUY,0.001,--,60000,--,0,0.001,0.001,0.001,--,2026-03-01 10:00:01
100,USDT,--,TRANSFER_IN,--,0,--,0,--,0,100.00000000000000000001,100.00000000000000000001,100.00000000000000000001,--,\
2026-03-01 09:00:00
"""
BYBIT_FUNDING = b"""Uid,Date & Time(UTC),Coin,QTY,Type,Account Balance,Description
100,2026-03-01 09:00:00,USDT,-100,Transfer out,0,Transfer to Unified Trading Account
100,2026-03-01 08:00:00,USDT,100,Deposit,100,Deposit
"""
BITSTAMP = b"""ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,\
Fee currency,Order ID
1,Main,Deposit,,2026-03-01T10:00:00Z,1000.00,EUR,,,,,,,
2,Main,Market,Buy,2026-03-01T11:00:00Z,0.01000000,BTC,500.00,EUR,50000,EUR,2.50,EUR,77
3,Main,Market,Sell,2026-03-01T12:00:00Z,0.00500000,BTC,251.00,EUR,50200,EUR,1.26,EUR,78
"""
BITSTAMP_OLD = b"""Type,Datetime,Account,Amount,Value,Rate,Fee,Sub Type
Deposit,"Jan. 24, 2021, 05:36 PM",Main,1000.00 EUR,,,,
Market,"Sept. 02, 2021, 12:01 AM",Main,0.01000000 BTC,500.00 EUR,50000.00 EUR,2.50 EUR,Buy
"""
OKX_TRADING = b"""\xef\xbb\xbfid,Order id,Time,Trade Type,Instrument,Type,Amount,Unit,PL,Fee,Position Change,\
Position Balance,Balance Change,Balance,Unit
9,5,2026-03-01 10:00:00,Spot,BTC-USDT,Sell,60,USDT,0,0,0,0,-60,40,USDT
9,5,2026-03-01 10:00:00,Spot,BTC-USDT,Buy,0.001,BTC,0,-0.000001,0,0,0.000999,0.000999,BTC
8,--,2026-03-01 09:00:00,Transfer,,Transfer in,100,USDT,0,0,0,0,100,100,USDT
"""
OKX_FUNDING = b"""id,Time,Type,Amount,Before Balance,After Balance,Fee,Symbol
3,2026-03-01 09:00:00,To unified trading account,-100,150,50,0,USDT
2,2026-03-01 08:30:00,Withdrawal,-49,200,150,1,USDT
1,2026-03-01 08:00:00,Deposit,200,0,200,0,USDT
"""
PAYSTACK_BALANCE = b"""{"status": true, "data": [
 {"id": 3, "balance": 950000, "currency": "NGN", "difference": -50000, "reason": "wallet withdrawal",
  "model_responsible": "Transfer", "model_row": 56, "domain": "live", "createdAt": "2026-03-02T09:39:49.000Z"},
 {"id": 2, "balance": 1000000, "currency": "NGN", "difference": 98500, "reason": "",
  "model_responsible": "Transaction", "model_row": 71, "domain": "live", "createdAt": "2026-03-01T09:39:49.000Z"}]}
"""
KRAKEN_TRADES = b"""txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers
T1,O1,XXBTZEUR,2026-03-01 10:00:00.1234,buy,limit,50000,500,1.3,0.01,0,,"L1,L2"
"""
OUR_ADDRESS = "bc1qhot3jq2ktajp28rudmr4u43u9hknc7d9q"
# A sound file for each format, and the settings that its source would have.
SOUND: dict[str, tuple[bytes, Settings]] = {
    "mt940": (sample("scenario_a/bank_ngn.mt940"), BANK),
    "camt053": (sample("bank_camt/bsp_camt.053.001.02.xml"), BANK),
    "bank-csv": (sample("scenario_a/bank_ngn.csv"), BANK),
    "paystack-transactions": (sample("scenario_a/paystack_transactions.csv"), Settings(unit=Unit.MAJOR)),
    "paystack-transfers": (sample("scenario_a/paystack_transfers.csv"), Settings()),
    "paystack-payouts": (sample("scenario_a/paystack_payouts.csv"), Settings()),
    "paystack-balance": (PAYSTACK_BALANCE, Settings()),
    "kraken-ledgers": (sample("scenario_a/kraken_ledgers.csv"), Settings()),
    "luno-wallet": (sample("scenario_a/luno_9061778909545963731_XBT.csv"), Settings()),
    "binance-history": (sample("scenario_a/binance_transaction_history.csv"), Settings()),
    "kucoin-account": (sample("scenario_a/kucoin_account_history.csv"), Settings()),
    "coinbase-history": (sample("exchange/coinbase_v4.export-to-ghostfolio.csv"), Settings()),
    "bybit-unified": (BYBIT_UNIFIED, Settings()),
    "bybit-funding": (BYBIT_FUNDING, Settings()),
    "bitstamp-transactions": (BITSTAMP, Settings()),
    "okx-trading": (OKX_TRADING, Settings()),
    "okx-funding": (OKX_FUNDING, Settings()),
    "cryptocom-app": (sample("exchange/cryptocom_app.export-to-ghostfolio.csv"), Settings()),
    "gemini-history": (sample("exchange/gemini.yabc.csv"), Settings()),
    "bitvavo-history": (sample("exchange/bitvavo_withdrawal.ghostfoliosidekick.csv"), Settings()),
    "binance-auto-invest": (sample("exchange/binance_autoinvest.dali-rp2.csv"), Settings()),
    "kraken-trades": (KRAKEN_TRADES, Settings()),
    "chain-balances": (sample("scenario_a/chain_balances.json"), Settings(account=OUR_ADDRESS)),
    "bitcoin-core": (chains.BITCOIN, Settings(account="hot")),
    "etherscan": (chains.ETHERSCAN, Settings(account=chains.OURS)),
}
Mutation = Callable[[bytes, random.Random], bytes]


def zipped(body: bytes, name: str) -> bytes:
    """A zip archive of one file, the same bytes whenever it is made: tests are named after what they are given."""
    packed, inside = io.BytesIO(), zipfile.ZipInfo(name, (2026, 3, 1, 0, 0, 0))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(inside, body, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _truncated(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def _headless(body: bytes, chance: random.Random) -> bytes:
    return body[chance.randrange(len(body)) :]


def _cut_out(body: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(body))
    return body[:start] + body[start + chance.randrange(1, 40) :]


def _utf16(body: bytes, chance: random.Random) -> bytes:
    return body.decode("utf-8", "replace").encode(chance.choice(["utf-16", "utf-16-le", "utf-16-be"]))


def _broken_utf16(body: bytes, chance: random.Random) -> bytes:
    return b"\xff\xfe" + body[: 2 * chance.randrange(len(body) // 2) + 1]


def _odd_bytes(body: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(body)
    for _ in range(chance.randrange(1, 6)):
        spoilt[chance.randrange(len(spoilt))] = chance.choice([0x00, 0x81, 0xFF, 0x80, 0x0C, 0x22, 0x3C, 0x2C])
    return bytes(spoilt)


def _marked(body: bytes, chance: random.Random) -> bytes:
    return b"\xef\xbb\xbf" * chance.randrange(1, 3) + body


def _line_ends(body: bytes, chance: random.Random) -> bytes:
    return body.replace(b"\r\n", b"\n").replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n"]))


def _cells(body: bytes, chance: random.Random, *values: bytes) -> bytes:
    """Put one of `values` in place of the words between two separators."""
    marks = [at for at, byte in enumerate(body) if byte in b",;>:\n"]
    start = chance.choice(marks[:-1])
    end = next(at for at in marks if at > start)
    return body[: start + 1] + chance.choice(values) + body[end:]


def _formula(body: bytes, chance: random.Random) -> bytes:
    return _cells(body, chance, b"=1+1", b"=HYPERLINK(0)", b"@SUM(A1)", b"+cmd|calc", b"-2+3")


def _hostile_number(body: bytes, chance: random.Random) -> bytes:
    hostile = (
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999999",
        b"0x10",
        b"1_000",
        b"--5",
        b"",
        b"\xd9\xa1\xd9\xa2",
        b"()",
    )
    return _cells(body, chance, *hostile, b"9" * 70, b"1E+99", b"1E-99", b".", b"1,23,4", b"2026-99-99", b"0001-01-01")


def _huge_cell(body: bytes, chance: random.Random) -> bytes:
    return _cells(body, chance, b"x" * chance.choice([9_000, 140_000]), b"1" * 9_000, b'"' + b"y" * 9_000)


def _swapped(body: bytes, chance: random.Random) -> bytes:
    lines = body.split(b"\n")
    rows = [line.split(b",") for line in lines]
    wide = max(len(row) for row in rows)
    one, other = chance.randrange(wide), chance.randrange(wide)
    for row in rows if chance.random() < 0.5 else rows[:1]:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
    return b"\n".join(b",".join(row) for row in rows)


def _without_column(body: bytes, chance: random.Random) -> bytes:
    rows = [line.split(b",") for line in body.split(b"\n")]
    gone = chance.randrange(max(len(row) for row in rows))
    return b"\n".join(b",".join(cell for at, cell in enumerate(row) if at != gone) for row in rows)


def _doubled_rows(body: bytes, chance: random.Random) -> bytes:
    lines = body.split(b"\n")
    at = chance.randrange(len(lines))
    return b"\n".join([*lines[:at], *lines[at : at + 3], *lines[at:]])


def _shuffled_rows(body: bytes, chance: random.Random) -> bytes:
    lines = body.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def _bomb(body: bytes, chance: random.Random) -> bytes:
    inside = chance.choice(["xl/worksheets/sheet1.xml", "statement.csv", "statement.xml"])
    return zipped(body + b"0" * 30_000_000, inside)


def _in_zip(body: bytes, chance: random.Random) -> bytes:
    packed = zipped(body, chance.choice(["statement.csv", "statement.txt", "a.exe"]))
    return packed if chance.random() < 0.5 else packed[: chance.randrange(4, len(packed))]


def _entities(body: bytes, chance: random.Random) -> bytes:
    head = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd"><!ENTITY c "&b;&b;">]>'
    return head + body.replace(b"</", b"&c;</", chance.randrange(1, 4))


def _deep(body: bytes, chance: random.Random) -> bytes:
    return chance.choice([b"[" * 100_000, b"<a>" * 5_000 + body, b'{"data":' * 5_000 + body])


MUTATIONS: tuple[Mutation, ...] = (
    *(_truncated, _headless, _cut_out, _utf16, _broken_utf16, _odd_bytes, _marked, _line_ends, _formula),
    *(_hostile_number, _huge_cell, _swapped, _without_column, _doubled_rows, _shuffled_rows, _in_zip, _entities, _deep),
    *(_truncated, _cut_out, _odd_bytes, _hostile_number, _hostile_number, _formula),
)
BOMB: Mutation = _bomb
