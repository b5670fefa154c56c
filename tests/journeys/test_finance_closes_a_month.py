"""Finance closes a month: the bank's file is dropped, each difference ends in its way, two sign, two agree.

What the bank's file tells and what the books hold differ in every way that finance can do something about.
"""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from app.closing import figures
from app.closing.rules import ONE_DAY, Span, month_of
from app.core import actor
from app.core.clock import WAT
from app.core.db import for_everyone, leave, rows, transaction
from app.core.money import NGN, plain
from app.core.permissions import Role
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit
from app.statements import service
from dev.embedded import Servers
from tests.journeys.conftest import FIRST_REDIS, Visiting, house
from tests.journeys.test_finance_makes_the_daily_pack import downloaded, made
from tests.journeys.test_statements import DROP
from tests.makers import books, people, reporting
from tests.makers.browser import PATIENCE_MS
from tests.makers.house import Running
from tests.makers.visitors import OperatorAtWork

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.browser,
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.xdist_group("closing a month"),
]

BANK, CAPITAL = (chart.house(each, asset=NGN) for each in (chart.BANK, chart.CAPITAL))
PROFILE = {
    "date": "Trans. Date",
    "reference": "Reference",
    "debit": "Debits",
    "credit": "Credits",
    "balance": "Balance",
    "narration": "Remarks",
}
HEAD = "Account Number,1012345678\nOpening Balance,,,,,0.00\nClosing Balance,,,,,{closing}\n\n"
CHARGES, ADA, IKEJA, CHIDI = "SMS AND MAINTENANCE CHARGES", "NIP FROM ADA OBI", "CASH AT IKEJA", "NIP FROM CHIDI EZE"
# The day (0 is the month's last), their reference, kobo, their words.
TOLD = (
    (1, "SET-01", 250_000_00, "SETTLEMENT"),
    (5, "NIP-7731", 40_000_00, ADA),
    (8, "CHG-01", -52_50, CHARGES),
    (12, "DEP-12", 15_000_00, IKEJA),
    (15, "DEP-15", 7_000_00, CHIDI),
    (15, "DEP-15", 7_000_00, CHIDI),
    (0, "SET-02", 100_000_00, "SETTLEMENT"),
)
BOOKED = (
    (1, "SET-01", 250_000_00),
    (5, "INV-2041", 40_000_00),
    (12, "DEP-12", 15_500_00),
    (15, "DEP-15", 7_000_00),
    (20, "OUT-20", -9_000_00),
    (0, "SET-02", 100_000_00),
)


@dataclass(frozen=True)
class Desk:
    """A house whose bank has told nothing yet, the month that is over, and who closes it."""

    house: Running
    month: Span
    finance: str
    treasury: str


@pytest.fixture(scope="module")
def desk(given: Servers, home: Path, chromium: Browser) -> Iterator[Desk]:
    with house(given, home, name="closing", number=FIRST_REDIS + 1, background=True) as running:
        month = month_of(reporting.today().replace(day=1) - ONE_DAY)
        with running.inside(), for_everyone():
            finance, treasury = (people.operator(role)[1] for role in (Role.FINANCE, Role.TREASURY))
            with transaction(actor.system("test")):
                settings: dict[str, object] = {"zone": "Africa/Lagos", "asset": "NGN", "profile": PROFILE}
                source = service.add_source(
                    "zenith", title="Zenith, naira account", format_name="bank-csv", settings=settings, lag_days=0,
                    cut_off=dt.time(),
                )  # fmt: skip
                service.stand_for(source.id, asset="NGN", account=BANK)
            book(month)
            leave()
        with running:
            yield Desk(running, month, finance, treasury)
            assert not running.dead()


def book(month: Span) -> None:
    """What the books hold."""
    for day, ref, kobo in BOOKED:
        at = dt.datetime.combine(month.days[day - 1], dt.time(12), WAT)
        legs = (debit(BANK, books.kobo(kobo)), credit(CAPITAL, books.kobo(kobo)))
        books.post(Journal("test.moved", ref, legs, {}, at))


