"""MT940, a bank's statement in SWIFT's tags, read by the library mt-940: one statement per :20:, each tying by itself.

The library merges a file of several statements unless it is asked for them one by one, and signs the reversal of a
credit wrong unless told to (`Options.all()`). It opens a text that is the name of a file: it is handed a stream here.
Which row of a file it could not read it does not say; here each statement is read alone and its lines are counted.
A reference of the bank is no id: a payment and its charge share one at many banks. Days are the entry's, where it has
one, and else the value's.
"""

import io
import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import mt940

from app.statements.formats import bank
from app.statements.formats.errors import Unreadable
from app.statements.formats.formats import CERTAIN, Format
from app.statements.formats.lines import Line, Parsed, Statement
from app.statements.formats.reading import CELL_LIMIT, ROWS_LIMIT, File
from app.statements.formats.settings import Settings

# The library logs what it cannot read: names and sums of customers, which belong in no log.
logging.getLogger("mt940").setLevel(logging.CRITICAL)

_BLOCK = re.compile(r"^:20:", re.MULTILINE)
_ENTRY = re.compile(r"^:61:", re.MULTILINE)
_TAG = re.compile(r"^:(?P<tag>[0-9]{2}[A-Z]?):", re.MULTILINE)
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f]")  # some banks frame each message in SOH and ETX
_SIZE = re.compile(r"[0-9]{1,15}(,[0-9]{0,15})?")
_BALANCE = re.compile(r"^:(?P<tag>6[02][FM]):(?P<told>.*)$", re.MULTILINE)
_DAY = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"  # 30 February too: a month of interest has thirty days
_BALANCE_TOLD = re.compile(rf"[DC][0-9]{{2}}{_DAY}[A-Z]{{3}}[0-9]{{1,15}}(,[0-9]{{0,15}})?\s*")
_ENTRY_TOLD = re.compile(rf"[0-9]{{2}}{_DAY}(?:{_DAY}| {{4}})?R?[DC][A-Z]?[\n ]?(?P<size>[0-9,]+)", re.IGNORECASE)
# Words of the bank about the whole statement. The library would put them in place of those of the last line.
_CLOSING_WORDS = re.compile(r"(?<=\n):86:(?:(?!\n(?::[0-9]{2}[A-Z]?:|-)).)*", re.DOTALL)
_END = re.compile(r"^:6(?:2[FM]|4|5):", re.MULTILINE)
_OPENINGS = ("final_opening_balance", "intermediate_opening_balance")
_CLOSINGS = ("final_closing_balance", "intermediate_closing_balance")


def read(file: File, settings: Settings) -> Parsed:
    """A file of one or more statements."""
    text = _CONTROL.sub("", file.text.replace("\r\n", "\n").replace("\r", "\n"))
    starts = [found.start() for found in _BLOCK.finditer(text)]
    if not starts:
        raise Unreadable("the file has no statement.", row=1, column=":20:")
    rows = len(_ENTRY.findall(text))
    if rows > ROWS_LIMIT:
        raise Unreadable(f"there are more than {ROWS_LIMIT} lines.", column=":61:")
    if _ENTRY.search(text, 0, starts[0]):
        raise Unreadable("a line stands before the first statement.", row=1, column=":61:")
    entries = bank.Count()
    statements = tuple(
        _statement(text[start:end], text.count("\n", 0, start) + 1, entries, settings)
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
    )
    return Parsed(format=MT940.name, version=MT940.version, statements=statements, rows_total=rows, notes=file.notes)


def _statement(block: str, first_row: int, entries: bank.Count, settings: Settings) -> Statement:
    _check(block, first_row)
    try:
        (found,) = mt940.parse_statements(io.StringIO(_without_closing_words(block)), options=mt940.Options.all())
    except Exception as broken:  # the library raises what its parts raise: RuntimeError, KeyError, decimal's and others
        row, tag = _place(block, first_row, broken)
        raise Unreadable("this field cannot be read.", row=row, column=tag) from broken
    told, transactions = found.data, found.transactions
    if len(transactions) != len(_ENTRY.findall(block)):
        raise Unreadable("its lines cannot be told apart.", row=first_row, column=":61:")
    opening, closing = _balance(told, _OPENINGS), _balance(told, _CLOSINGS)
    if opening is None or closing is None:
        row, tag = (first_row, ":60F:") if opening is None else (first_row + block.rstrip().count("\n"), ":62F:")
        raise Unreadable("the statement lacks a balance: it is cut, or it is not MT940.", row=row, column=tag)
    asset = opening[0]
    account = settings.account or str(told.get("account_identification") or "")
    lines = [_line(each.data, entries.next(), asset, account, settings) for each in transactions]
    same = closing[0] == asset
    first, last = sorted((opening[2], closing[2]))
    if first < last and all(line.booked_on > first for line in lines):
        first += timedelta(days=1)  # (many banks date the opening balance with the day on which the one before closed)
    return Statement(
        ref=str(told.get("transaction_reference") or ""),
        account=account,
        asset=asset,
        opening=opening[1],
        closing=closing[1],
        period_from=first,
        period_to=last,
        lines=tuple(lines),
        untied="" if same else f"the closing balance is told in {closing[0]}",
    )


