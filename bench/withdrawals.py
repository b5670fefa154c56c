"""`python -m bench.withdrawals`: the pages that stand on withdrawals, with a million of them behind.

Whole requests are measured, through the app's doors: the queue, view by view, and the drawer as an officer of treasury
who is signed in, and a customer's activity as that customer. What the network and the web server add is not in it.
"""

import argparse
import os
import platform
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app.core import actor, clock
from app.core.db import for_everyone, transaction
from app.core.money import NGN
from app.core.permissions import Role
from app.factory import create_app
from app.identity import factors, rules, totp
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.rules import Audience
from app.wallets import service as wallets
from bench.queue import GOAL_MS, WARM_UP, percentile, settings
from bench.servers import Database
from dev import roles
from dev.embedded import servers, temporary_home
from migrations import migrate

VAR = Path(__file__).resolve().parents[1] / "var"
MANY = 1_000_000
OWNERS = 20_000
BENCH = actor.system("bench")
EMAIL, OWNER, PASSWORD = "treasury@bench.example", "owner@bench.example", "a long enough password"
QUEUE = (
    *(f"view={view}" for view in ("waiting", "me", "stopped", "underway", "ended")),
    "view=waiting&band=high&to=new",
    "view=waiting&check=15",
    "view=waiting&size=large",
    "view=waiting&hands=nobody",
    "view=stopped&state=cooling_off",
    "view=ended&state=returned",
    "view=ended&band=high",
    "view=ended&check=15",
    "view=ended&check=9",
    "view=ended&size=large&to=new",
    "view=ended&size=large&state=returned",
    "view=ended&check=15&band=low&size=large",
)
ACTIVITY = ("", "kind=withdrawal", "kind=withdrawal&stands=nothing", "kind=withdrawal&stands=open")
# People and their bank accounts; one of them, who looks at their own activity, has a hundred times as much as others.
PEOPLE = """
INSERT INTO logins (id, audience, email, password_hash, created_at, email_confirmed_at)
SELECT 'lgn_owner', 'customer', %(email)s, password_hash, created_at, created_at FROM logins WHERE email = %(staff)s;
INSERT INTO customers (id, login_id, name, state, tier, created_at)
VALUES (%(owner)s, 'lgn_owner', 'Ngozi Eze', 'active', 't2', now());
INSERT INTO logins (id, audience, email, password_hash, created_at)
SELECT 'lgn_bench_' || i, 'customer', 'c' || i || '@bench.example', 'none', now()
  FROM generate_series(1, %(owners)s) i;
INSERT INTO customers (id, login_id, name, state, tier, created_at)
SELECT 'cus_bench_' || i, 'lgn_bench_' || i, 'Customer ' || i, 'active', 't2', now()
  FROM generate_series(1, %(owners)s) i;
INSERT INTO bank_accounts (id, customer_id, bank_code, bank_name, account_number, account_name, recipient_code,
                           created_at)
SELECT 'ba_bench_' || i, CASE WHEN i %% 200 = 0 THEN %(owner)s ELSE 'cus_bench_' || i END, '057', 'Zenith Bank',
       lpad(i::text, 10, '0'), 'Customer ' || i, 'RCP_' || i, now() - interval '90 days'
  FROM generate_series(1, %(owners)s) i;
"""
# Ids begin with the time of their making, as those of the product do.
NAMING = """
CREATE FUNCTION pg_temp.named(p_at timestamptz, p_number bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
                             ((floor(extract(epoch FROM p_at) * 1000)::bigint >> (5 * place)) & 31)::integer + 1, 1),
                      '' ORDER BY place DESC) || lpad(p_number::text, 16, '0')
      FROM generate_series(0, 9) place
$$
"""
# One in forty has not ended, which is far more than a house that works them off would have.
WITHDRAWALS = """
INSERT INTO withdrawals (id, customer_id, bank_account_id, payout_id, attempts, amount_units, fee_units, hold_id, round,
                         score, band, target, large, policy_id, legs, delay_seconds, content_hash, state, created_at,
                         held_until, not_before, unpaid_at, ended_at)
SELECT 'wd_' || pg_temp.named(n.at, i), b.customer_id, b.id, 'po_' || pg_temp.named(n.at, i),
       (s.state IN ('sending', 'unpaid', 'settled', 'failed', 'returned'))::integer,
       10000 * (1 + i %% 400), 2500, i, 1, (i %% 10) * 10, (ARRAY['low', 'low', 'medium', 'high'])[1 + i %% 4],
       (ARRAY['known', 'known', 'new'])[1 + i %% 3], false, %(policy)s,
       CASE WHEN i %% 5 = 0 THEN '[{"roles": ["compliance_officer"], "count": 1}]'::jsonb
            WHEN i %% 2 = 0 THEN '[{"roles": ["treasury"], "count": 1}]'::jsonb
            ELSE '[{"roles": ["compliance_officer"], "count": 1}, {"roles": ["treasury"], "count": 1}]'::jsonb END,
       0, md5(i::text), s.state, n.at,
       CASE WHEN s.state = 'cooling_off' THEN now() + interval '3 hours' END, NULL,
       CASE WHEN s.state = 'unpaid' THEN now() END,
       CASE WHEN s.state IN ('settled', 'failed', 'returned', 'rejected', 'cancelled') THEN now() END
  FROM generate_series(1, %(many)s) i
  JOIN bank_accounts b ON b.id = 'ba_bench_' || (1 + i %% %(owners)s),
       LATERAL (SELECT now() - (%(many)s - i) * interval '10 seconds' AS at) n,
       LATERAL (SELECT CASE WHEN i %% 40 <> 0 OR i %% 20000 = 0
                            THEN (ARRAY['settled', 'settled', 'settled', 'settled', 'settled', 'settled', 'settled',
                                        'failed', 'rejected', 'cancelled'])[1 + (hashint4(i) & 1023) %% 10]
                            ELSE (ARRAY['requested', 'requested', 'requested', 'held', 'cooling_off', 'approved',
                                        'sending', 'unpaid'])[1 + (hashint4(i) & 1023) %% 8] END AS state) s;
UPDATE withdrawals SET state = 'returned' WHERE id LIKE '%%77777';
"""
# What the newest rounds found: two checks of each, the first of which speaks against one in ten. Half of those that
# wait for two have one yes.
CHECKS = """
INSERT INTO withdrawal_checks (withdrawal_id, round, number, name, outcome, points, facts, words, checked_at)
SELECT w.id, 1, n, 'Check ' || n, CASE WHEN w.score >= 90 AND n = 15 THEN 'review' ELSE 'pass' END,
       CASE WHEN w.score >= 90 AND n = 15 THEN 30 ELSE 0 END, '{"held": "100000"}', 'As it should be.', w.created_at
  FROM withdrawals w, generate_series(15, 16) n;
INSERT INTO withdrawal_approvals (id, withdrawal_id, operator_id, leg, content_hash, approved_at, voted_at)
SELECT 'apr_' || w.id, w.id, %(other)s, 0, w.content_hash, now(), now()
  FROM withdrawals w WHERE w.state = 'requested' AND jsonb_array_length(w.legs) = 2 AND w.score < 50;
"""
MOVES = """
INSERT INTO moves (machine, subject, old_state, new_state, actor, reason, moved_at)
SELECT 'withdrawal', w.id, NULL, 'requested', 'customer:' || w.customer_id, '', w.created_at FROM withdrawals w;
"""
TRIGGERED = (
    "logins",
    "customers",
    "bank_accounts",
    "withdrawals",
    "withdrawal_checks",
    "withdrawal_approvals",
    "moves",
)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.withdrawals", description="Measure pages of withdrawals.")
    parser.add_argument("--withdrawals", type=int, default=MANY)
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
        pages = prepare(app, database, many=chosen.withdrawals)
        print(f"{chosen.withdrawals:,} withdrawals written in {time.monotonic() - began:.0f} s", file=sys.stderr)
        found = measure(pages, calls=chosen.calls)
        app.extensions["redis"].close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    print(
        f"{os.cpu_count()} CPUs, {platform.machine()}; {chosen.withdrawals:,} withdrawals, {chosen.calls} calls of each"
    )
    print(f"{'p50':>8} {'p95':>8}  (ms; goal: p95 <= {GOAL_MS})")
    for page, times in found.items():
        print(f"{percentile(times, 50):8.1f} {percentile(times, 95):8.1f}  {page}")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"load of the machine: {load}")
    return 0


