"""Bank statements as CSV, laid out as each bank likes: a profile per source says which column is which.

Finance confirms the profile once, on a screen that shows what `proposed` made of the headers. Above the header banks
write the account and its balances; those are found by their labels. A row without a date that repeats a balance is no
movement. Without balances in a heading, the column of running balances gives them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from app.statements.formats import bank, cells, formats, reading
from app.statements.formats.errors import Unreadable
from app.statements.formats.formats import CERTAIN, Format, Tally
from app.statements.formats.lines import (
    EXACT,
    ZERO,
    Kind,
    Line,
    Parsed,
    Statement,
    Summary,
    Told,
    negative,
    statements_of,
)
from app.statements.formats.reading import Column, File, Layout, Row, Sheet, normal
from app.statements.formats.settings import Profile, Settings
from app.statements.formats.telling import Telling, with_heading

# What banks call their columns, for a proposal. The first that is there is taken.
KNOWN: dict[str, tuple[str, ...]] = {
    "date": (
        *("trans. date", "trans date", "transaction date", "tran date", "posting date", "posted date", "booking date"),
        *("buchungstag", "date"),
    ),
    "value_date": ("value. date", "value date", "valuta", "wertstellung"),
    "reference": ("reference", "reference number", "transaction reference", "ref", "ref."),
    "debit": ("debits", "debit", "withdrawals", "withdrawal", "money out", "paid out", "debit amount"),
    "credit": ("credits", "credit", "deposits", "lodgements", "money in", "paid in", "credit amount"),
    "amount": ("amount", "transaction amount", "betrag"),
    "direction": ("dr/cr", "cr/dr", "debit/credit", "direction"),
    "balance": ("balance", "running balance", "ledger balance", "saldo"),
    "narration": ("remarks", "narration", "description", "details", "transaction details", "verwendungszweck"),
    "currency": ("ccy", "currency"),
    "counterparty": ("counterparty", "beneficiary", "payee"),
}
_COLUMNS = tuple(KNOWN)
GUESS = Layout(tuple(Column(name, aliases, needed=name == "date") for name, aliases in KNOWN.items()), spare_names=True)
_COMMA = re.compile(r"[0-9],[0-9]{1,2}$")
_POINT = re.compile(r"[0-9]\.[0-9]{1,2}$")
_NO_CURRENCY = "the file names no currency: say which one the account is in."
_LOOKED_AT = 200  # rows; enough to see how numbers are written
_SIGNS = {"dr": -1, "d": -1, "debit": -1, "cr": 1, "c": 1, "credit": 1}


@dataclass(frozen=True)
class Heading:
    """What stands above the header."""

    opening: Decimal | None
    closing: Decimal | None
    account: str


def proposed(file: File) -> Profile:
    """A profile from the headers and how the numbers look. Raises Unreadable where they say too little."""
    found = reading.sheet(file, GUESS)
    at = GUESS.found(found.headers)
    names = {name: found.headers[place] for name, place in at.items()}
    if "amount" not in names and not {"debit", "credit"} <= names.keys():
        row = found.heading[-1][0] + 1 if found.heading else 1
        raise Unreadable(
            "no column of amounts is known, nor one of debits and one of credits.", row=row, column="Amount"
        )
    if {"debit", "credit"} <= names.keys():
        names.pop("amount", None)
        names.pop("direction", None)
    else:
        names.pop("debit", None)
        names.pop("credit", None)
    return Profile(**names, decimal_comma=_decimal_comma(found, names))


def _decimal_comma(found: Sheet, names: dict[str, str]) -> bool:
    told = [
        value
        for row, _ in zip(found.rows(), range(_LOOKED_AT), strict=False)
        for name in ("amount", "debit", "credit", "balance")
        if (value := row.raw.get(names.get(name, ""), "").strip())
    ]
    commas = next((value for value in told if _COMMA.search(value)), "")
    points = next((value for value in told if _POINT.search(value)), "")
    if commas and points:
        raise Unreadable(f"{commas!r} and {points!r}: say which is the decimal mark.", row=1, column="Amount")
    return bool(commas)


def layout_of(profile: Profile) -> Layout:
    """The columns that a profile names, all of them needed."""
    named = {name: str(getattr(profile, name)) for name in _COLUMNS}
    return Layout(tuple(Column(name, (normal(their),)) for name, their in named.items() if their))


def _laid_out(file: File, settings: Settings) -> tuple[Sheet, Profile, Heading, Settings]:
    """The rows of a file as the profile of the settings says, or as proposed, and what stands above them."""
    profile = settings.profile or proposed(file)
    if not profile.amount and not (profile.debit and profile.credit):
        raise Unreadable("it names no column of amounts.", column="the profile")
    found = reading.sheet(file, layout_of(profile))
    heading = _heading(found, profile)
    return found, profile, heading, replace(settings, account=settings.account or heading.account)


def read(file: File, settings: Settings) -> Parsed:
    """A file as the profile of the settings says, or as proposed."""
    found, profile, heading, known = _laid_out(file, settings)
    tally = Tally()
    told = _placed([_tell(row, known, profile) for row in tally.over(found.rows())])
    statements = tuple(_with(heading, each) for each in statements_of(told)) if _one(told) else statements_of(told)
    statements = statements or _alone(heading, known)
    return Parsed(
        format=BANK_CSV.name,
        version=BANK_CSV.version,
        statements=statements,
        rows_total=tally.rows,
        heading_rows=found.heading_rows,
        notes=file.notes,
    )


def stream(file: File, settings: Settings) -> Telling:
    """The same, row by row."""
    found, profile, heading, known = _laid_out(file, settings)
    telling = Telling(format=BANK_CSV.name, version=BANK_CSV.version, notes=file.notes)
    rows = (_tell(row, known, profile) for row in found.rows())
    headed = with_heading(heading.opening, heading.closing)

    def ending(moved: tuple[Summary, ...]) -> tuple[Summary, ...]:
        return headed(moved) or tuple(each.summary for each in _alone(heading, known))

    return telling.over(rows, ending=ending)


def _placed(told: list[Told]) -> list[Told]:
    """Rows that repeat a balance name no currency; where the file has one alone, it is theirs too."""
    assets = {each.asset for each in told if each.asset}
    if len(assets) != 1:
        return told
    (asset,) = assets
    return [each if each.asset else replace(each, asset=asset) for each in told]


def _one(told: list[Told]) -> bool:
    return len({(each.account, each.asset) for each in told}) == 1


def _with(heading: Heading, statement: Statement) -> Statement:
    """The balances of the heading where it tells them: then the running ones are held against them by `gaps` alone."""
    return replace(
        statement,
        opening=statement.opening if heading.opening is None else heading.opening,
        closing=statement.closing if heading.closing is None else heading.closing,
    )


def _alone(heading: Heading, settings: Settings) -> tuple[Statement, ...]:
    """What a file without any line tells: its balances, which must be one. It may have been cut off after its header.

    Raises Unreadable where nothing says what they are counted in.
    """
    if settings.asset:
        own = Statement(
            account=settings.account, asset=settings.asset, opening=heading.opening, closing=heading.closing
        )
        return (own,)
    if heading.opening is None and heading.closing is None:
        return ()
    raise Unreadable(_NO_CURRENCY, column="the setting asset")


def _heading(found: Sheet, profile: Profile) -> Heading:
    told: dict[str, tuple[int, str]] = {}
    for number, record in found.heading:
        filled = [cell.strip() for cell in record if cell.strip()]
        for label in (profile.opening_label, profile.closing_label, profile.account_label):
            if label and len(filled) > 1 and normal(filled[0]).startswith(normal(label)):
                told.setdefault(label, (number, filled[-1]))
    account = told.get(profile.account_label, (0, ""))[1]
    return Heading(
        _balance(told, profile.opening_label, profile), _balance(told, profile.closing_label, profile), account
    )


def _balance(told: dict[str, tuple[int, str]], label: str, profile: Profile) -> Decimal | None:
    if label not in told:
        return None
    row, text = told[label]
    try:
        return cells.number(text, decimal_comma=profile.decimal_comma)
    except ValueError as wrong:
        raise Unreadable(f"{text[:40]!r} is no balance.", row=row, column=label) from wrong


def _tell(row: Row, settings: Settings, profile: Profile) -> Told:
    place = formats.place(settings.account, row.text("currency") or settings.asset)
    if not row.text("date") and _repeats_balance(row, profile):
        return formats.ignored(row, "a balance, not a movement", **place)
    if not place["asset"]:
        raise Unreadable(_NO_CURRENCY, column="the setting asset")
    at, booked_on = row.moment("date", settings)
    delta = _delta(row, profile)
    if isinstance(delta, str):
        return formats.rejected(row, "direction" if profile.direction else "amount", delta, **place)
    balance = row.number_of("balance", decimal_comma=profile.decimal_comma) if row.text("balance") else None
    if not delta and not any(row.text(name) for name in ("amount", "debit", "credit")):
        return formats.ignored(row, "no amount", **place)
    refs, narration = tuple(bank.references(row.text("reference"))), bank.plain(row.text("narration"))
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=delta,
        principal=delta,
        fee_asset=place["asset"],
        balance_after=balance,
        kind=Kind.PAYMENT,
        group=bank.group(*refs, narration),
        refs=refs,
        counterparty=row.text("counterparty"),
        narration=narration,
        raw=row.raw,
        **place,
    )


def _repeats_balance(row: Row, profile: Profile) -> bool:
    first = next((value.strip() for value in row.values if value.strip()), "")
    labels = filter(None, (profile.opening_label, profile.closing_label))
    return normal(first).startswith(tuple(normal(label) for label in labels))


def _delta(row: Row, profile: Profile) -> Decimal | str:
    """What the balance changes by, or why that cannot be said."""
    amount, debit, credit = _numbers(row, profile)
    if profile.amount and not profile.direction:
        return amount
    if profile.amount:
        sign = _SIGNS.get(row.text("direction").lower())
        if sign is None:
            return f"{row.text('direction')[:40]!r} is neither debit nor credit"
        return "an amount below zero and a direction" if amount < 0 else amount if sign > 0 else negative(amount)
    if debit < 0 or credit < 0:
        return "a debit or credit below zero"
    return EXACT.subtract(credit, debit)


def _numbers(row: Row, profile: Profile) -> Iterator[Decimal]:
    for name in ("amount", "debit", "credit"):
        yield row.number_of(name, empty=ZERO, decimal_comma=profile.decimal_comma)


def likeness(file: File) -> int:
    """Less like than any file that a format knows by name: many things have a date and an amount."""
    try:
        proposed(file)
    except Unreadable:
        return 0
    return CERTAIN // 2


BANK_CSV = Format(
    name="bank-csv",
    title="Bank statement as CSV",
    version=1,
    headers=("by profile",),
    takes=frozenset({"zone", "asset", "account", "date_order", "profile"}),
    read=read,
    stream=stream,
    likeness=likeness,
    tells_all=False,
)
