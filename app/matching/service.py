"""Commands of matching: a run of the rules over what is open in an account."""

import hashlib
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.matching import errors, explaining, queries, scope, sheets
from app.matching.models import Run
from app.matching.passes import Passes
from app.matching.rules import Rule
from app.matching.scope import Kind

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('matching:' || :account, 0))"
_LEISURE = ("SET LOCAL statement_timeout = '120s'", "SET LOCAL work_mem = '256MB'", "SET LOCAL jit = off")
# What each rule found and what was opened of each reason, with a sum over all of them: the same lines and entries put
# together by the same rules give the same, in whatever order they were looked at. (Of a larger group each row says with
# whom: its first line and its first entry.)
_FOUND = """
SELECT rule, count(*) AS n, count(*) AS groups, count(*) AS lines, count(*) AS entries,
       sum(hash_record_extended(ROW(line_id, journal_id, leg), 0)) AS hashes
  FROM matches WHERE run_id = :run AND group_id > :first AND line_id IS NOT NULL AND journal_id IS NOT NULL
 GROUP BY rule
 UNION ALL
SELECT rule, count(*), count(DISTINCT group_id), count(line_id), count(journal_id), sum(hash)
  FROM (SELECT rule, group_id, line_id, journal_id, hash_record_extended(
                   ROW(line_id, journal_id, leg, min(line_id) OVER own, min(journal_id) OVER own), 0) AS hash
          FROM matches WHERE run_id = :run AND group_id > :first AND (line_id IS NULL OR journal_id IS NULL)
        WINDOW own AS (PARTITION BY group_id)) m
 GROUP BY rule
 UNION ALL
SELECT reason, count(*), 0, 0, 0, sum(hash_record_extended(ROW(line_id, journal_id, leg, trim_scale(amount)), 0))
  FROM breaks WHERE opened_by = :run GROUP BY reason
"""
_COUNTED = ("groups", "lines", "entries")


def run(
    account: str,
    *,
    rules: tuple[Rule, ...],
    version: int,
    as_of: datetime | None = None,
    whole: bool,
    why: str,
    actor: Actor,
) -> Run | None:
    """Match what is open in an account now or as of a time, and say why of the rest; None where nothing is new.

    `whole` looks at everything again. Raises NothingToMatch where no source of statements stands for the account.
    """
    connection = turn(account)
    as_of = as_of or clock.now()  # (not before it is one's turn: what was booked meanwhile is looked at, too)
    if not queries.sources_for_system(account):
        raise errors.NothingToMatch
    at_leisure(connection)
    news = scope.news(connection, account, as_of=as_of)
    kind = Kind.WHOLE if whole else news
    wrong = sheets.look(connection, account)
    if kind is None and not wrong:
        return None
    told = begun(account, kind=kind or Kind.NEAR, version=version, as_of=as_of, why=why, actor=actor)
    of_sheets = sheets.explain(connection, told)
    if kind is None:  # (a file without a line that was not known, or the one that was missing)
        told.counts, told.ended_at = {"rules": [], **of_sheets}, clock.now()
        db.session.flush()
        return told
    if kind is Kind.WHOLE:
        scope.free(connection, account, run_id=told.id)
    # (of what is near to what is new another pair of the same amount may be out of sight)
    able = tuple(one for one in rules if kind is not Kind.NEAR or not one.looks_far)
    told.counts = _match(connection, told, able, much=news is Kind.WHOLE)
    told.counts |= {name: told.counts[name] + count for name, count in of_sheets.items()}
    if kind is not Kind.NEAR:  # (it sums all that was ever told)
        sums = queries.proof_for_operators(account)
        both = {"told": str(sums.told), "booked": str(sums.booked), "breaks": str(sums.breaks)}
        told.counts |= dict(zip(("lines", "open_lines"), queries.lines_for_operators(account), strict=True))
        told.counts = {**told.counts, **both}
    told.ended_at = clock.now()
    db.session.flush()
    return told


def _match(connection: Connection, told: Run, rules: tuple[Rule, ...], *, much: bool) -> dict[str, Any]:
    """Run the rules, one after the other; then explain what is left: what each found, what was opened and closed."""
    passes = Passes(connection, told.id, account=told.account, as_of=told.as_of)
    first = passes.newest()
    if told.kind == Kind.WHOLE:
        scope.look_at_all(connection, told.account, as_of=told.as_of)
    if much:
        passes.at_first_sight(rules[0])
    scope.open_up(connection, told.account, kind=Kind(told.kind), as_of=told.as_of)
    scope.look_up(connection, few=False)
    for rule in rules:
        passes.apply(rule)
    differing = passes.newest()
    for rule in rules:
        passes.differing(rule)
    scope.look_up(connection, few=told.kind != Kind.WHOLE)
    explained = explaining.explain(connection, told, first=first, differing=differing)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in connection.execute(text(_FOUND), {"run": told.id, "first": first}).mappings():
        found[row["rule"]].update({name: int(row[name]) for name in ("n", "hashes", *_COUNTED)})
    said = sorted(f"{name} {one['n']} {one['hashes']}" for name, one in found.items())
    told.digest = hashlib.sha256(" ".join(said).encode()).digest()
    by_rule = [
        {"rule": name, **{of: one[of] for of in _COUNTED}} for name, one in sorted(found.items()) if one["groups"]
    ]
    return {"rules": by_rule, **explained}


def at_leisure(connection: Connection) -> None:
    """Time and memory for large sets, till the end of the transaction: nobody waits for a page."""
    for setting in _LEISURE:
        connection.execute(text(setting))


def turn(account: str) -> Connection:
    """Wait until nobody else matches in this account, till the end of the transaction."""
    connection = db.session.connection()
    connection.execute(text(_TURN), {"account": account})
    return connection


def begun(account: str, *, kind: str, version: int, as_of: datetime, why: str, actor: Actor) -> Run:
    """A run that begins now."""
    told = Run(
        account=account,
        kind=kind,
        rules_version=version,
        as_of=as_of,
        begun_at=clock.now(),
        made_by=str(actor),
        why=why,
    )
    db.session.add(told)
    db.session.flush()
    return told
