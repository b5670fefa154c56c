"""Finance closes a month: the bank's file is dropped, each difference ends in its way, and two people stand for it.

What the bank held before is told, and was booked. The first file was cut off; the whole one mends that. The workbook of
the sheet has the figures of the ledger.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from app.closing import figures
from app.core.db import for_everyone, leave, rows
from app.core.money import NGN
from app.core.permissions import Role
from app.ledger import chart
from dev.embedded import Servers
from tests.journeys.conftest import FIRST_REDIS, Visiting, house
from tests.journeys.test_finance_makes_the_daily_pack import downloaded, made
from tests.journeys.test_statements import DROP
from tests.makers import banked, people, reporting
from tests.makers.banked import ADA, BANK, CASH, CHARGES, OURS, TWICE, UNTOLD
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

SEEN_FIRST = re.compile("^See the (break|month), and")
# Told, booked and their difference at the month's end: an entry of 9,000 out that the bank does not know of, and 500
# less that were written off after it.
CLOSING = [Decimal("468947.5"), Decimal("460447.5"), Decimal(8500)]


@dataclass(frozen=True)
class Desk:
    """A house whose bank has told nothing yet, and who closes its month."""

    house: Running
    finance: str
    treasury: str


@pytest.fixture(scope="module")
def desk(given: Servers, home: Path, chromium: Browser) -> Iterator[Desk]:
    with house(given, home, name="closing", number=FIRST_REDIS + 1, background=True) as running:
        with running.inside(), for_everyone():
            finance, treasury = (people.operator(role)[1] for role in (Role.FINANCE, Role.TREASURY))
            banked.add_source()
            banked.book()
            leave()
        with running:
            yield Desk(running, finance, treasury)
            assert not running.dead()


def test_a_month_is_closed(desk: Desk, visiting: Visiting, tmp_path: Path) -> None:
    finance, treasury = (OperatorAtWork(visiting(desk.house), each) for each in (desk.finance, desk.treasury))
    finance.sign_in()
    import_month(finance)
    resolve(finance)
    treasury.sign_in()
    agree(treasury, many=4)
    queue(finance)
    again_until(finance, finance.page.get_by_text("Nothing is to be done"))
    sign(finance, "Sign as prepared")
    sign(treasury, "Sign as reviewed")
    close(finance)
    agree(treasury, many=1)
    assert closing_in(sheet_of(finance, tmp_path)) == in_the_books(desk) == CLOSING


def import_month(work: OperatorAtWork) -> None:
    """Drop a file that was cut off, see that it does not tie, and drop the whole one."""
    drop(work, "cut-off.csv", banked.file(rows=3), shows="Does not tie")
    queue(work)
    again_until(work, in_queue(work, "cut-off.csv", why="Statement does not tie"))
    drop(work, "whole.csv", banked.file(), shows="Ties")
    queue(work)
    again_until(work, in_queue(work, TWICE, why="Told twice"))
    expect(in_queue(work, "cut-off.csv")).to_have_count(0)


def resolve(work: OperatorAtWork) -> None:
    """Every break in its way: one ends at once, the others when treasury agrees."""
    open_break(work, ADA, why="Missing in the books")
    link(work, OURS, reason="Ada wrote a reference of her own.")
    open_break(work, CHARGES, why="Missing in the books")
    charges, suspense = (chart.house(each, asset=NGN) for each in (chart.BANK_CHARGES, chart.SUSPENSE))
    ask(work, "Book it", "Propose the journal", why="The bank takes it each month.", other=charges)
    open_break(work, TWICE, why="Told twice")
    ask(work, "Book it", "Propose the journal", why="It came twice; whose it is nobody knows.", other=suspense)
    open_break(work, UNTOLD, why="Missing in the statement")
    until = (reporting.today() + timedelta(days=30)).isoformat()
    ask(work, "Accept it for a time", "Ask to accept it", why="The bank looks for it.", until=until)
    open_break(work, CASH, why="Another amount")
    ask(work, "Write it off", "Ask to write it off", why="Miscounted at the counter.")


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


def in_queue(work: OperatorAtWork, words: str, *, why: str = "") -> Locator:
    """The rows of the queue that say so."""
    return work.page.locator("#results tbody tr", has_text=words).filter(has_text=why)


def again_until(work: OperatorAtWork, there: Locator) -> None:
    """Load the page again until something is there."""
    give_up_at = time.monotonic() + PATIENCE_MS // 1000
    while not there.count():
        assert time.monotonic() < give_up_at, there
        work.page.wait_for_timeout(500)
        work.page.reload()


def open_break(work: OperatorAtWork, words: str, *, why: str) -> None:
    """Follow a row of the queue."""
    queue(work)
    in_queue(work, words, why=why).get_by_role("link").click()
    expect(work.page.get_by_role("heading", name=why, level=1)).to_be_visible()


def link(work: OperatorAtWork, other: str, *, reason: str) -> None:
    """Put the break on the page and one of the other side together."""
    candidates = work.page.locator("#candidates")
    candidates.get_by_label(other).check()
    candidates.get_by_label("Reason").fill(reason)
    candidates.get_by_role("button", name="Put together").click()
    expect(work.page.get_by_text("nothing is left")).to_be_visible()


def ask(work: OperatorAtWork, way: str, button: str, *, why: str, other: str = "", until: str = "") -> None:
    """Ask that the break on the page end so."""
    part = work.page.locator("#end details", has=work.page.get_by_text(way, exact=True))
    part.locator("summary").click()
    if other:
        part.get_by_label("Other account").select_option(other)
    if until:
        part.get_by_label("Until").fill(until)
    part.locator("textarea").fill(why)
    part.get_by_role("button", name=button).click()
    expect(work.page.get_by_text("Asked for. Treasury must agree")).to_be_visible()


def agree(work: OperatorAtWork, *, many: int) -> None:
    """Say yes to all that waits for one."""
    work.go("Approvals")
    waiting = work.page.locator("#results a.row-main")
    for left in range(many, 0, -1):
        expect(waiting).to_have_count(left)
        waiting.first.click()
        expect(work.drawer().get_by_role("link", name=SEEN_FIRST)).to_be_visible()
        work.drawer().get_by_role("button", name="Approve (1 of 1)").click()
        work.page.get_by_role("dialog", name="Approve this?").get_by_role("button", name="Approve it").click()
        work.toast("Approved. It is being carried out.")
        expect(work.page.locator("dialog#approve")).to_have_count(0)  # (it goes when the answer is there)
        work.close_drawer()


def sign(work: OperatorAtWork, button: str) -> None:
    """Stand for last month's sheet."""
    work.go("Tie-out")
    work.page.get_by_role("link", name=f"Sheet of {BANK} of last month").click()
    work.page.get_by_role("button", name=button).click()
    expect(work.page.get_by_role("button", name=button)).to_have_count(0)


