"""`python -m bench.trading`: quotes and orders of many customers at once, each a program with a token of its own.

Whole requests are measured, through the app's doors, in as many processes as a machine would have workers: the guard,
the checks, the price, the books, the audit, the commit. What the network and the web server add is not in it. Each
customer asks for a quote, reads it, accepts it, and pauses; `--pause 0` has them ask as fast as they are answered:
that measures how many orders the machine can do, not how long somebody waits for one.
"""

import argparse
import json
import os
import platform
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random

from flask import Flask

from app.core import actor, clock
from app.core.db import db, for_everyone, transaction
from app.core.money import NGN, Money
from app.factory import create_app
from app.identity import service as identity
from app.identity.rules import Audience
from app.identity.service import Device
from app.ledger import chart, posting
from app.ledger.journal import Journal, credit, debit
from app.market.models import PairPrice
from app.wallets import service as wallets
from bench.queue import percentile, settings
from bench.servers import Database
from dev import roles
from dev.embedded import Servers, servers, temporary_home
from migrations import migrate

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var"
BENCH = actor.system("bench")
GOALS_MS = {"quote": 80, "accept": 120}
CREATED = 201
PRICES = {"BTC/USDT": "60000", "USDT/NGN": "1600"}
PRICED_EVERY = 20  # seconds: a price is dealt at for a minute
FUNDS = Money(NGN, 4_000_000_00)
AMOUNT = {"give": "NGN", "get": "BTC", "amount": {"asset": "NGN", "units": "600000"}}
PEOPLE = """
INSERT INTO logins (id, audience, email, password_hash, created_at, email_confirmed_at)
SELECT 'lgn_bench_' || i, 'customer', 'c' || i || '@bench.example', 'none', now(), now()
  FROM generate_series(1, %(many)s) i;
INSERT INTO customers (id, login_id, name, state, tier, created_at)
SELECT 'cus_bench_' || i, 'lgn_bench_' || i, 'Customer ' || i, 'active', 't3', now()
  FROM generate_series(1, %(many)s) i;
"""


@dataclass(frozen=True)
class Load:
    """How many customers, for how long, with what pause (seconds) after each request, in how many processes."""

    customers: int
    seconds: float
    pause: float
    processes: int