def file_of(month: Span, *, rows_told: int = len(TOLD)) -> str:
    """The bank's file, or one that was cut off after so many rows."""
    balance, lines = 0, ["Trans. Date,Reference,Debits,Credits,Balance,Remarks"]
    for day, ref, kobo, words in TOLD:
        balance += kobo
        sides = f",{plain(books.kobo(kobo))}" if kobo > 0 else f"{plain(books.kobo(-kobo))},"
        lines.append(f'{month.days[day - 1]:%d/%m/%Y},{ref},{sides},"{plain(books.kobo(balance))}",{words}')
    return HEAD.format(closing=f'"{plain(books.kobo(balance))}"') + "\n".join((*lines[: rows_told + 1], ""))


def drop(work: OperatorAtWork, name: str, body: str, *, shows: str) -> None:
    """Drop a file where the source's files go, and wait until it was read."""
    work.go("Statements")
    work.page.get_by_role("link", name="Zenith").click()
    work.page.locator("[data-drop]").evaluate(DROP, [name, body])
    work.page.wait_for_url("**/console/statements/files/*")
    expect(work.page.locator("#parts")).to_contain_text(shows)


def queue(work: OperatorAtWork) -> None:
    """The account's breaks."""
    work.go("Breaks")
    work.page.get_by_role("link", name=BANK).click()
    expect(work.page.locator("#results")).to_be_visible()


def again_until(work: OperatorAtWork, there: Locator) -> None:
    """Load the page again until something is there."""
    give_up_at = time.monotonic() + PATIENCE_MS // 1000
    while not there.count():
        assert time.monotonic() < give_up_at, f"nothing of {there}"
        work.page.wait_for_timeout(500)
        work.page.reload()


def open_break(work: OperatorAtWork, words: str, *, why: str) -> None:
    """Follow a row of the queue."""
    queue(work)
    row = work.page.locator("#results tr", has_text=words).filter(has_text=why)
    row.get_by_role("link").click()
    expect(work.page.get_by_role("heading", name=why, level=1)).to_be_visible()


def ask(work: OperatorAtWork, way: str, button: str, *, reason: str, other: str = "", until: str = "") -> None:
    """Ask that the break on the page end so."""
    part = work.page.locator("#end details", has=work.page.get_by_text(way, exact=True))
    part.locator("summary").click()
    if other:
        part.get_by_label("Other account").select_option(other)
    if until:
        part.get_by_label("Until").fill(until)
    part.get_by_role("textbox", name="Reason" if way != "Write it off" else "Why nobody can explain it").fill(reason)
    part.get_by_role("button", name=button).click()
    expect(work.page.get_by_text("Asked for. Treasury must agree")).to_be_visible()


def agree(work: OperatorAtWork, *, many: int) -> None:
    """Say yes to all that needs one."""
    work.go("Approvals")
    waiting = work.page.locator("#results a.row-main")
    for left in reversed(range(many)):
        expect(waiting).to_have_count(left + 1)
        waiting.first.click()
        work.drawer().get_by_role("button", name="Approve (1 of 1)").click()
        work.page.get_by_role("dialog", name="Approve this?").get_by_role("button", name="Approve it").click()
        work.toast("Approved. It is being carried out.")
        expect(work.page.locator("dialog#approve")).to_have_count(0)  # (it came with what the answer takes away)
        work.close_drawer()


def sign(work: OperatorAtWork, button: str) -> None:
    """Stand for last month's sheet."""
    work.go("Tie-out")
    work.page.get_by_role("link", name=f"Sheet of {BANK} of last month").click()
    work.page.get_by_role("button", name=button).click()
    expect(work.page.locator("#sign-offs")).to_contain_text("Bola Ade")
    expect(work.page.get_by_role("button", name=button)).to_have_count(0)


def close(work: OperatorAtWork, name: str) -> None:
    """Begin to close, work the checklist off, ask."""
    work.go("Months")
    work.page.get_by_role("button", name=f"Begin to close {name}").click()
    work.page.get_by_role("dialog").get_by_role("button", name="Begin to close").click()
    work.page.get_by_role("link", name=f"Checklist of {name}").click()
    expect(work.page.locator("#checklist")).to_contain_text("Nothing keeps it open")
    for field in work.page.locator("#close textarea").all():
        field.fill("It is known, and written down.")
    work.page.get_by_role("button", name=f"Ask to close {name}").click()
    expect(work.page.get_by_text("Asked for. Treasury must agree.")).to_be_visible()


