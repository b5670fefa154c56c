"""Two other programs read our export of a business and find, of every account, the balance that we say it has.

hledger is Debian's (`make readers`), beancount comes with the test requirements.
"""

import csv
import decimal
import importlib.util
import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import assembly
from app.core.db import db, leave, rows, whole_books
from app.core.money import plain
from app.ledger import as_beancount, trial
from app.ledger.export import Format, export
from app.ledger.whole import Span
from config import Settings
from dev.business import Business
from dev.embedded import Servers
from tests.makers import assets
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.sandbox import SandboxProcess

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("other-readers")]

DAYS, CUSTOMERS = 2, 8
DIGITS = 60  # more than any balance has; a Decimal keeps 28 by itself
READ_SECONDS = 60

Balances = dict[str, Decimal]
Reader = Callable[[Path], Balances]


@pytest.fixture(scope="module")
def business(given: Servers, home: Path) -> Iterator[Flask]:
    """A demo business that dealt in other assets at its end."""
    with SandboxProcess(home / "readers.sqlite3") as vendor, fresh_database(given, home) as made:
        app = assembly.assemble(Settings.from_env(environment(made, given, vendor)))
        with app.app_context():
            for _ in Business(app, vendor_url=vendor.url, days=DAYS, customers=CUSTOMERS).live():
                pass
            leave()
            assets.live()
        yield app
        with app.app_context():
            leave()
            db.engine.dispose()


@pytest.fixture
def inside(business: Flask) -> Iterator[Flask]:
    """At that business."""
    with business.app_context():
        yield business


def hledger(path: Path, *arguments: str) -> str:
    """What hledger says; AssertionError with its words when it refuses the file."""
    program = shutil.which("hledger")
    if program is None:
        pytest.skip("no hledger on this machine: `make readers` installs it")
    said = subprocess.run(  # noqa: S603
        [program, "-f", str(path), *arguments], capture_output=True, text=True, check=False, timeout=READ_SECONDS
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


def by_hledger(path: Path) -> Balances:
    """Every account's balance, after hledger's own strict checks: declared names, balanced journals, assertions."""
    hledger(path, "check", "--strict")
    table = csv.DictReader(io.StringIO(hledger(path, "balance", "--flat", "--empty", "--no-total", "-O", "csv")))
    return {row["account"]: Decimal(row["balance"].split(" ")[0]) for row in table}


def by_beancount(path: Path) -> Balances:
    """Every account's balance by its code, after beancount's own checks: balanced journals, assertions."""
    entries, opened = loaded(path)
    realization = importlib.import_module("beancount.core.realization")
    with decimal.localcontext(prec=DIGITS):
        tree = realization.realize(entries)
        return {
            opened[account.account]: sum((position.units.number for position in account.balance), Decimal(0))
            for account in realization.iter_children(tree)
            if account.account in opened
        }


def loaded(path: Path) -> tuple[list[Any], dict[str, str]]:
    """Beancount's entries, and the code of each name that it was told to open."""
    if importlib.util.find_spec("beancount") is None:
        pytest.skip("no beancount for this Python")
    with decimal.localcontext(prec=DIGITS):
        entries, errors, _ = importlib.import_module("beancount.loader").load_file(str(path))
    assert [error.message for error in errors] == []
    return entries, {entry.account: entry.meta["code"] for entry in entries if type(entry).__name__ == "Open"}


def ours(at: datetime | None = None) -> Balances:
    """What the trial balance says."""
    return {line.code: Decimal(plain(line.balance)) for line in trial.trial_balance(at, each_customer=True)}


def written(path: Path, format_: Format, span: Span) -> Path:
    """The export in a file."""
    with whole_books(), path.open("w", encoding="utf-8") as file:
        file.writelines(export(format_, span))
    return path


READERS: list[Any] = [
    pytest.param(Format.HLEDGER, by_hledger, id="hledger"),
    pytest.param(Format.BEANCOUNT, by_beancount, id="beancount"),
]


@pytest.mark.usefixtures("inside")
class TestReaders:
    @pytest.mark.parametrize(("format_", "read"), READERS)
    def test_find_every_balance(self, tmp_path: Path, format_: Format, read: Reader) -> None:
        expected = ours()
        assert sum(1 for balance in expected.values() if balance) > CUSTOMERS
        assert max(len(str(balance)) for balance in expected.values()) > decimal.DefaultContext.prec
        assert read(written(tmp_path / "books", format_, Span())) == expected

    @pytest.mark.parametrize(("format_", "read"), READERS)
    def test_find_every_balance_of_a_part(self, tmp_path: Path, format_: Format, read: Reader) -> None:
        booked = [row.booked_at for row in rows("SELECT booked_at FROM ledger.journals ORDER BY booked_at")]
        since, until = booked[len(booked) // 3], booked[-2]
        found = read(written(tmp_path / "books", format_, Span(since, until)))
        openings = {code for code in found if code.startswith("equity:opening-balances:")}
        assert openings
        assert {found.pop(code) for code in openings} == {Decimal(0)}
        assert found == {
            code: balance for code, balance in ours(until - timedelta(microseconds=1)).items() if code in found
        }
        assert all(not balance for code, balance in ours(until).items() if code not in found)

    @pytest.mark.parametrize(("format_", "read"), READERS)
    @pytest.mark.parametrize("at", ["journal", "balance"])
    def test_refuse_a_single_unit_too_many(self, tmp_path: Path, format_: Format, read: Reader, at: str) -> None:
        path = written(tmp_path / "books", format_, Span())
        text = path.read_text()
        head, last, tail = text.rpartition("250.000001" if at == "balance" else "0.03141592")
        assert last
        path.write_text(head + last[:-1] + str(int(last[-1]) + 1) + tail)
        with pytest.raises(AssertionError, match=r"(?i)balance"):
            read(path)

    def test_are_told_what_each_journal_was(self, tmp_path: Path) -> None:
        entries, opened = loaded(written(tmp_path / "books", Format.BEANCOUNT, Span()))
        found = {int(entry.meta["journal_id"]): entry for entry in entries if type(entry).__name__ == "Transaction"}
        journals = rows("SELECT * FROM ledger.journals ORDER BY id")
        assert list(found) == [journal.id for journal in journals]
        for journal in journals:
            entry = found[journal.id]
            assert (entry.payee, entry.narration) == (journal.kind, journal.ref)
            assert (entry.meta["kind"], entry.meta["ref"]) == (journal.kind, journal.ref)
            assert datetime.fromisoformat(entry.meta["effective_at"]) == journal.effective_at
            assert datetime.fromisoformat(entry.meta["booked_at"]) == journal.booked_at
            assert len(entry.postings) == journal.legs
        assert all(as_beancount.name(code) == name for name, code in opened.items())

    def test_are_told_what_assets_were_worth(self, tmp_path: Path) -> None:
        entries, _ = loaded(written(tmp_path / "books", Format.BEANCOUNT, Span()))
        told = [(entry.currency, entry.amount.number) for entry in entries if type(entry).__name__ == "Price"]
        assert sorted(told) == sorted((row.asset, row.naira) for row in rows("SELECT asset, naira FROM ledger.prices"))
        worth = hledger(written(tmp_path / "hledger", Format.HLEDGER, Span()), "prices")
        assert '"USDT.TRC20" 1613.34567 NGN' in worth or 'USDT.TRC20" 1,613.34567' in worth
