"""CAMT.053, a bank's statement in XML, any version from .02 on and without a namespace too.

Read with defusedxml: nothing in the file is expanded or fetched, and a document type is refused.
An entry that holds several transactions with their amounts is as many lines, which must add up to it; one that says
only how many there were is one line. Pending entries and entries for information move nothing. An entry that reverses
another keeps the sign that it tells. An advice (054) or an interim report (052) is no statement and is refused.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # types alone: nothing is parsed with it

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.statements.formats import bank, cells
from app.statements.formats.errors import Unreadable
from app.statements.formats.formats import CERTAIN, Format
from app.statements.formats.lines import ZERO, Ignored, Line, Parsed, Rejected, Statement, negative, total
from app.statements.formats.reading import CELL_LIMIT, ROWS_LIMIT, File
from app.statements.formats.settings import Settings

_OTHERS = {"BkToCstmrAcctRpt": "an interim report (052)", "BkToCstmrDbtCdtNtfctn": "an advice (054)"}
_SIGNS = {"CRDT": 1, "DBIT": -1}
_DEPTH_LIMIT = 60
_MIDNIGHT = re.compile(r"T00:00(?::00(?:\.0+)?)?(?![0-9:.])")


def read(file: File, settings: Settings) -> Parsed:
    """A file of one or more statements."""
    root = _parsed(file.text)
    for name, what in _OTHERS.items():
        if root.tag == name or root.find(name) is not None:
            raise Unreadable(f"this is {what}, not a statement.", row=1, column=name)
    found = root.findall("BkToCstmrStmt/Stmt") or root.findall("Stmt")
    if not found:
        raise Unreadable("the file has no statement.", row=1, column="Stmt")
    rows = sum(len(each.findall("Ntry")) for each in found)
    if rows > ROWS_LIMIT:
        raise Unreadable(f"there are more than {ROWS_LIMIT} entries.", row=ROWS_LIMIT + 1, column="Ntry")
    entries = bank.Count()
    statements = tuple(_statement(each, entries, settings) for each in found)
    return Parsed(format=CAMT.name, version=CAMT.version, statements=statements, rows_total=rows, notes=file.notes)


def _parsed(text: str) -> Element:
    body = text.lstrip()
    if body.startswith("<?xml"):
        body = body[body.find("?>") + 2 :]  # it names the encoding of bytes that are text by now
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except ParseError as broken:
        row, character = broken.position
        raise Unreadable("this is no XML.", row=row, column=f"character {character + 1}") from broken
    except (DefusedXmlException, ValueError, RecursionError) as refused:
        raise Unreadable(
            "it has a document type or entities, which statements have not.", row=1, column="DOCTYPE"
        ) from (refused)
    _tidy(root)
    return root


def _tidy(root: Element) -> None:
    """Take the namespace off all names; refuse what is too deep or too long."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > _DEPTH_LIMIT:
            raise Unreadable("its elements are nested too deeply.", row=1, column=str(level[0].tag))
        for element in level:
            element.tag = str(element.tag).rpartition("}")[2]
            if element.text and len(element.text) > CELL_LIMIT:
                raise Unreadable(f"the text is longer than {CELL_LIMIT} characters.", row=1, column=element.tag)
        level = [child for element in level for child in element]


def _text(element: Element, *paths: str) -> str:
    """The text at the first of these paths that has one."""
    for path in paths:
        if told := (element.findtext(path) or "").strip():
            return told
    return ""


def _amount(element: Element, row: int, column: str) -> tuple[str, Decimal]:
    """Currency and size with sign. Raises Unreadable where either is not told."""
    told = element.find("Amt")
    sign = _SIGNS.get(_text(element, "CdtDbtInd"))
    if told is None or not told.get("Ccy"):
        raise Unreadable("there is no amount with a currency.", row=row, column=f"{column}/Amt")
    try:
        size = cells.number(told.text or "")
    except ValueError as wrong:
        raise Unreadable(f"{(told.text or '')[:40]!r} is no amount.", row=row, column=f"{column}/Amt") from wrong
    if sign is None or size < 0:
        raise Unreadable("it is neither credit nor debit.", row=row, column=f"{column}/CdtDbtInd")
    return str(told.get("Ccy")), size if sign > 0 else negative(size)


