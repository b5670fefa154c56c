"""What the lines of every report come to is what the ledger has, read from its entries by nobody's report."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from app.core.db import leave, rows
from app.core.money import ASSETS, NGN, Money, plain
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit
from reports import catalogue
from reports.catalogue import Format
from reports.tables import midnight
from tests.makers import books, people, reporting, sending, settled, trading
from tests.makers.coins import BTC, ETH
from tests.makers.matching import Outside
from tests.makers.people import Customer, naira

_SUM = """
SELECT e.asset, sum(e.amount) AS units FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id
 WHERE a.code LIKE :accounts AND e.effective_at < :until AND e.effective_at >= :since GROUP BY e.asset
"""
BEGINNING = "-infinity"


@pytest.fixture(scope="module", autouse=True)
def business(app: Flask) -> Iterator[Customer]:
    """A day with money in, a trade, a transfer between customers, charges, a settlement that was told twice."""
    with app.app_context():
        trading.market_opens()
        who = trading.dealer(naira(3_000_000), Money(ETH, 1_234_567_890_123_456_789))
        trading.accepted(who, trading.quoted(who))
        sending.send(who, trading.dealer(), naira(250))
        charges = [settled.charge(700_000), settled.charge(300_000)]
        settled.note(settled.told(charges[:1]), charges[:1])
        twice = settled.told(charges[:1])
        settled.note(twice, charges[:1])
        settled.close(twice)
        leave()
        yield who
        leave()


def by_the_entries(accounts: str, *, since: object = BEGINNING) -> dict[str, Decimal]:
    """What entries of such accounts come to, credits positive, by asset and in whole coins."""
    until = midnight(reporting.today() + timedelta(days=1))
    found = rows(_SUM, accounts=accounts, since=since, until=until)
    leave()
    return {
        row.asset: Decimal(plain(Money(ASSETS[row.asset], -int(row.units)))) for row in found if int(row.units)
    }  # fmt: skip


def summed(lines: list[dict[str, str]], column: str) -> dict[str, Decimal]:
    """A column of a CSV, by asset; what comes to nothing is left out."""
    found: dict[str, Decimal] = {}
    for line in lines:
        if line[column]:
            found[line["Asset"]] = found.get(line["Asset"], Decimal(0)) + Decimal(line[column])
    return {asset: amount for asset, amount in found.items() if amount}


@pytest.mark.parametrize("name", catalogue.BY_NAME)
@pytest.mark.parametrize("format_", Format)
def test_every_sum_is_the_ledgers(inside: Flask, tmp_path: Path, name: str, format_: Format) -> None:
    if name == "proof-sheet":
        Outside.differing()  # (somebody has to have told something)
    path, done, _ = reporting.written(name, tmp_path, format_=format_)
    assert path.stat().st_size > 0
    assert [tie for tie in done.ties if tie.difference] == []
    assert done.lines > 0


def test_customers_balances_are_the_entries_of_their_accounts(
    inside: Flask, tmp_path: Path, business: Customer
) -> None:
    path, _, _ = reporting.written("customer-balances", tmp_path)
    lines = reporting.table(path)
    assert summed(lines, "Balance") == by_the_entries("liability:customer:%")
    (coins,) = [line for line in lines if (line["Customer"], line["Asset"]) == (business.id, ETH.code)]
    assert coins["Balance"] == "1.234567890123456789"


def test_what_is_booked_later_counts_on_the_day_it_is_about(inside: Flask, tmp_path: Path) -> None:
    who, long_ago = people.customer(), reporting.today() - timedelta(days=400)
    legs = (debit(chart.house(chart.CAPITAL, asset=NGN), naira(77)), credit(who.account, naira(77)))
    books.post(Journal("test.moved", books.fresh(), legs, {}, midnight(long_ago) + timedelta(hours=9)))
    leave()
    for day, balance in ((long_ago - timedelta(days=1), []), (long_ago, ["77.00"]), (reporting.today(), ["77.00"])):
        path, done, asked = reporting.written("customer-balances", tmp_path, to=day.isoformat())
        lines = [line["Balance"] for line in reporting.table(path) if line["Customer"] == who.id]
        assert lines == balance, day
        assert not [tie for tie in done.ties if tie.difference]
        (section,) = [each for each in catalogue.one("customer-balances").compose(asked) if each.part]
        assert section.part
        paged, after = section.part("", 10_000)
        assert (paged, after) == (list(section.lines()), "")
        leave()


def test_one_asset_alone(inside: Flask, tmp_path: Path) -> None:
    path, done, _ = reporting.written("customer-balances", tmp_path, asset=BTC.code)
    assert {line["Asset"] for line in reporting.table(path)} == {BTC.code}
    assert {tie.told.asset for tie in done.ties} == {BTC}


def test_the_journal_has_every_leg_and_is_even(inside: Flask, tmp_path: Path) -> None:
    path, done, asked = reporting.written("tax-journal", tmp_path)
    lines = reporting.table(path)
    debits, credits_ = summed(lines, "Debit"), summed(lines, "Credit")
    assert debits == credits_
    since = {"since": asked.since}
    for accounts in ("asset:%", "income:%"):
        theirs = [line for line in lines if line["Account"].startswith(accounts[:-1])]
        net = {code: amount - summed(theirs, "Debit").get(code, 0) for code, amount in summed(theirs, "Credit").items()}
        whole = {code: -amount for code, amount in summed(theirs, "Debit").items()} | net
        assert {code: amount for code, amount in whole.items() if amount} == by_the_entries(accounts, **since)
    assert len({tie.what for tie in done.ties}) > 5


def test_revenue_and_volumes_are_the_entries_of_the_day(inside: Flask, tmp_path: Path) -> None:
    path, _, asked = reporting.written("revenue", tmp_path)
    lines = path.read_text().splitlines()[1:]
    (tmp_path / "bare.csv").write_text("\n".join(lines))
    earned = summed(reporting.table(tmp_path / "bare.csv"), "Earned")
    assert earned == by_the_entries("income:%", since=asked.since)
    path, _, asked = reporting.written("volumes", tmp_path)
    (tmp_path / "bare.csv").write_text("\n".join(path.read_text().splitlines()[1:]))
    changed = summed(reporting.table(tmp_path / "bare.csv"), "Change")
    assert changed == by_the_entries("liability:customer:%", since=asked.since)


def test_a_page_goes_on_where_the_last_one_ended(inside: Flask, tmp_path: Path) -> None:
    for name, given in (("customer-balances", {}), ("tax-journal", {"from": reporting.today().isoformat()})):
        report = catalogue.one(name)
        asked = catalogue.asked(report, {"to": reporting.today().isoformat(), **given})
        (section,) = [each for each in report.compose(asked) if each.part]
        assert section.part
        every, paged, after = list(section.lines()), [], ""
        while True:
            lines, after = section.part(after, 7)
            paged += lines
            if not after:
                break
        assert paged == every, name
        leave()
