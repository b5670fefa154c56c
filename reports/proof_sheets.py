"""Proof sheets as sections: an account's invariants, what explains its difference, its days, and who signed."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from app.closing import figures, queries, sheets
from app.closing.rules import SignRole, Span
from app.closing.sheets import Sheet
from app.core.clock import WAT
from app.core.money import ASSETS, Money
from app.identity import queries as identity
from reports.tables import TICK, ByAsset, Cell, Line, Parameters, Section

HOLDS = {True: "holds", False: "fails", None: "does not apply"}
REASONS = {
    "missing_in_ledger": "Missing in the books",
    "missing_in_statement": "Missing in the statement",
    "duplicate_line": "Told twice",
    "duplicate_entry": "Booked twice",
    "statement_does_not_tie": "Statements that do not tie",
    "sequence_gap": "Statements that do not follow",
    "restated": "Told otherwise later",
    "unknown_type": "Rows of unknown type",
    "another_account": "Accounts under another name",
    figures.DIFFERING: "Matches that differ",
    figures.IN_TRANSIT: "Told and booked on different sides of the last day's end",
}


def accounts() -> list[str]:
    """Accounts that a source of statements stands for."""
    return queries.accounts_for_system()


def sections(asked: Parameters) -> list[Section]:
    """The sheet of one account, or of each, one after the other."""
    wanted = [asked.account] if asked.account else accounts()
    return [section for account in wanted for section in _of(account, asked)] or [_nothing()]


def _of(account: str, asked: Parameters) -> list[Section]:
    name = account.partition(":")[2]

    @cache
    def sheet() -> Sheet:
        return sheets.of(account, Span(asked.first, asked.last))

    return [
        Section(
            f"Invariants, {name}",
            (
                "Invariant",
                "What",
                "First number",
                "It is",
                "Second number",
                "That is",
                "Standing",
                "First row that fails",
            ),
            lambda: _invariants(sheet()),
            note="Each has two numbers that are equal, or the first row in which they are not.",
        ),
        Section(
            f"Both sides, {name}",
            ("What", "Number", "Asset", "Amount"),
            lambda: sides(sheet()),
            frozenset({"Number", "Amount"}),
            note="Told less booked at the end of the last day, and what explains it, one by one.",
        ),
        Section(
            f"Day by day, {name}",
            ("Day", "Lines", "Entries", "Told", "Booked", "Closing told", "Closing booked", "Explained", "Standing"),
            lambda: _days(sheet()),
            frozenset({"Lines", "Entries", "Told", "Booked", "Closing told", "Closing booked", "Explained"}),
            tally=lambda: ByAsset("Booked in these days, by the ledger", 4, {_asset(account): _moved(account, asked)}),
        ),
        Section(
            f"Sign-offs, {name}",
            ("Part", "Who", "When", "For", "Note"),
            lambda: _signatures(sheet()),
            empty="Nobody has signed these days.",
        ),
    ]


def _nothing() -> Section:
    return Section(
        "Proof sheets", ("Account",), lambda: iter(()), empty="No source of statements stands for an account."
    )


def _invariants(sheet: Sheet) -> Iterator[Line]:
    for one in sheet.results:
        yield (
            one.name,
            one.title,
            one.one,
            one.one_is,
            one.other,
            one.other_is,
            HOLDS[one.holds],
            one.first or one.said,
        )


def sides(sheet: Sheet) -> Iterator[Line]:
    """Both sides at the end: name, how many, asset, amount; of accounts that are counted as one each by itself."""
    asset, made = _asset(sheet.account), sheet.figures
    parts = figures.parts_at(sheet.account, made.span.until - TICK)
    lines: list[tuple[str, int | None, Decimal]] = [
        ("Opening, told", None, made.opening_told),
        ("Told", sum(day.lines for day in made.days), made.told),
        ("Closing, told", None, made.last.closing_told),
        ("Opening, booked", None, made.opening_booked),
        ("Booked", sum(day.entries for day in made.days), made.booked),
        ("Closing, booked", None, made.last.closing_booked),
        *((f"Of that on {code}", None, amount) for code, amount in parts.items() if len(parts) > 1),
        ("Told less booked", None, made.last.difference),
        *((REASONS.get(one.name, one.name.replace("_", " ").capitalize()), one.count or None, one.amount)
          for one in made.reasons),
        ("Not explained", None, made.last.difference - made.last.explained),
    ]  # fmt: skip
    yield from ((name, count, asset, _amount(amount, asset)) for name, count, amount in lines)


def _days(sheet: Sheet) -> Iterator[Line]:
    asset = _asset(sheet.account)
    for day in sheet.figures.days:
        amounts = (day.told, day.booked, day.closing_told, day.closing_booked, day.explained)
        yield (
            day.day, day.lines, day.entries, *(_amount(each, asset) for each in amounts),
            "explained" if day.ties else "not explained",
        )  # fmt: skip


def _signatures(sheet: Sheet) -> Iterator[Line]:
    staff = identity.names_for_operators()
    parts = {SignRole.PREPARED: "Prepared by", SignRole.REVIEWED: "Reviewed by"}
    for one in sheet.signatures:
        yield (
            parts[SignRole(one.role)],
            staff.get(one.operator_id, one.operator_id),
            one.signed_at,
            "these figures" if one.digest == sheet.digest else "other figures",
            one.note,
        )
    if sheet.closing is not None:
        yield "Closed", "", sheet.closing.closed_at, "these figures", f"digest {sheet.closing.digest.hex()}"
    for closing, again in sheet.reopened:
        when = f"{closing.month:%B %Y}, closed {closing.closed_at.astimezone(WAT):%-d %B %Y}"
        yield "Reopened", "", again.reopened_at, when, again.reason


def _amount(amount: Decimal, asset: str) -> Cell:
    """As money; a teller may tell more digits than an asset has here, then as it is."""
    units = amount.scaleb(ASSETS[asset].decimals)
    return Money(ASSETS[asset], int(units)) if units == int(units) else f"{amount:f}"


def _asset(account: str) -> str:
    return account.rpartition(":")[2]


def _moved(account: str, asked: Parameters) -> Money:
    """By the ledger's running balances, which the entries have nothing to do with."""
    return figures.booked_between(account, asked.since - TICK, asked.until - TICK)