def resolve(work: OperatorAtWork) -> None:
    """Every break in its way."""
    open_break(work, ADA, why="Missing in the books")
    work.page.locator("#candidates").get_by_label("INV-2041").check()
    work.page.locator("#candidates").get_by_label("Reason").fill("Ada wrote her own reference.")
    work.page.get_by_role("button", name="Put together").click()
    expect(work.page.get_by_text("nothing is left")).to_be_visible()
    open_break(work, CHARGES, why="Missing in the books")
    charges = chart.house(chart.BANK_CHARGES, asset=NGN)
    ask(work, "Book it", "Propose the journal", other=charges, reason="The bank takes it each month.")
    open_break(work, CHIDI, why="Told twice")
    suspense = chart.house(chart.SUSPENSE, asset=NGN)
    ask(work, "Book it", "Propose the journal", other=suspense, reason="It came twice; whose it is nobody knows.")
    open_break(work, "OUT-20", why="Missing in the statement")
    until = (reporting.today() + dt.timedelta(days=30)).isoformat()
    ask(work, "Accept it for a time", "Ask to accept it", until=until, reason="The bank looks for it.")
    open_break(work, "DEP-12", why="Another amount")
    ask(work, "Write it off", "Ask to write it off", reason="The cashier counted wrong, and is gone.")


def test_a_month_is_closed(desk: Desk, visiting: Visiting, tmp_path: Path) -> None:
    finance = OperatorAtWork(visiting(desk.house), desk.finance)
    finance.sign_in()
    drop(finance, "cut-off.csv", file_of(desk.month, rows_told=3), shows="Does not tie")
    queue(finance)
    again_until(finance, finance.page.locator("#results tr", has_text="Statement does not tie"))
    drop(finance, "whole.csv", file_of(desk.month), shows="Ties")
    queue(finance)
    again_until(finance, finance.page.locator("#results tr", has_text="Told twice"))
    expect(finance.page.locator("#results tbody tr")).to_have_count(6)
    resolve(finance)
    treasury = OperatorAtWork(visiting(desk.house), desk.treasury)
    treasury.sign_in()
    agree(treasury, many=4)
    queue(finance)
    again_until(finance, finance.page.get_by_text("Nothing is to be done"))
    sign(finance, "Sign as prepared")
    sign(treasury, "Sign as reviewed")
    name = f"{desk.month.first:%B %Y}"
    close(finance, name)
    agree(treasury, many=1)
    finance.go("Months")
    finance.page.get_by_role("link", name=name).click()
    again_until(finance, finance.page.locator("#closed"))
    finance.page.locator("#sheets").get_by_role("link").first.click()
    expect(finance.page.get_by_text("This month is closed")).to_be_visible()
    finance.page.get_by_role("link", name="Workbook or PDF").click()
    made(finance.page, "Workbook (XLSX)")
    assert figures_of(downloaded(finance.page, tmp_path)) == in_the_books(desk)


def figures_of(path: Path) -> list[Decimal]:
    """Closing told and booked and their difference, as the workbook has them."""
    (name,) = [each for each in reporting.sheets(path) if each.startswith("Both sides")]
    lines = {row[0].text: row[-1] for row in reporting.sheets(path)[name] if row}
    found = [lines[each] for each in ("Closing, told", "Closing, booked", "Told less booked")]
    assert {cell.kind for cell in found} == {"n"}
    assert Decimal(lines["Not explained"].text) == 0
    return [Decimal(cell.text) for cell in found]


def in_the_books(desk: Desk) -> list[Decimal]:
    """The same from what was told, from the account's entries, and as tie-out reads them."""
    until = desk.month.until
    with desk.house.inside(), for_everyone():
        (told,) = rows("SELECT sum(delta) AS total FROM statement_lines WHERE at < :until", until=until)
        (booked,) = rows(
            "SELECT sum(e.amount) AS units FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id"
            " WHERE a.code = :code AND e.effective_at < :until",
            code=BANK,
            until=until,
        )
        last = figures.of(BANK, desk.month).last
        leave()
    found = [last.closing_told, last.closing_booked, last.difference]
    assert found == [told.total, booked.units.scaleb(-2), told.total - booked.units.scaleb(-2)]
    assert told.total == sum(Decimal(kobo) for _, _, kobo, _ in TOLD).scaleb(-2)
    return found