def close(work: OperatorAtWork) -> None:
    """Begin to close, work the checklist off, ask."""
    name = f"{banked.month().first:%B %Y}"
    work.go("Months")
    work.page.get_by_role("button", name=f"Begin to close {name}").click()
    work.page.get_by_role("dialog").get_by_role("button", name="Begin to close").click()
    work.page.get_by_role("link", name=f"Checklist of {name}").click()
    expect(work.page.locator("#checklist")).to_contain_text("Nothing keeps it open")
    for field in work.page.locator("#close textarea").all():
        field.fill("It is known, and written down.")
    work.page.get_by_role("button", name=f"Ask to close {name}").click()
    expect(work.page.get_by_text("Asked for. Treasury must agree.")).to_be_visible()


def sheet_of(work: OperatorAtWork, folder: Path) -> Path:
    """From the month, closed since, to the bank's sheet, and out with its workbook."""
    work.go("Months")
    work.page.get_by_role("link", name=f"{banked.month().first:%B %Y}").first.click()
    again_until(work, work.page.locator("#closed"))
    work.page.locator("#sheets").get_by_role("link", name=BANK).click()
    expect(work.page.get_by_text("This month is closed")).to_be_visible()
    work.page.get_by_role("link", name="Workbook or PDF").click()
    made(work.page, "Workbook (XLSX)")
    return downloaded(work.page, folder)


def closing_in(path: Path) -> list[Decimal]:
    """Told, booked and their difference at the end, as the workbook has them: numbers, and all of it explained."""
    (both,) = [table for name, table in reporting.sheets(path).items() if name.startswith("Both sides")]
    cells = {row[0].text: row[-1] for row in both if row}
    found = [cells[name] for name in ("Closing, told", "Closing, booked", "Told less booked", "Not explained")]
    assert {cell.kind for cell in found} == {"n"}
    *closing, rest = (Decimal(cell.text) for cell in found)
    assert rest == 0
    return closing


def in_the_books(desk: Desk) -> list[Decimal]:
    """The same as tie-out reads them, which are those of the account's entries."""
    with desk.house.inside(), for_everyone():
        (entries,) = rows(
            "SELECT sum(e.amount) AS kobo FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id"
            " WHERE a.code = :code AND e.effective_at < :until",
            code=BANK,
            until=banked.month().until,
        )
        last = figures.of(BANK, banked.month()).last
        leave()
    assert last.closing_booked == entries.kobo.scaleb(-2)
    return [last.closing_told, last.closing_booked, last.difference]