def prepare(app: Flask, database: Database, *, many: int) -> dict[str, FlaskClient]:
    """Each page with who looks at it; the rows are written without going through the rooms, and analysed."""
    with app.app_context(), for_everyone():
        with transaction(actor.system("command:operators create")):
            identity.hire("Ada Obi", email=EMAIL, password=PASSWORD, roles=[Role.TREASURY])
            other = identity.hire(
                "Bola Ade", email="officer@bench.example", password=PASSWORD, roles=[Role.COMPLIANCE_OFFICER]
            )
        secret = totp.new_secret()
        login = identity_queries.login_by_address_for_system(EMAIL, audience=Audience.OPERATOR)
        with transaction(BENCH):
            factors.provide_app(str(login), secret=secret)
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("SELECT set_config('bursar.owner', '*', false)")
        cursor.execute("SELECT id FROM approval_policies WHERE kind = 'withdrawals.send' ORDER BY version DESC LIMIT 1")
        (policy,) = cursor.fetchone() or ("",)
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        facts = {
            "many": many,
            "owners": OWNERS,
            "owner": "cus_owner",
            "policy": policy,
            "other": other,
            "email": OWNER,
            "staff": EMAIL,
        }
        for statement in (NAMING, PEOPLE, WITHDRAWALS, CHECKS, MOVES):
            cursor.execute(statement, facts)
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in TRIGGERED:
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("SELECT id, customer_id FROM withdrawals WHERE state = 'requested' ORDER BY id LIMIT 1")
        waiting, holder = cursor.fetchone() or ("", "")
    with app.app_context(), for_everyone(), transaction(BENCH):
        for each in (holder, "cus_owner"):
            wallets.open_wallet(each, asset=NGN)
    staff = signed_in(app, secret)
    home = _customer(app)
    pages = {f"/console/withdrawals?{query}": staff for query in QUEUE} | {f"/console/withdrawals/{waiting}": staff}
    return pages | {f"/activity?{query}": home for query in ACTIVITY}


