"""`python -m bench.queue`: the page of the review queue, view by view, with so many applications behind it.

Whole requests are measured, through the app's doors as an officer who is signed in: the guard, the counts of all tabs,
fifty rows, the HTML. What the network and the web server add is not in it.
"""

import argparse
import base64
import os
import platform
import statistics
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app.core import actor, clock
from app.core.db import for_everyone, transaction
from app.core.permissions import Role
from app.factory import create_app
from app.identity import factors, rules, totp
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.rules import Audience
from bench.servers import Database
from config import Settings
from dev import roles
from dev.embedded import Servers, servers, temporary_home
from migrations import migrate

VAR = Path(__file__).resolve().parents[1] / "var"
MANY = 200_000
GOAL_MS = 100
WARM_UP = 3  # turns that fill memory, as a working day does
BENCH = actor.system("bench")
EMAIL, PASSWORD = "officer@bench.example", "a long enough password"
QUERIES = (
    *(f"view={view}" for view in ("open", "unclaimed", "mine", "hits", "escalated", "waiting", "proposed", "late")),
    "view=decided",
    "view=open&tier=t3&risk=high",
    "view=open&country=GH",
    "view=open&assignee=none&resubmission=1",
    "view=open&id=app_bench_100",
)
PEOPLE = """
INSERT INTO logins (id, audience, email, password_hash, created_at)
SELECT 'lgn_bench_' || i, 'customer', 'c' || i || '@bench.example', 'none', now()
  FROM generate_series(1, %(many)s) i;
INSERT INTO customers (id, login_id, name, state, tier, created_at)
SELECT 'cus_bench_' || i, 'lgn_bench_' || i, 'Customer ' || i, 'active', 't1', now()
  FROM generate_series(1, %(many)s) i;
"""
# Half of them open, which is far more than a house that works them off would have.
APPLICATIONS = """
INSERT INTO applications (id, customer_id, subject, about, wanted, had, state, round, pep, country, screening, identity,
                          name_score, risk, created_at, queued_at, due_at, assigned_to, decided_at)
SELECT 'app_bench_' || i, 'cus_bench_' || i,
       CASE WHEN i %% 11 = 0 THEN 'business' ELSE 'person' END,
       (ARRAY['tier', 'tier', 'tier', 'review', 'name', 'address', 'phone'])[1 + i %% 7],
       (ARRAY['t1', 't1', 't2', 't2', 't3'])[1 + i %% 5], 't0', s.state, 1 + (i %% 13 = 0)::integer, i %% 97 = 0,
       CASE WHEN i %% 101 = 0 THEN 'GH' ELSE 'NG' END,
       (ARRAY['clear', 'clear', 'clear', 'open', 'cleared'])[1 + (hashint4(i) & 15) %% 5], 'match', 60 + i %% 41,
       (ARRAY['low', 'low', 'medium', 'high'])[1 + i %% 4],
       now() - i * interval '10 seconds', now() - i * interval '10 seconds',
       now() - i * interval '10 seconds' + interval '24 hours',
       CASE WHEN i %% 3 = 0 THEN %(officer)s END,
       CASE WHEN s.state IN ('approved', 'rejected') THEN now() - i * interval '5 seconds' END
  FROM generate_series(1, %(many)s) i,
       LATERAL (SELECT (ARRAY['submitted', 'submitted', 'submitted', 'submitted', 'submitted', 'submitted', 'escalated',
                              'waiting', 'waiting', 'proposed', 'approved', 'approved', 'approved', 'approved',
                              'approved', 'approved', 'approved', 'approved', 'rejected', 'draft'
                              ])[1 + (hashint4(i) & 1023) %% 20] AS state) s;
"""
TRIGGERED = ("logins", "customers", "applications")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.queue", description="Measure the page of the review queue.")
    parser.add_argument("--applications", type=int, default=MANY)
    parser.add_argument("--calls", type=int, default=60, help="of each view (%(default)s)")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home(VAR))
        given = stack.enter_context(servers(home, durable=True))
        url = given.database_url
        migrate.upgrade(url)
        database = Database(url, roles.app_url(url, kept=home / "app-role-password"))
        app = create_app(settings(database, given))
        began = time.monotonic()
        client = prepare(app, database, many=chosen.applications)
        print(f"{chosen.applications:,} applications written in {time.monotonic() - began:.0f} s", file=sys.stderr)
        spent = time.process_time()
        found = measure(client, calls=chosen.calls)
        spent = time.process_time() - spent
        app.extensions["redis"].close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    print(f"{os.cpu_count()} CPUs, {platform.machine()}; {chosen.applications:,} applications, {chosen.calls} calls")
    print(f"{'p50':>8} {'p95':>8}  (ms; goal: p95 <= {GOAL_MS})")
    for query, times in found.items():
        print(f"{percentile(times, 50):8.1f} {percentile(times, 95):8.1f}  {query}")
    every = [each for times in found.values() for each in times]
    print(f"{percentile(every, 50):8.1f} {percentile(every, 95):8.1f}  all of them")
    asked = (chosen.calls + WARM_UP) * len(found)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{spent * 1000 / asked:.1f} ms of each are this process's own work; load of the machine: {load}")
    return 0