def _without_closing_words(block: str) -> str:
    """The block without what the bank says after the closing balance, as many rows long as before."""
    end = _END.search(block)
    if end is None:
        return block
    following = _ENTRY.search(block, end.end())
    until = following.start() if following else len(block)
    words = _CLOSING_WORDS.sub(lambda found: "\n" * found[0].count("\n"), block[end.end() : until])
    return block[: end.end()] + words + block[until:]


def _check(block: str, first_row: int) -> None:
    """What the library takes and would read as something else: sizes of many commas, balances cut short."""
    for found in _BALANCE.finditer(block):
        if not _BALANCE_TOLD.fullmatch(found["told"]):
            raise Unreadable(
                "this is no balance.", row=first_row + block.count("\n", 0, found.start()), column=f":{found['tag']}:"
            )
    for found in _ENTRY.finditer(block):
        told = _ENTRY_TOLD.match(block, found.end())
        if not told or not _SIZE.fullmatch(told["size"]):
            raise Unreadable(
                "this line tells no day and amount.", row=first_row + block.count("\n", 0, found.start()), column=":61:"
            )
    for tag, following in zip(_TAG.finditer(block), [*_TAG.finditer(block)][1:], strict=False):
        if following.start() - tag.end() > CELL_LIMIT:
            row = first_row + block.count("\n", 0, tag.start())
            raise Unreadable(f"the field is longer than {CELL_LIMIT} characters.", row=row, column=f":{tag['tag']}:")


def _place(block: str, first_row: int, broken: Exception) -> tuple[int, str]:
    """Where the value stands that the library stumbled over, as far as it says."""
    value = next((each for each in broken.args[2:3] if isinstance(each, str)), "")
    at = block.find(value) if value else -1
    for found in reversed(list(_TAG.finditer(block, 0, max(at, 0) + 1))):
        return first_row + block.count("\n", 0, found.start()), f":{found['tag']}:"
    return first_row, ":20:"


def _balance(told: dict[str, Any], names: tuple[str, ...]) -> tuple[str, Decimal, date] | None:
    found = next((told[name] for name in names if told.get(name)), None)
    if found is None:
        return None
    return str(found.amount.currency), found.amount.amount, _day(found.date)


def _day(told: date) -> date:
    return date(told.year, told.month, told.day)


def _line(told: dict[str, Any], row: int, asset: str, account: str, settings: Settings) -> Line:
    booked_on = _day(told.get("entry_date") or told["date"])
    at = datetime.combine(booked_on, time(), settings.tz()).astimezone(UTC)
    delta: Decimal = told["amount"].amount
    of_bank = next(bank.references(told.get("bank_reference")), "")
    refs = tuple(bank.references(told.get("customer_reference"), of_bank))
    words = [told.get(name) for name in ("transaction_details", "posting_text", "purpose", "extra_details")]
    return Line(
        row=row,
        at=at,
        booked_on=booked_on,
        asset=asset,
        delta=delta,
        principal=delta,
        fee_asset=asset,
        kind=bank.kind(str(told.get("id") or ""), reversal=str(told.get("status") or "").upper().startswith("R")),
        account=account,
        external_id=of_bank if settings.bank_reference_is_id else "",
        group=bank.group(*refs, *(str(each) for each in words if each)),
        refs=refs,
        counterparty=str(told.get("applicant_name") or ""),
        narration=bank.plain(*words[:1]) or bank.plain(*words[1:]),
        raw={name: str(value) for name, value in told.items() if value is not None},
    )


def likeness(file: File) -> int:
    """A :20: and a balance at the beginning of lines are nothing else."""
    tags = {found["tag"] for found in _tags(file.text)}
    return CERTAIN * 2 if "20" in tags and tags & {"60F", "60M", "62F", "62M"} else 0


def _tags(text: str) -> Iterator[re.Match[str]]:
    return _TAG.finditer(text.replace("\r", "\n"), 0, 100_000)


MT940 = Format(
    name="mt940",
    title="MT940 bank statement",
    version=1,
    headers=(":20: :25: :28C: :60F: :61: :86: :62F:",),
    takes=frozenset({"zone", "account", "bank_reference_is_id"}),
    read=read,
    likeness=likeness,
    tells_all=False,
)
