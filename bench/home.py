"""`python -m bench.home`: the pages that look every few seconds, of a customer with eight wallets and 50,000 orders.

Whole requests are measured, through the app's doors, as that customer. What the network and the web server add is not
in it. Prices stand for a year, candles for a month. The latest orders came after costs were kept last.
"""

import argparse
import os
import platform
import sys
from contextlib import ExitStack, closing
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app.core import actor, clock
from app.core.db import for_everyone, transaction
from app.core.money import ASSETS, NGN, Money
from app.core.permissions import Role
from app.factory import create_app
from app.identity import service as identity
from app.ledger import chart, posting
from app.ledger.journal import Journal, Leg, credit, debit
from app.wallets import service as wallets
from bench.queue import GOAL_MS, percentile, settings
from bench.servers import Database
from bench.withdrawals import OWNER, PASSWORD, measure
from dev import roles
from dev.embedded import servers, temporary_home
from jobs.wallets import keep
from migrations import migrate

VAR = Path(__file__).resolve().parents[1] / "var"
BENCH = actor.system("bench")
ORDERS, BATCH = 50_000, 500
COINS = ("BTC", "ETH", "USDT.TRC20", "USDT.ERC20", "TRX", "TON", "BNB")
PAGES = ("/", "/?seen=nothing", "/prices", "/assets/BTC", "/assets/BTC?span=1y", "/portfolio", "/trade?get=BTC")
PEOPLE = """
INSERT INTO logins (id, audience, email, password_hash, created_at, email_confirmed_at)
SELECT 'lgn_owner', 'customer', %(email)s, password_hash, created_at, created_at FROM logins WHERE email = %(staff)s;
INSERT INTO customers (id, login_id, name, state, tier, created_at)
VALUES ('cus_owner', 'lgn_owner', 'Ngozi Eze', 'active', 't2', now());
"""
PRICES = """
INSERT INTO ledger.prices (asset, at, naira, source, recorded_by)
SELECT a.code, n.at, 1000 + (extract(epoch FROM n.at)::bigint / 600) %% 97, 'bench', 'bench'
  FROM ledger.assets a, generate_series(now() - interval '1 year', now(), interval '10 minutes') n (at)
 WHERE a.code <> 'NGN';
INSERT INTO candles (pair, span, starts_at, open, high, low, close, prices)
SELECT p.code, s.span, n.at, 1000, 1100, 900, 1000 + (extract(epoch FROM n.at)::bigint / 300) %% 97, 30
  FROM pairs p, (VALUES ('5m', interval '5 minutes', interval '31 days'), ('1h', '1 hour', '31 days'),
                        ('1d', '1 day', '1 year')) s (span, step, back),
       generate_series(date_trunc('day', now()) - s.back, now(), s.step) n (at);
INSERT INTO pair_prices (pair, made_at, mid, told_at, feeds, legs, verdicts, why)
SELECT p.code, n.at, 1000, n.at, '{kraken,coingecko}', '{}', '{}', ''
  FROM pairs p, generate_series(now() - interval '1 day', now(), interval '10 seconds') n (at);
"""
TABLES = ("logins", "customers", "ledger.prices", "candles", "pair_prices")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.home", description="Measure what a customer looks at.")
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--calls", type=int, default=40, help="of each page (%(default)s)")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home(VAR))
        given = stack.enter_context(servers(home, durable=True))
        migrate.upgrade(given.database_url)
        database = Database(given.database_url, roles.app_url(given.database_url, kept=home / "app-role-password"))
        app = create_app(settings(database, given))
        client = prepare(app, database, orders=chosen.orders)
        found = measure(dict.fromkeys(PAGES, client), calls=chosen.calls)
        app.extensions["redis"].close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    print(f"{os.cpu_count()} CPUs, {platform.machine()}; {chosen.orders:,} orders, {chosen.calls} calls of each")
    print(f"{'p50':>8} {'p95':>8}  (ms; goal: p95 <= {GOAL_MS})")
    for page, times in found.items():
        print(f"{percentile(times, 50):8.1f} {percentile(times, 95):8.1f}  {page}")
    print(f"load of the machine: {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
    return 0


def prepare(app: Flask, database: Database, *, orders: int) -> FlaskClient:
    """The customer's browser; their journals are posted as orders are, prices and candles written beside the rooms."""
    staff = "staff@bench.example"
    with app.app_context(), for_everyone(), transaction(actor.system("command:operators create")):
        identity.hire("Ada Obi", email=staff, password=PASSWORD, roles=[Role.TREASURY])
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("SELECT set_config('bursar.owner', '*', false)")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in (PEOPLE, PRICES):
            cursor.execute(statement, {"email": OWNER, "staff": staff})
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with app.app_context(), for_everyone():
        with transaction(BENCH):
            for code in (NGN.code, *COINS):
                wallets.open_wallet("cus_owner", asset=ASSETS[code])
            _post([_paid_in()])
        for start in range(0, orders, BATCH):
            with transaction(BENCH):
                _post([_order(number) for number in range(start, min(start + BATCH, orders))])
        keep(clock.now(), actor=BENCH)
        with transaction(BENCH):
            _post([_order(number) for number in range(orders, orders + BATCH)])
    with closing(database.connect()) as session, session.cursor() as cursor:
        for table in (*TABLES, "ledger.entries", "ledger.journals", "ledger.balances", "wallets"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    client = app.test_client()
    token = client.get("/sign-in").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    sent = client.post("/sign-in", data={"csrf_token": token, "email": OWNER, "password": PASSWORD})
    if sent.status_code != 303:
        raise RuntimeError(f"/sign-in: {sent.status}")
    return client


def _post(journals: list[Journal]) -> None:
    posting.batch([(journal, journal.ref) for journal in journals], all_or_nothing=True)


def _paid_in() -> Journal:
    return Journal("bench.paid_in", "in", _legs(Money(NGN, 10**12)))


def _order(number: int) -> Journal:
    """Bought for ₦100; every fourth sells what was bought before."""
    coin, sells = ASSETS[COINS[number // 4 % len(COINS)]], number % 4 == 3
    paid, got = Money(NGN, 29_000 if sells else -10_000), Money(coin, -3_000 if sells else 1_000)
    return Journal("bench.order", f"order-{number}", (*_legs(paid), *_legs(got)))


def _legs(amount: Money) -> tuple[Leg, ...]:
    ours = chart.house(chart.DEALING, asset=amount.asset)
    return debit(ours, amount), credit(chart.of_customer("cus_owner", asset=amount.asset), amount)


if __name__ == "__main__":
    sys.exit(main())
