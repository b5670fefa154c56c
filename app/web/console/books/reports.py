"""Trial balance, balance sheet and income statement, at any time, by either of an entry's two times; also as files."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, request
from flask.wrappers import Response

from app.core import clock
from app.core.clock import WAT
from app.core.errors import Malformed
from app.core.money import ASSETS, Money, plain
from app.core.permissions import Permission
from app.ledger import prices, trial
from app.ledger.prices import Price
from app.ledger.trial import BalanceSheet, Basis, TrialLine
from app.web import sheets
from app.web.console.base import bp
from app.web.console.books import times
from app.web.console.books.accounts import Worth, worth
from app.web.fragments import page
from app.web.guards import operator

REPORTS = {
    "trial-balance": "Trial balance",
    "balance-sheet": "Balance sheet",
    "income-statement": "Income statement",
}
CLASSES = {"asset": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income", "expense": "Expenses"}
COLUMNS = ["account", "asset", "balance"]


@dataclass(frozen=True)
class Asked:
    """Which report, of when, by which time. `at` is None for now; an income statement is of the time from `since`."""

    name: str
    basis: Basis
    at: datetime | None
    since: datetime
    given: dict[str, str]

    @property
    def until(self) -> datetime:
        """The moment that everything is taken up to."""
        return self.at or clock.now()

    @property
    def moment(self) -> datetime | None:
        """What the books are asked for: for "now" by effective time, what takes effect later must be left out."""
        return self.until if self.basis is Basis.EFFECTIVE else self.at


@dataclass(frozen=True)
class Line:
    """One line of a report: `amount` is on the side on which the report reads it."""

    code: str
    accounts: int
    amount: Money
    value: Money | None


@dataclass(frozen=True)
class Section:
    """Lines of one kind with their sum."""

    name: str
    lines: list[Line]
    total: Money


@dataclass(frozen=True)
class Part:
    """One asset of a report. `check` must be zero; None where nothing can be checked.

    `left` and `right` are the two sides that must be equal; of an income statement `left` is what was earned.
    """

    asset: str
    price: Price | None
    sections: list[Section]
    left: Money
    right: Money
    check: Money | None


@bp.get("/ledger/reports", defaults={"name": "trial-balance"})
@bp.get("/ledger/reports/<name>")
@operator(Permission.LEDGER_READ)
def reports(name: str) -> Response:
    """One of the three."""
    asked = _asked(name)
    known = prices.as_of(asked.until)
    lines, parts = _compose(asked, known)
    return page(
        "console/books/reports.html",
        reports=REPORTS,
        asked=asked,
        presets=times.spans() if name == "income-statement" else times.moments(),
        from_field=times.written(asked.since),
        parts=parts,
        worths=_worths(lines, known),
        prices=known,
    )


@bp.get("/ledger/reports/<name>.csv")
@operator(Permission.LEDGER_READ)
def report_sheet(name: str) -> Response:
    """One of the three as a file: debits positive, credits negative."""
    asked = _asked(name)
    lines, _ = _compose(asked, {}, each_customer=request.args.get("customers") == "each")
    stamp = asked.until.astimezone(WAT).strftime("%Y%m%d-%H%M")
    rows = [[line.code, line.asset, plain(line.balance)] for line in lines]
    return sheets.sheet(f"{name}-{asked.basis}-{stamp}", COLUMNS, rows)


def _asked(name: str) -> Asked:
    if name not in REPORTS:
        abort(404)
    given = {key: request.args.get(key, "").strip() for key in ("at", "from", "basis")}
    given = {key: text for key, text in given.items() if text}
    usual = Basis.EFFECTIVE if name == "income-statement" else Basis.BOOKED
    try:
        basis = Basis(given.get("basis", usual))
    except ValueError as unknown:
        raise Malformed("The basis is booked or effective.") from unknown
    at = times.ends(given.get("at", ""))
    month = (at or clock.now()).astimezone(WAT).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    since = times.begins(given.get("from", "")) or month
    asked = Asked(name, basis, at, since, given)
    if name == "income-statement" and since > asked.until:
        raise Malformed("It begins after its end.")
    return asked


def _compose(
    asked: Asked, known: dict[str, Price], *, each_customer: bool = False
) -> tuple[list[TrialLine], list[Part]]:
    """The report's lines as the books tell them, and cut by asset as people read them."""
    if asked.name == "balance-sheet":
        sheet = trial.balance_sheet(asked.moment, basis=asked.basis)
        lines = [*sheet.assets, *sheet.liabilities, *sheet.equity]
        earned = [
            TrialLine(f"equity:earnings:{asset}", "equity", asset, -amount, 1)
            for asset, amount in sheet.earnings.items()
        ]
        return [*lines, *earned], [_sheet_part(sheet, asset, known) for asset in _assets([*lines, *earned])]
    if asked.name == "income-statement":
        lines = trial.income_statement(asked.since, asked.until + times.TICK, basis=asked.basis)
        return lines, [_income_part(lines, asset, known) for asset in _assets(lines)]
    lines = trial.trial_balance(asked.moment, basis=asked.basis, each_customer=each_customer)
    return lines, [_trial_part(lines, asset, known) for asset in _assets(lines)]