def environment(database: Database, given: Servers) -> dict[str, str]:
    """The product's settings over this database, as a process is told them; nothing of the world is there."""
    key = base64.b64encode(b"0" * 32).decode()
    return {
        "BURSAR_ENV": "test",
        "DATABASE_URL": database.app_url,
        "REDIS_URL": given.redis_url,
        "PAYSTACK_SECRET_KEY": "none",
        "SMS_URL": "http://127.0.0.1:1",
        "SMS_TOKEN": "none",
        "REGISTRY_URL": "http://127.0.0.1:1",
        "REGISTRY_TOKEN": "none",
        "SECRET_KEY": "none",
        "DATA_KEY": key,
        "DOCUMENT_KEYS": f"bench:{key}",
        "DOCUMENTS_URL": (VAR / "none").as_uri(),
        "PUBLIC_URL": "http://localhost",
        "LOG_LEVEL": "ERROR",
        "PASSWORD_KIB": "64",
    }


def settings(database: Database, given: Servers) -> Settings:
    """The same, read."""
    return Settings.from_env(environment(database, given))


def prepare(app: Flask, database: Database, *, many: int) -> FlaskClient:
    """An officer at the console, and the applications: written without going through the rooms, and analysed."""
    officer, client = hired(app, Role.COMPLIANCE_OFFICER)
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("SELECT set_config('bursar.owner', '*', false)")
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in (PEOPLE, APPLICATIONS):
            cursor.execute(statement, {"many": many, "officer": officer})
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute(f"ANALYZE {table}")
    return client


def hired(app: Flask, role: Role) -> tuple[str, FlaskClient]:
    """Somebody with this role, and their browser, signed in."""
    with app.app_context(), for_everyone():
        with transaction(actor.system("command:operators create")):
            operator_id = identity.hire("Ada Obi", email=EMAIL, password=PASSWORD, roles=[role])
        secret = totp.new_secret()
        login = identity_queries.login_by_address_for_system(EMAIL, audience=Audience.OPERATOR)
        with transaction(BENCH):
            factors.provide_app(str(login), secret=secret)
    return operator_id, _signed_in(app, secret)


def measure(
    client: FlaskClient, *, calls: int, place: str = "/console/applications", queries: tuple[str, ...] = QUERIES
) -> dict[str, list[float]]:
    """Milliseconds of each call of each view, the views by turns."""
    found: dict[str, list[float]] = {query: [] for query in queries}
    for turn in range(calls + WARM_UP):
        for query, times in found.items():
            began = time.perf_counter()
            answer = client.get(f"{place}?{query}")
            took = (time.perf_counter() - began) * 1000
            if answer.status_code != 200:
                raise RuntimeError(f"{query}: {answer.status}")
            if turn >= WARM_UP:
                times.append(took)
    return found


def percentile(times: list[float], percent: int) -> float:
    """The time within which so many of a hundred calls were answered."""
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def _signed_in(app: Flask, secret: str) -> FlaskClient:
    client = app.test_client()
    for path, fields in (
        ("/console/sign-in", {"email": EMAIL, "password": PASSWORD}),
        ("/console/prove", {"code": totp.code(secret, step=rules.totp_step(clock.now()))}),
    ):
        token = client.get(path).text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        answer = client.post(path, data={"csrf_token": token, **fields})
        if answer.status_code != 303:
            raise RuntimeError(f"{path}: {answer.status}")
    return client


if __name__ == "__main__":
    sys.exit(main())
