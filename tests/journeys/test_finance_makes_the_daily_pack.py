"""Finance makes the daily pack and downloads it; its sums are the ledger's, and an auditor sees who took it out."""

import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.core.db import leave
from app.core.money import NGN, Money, plain
from app.core.permissions import Role
from app.exports import queries
from app.identity.rules import Audience
from app.ledger import trial
from app.ledger.trial import Basis
from dev.chromium import NARROW
from tests.journeys.conftest import Visiting
from tests.makers import apps, people, reporting, sessions, trading
from tests.makers.house import Running
from tests.makers.visitors import OperatorAtWork

TIED = "Assets and expenses, by the trial balance"

pytestmark = [pytest.mark.timeout(300), pytest.mark.browser, pytest.mark.journey, pytest.mark.xdist_group("running")]


def at_work(running: Running, visiting: Visiting, role: Role, **how: object) -> OperatorAtWork:
    """Somebody with a role, before a console."""
    with running.inside():
        _, email = people.operator(role)
        token = sessions.opened(apps.login_of(email), Audience.OPERATOR)
    work = OperatorAtWork(visiting(running, **how), email)
    work.come_in(token)
    return work


def made(page: Page, button: str) -> None:
    """Ask for a file and wait, without loading the page again, until it is ready."""
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("link", name="Download")).to_be_visible()


def downloaded(page: Page, folder: Path) -> Path:
    """Take it out."""
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download").click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path


def test_the_pack(running: Running, visiting: Visiting, tmp_path: Path) -> None:
    with running.inside():
        trading.dealer(people.naira(90_000))
        leave()
    finance = at_work(running, visiting, Role.FINANCE)
    page = finance.page
    finance.go("Reports")
    page.get_by_role("link", name=re.compile("Daily finance pack")).click()
    page.get_by_role("link", name="Today", exact=True).click()
    expect(page.get_by_text("Today is not over")).to_be_visible()
    made(page, "Workbook (XLSX)")
    expect(page.locator("#ties")).to_contain_text(TIED)
    expect(page.locator("#ties")).not_to_contain_text("Differs")
    path = downloaded(page, tmp_path)
    assert path.name == f"finance-pack-{reporting.today()}.xlsx"
    assert zipfile.is_zipfile(path)
    about = [[cell.text for cell in row] for row in reporting.sheets(path)["About"]]
    (tied,) = [row for row in about if row and row[0] == TIED and row[4] == NGN.code]
    with running.inside():
        read_at = queries.files_for_operators(report="finance-pack", limit=1)[0].read_at
        lines = [one for one in trial.trial_balance(read_at, basis=Basis.EFFECTIVE) if one.asset == NGN.code]
        have = sum(one.normal.units for one in lines if one.account_class in {"asset", "expense"})
        leave()
    assert [Decimal(text) for text in tied[1:4]] == [Decimal(plain(Money(NGN, have)))] * 2 + [0]
    auditor = at_work(running, visiting, Role.AUDITOR, size=NARROW)
    auditor.page.goto(page.url)
    expect(auditor.page.locator("#downloads")).to_contain_text("Bola Ade")
    expect(auditor.page.get_by_role("link", name="Download")).to_be_visible()
