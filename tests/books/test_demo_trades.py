"""A demo business that trades: its profit recounted from its export alone, its books proved, the venue's book the same.

Nothing here is a story's own figure: each is counted twice, by two that know nothing of each other.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from app import assembly
from app.core import actor, clock
from app.core.db import db, leave, rows, whole_books
from app.exchange import flows
from app.ledger import proof
from app.ledger.export import Format, export
from app.ledger.whole import Span
from app.reconciliation import queries as reconciliation
from config import Settings
from dev.business import Business
from dev.embedded import Servers
from reports import pnl
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.exchange import ExchangeProcess
from tests.makers.sandbox import SandboxProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("demo-trades")]

ROOT = Path(__file__).resolve().parents[2]
DAYS, CUSTOMERS = 4, 8
ASKS_MAX = 400


@pytest.fixture(scope="module")
def exchange(home: Path) -> Iterator[ExchangeProcess]:
    """The exchange of this business alone."""
    with ExchangeProcess(home / "demo-exchange.sqlite3") as process:
        yield process


@pytest.fixture(scope="module")
def business(given: Servers, home: Path, exchange: ExchangeProcess) -> Iterator[Flask]:
    """Some days of a business that trades."""
    with SandboxProcess(home / "demo.sqlite3") as vendor, fresh_database(given, home) as made:
        app = assembly.assemble(Settings.from_env(environment(made, given, vendor, exchange)))
        with app.app_context():
            story = Business(app, vendor_url=vendor.url, exchange_url=exchange.url, days=DAYS, customers=CUSTOMERS)
            for _ in story.live():
                pass
            leave()
        yield app
        with app.app_context():
            leave()
            db.engine.dispose()


@pytest.fixture
def inside(business: Flask) -> Iterator[Flask]:
    """At that business."""
    with business.app_context():
        yield business
        leave()


def ours_and_theirs(folder: Path) -> tuple[list[str], list[str]]:
    """Our report of profit and loss, and that of a program which has read the export alone."""
    path = folder / "books.beancount"
    with whole_books():
        path.write_text("".join(export(Format.BEANCOUNT, Span())))
        report = list(pnl.written(pnl.report()))
    leave()
    command = [sys.executable, "-m", "dev.pnl_from_beancount", str(path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 (ours)
    return report, told.stdout.splitlines()


def test_profit_and_loss_are_recounted_from_the_export(inside: Flask, tmp_path: Path) -> None:
    report, theirs = ours_and_theirs(tmp_path)
    assert report == theirs
    lines, positions = report[1 : report.index("asset,position,cost,worth,unrealised")], report[-7:]
    assert {line.split(",")[1] for line in lines} >= {"NGN", "BTC", "USDT.TRC20"}
    assert any(Decimal(line.split(",")[4]) for line in lines), "nothing was gained or lost by dealing"
    assert any(Decimal(line.split(",")[2]) for line in lines if ",BTC," not in line), "nothing was earned"
    assert all(line.split(",")[3] for line in positions), f"something has no price: {positions}"


def test_the_books_hold_and_the_paystack_account_agrees(inside: Flask) -> None:
    assert proof.broken() == {}
    run = reconciliation.latest_for_operators()
    assert run is not None
    counts = reconciliation.counts_for_operators(run.id)
    assert counts.pop("matched") > 0
    # What the story leaves astray on purpose stands there; nothing that was dealt in does.
    found = {row.ref for row in rows("SELECT ref FROM ledger.journals WHERE kind ~ '^(trading|exchange|transfers)'")}
    named = {row.reference for row in rows("SELECT reference FROM reconciliation_lines WHERE verdict <> 'matched'")}
    assert found
    assert not found & named


def test_the_exchange_holds_what_the_books_say(inside: Flask, exchange: ExchangeProcess) -> None:
    (lost,) = rows("SELECT id, state FROM hedges WHERE state NOT IN ('filled', 'cancelled', 'refused')")
    assert lost.state == "unknown"
    leave()
    for _ in range(ASKS_MAX):  # (it is found when the exchange shows it)
        if flows.carry(lost.id, venue=inside.extensions["clients"].venue, actor=actor.system("test")) is None:
            break
    held = exchange.balances()
    for row in rows(
        "SELECT v.currency, coalesce(p.part, 0) AS part, a.decimals, b.units FROM venue_assets v"
        " JOIN ledger.assets a ON a.code = v.asset LEFT JOIN venue_parts p USING (venue, asset)"
        " CROSS JOIN LATERAL (SELECT coalesce(sum(e.amount), 0) AS units FROM ledger.entries e"
        "   JOIN ledger.accounts c ON c.id = e.account_id WHERE c.code = 'asset:venue:kraken:' || v.asset) b"
    ):
        assert held.get(row.currency, Decimal(0)) == (row.units + row.part).scaleb(-row.decimals), row.currency
    assert sum(len(one["fills"]) for one in exchange.orders()) == rows("SELECT count(*) AS n FROM hedge_fills")[0].n


def test_every_customer_order_is_answered(inside: Flask) -> None:
    orders = {row.side: row.n for row in rows("SELECT side, count(*) AS n FROM orders GROUP BY side")}
    assert set(orders) == {"buy", "sell", "swap"}
    beyond = rows(
        "SELECT 1 FROM exposure_alerts WHERE ended_at IS NULL AND asset <> 'USD'"  # (dollars stand there on purpose)
    )
    assert beyond == []


def test_prices_are_those_of_their_days(inside: Flask, exchange: ExchangeProcess) -> None:
    told = rows("SELECT made_at, mid FROM pair_prices WHERE pair = 'BTC/USDT' AND mid IS NOT NULL ORDER BY made_at")
    assert told[-1].made_at - told[0].made_at > timedelta(days=DAYS - 1)
    for row in told[:: len(told) // 6]:
        true = exchange.mid("BTC/USDT", at=row.made_at.isoformat())
        assert abs(row.mid - true) / true < Decimal("0.003")
    assert all(row.made_at <= clock.now() for row in told)