def _when(told: str, row: int, column: str, settings: Settings) -> tuple[datetime, date]:
    try:
        return cells.moment(told, settings.tz())
    except ValueError as wrong:
        raise Unreadable(f"{told[:40]!r} is no date.", row=row, column=column) from wrong


def _balances(statement: Element, row: int) -> dict[str, tuple[str, Decimal]]:
    """The first balance of each kind. A second one of a kind is of another page of the same day and is not ours."""
    found: dict[str, tuple[str, Decimal]] = {}
    for balance in statement.findall("Bal"):
        found.setdefault(_text(balance, "Tp/CdOrPrtry/Cd"), _amount(balance, row, "Bal"))
    return found


def _statement(statement: Element, entries: bank.Count, settings: Settings) -> Statement:
    first = entries.last + 1
    balances = _balances(statement, first)
    opening, closing = balances.get("OPBD") or balances.get("PRCD"), balances.get("CLBD")
    account = settings.account or _text(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id")
    asset = _text(statement, "Acct/Ccy") or (opening or closing or ("", ZERO))[0] or settings.asset
    if not asset:
        raise Unreadable("the statement tells no currency.", row=first, column="Acct/Ccy")
    told = [each for entry in statement.findall("Ntry") for each in _entry(entry, entries.next(), account, settings)]
    lines = tuple(each for each in told if isinstance(each, Line))
    begins, ends = _period(statement, lines, first, settings)
    other = next((each[0] for each in (opening, closing) if each and each[0] != asset), "")
    if mixed := next((line.asset for line in lines if line.asset != asset), ""):
        other = other or mixed
    return Statement(
        ref=_text(statement, "Id"),
        account=account,
        asset=asset,
        opening=opening[1] if opening else None,
        closing=closing[1] if closing else None,
        period_from=begins,
        period_to=ends,
        lines=lines,
        ignored=tuple(each for each in told if isinstance(each, Ignored)),
        rejected=tuple(each for each in told if isinstance(each, Rejected)),
        untied=f"an amount is told in {other}, the account is in {asset}" if other else "",
    )


def _period(
    statement: Element, lines: tuple[Line, ...], row: int, settings: Settings
) -> tuple[date | None, date | None]:
    """The first and the last day: those that it says, else those of its lines.

    An end at midnight is that of the day before, unless an entry of the day itself is in it.
    """
    days = [line.booked_on for line in lines]
    first, last = min(days, default=None), max(days, default=None)
    begins = _day(statement, "FrToDt/FrDtTm", row, settings) or first
    ends = _day(statement, "FrToDt/ToDtTm", row, settings)
    midnight = ends and _MIDNIGHT.search(_text(statement, "FrToDt/ToDtTm"))
    if ends and midnight and (begins is None or begins < ends) and (last is None or last < ends):
        ends -= timedelta(days=1)
    return begins, ends or last


def _day(statement: Element, path: str, row: int, settings: Settings) -> date | None:
    told = _text(statement, path)
    return _when(told, row, path, settings)[1] if told else None


def _entry(entry: Element, row: int, account: str, settings: Settings) -> Iterator[Line | Ignored | Rejected]:
    asset, amount = _amount(entry, row, "Ntry")
    place: dict[str, Any] = {"row": row, "account": account, "asset": asset}
    state = _text(entry, "Sts/Cd", "Sts/Prtry", "Sts")
    if state in {"PDNG", "INFO", "FUTR"}:
        yield Ignored(reason=f"not booked: {state}", raw=_raw(entry), **place)
        return
    if state != "BOOK":
        yield Rejected(column="Ntry/Sts", reason=f"status {state[:40]!r} is not known", raw=_raw(entry), **place)
        return
    booked = _text(entry, "BookgDt/DtTm", "BookgDt/Dt", "ValDt/DtTm", "ValDt/Dt")
    at, booked_on = _when(booked, row, "Ntry/BookgDt", settings)
    place |= {"at": at, "booked_on": booked_on}
    details = entry.findall("NtryDtls/TxDtls")
    parts = _parts(details, asset, amount, row)
    if len(details) > 1 and not parts:
        parts = [(entry, amount)]  # their amounts are not all told: the entry is what moved
    servicer = _text(entry, "AcctSvcrRef") if settings.bank_reference_is_id else ""
    for nth, (detail, delta) in enumerate(parts or [(details[0] if details else entry, amount)], 1):
        external_id = f"{servicer}/{nth}" if servicer and len(parts) > 1 else servicer
        yield _line(entry, detail, delta, external_id, place)


def _parts(details: list[Element], asset: str, amount: Decimal, row: int) -> list[tuple[Element, Decimal]]:
    """The transactions of a batch with what each moved, when all tell it. Raises Unreadable when they do not add up."""
    if not details[1:]:
        return []
    found: list[tuple[Element, Decimal]] = []
    for detail in details:
        inner = detail if detail.find("Amt") is not None else detail.find("AmtDtls/TxAmt")
        told = inner.find("Amt") if inner is not None else None
        if told is None or told.get("Ccy") != asset:
            return []
        try:
            size = cells.number(told.text or "")
        except ValueError as wrong:
            raise Unreadable("that is no amount.", row=row, column="TxDtls/Amt") from wrong
        sign = _SIGNS.get(_text(detail, "CdtDbtInd"), 1 if amount >= 0 else -1)
        found.append((detail, size if sign > 0 else negative(size)))
    if total(delta for _, delta in found) != amount:
        raise Unreadable("the transactions of this entry do not add up to it.", row=row, column="Ntry/NtryDtls")
    return found


def _line(entry: Element, detail: Element, delta: Decimal, external_id: str, place: dict[str, Any]) -> Line:
    names = ("EndToEndId", "TxId", "InstrId", "MsgId", "PmtInfId", "AcctSvcrRef", "Prtry/Ref")
    within = [_text(detail, f"Refs/{name}") for name in names]
    structured = _text(detail, "RmtInf/Strd/CdtrRefInf/Ref")
    refs = tuple(bank.references(*within, structured, _text(entry, "AcctSvcrRef"), _text(entry, "NtryRef")))
    words = [*(each.text for each in detail.iterfind("RmtInf/Ustrd")), _text(detail, "AddtlTxInf")]
    narration = bank.plain(*words) or bank.plain(_text(entry, "AddtlNtryInf"))
    whose = "Dbtr" if delta >= 0 else "Cdtr"
    reversal = _text(entry, "RvslInd") in {"true", "1"}
    code = _text(entry, "BkTxCd/Domn/Fmly/SubFmlyCd", "BkTxCd/Prtry/Cd")
    return Line(
        delta=delta,
        principal=delta,
        fee_asset=place["asset"],
        kind=bank.kind(code, reversal=reversal),
        external_id=external_id,
        group=bank.group(*refs, narration),
        refs=refs,
        counterparty=_text(detail, f"RltdPties/{whose}/Nm", f"RltdPties/{whose}/Pty/Nm"),
        narration=narration,
        raw=_raw(entry) if detail is entry else _raw(entry) | _raw(detail),
        **place,
    )


def _raw(element: Element) -> dict[str, str]:
    """Every text of an entry by its path, but for the transactions within it, which are told one by one."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, Element]] = [(element.tag, element)]
    while waiting:
        path, each = waiting.pop()
        if told := (each.text or "").strip():
            name, nth = path, 1
            while name in found:
                nth += 1
                name = f"{path}[{nth}]"
            found[name] = told
        for attribute, value in each.attrib.items():
            found.setdefault(f"{path}@{attribute.rpartition('}')[2]}", value)
        waiting += [(f"{path}/{child.tag}", child) for child in each if child.tag != "TxDtls"]
    return found


def likeness(file: File) -> int:
    """An XML document that names statements."""
    head = file.text[:20_000]
    return CERTAIN * 2 if head.lstrip().startswith("<") and "BkToCstmr" in head else 0


CAMT = Format(
    name="camt053",
    title="CAMT.053 bank statement",
    version=1,
    headers=("urn:iso:std:iso:20022:tech:xsd:camt.053.001.02 to .14, or no namespace",),
    takes=frozenset({"zone", "account", "asset", "bank_reference_is_id"}),
    read=read,
    likeness=likeness,
    tells_all=False,
)
