"""Commands of matching: a run of the rules over what is open in an account."""

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
# (PostgreSQL expects one row where three columns are joined, and would look up each of a million on its own)
_SETS = "SET LOCAL enable_nestloop = off"
_FOUND = """
SELECT rule, count(DISTINCT group_id) AS groups, count(line_id) AS lines, count(journal_id) AS entries
  FROM matches WHERE run_id = :run AND group_id > :first GROUP BY rule ORDER BY rule
"""
# The same lines and entries put together by the same rules give the same, in whatever order they were looked at. (Of a
# larger group each row says with whom: its first line and its first entry.)
_DIGEST = """
WITH made AS (SELECT * FROM matches WHERE run_id = :run AND group_id > :first),
said AS (
    SELECT rule, hash_record_extended(ROW(line_id, journal_id, leg), 0)::numeric AS hash
      FROM made WHERE line_id IS NOT NULL AND journal_id IS NOT NULL
     UNION ALL
    SELECT rule, hash_record_extended(ROW(line_id, journal_id, leg, min(line_id) OVER own, min(journal_id) OVER own), 0)
      FROM made WHERE line_id IS NULL OR journal_id IS NULL WINDOW own AS (PARTITION BY group_id)
     UNION ALL
    SELECT reason, hash_record_extended(ROW(line_id, journal_id, leg, trim_scale(amount)), 0)
      FROM breaks WHERE opened_by = :run)
SELECT sha256(convert_to(coalesce(string_agg(t.said, ' ' ORDER BY t.said), ''), 'UTF8'))
  FROM (SELECT concat_ws(' ', rule, count(*), sum(hash)) AS said FROM said GROUP BY rule) t
"""


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
    kind = scope.news(connection, account, as_of=as_of)
    if whole:
        kind = Kind.WHOLE
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
    scope.open_up(connection, account, kind=kind, as_of=as_of)
    connection.execute(text(_SETS))
    # (of what is near to what is new another pair of the same amount may be out of sight)
    told.counts = _match(connection, told, tuple(one for one in rules if kind is not Kind.NEAR or not one.looks_far))
    told.counts |= {name: told.counts[name] + count for name, count in of_sheets.items()}
    if kind is not Kind.NEAR:  # (it sums all that was ever told)
        sums = queries.proof_for_operators(account)
        both = {"told": str(sums.told), "booked": str(sums.booked), "breaks": str(sums.breaks)}
        told.counts |= dict(zip(("lines", "open_lines"), queries.lines_for_operators(account), strict=True))
        told.counts = {**told.counts, **both}
    told.ended_at = clock.now()
    db.session.flush()
    return told


def _match(connection: Connection, told: Run, rules: tuple[Rule, ...]) -> dict[str, Any]:
    """Run the rules, one after the other; then explain what is left: what each found, what was opened and closed."""
    passes = Passes(connection, told.id, as_of=told.as_of)
    first = passes.newest()
    for rule in rules:
        passes.apply(rule)
    differing = passes.newest()
    for rule in rules:
        passes.differing(rule)
    found = connection.execute(text(_FOUND), {"run": told.id, "first": first}).mappings().all()
    explained = explaining.explain(connection, told, first=first, differing=differing)
    told.digest = connection.execute(
        text(_DIGEST), {"run": told.id, "first": first, "account": told.account}
    ).scalar_one()
    return {"rules": [dict(row) for row in found], **explained}


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
