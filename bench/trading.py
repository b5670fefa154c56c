"""`python -m bench.trading`: quotes and orders of several clients at once, over HTTP, beside a bare door.

The server is the one of `make run`: gunicorn with its workers and threads. Each client asks
for a quote and accepts it, as fast as it is answered, over a connection that stays open, for one customer after the
other: how many quotes one may have in a minute is limited. In turns with that, as many clients ask a bare door of the
same server, which does one SELECT. Clients, server and database share the machine.
"""

import argparse
import http.client
import json
import os
import platform
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle
from pathlib import Path

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
from bench.queue import environment, percentile, settings
from bench.servers import Database
from dev import programs, roles
from dev.children import Child, wait_until
from dev.embedded import Servers, servers, temporary_home
from dev.environment import Addresses
from migrations import migrate

VAR = Path(__file__).resolve().parents[1] / "var"
BENCH = actor.system("bench")
WAYS = ("bare", "quote", "accept")
PRICES = {"BTC/USDT": "60000", "USDT/NGN": "1600"}
CUSTOMERS = 400
TURN_SECONDS = 15.0  # (a price is dealt at for a minute, and made anew before each turn)
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

Times = dict[str, list[float]]


@dataclass(frozen=True)
class Load:
    """How many clients at once, in how many turns, of how many seconds each."""

    clients: int
    turns: int
    seconds: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.trading", description="Measure quotes and orders.")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=TURN_SECONDS, help="of each turn (%(default)s)")
    chosen = parser.parse_args()
    load = Load(chosen.clients, chosen.turns, chosen.seconds)
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home(VAR))
        given = stack.enter_context(servers(home, durable=True))
        found = measure(given, home, load)
    print(f"{os.cpu_count()} CPUs, {platform.machine()}; {load.clients} clients, {load.turns} x {load.seconds:g} s")
    print(f"{'p50':>8} {'p95':>8} {'p99':>8} {'calls':>8}  (ms)")
    bare = percentile(found["bare"], 95)
    for way, times in found.items():
        figures = " ".join(f"{percentile(times, percent):8.1f}" for percent in (50, 95, 99))
        print(f"{figures} {len(times):8d}  {way}, p95 {percentile(times, 95) / bare:.1f} x bare")
    print(f"{len(found['accept']) / (load.turns * load.seconds):.1f} orders a second")
    print(f"load of the machine: {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
    return 0


def measure(given: Servers, home: Path, load: Load) -> Times:
    """Milliseconds of each call, of all customers together."""
    url = given.database_url
    migrate.upgrade(url)
    database = Database(url, roles.app_url(url, kept=home / "app-role-password"))
    app = create_app(settings(database, given))
    tokens = prepare(app, database, many=CUSTOMERS)
    shared = [tokens[number :: load.clients] for number in range(load.clients)]
    found: Times = {way: [] for way in WAYS}
    try:
        with served(environment(database, given), home) as port:
            for _ in range(load.turns):
                price(app)
                for turn in (_ask, _trade):
                    for times in _at_once(turn, port, shared, seconds=load.seconds):
                        for way, each in times.items():
                            found[way] += each
    finally:
        app.extensions["redis"].close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    return found


@contextmanager
def served(env: dict[str, str], home: Path) -> Iterator[int]:
    """The server, on a port of its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        where = Addresses("127.0.0.1", found.getsockname()[1], None)
    bind = ("--bind", f"{where.host}:{where.port}")
    command = programs.python("-m", "gunicorn", "bench.bare:app", *programs.GUNICORN, *bind)
    child = Child("web", command, log=home / "web.log", env={**os.environ, **env})
    child.start()
    try:
        wait_until(lambda: programs.serves(where, "/bare/"), child, seconds=60)
        yield where.port
    finally:
        child.stop(patience=10)


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


def _at_once(
    turn: Callable[[int, list[str], float], Times], port: int, shared: list[list[str]], *, seconds: float
) -> list[Times]:
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(shared)) as threads:
        return list(threads.map(lambda tokens: turn(port, tokens, until), shared))


def _ask(port: int, _tokens: list[str], until: float) -> Times:
    found: Times = {"bare": []}
    with closing(http.client.HTTPConnection("localhost", port, timeout=30)) as connection:
        while time.monotonic() < until:
            began = time.perf_counter()
            _answer(connection, "GET", "/bare/")
            found["bare"].append((time.perf_counter() - began) * 1000)
    return found


def _trade(port: int, tokens: list[str], until: float) -> Times:
    found: Times = {"quote": [], "accept": []}
    with closing(http.client.HTTPConnection("localhost", port, timeout=30)) as connection:
        for token in cycle(tokens):
            if time.monotonic() >= until:
                break
            quote = ""
            for way in ("quote", "accept"):
                path, body = ("quotes", AMOUNT) if way == "quote" else ("orders", {"quote": quote})
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}
                began = time.perf_counter()
                quote = _answer(connection, "POST", f"/api/v1/{path}", headers=headers, body=body)["id"]
                found[way].append((time.perf_counter() - began) * 1000)
    return found


def _answer(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    body: object = None,
) -> dict[str, str]:
    content = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, json.dumps(body) if body else None, {**(headers or {}), **content})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in {http.client.OK, http.client.CREATED}:
        raise RuntimeError(f"{path}: {answer.status} {text[:200]!r}")
    found: dict[str, str] = json.loads(text)
    return found


if __name__ == "__main__":
    sys.exit(main())