def measure(pages: dict[str, FlaskClient], *, calls: int) -> dict[str, list[float]]:
    """Milliseconds of each call of each page, the pages by turns."""
    found: dict[str, list[float]] = {page: [] for page in pages}
    for turn in range(calls + WARM_UP):
        for page, times in found.items():
            began = time.perf_counter()
            answer = pages[page].get(page)
            took = (time.perf_counter() - began) * 1000
            if answer.status_code != 200:
                raise RuntimeError(f"{page}: {answer.status}")
            if turn >= WARM_UP:
                times.append(took)
    return found


def signed_in(app: Flask, secret: str) -> FlaskClient:
    """The one of staff who looks."""
    """Somebody of staff, by their app."""
    client = app.test_client()
    _send(client, "/console/sign-in", email=EMAIL, password=PASSWORD)
    _send(client, "/console/prove", code=totp.code(secret, step=rules.totp_step(clock.now())))
    return client


def _customer(app: Flask) -> FlaskClient:
    client = app.test_client()
    _send(client, "/sign-in", email=OWNER, password=PASSWORD)
    return client


def _send(client: FlaskClient, path: str, **fields: str) -> None:
    token = client.get(path).text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    answer = client.post(path, data={"csrf_token": token, **fields})
    if answer.status_code != 303:
        raise RuntimeError(f"{path}: {answer.status}")


if __name__ == "__main__":
    sys.exit(main())