def main() -> int:
    """Measure and print; as a member of the crowd, only measure."""
    if sys.argv[1:2] == ["--member"]:
        return member(json.loads(sys.stdin.read()))
    parser = argparse.ArgumentParser(prog="python -m bench.trading", description="Measure quotes and orders.")
    parser.add_argument("--customers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pause", type=float, default=2, help="seconds after each request (%(default)s)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home(VAR))
        given = stack.enter_context(servers(home, durable=True))
        found = measure(given, home, Load(chosen.customers, chosen.seconds, chosen.pause, chosen.processes))
    print(
        f"{os.cpu_count()} CPUs, {platform.machine()}; {chosen.customers} customers at once in {chosen.processes}"
        f" processes, {chosen.pause:g} s pause, {chosen.seconds:g} s"
    )
    print(f"{'p50':>8} {'p95':>8} {'p99':>8} {'calls':>8}")
    for what, times in found.items():
        goal = f"goal: p95 <= {GOALS_MS[what]} ms"
        figures = " ".join(f"{percentile(times, percent):8.1f}" for percent in (50, 95, 99))
        print(f"{figures} {len(times):8d}  {what} (ms; {goal})")
    print(f"{len(found['accept']) / chosen.seconds:.1f} orders a second")
    print(f"load of the machine: {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
    return 0


def measure(given: Servers, home: Path, load: Load) -> dict[str, list[float]]:
    """Milliseconds of each quote and of each acceptance, of all customers together."""
    url = given.database_url
    migrate.upgrade(url)
    database = Database(url, roles.app_url(url, kept=home / "app-role-password"))
    app = create_app(settings(database, given))
    tokens = prepare(app, database, many=load.customers)
    members = [_started(database, given, tokens[number :: load.processes], load) for number in range(load.processes)]
    found: dict[str, list[float]] = {"quote": [], "accept": []}
    try:
        while any(one.poll() is None for one in members):
            price(app)
            time.sleep(PRICED_EVERY if load.seconds > PRICED_EVERY else 1)
    finally:
        for one in members:
            for what, times in json.loads(one.communicate()[0] or "{}").items():
                found[what] += times
        app.extensions["redis"].close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    if any(one.returncode for one in members):
        raise RuntimeError("a part of the crowd failed: see above")
    return found


def prepare(app: Flask, database: Database, *, many: int) -> list[str]:
    """Customers with naira, prices, and a token of each."""
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("SELECT set_config('bursar.owner', '*', false)")
        for table in ("logins", "customers"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(PEOPLE, {"many": many})
        for table in ("logins", "customers"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    price(app)
    tokens = []
    with app.app_context(), for_everyone():
        for number in range(1, many + 1):
            with transaction(BENCH):
                owner = f"cus_bench_{number}"
                wallets.open_wallet(owner, asset=NGN)
                account = chart.of_customer(owner, asset=NGN)
                legs = (debit(chart.house(chart.CAPITAL, asset=NGN), FUNDS), credit(account, FUNDS))
                posting.post(Journal("bench.given", owner, legs), key=f"bench:{owner}")
                opened = identity.open_session(
                    f"lgn_bench_{number}", audience=Audience.CUSTOMER, device=Device("a program's")
                )
                tokens.append(opened.token)
    return tokens


def price(app: Flask) -> None:
    """Make prices, as the clock's job does."""
    with app.app_context(), for_everyone(), transaction(BENCH):
        moment = clock.now()
        for pair, mid in PRICES.items():
            made = {"pair": pair, "mid": Decimal(mid), "made_at": moment, "told_at": moment, "why": ""}
            db.session.add(PairPrice(**made, feeds=["kraken", "coingecko"], legs=[], verdicts={}))


def member(told: dict[str, object]) -> int:
    """One process of the crowd: its customers, each in a thread, until the time is over."""
    given = Servers(str(told["server"]), str(told["redis"]), None, None)
    app = create_app(settings(Database(str(told["server"]), str(told["app"])), given))
    tokens = list(told["tokens"])  # type: ignore[call-overload]
    until = time.monotonic() + float(str(told["seconds"]))
    pause = float(str(told["pause"]))
    with ThreadPoolExecutor(max(len(tokens), 1)) as threads:
        each = list(threads.map(lambda token: _trade(app, token, until=until, pause=pause), tokens))
    json.dump({what: [time_ for one in each for time_ in one[what]] for what in GOALS_MS}, sys.stdout)
    return 0


def _trade(app: Flask, token: str, *, until: float, pause: float) -> dict[str, list[float]]:
    client, dice = app.test_client(), Random(token)  # noqa: S311 (it spreads calls, and guards nothing)
    found: dict[str, list[float]] = {"quote": [], "accept": []}
    time.sleep(dice.random() * pause * 2)  # (they do not come in step)
    while time.monotonic() < until:
        quote = ""
        for what in ("quote", "accept"):
            path, body = ("quotes", AMOUNT) if what == "quote" else ("orders", {"quote": quote})
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}
            began = time.perf_counter()
            answer = client.post(f"/api/v1/{path}", json=body, headers=headers)
            found[what].append((time.perf_counter() - began) * 1000)
            if answer.status_code != CREATED or answer.json is None:
                raise RuntimeError(f"{path}: {answer.status} {answer.text[:200]}")
            quote = answer.json["id"]
            time.sleep(pause * (dice.random() + 1) / 2 if pause else 0)
    return found


def _started(database: Database, given: Servers, tokens: Sequence[str], load: Load) -> "subprocess.Popen[str]":
    told = {
        "server": database.owner_url, "app": database.app_url, "redis": given.redis_url, "tokens": tokens,
        "seconds": load.seconds, "pause": load.pause,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.trading", "--member"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    if process.stdin:
        process.stdin.write(json.dumps(told))
        process.stdin.close()
        process.stdin = None
    return process


if __name__ == "__main__":
    sys.exit(main())
