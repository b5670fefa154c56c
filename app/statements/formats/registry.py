"""All formats, by name and by looking. The only door of this package: bytes in, `Parsed` out, or `Unreadable`."""

from collections.abc import Iterator

from app.statements.formats import reading
from app.statements.formats.bank_csv import BANK_CSV
from app.statements.formats.binance import BINANCE
from app.statements.formats.bitcoin_core import BITCOIN_CORE
from app.statements.formats.bitstamp import BITSTAMP
from app.statements.formats.bitvavo import BITVAVO
from app.statements.formats.bybit import BYBIT_FUNDING, BYBIT_UNIFIED
from app.statements.formats.camt import CAMT
from app.statements.formats.chain_balances import CHAIN_BALANCES
from app.statements.formats.coinbase import COINBASE
from app.statements.formats.cryptocom import CRYPTOCOM
from app.statements.formats.errors import Unreadable
from app.statements.formats.etherscan import ETHERSCAN
from app.statements.formats.formats import Format
from app.statements.formats.gemini import GEMINI
from app.statements.formats.kraken import KRAKEN
from app.statements.formats.kucoin import KUCOIN
from app.statements.formats.lines import Parsed, Told
from app.statements.formats.luno import LUNO
from app.statements.formats.mt940 import MT940
from app.statements.formats.okx import OKX_FUNDING, OKX_TRADING
from app.statements.formats.paystack import (
    PAYSTACK_BALANCE,
    PAYSTACK_PAYMENTS,
    PAYSTACK_PAYOUTS,
    PAYSTACK_TRANSFERS,
)
from app.statements.formats.reading import File
from app.statements.formats.settings import Settings
from app.statements.formats.telling import Telling, told_of
from app.statements.formats.told_elsewhere import BINANCE_AUTOINVEST, KRAKEN_TRADES

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        *(MT940, CAMT, BANK_CSV),
        *(PAYSTACK_PAYMENTS, PAYSTACK_TRANSFERS, PAYSTACK_PAYOUTS, PAYSTACK_BALANCE),
        *(KRAKEN, LUNO, BINANCE, KUCOIN, COINBASE, BYBIT_UNIFIED, BYBIT_FUNDING, BITSTAMP, OKX_TRADING, OKX_FUNDING),
        *(CRYPTOCOM, GEMINI, BITVAVO, BINANCE_AUTOINVEST, KRAKEN_TRADES),
        *(CHAIN_BALANCES, BITCOIN_CORE, ETHERSCAN),
    )
}


def recognised(body: bytes) -> tuple[Format, ...]:
    """The formats that a file may be, likeliest first. Raises Unreadable for what is no text at all."""
    return _recognised(reading.open_file(body))


def _recognised(file: File) -> tuple[Format, ...]:
    likely = [(each.likeness(file), -place, each) for place, each in enumerate(FORMATS.values())]
    return tuple(each for score, _, each in sorted(likely, key=lambda each: each[:2], reverse=True) if score)


def parse(name: str, body: bytes, settings: Settings | None = None) -> Parsed:
    """Read a file as the format that its source is set to.

    Raises Unreadable, with row and column, for a file that is not wholly readable so; where it looks like another
    format, `found` names that one. Raises KeyError for a format that is not known.
    """
    wanted, file = FORMATS[name], reading.open_file(body)
    try:
        return wanted.read(file, settings or Settings())
    except Unreadable as refused:
        raise _with_found(refused, wanted, file) from refused


def stream(name: str, body: bytes, settings: Settings | None = None) -> Telling:
    """A file row by row, as far as its format can: a million lines do not fit in memory.

    Raises Unreadable as `parse` does, and so does reading the rows, after some that could be read: write them in one
    transaction. Raises KeyError for a format that is not known.
    """
    wanted, file = FORMATS[name], reading.open_file(body)
    try:
        if wanted.stream is None:
            telling = told_of(wanted.name, wanted.version, lambda: wanted.read(file, settings or Settings()))
        else:
            telling = wanted.stream(file, settings or Settings())
    except Unreadable as refused:
        raise _with_found(refused, wanted, file) from refused
    telling.told = _looked_after(telling.told, wanted, file)
    return telling


def _looked_after(told: Iterator[tuple[int, Told]], wanted: Format, file: File) -> Iterator[tuple[int, Told]]:
    try:
        yield from told
    except Unreadable as refused:
        raise _with_found(refused, wanted, file) from refused


def _with_found(refused: Unreadable, wanted: Format, file: File) -> Unreadable:
    likely = _recognised(file)
    if not likely or wanted in likely:
        return refused
    reason = refused.message.partition(": ")[2]
    message = f"{reason} This looks like: {likely[0].title}, not {wanted.title}."
    return Unreadable(message, row=refused.row, column=refused.column, found=likely[0].name)