def _assets(lines: list[TrialLine]) -> list[str]:
    """The assets that occur, in the order in which the house names them."""
    found = {line.asset for line in lines}
    return [asset for asset in ASSETS if asset in found]


def _trial_part(lines: list[TrialLine], asset: str, known: dict[str, Price]) -> Part:
    own = [line for line in lines if line.asset == asset]
    section = _section("Accounts", own, asset, known, signed=True)
    debits = _sum(asset, [line.balance for line in own if line.balance.units > 0])
    return _part(asset, known, [section], left=debits, check=section.total)


def _sheet_part(sheet: BalanceSheet, asset: str, known: dict[str, Price]) -> Part:
    earned = sheet.earnings.get(asset, Money(ASSETS[asset], 0))
    earnings = TrialLine(f"equity:earnings:{asset}", "equity", asset, -earned, 1)
    sections = [
        _section(name, [line for line in lines if line.asset == asset], asset, known)
        for name, lines in (
            ("Assets", sheet.assets),
            ("Liabilities", sheet.liabilities),
            ("Equity", [*sheet.equity, earnings]),
        )
    ]
    have, owe, own = (section.total for section in sections)
    return _part(asset, known, sections, left=have, check=have - owe - own)


def _income_part(lines: list[TrialLine], asset: str, known: dict[str, Price]) -> Part:
    sections = [
        _section(name, [line for line in lines if (line.asset, line.account_class) == (asset, kind)], asset, known)
        for name, kind in (("Income", "income"), ("Expenses", "expense"))
    ]
    return _part(asset, known, sections, left=sections[0].total - sections[1].total, check=None)


def _part(asset: str, known: dict[str, Price], sections: list[Section], *, left: Money, check: Money | None) -> Part:
    return Part(asset, known.get(asset), sections, left, left - check if check is not None else left, check)


def _section(
    name: str, lines: list[TrialLine], asset: str, known: dict[str, Price], *, signed: bool = False
) -> Section:
    read = [(line, line.balance if signed else line.normal) for line in lines]
    found = [Line(line.code, line.accounts, amount, prices.value(amount, known)) for line, amount in read]
    return Section(name, found, _sum(asset, [line.amount for line in found]))


def _sum(asset: str, amounts: list[Money]) -> Money:
    return Money(ASSETS[asset], sum(amount.units for amount in amounts))


def _worths(lines: list[TrialLine], known: dict[str, Price]) -> list[tuple[str, Worth]]:
    """What each class is worth in naira over all assets."""
    return [
        (words, worth([line.normal for line in lines if line.account_class == kind], known))
        for kind, words in CLASSES.items()
        if any(line.account_class == kind for line in lines)
    ]
