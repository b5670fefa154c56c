"""A month that is over, at our bank: what its file tells and what the books hold differ in a way of every kind.

A line is missing in the books and an entry at the bank; one line is told twice, one of another amount than its entry;
and two that belong together have different references. What was at the bank before it was paid in in two parts.
"""

import datetime as dt

from app.closing.rules import ONE_DAY, Span, month_of
from app.core import actor
from app.core.clock import WAT
from app.core.db import transaction
from app.core.money import NGN, plain
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit
from app.statements import service
from tests.makers import books, reporting

BANK, CAPITAL = (chart.house(each, asset=NGN) for each in (chart.BANK, chart.CAPITAL))
CHARGES, ADA, CASH, TWICE = "SMS AND MAINTENANCE CHARGES", "NIP FROM ADA OBI", "CASH AT IKEJA", "NIP FROM CHIDI EZE"
OURS, UNTOLD = "INV-2041", "OUT-20"  # (what we call Ada's, and what the bank does not know of)
# The day (0 is the last), their reference, kobo, their words.
_TOLD = (
    (1, "SET-01", 250_000_00, "SETTLEMENT"),
    (5, "NIP-7731", 40_000_00, ADA),
    (8, "CHG-01", -52_50, CHARGES),
    (12, "DEP-12", 15_000_00, CASH),
    (15, "DEP-15", 7_000_00, TWICE),
    (15, "DEP-15", 7_000_00, TWICE),
    (0, "SET-02", 100_000_00, "SETTLEMENT"),
)
_BOOKED = (
    (1, "SET-01", 250_000_00),
    (5, OURS, 40_000_00),
    (12, "DEP-12", 15_500_00),
    (15, "DEP-15", 7_000_00),
    (20, UNTOLD, -9_000_00),
    (0, "SET-02", 100_000_00),
)
_BEFORE = (30_000_00, 20_000_00)  # booked in the month before
_HEADING = "Account Number,1012345678\nOpening Balance,,,,,{opening}\nClosing Balance,,,,,{closing}\n\n"
_PROFILE = {
    "date": "Trans. Date", "reference": "Reference", "debit": "Debits", "credit": "Credits", "balance": "Balance",
    "narration": "Remarks",
}  # fmt: skip


def month() -> Span:
    """The last one that is over."""
    return month_of(reporting.today().replace(day=1) - ONE_DAY)


def add_source() -> None:
    """Say how the bank's files are read, and which account they tell of."""
    settings: dict[str, object] = {"zone": "Africa/Lagos", "asset": "NGN", "profile": _PROFILE}
    with transaction(actor.system("test")):
        source = service.add_source(
            "zenith", title="Zenith, naira account", format_name="bank-csv", settings=settings, lag_days=0,
            cut_off=dt.time(),
        )  # fmt: skip
        service.stand_for(source.id, asset="NGN", account=BANK)


def book() -> None:
    """What the books hold."""
    before = [(month().first - ONE_DAY, f"IN-{nth}", kobo) for nth, kobo in enumerate(_BEFORE)]
    for day, ref, kobo in (*before, *((month().days[day - 1], ref, kobo) for day, ref, kobo in _BOOKED)):
        at = dt.datetime.combine(day, dt.time(12), WAT)
        legs = (debit(BANK, books.kobo(kobo)), credit(CAPITAL, books.kobo(kobo)))
        books.post(Journal("test.moved", ref, legs, {}, at))


def file(*, rows: int = len(_TOLD)) -> str:
    """The bank's file, or one that was cut off after so many rows."""
    opening = balance = books.kobo(sum(_BEFORE))
    lines = ["Trans. Date,Reference,Debits,Credits,Balance,Remarks"]
    for day, ref, kobo, words in _TOLD:
        balance += books.kobo(kobo)
        sides = f",{plain(books.kobo(kobo))}" if kobo > 0 else f"{plain(books.kobo(-kobo))},"
        lines.append(f'{month().days[day - 1]:%d/%m/%Y},{ref},{sides},"{plain(balance)}",{words}')
    return _HEADING.format(opening=f'"{plain(opening)}"', closing=f'"{plain(balance)}"') + "\n".join(
        (*lines[: rows + 1], "")
    )
