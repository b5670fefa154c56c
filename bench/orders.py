"""`python -m bench.orders`: the console's orders, with a million of them behind.

Whole requests are measured, through the app's doors, as somebody of finance who is signed in: the list by every filter,
its first pages and deep ones, and one order. What the network and the web server add is not in it.
"""

import argparse
import os
import platform
import sys
import time
from contextlib import ExitStack, closing
from datetime import timedelta

from flask import Flask

from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import for_everyone, transaction
from app.core.permissions import Role
from app.factory import create_app
from app.identity import factors, totp
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.rules import Audience
from bench.queue import GOAL_MS, percentile, settings
from bench.servers import Database
from bench.withdrawals import BENCH, EMAIL, NAMING, OWNER, OWNERS, PASSWORD, PEOPLE, VAR, measure, signed_in
from dev import roles
from dev.embedded import servers, temporary_home
from migrations import migrate

MANY = 1_000_000
FILTERS = (
    "",
    "view=buy",
    "view=swap",
    "asset=BTC",
    "asset=BNB",
    "view=sell&asset=TON",
    "size=small",
    "size=large",
    "size=large&view=swap",
    "size=large&asset=BNB",
    "asset=USDT.ERC20",
    "state=placed",
    "state=filled&size=middle&asset=ETH",
    "customer=cus_bench_77",
    "customer=cus_owner",
    "customer=cus_bench_77&size=large&asset=BTC",
)
# One in ten is a sale, one in fifty a swap; most are of bitcoin, BNB is rare, and one asset was never traded. One in a
# hundred is worth more than a million naira.
QUOTES = """
INSERT INTO quotes (id, customer_id, side, typed, give_asset, give_units, get_asset, get_units, value_units,
                    spread_units, fee_units, rounding_units, spread_bps, mid, rate, worth_units, priced_at, sources,
                    legs, created_at, expires_at, used_at)
SELECT 'qt_' || pg_temp.named(n.at, i),
       CASE WHEN i %% 200 = 0 THEN %(owner)s ELSE 'cus_bench_' || 1 + i %% %(owners)s END, k.side, 'give',
       CASE k.side WHEN 'buy' THEN 'NGN' WHEN 'sell' THEN k.coin ELSE 'USDT.TRC20' END, 10000,
       CASE k.side WHEN 'sell' THEN 'NGN' ELSE k.coin END, 9900,
       CASE k.side WHEN 'sell' THEN 10000 ELSE 9900 END, 50, 50, 0, 50, 96000000, 96480000,
       CASE WHEN i %% 100 = 0 THEN 150000000 ELSE 100000 * (1 + i %% 500) END, n.at, ARRAY['kraken', 'luno'],
       ARRAY['BTC/USDT', 'USDT/NGN'], n.at, n.at + interval '20 seconds', n.at + interval '4 seconds'
  FROM generate_series(1, %(many)s) i,
       LATERAL (SELECT now() - (%(many)s - i) * interval '10 seconds' AS at) n,
       LATERAL (SELECT CASE WHEN i %% 50 = 7 THEN 'swap' WHEN i %% 10 = 3 THEN 'sell' ELSE 'buy' END AS side,
                       CASE WHEN i %% 5000 = 11 THEN 'BNB' WHEN i %% 100 = 13 THEN 'TON' WHEN i %% 4 = 1 THEN 'ETH'
                            ELSE 'BTC' END AS coin) k;
INSERT INTO orders (id, customer_id, quote_id, side, give_asset, give_units, get_asset, get_units, spread_units,
                    fee_units, rounding_units, rate, worth_units, state, created_at)
SELECT 'ord' || substr(q.id, 3), q.customer_id, q.id, q.side, q.give_asset, q.give_units, q.get_asset, q.get_units,
       q.spread_units, q.fee_units, q.rounding_units, q.rate, q.worth_units, 'filled', q.used_at
  FROM quotes q;
"""
TABLES = ("logins", "customers", "bank_accounts", "quotes", "orders")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.orders", description="Measure the console's orders.")
    parser.add_argument("--orders", type=int, default=MANY)
    parser.add_argument("--calls", type=int, default=40, help="of each page (%(default)s)")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home(VAR))
        given = stack.enter_context(servers(home, durable=True))
        url = given.database_url
        migrate.upgrade(url)
        database = Database(url, roles.app_url(url, kept=home / "app-role-password"))
        app = create_app(settings(database, given))
        began = time.monotonic()
        secret, deep, one = prepare(app, database, many=chosen.orders)
        print(f"{chosen.orders:,} orders written in {time.monotonic() - began:.0f} s", file=sys.stderr)
        staff = signed_in(app, secret)
        days = f"from={_day(60)}&to={_day(30)}"
        queries = (*FILTERS, days, f"{days}&size=large&asset=ETH", f"before={deep}", f"view=swap&before={deep}")
        pages = {f"/console/orders?{query}": staff for query in queries} | {f"/console/orders/{one}": staff}
        found = measure(pages, calls=chosen.calls)
        app.extensions["redis"].close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    print(f"{os.cpu_count()} CPUs, {platform.machine()}; {chosen.orders:,} orders, {chosen.calls} calls of each")
    print(f"{'p50':>8} {'p95':>8}  (ms; goal: p95 <= {GOAL_MS})")
    for page, times in found.items():
        print(f"{percentile(times, 50):8.1f} {percentile(times, 95):8.1f}  {page}")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"load of the machine: {load}")
    return 0


def prepare(app: Flask, database: Database, *, many: int) -> tuple[str, str, str]:
    """Somebody who looks (their secret), and orders: one deep in the list, and one to look at."""
    with app.app_context(), for_everyone():
        with transaction(actor.system("command:operators create")):
            identity.hire("Ada Obi", email=EMAIL, password=PASSWORD, roles=[Role.FINANCE])
        secret = totp.new_secret()
        login = identity_queries.login_by_address_for_system(EMAIL, audience=Audience.OPERATOR)
        with transaction(BENCH):
            factors.provide_app(str(login), secret=secret)
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("SELECT set_config('bursar.owner', '*', false)")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        facts = {"many": many, "owners": OWNERS, "owner": "cus_owner", "staff": EMAIL, "email": OWNER}
        for statement in (NAMING, PEOPLE, QUOTES):
            cursor.execute(statement, facts)
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("SELECT id FROM orders ORDER BY id OFFSET %s LIMIT 2", (many // 3,))
        (deep,), (one,) = cursor.fetchall()
    return secret, str(deep), str(one)


def _day(ago: int) -> str:
    return (clock.now().astimezone(WAT).date() - timedelta(days=ago)).isoformat()


if __name__ == "__main__":
    sys.exit(main())
