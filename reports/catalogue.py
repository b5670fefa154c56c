"""Every report that there is, by the name in its address. Another one is a line here: page, files and schedules follow.

A report says which days it asks for, how it is composed of sections, and what picture belongs to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.core import clock
from app.core.clock import WAT
from app.core.errors import Malformed, NotFound
from app.core.money import ASSETS
from reports import (
    ageing,
    customer_balances,
    income,
    pack,
    proof_sheets,
    reserves,
    settling,
    tariffs,
    tax_journal,
    volumes,
)
from reports.tables import ONE_DAY, Parameters, Section

DAYS_MAX = 366
FIRST_YEAR = 2000


class Asks(StrEnum):
    """For what days a report asks."""

    DAY = "day"
    SPAN = "span"


class Format(StrEnum):
    """What files of reports are."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class Rhythm(StrEnum):
    """How often one is made by itself, of the time that is over."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True)
class Report:
    """One report. `options` are the parameters that it takes beside days: `asset`, `product`."""

    name: str
    title: str
    group: str
    text: str
    asks: Asks
    compose: Callable[[Parameters], list[Section]]
    chart: Callable[[Parameters], str] | None = None
    chart_of: str = ""
    options: tuple[str, ...] = ()
    icon: str = "file-text"


DAILY, MONEY, BOOKS = "Every day", "Money", "The books"
ASSET, PRODUCT, ACCOUNT = "asset", "product", "account"
PRODUCTS = income.PRODUCTS
GROUPS = (DAILY, MONEY, BOOKS)
# In the order of the catalogue.
EVERY: tuple[Report, ...] = (
    Report(
        "finance-pack",
        "Daily finance pack",
        DAILY,
        "A day in one document: what we have and owe, what moved and was earned, what is due, what waits and failed.",
        Asks.DAY,
        pack.sections,
        icon="book-2",
    ),
    Report(
        "ageing",
        "Clearing and suspense by age",
        DAILY,
        "How old what stands at Paystack and what nobody could place is, at the end of any day.",
        Asks.DAY,
        ageing.sections,
        icon="clock",
    ),
    Report(
        "settlement",
        "Settlement due and received",
        MONEY,
        "What Paystack was to settle on each day beside what it settled, deducted and paid.",
        Asks.SPAN,
        settling.sections,
        settling.chart_of,
        "Due and settled on each day, in thousands of naira",
        icon="building-bank",
    ),
    Report(
        "fee-variance",
        "Fees beside the price list",
        MONEY,
        "What Paystack charged for each service beside what its price list says, and what the books have for it.",
        Asks.SPAN,
        tariffs.sections,
        icon="receipt",
    ),
    Report(
        "revenue",
        "Revenue by product",
        MONEY,
        "What each product earned, day by day and asset by asset, with its worth in naira.",
        Asks.SPAN,
        income.sections,
        income.chart,
        "Revenue of each day by product, in thousands of naira",
        (ASSET, PRODUCT),
        icon="coins",
    ),
    Report(
        "volumes",
        "Volumes",
        MONEY,
        "What came into and went out of customers' wallets, by day and by what it was for.",
        Asks.SPAN,
        volumes.sections,
        volumes.chart,
        "Deposits and withdrawals of each day, in millions of naira",
        (ASSET,),
        icon="chart-bar",
    ),
    Report(
        "customer-balances",
        "Customer balances",
        BOOKS,
        "What each customer was owed at the end of a day, by the books, and what it comes to.",
        Asks.DAY,
        customer_balances.sections,
        options=(ASSET,),
        icon="users",
    ),
    Report(
        "tax-journal",
        "Tax-ready journal",
        BOOKS,
        "Every leg with its date, account, amount and worth in naira at the time, tied to the trial balance.",
        Asks.SPAN,
        tax_journal.sections,
        options=(ASSET,),
        icon="list-details",
    ),
    Report(
        "proof-sheet",
        "Proof sheets",
        BOOKS,
        "What outsiders told of our accounts beside the books, day by day, what explains it, and who signed.",
        Asks.SPAN,
        proof_sheets.sections,
        options=(ACCOUNT,),
        icon="shield-check",
    ),
    Report(
        "reserves",
        "Proof of reserves",
        BOOKS,
        "What customers are owed in each asset beside where it is held, by the books and by whoever holds it.",
        Asks.DAY,
        reserves.sections,
        options=(ASSET,),
        icon="scale",
    ),
)
BY_NAME: Mapping[str, Report] = {report.name: report for report in EVERY}


def one(name: str) -> Report:
    """A report by its name. Raises NotFound."""
    if name not in BY_NAME:
        raise NotFound("There is no such report.")
    return BY_NAME[name]


def asked(report: Report, given: Mapping[str, str]) -> Parameters:
    """What an address or a row asks of a report; yesterday, or this month, where it names no days. Raises Malformed.

    A report of one day takes the day named last.
    """
    today = clock.now().astimezone(WAT).date()
    try:
        last = date.fromisoformat(given["to"]) if given.get("to") else _usual_end(report, today)
        first = date.fromisoformat(given["from"]) if given.get("from") else last.replace(day=1)
    except ValueError as unread:
        raise Malformed("Write a day like 2026-10-31.") from unread
    first = last if report.asks is Asks.DAY else first
    if first.year < FIRST_YEAR or last > today:
        raise Malformed("Choose days from the year 2000 on, and none that is still to come.")
    if first > last or (last - first).days >= DAYS_MAX:
        raise Malformed("Choose days of which the last is not before the first, and at most a year of them.")
    options = {name: given.get(name, "") if name in report.options else "" for name in (ASSET, PRODUCT, ACCOUNT)}
    if options[ASSET] and options[ASSET] not in ASSETS:
        raise Malformed("There is no such asset.")
    if options[PRODUCT] and options[PRODUCT] not in PRODUCTS:
        raise Malformed("There is no such product.")
    if options[ACCOUNT] and options[ACCOUNT] not in proof_sheets.accounts():
        raise Malformed("No source of statements tells of that account.")
    return Parameters(first, last, **options)


def over(rhythm: Rhythm, on: date) -> tuple[date, date]:
    """The first and the last day of the time that is over when one is made on a day: a day, a week, a month."""
    last = on - ONE_DAY
    if rhythm is Rhythm.DAILY:
        return last, last
    return (on - timedelta(days=7), last) if rhythm is Rhythm.WEEKLY else (last.replace(day=1), last)


def next_day(rhythm: Rhythm, after: date) -> date:
    """The first day after one on which it is made: any day, a Monday, the first of a month."""
    if rhythm is Rhythm.MONTHLY:
        return (after.replace(day=1) + timedelta(days=32)).replace(day=1)
    return after + timedelta(days=7 - after.weekday() if rhythm is Rhythm.WEEKLY else 1)


def _usual_end(report: Report, today: date) -> date:
    return today - ONE_DAY if report.asks is Asks.DAY else today
