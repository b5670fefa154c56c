"""What people put together, and what they take apart. Each is a run of its own, with a reason."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.matching import errors, explaining, scope, sheets
from app.matching.models import Run
from app.matching.scope import BY_HAND
from app.matching.service import begun, turn

REASON_MAX = 500
_TAKE = """
WITH made AS (SELECT nextval('match_groups') AS group_id)
INSERT INTO matches (group_id, run_id, rule, confidence, line_id, journal_id, leg)
SELECT made.group_id, :run, :rule, 100, o.line_id, o.journal_id, o.leg
  FROM made, (SELECT l.id AS line_id, NULL::bigint AS journal_id, NULL::integer AS leg FROM open_lines l
               UNION ALL SELECT NULL, e.journal_id, e.leg FROM open_entries e) o
RETURNING group_id
"""
_LINES = """
CREATE TEMP TABLE open_lines ON COMMIT DROP AS
SELECT l.id, l.delta AS amount, l.at
  FROM statement_accounts a JOIN statement_lines l ON l.source_id = a.source_id AND l.asset = a.asset
 WHERE a.account = :account AND l.id = ANY(:lines)
   AND NOT EXISTS (SELECT FROM matches m WHERE m.line_id = l.id AND m.ended_by IS NULL)
"""
_ENTRIES = """
CREATE TEMP TABLE open_entries ON COMMIT DROP AS
SELECT e.journal_id, e.leg, j.ref, e.amount * a.unit AS amount, e.effective_at AS at
  FROM unnest(CAST(:journals AS bigint[]), CAST(:legs AS integer[])) w (journal_id, leg)
  JOIN ledger.entries e ON e.journal_id = w.journal_id AND e.leg = w.leg
  JOIN book_accounts a ON a.id = e.account_id JOIN ledger.journals j ON j.id = e.journal_id
 WHERE NOT EXISTS (SELECT FROM matches m WHERE m.journal_id = e.journal_id AND m.leg = e.leg AND m.ended_by IS NULL)
"""
_COUNTS = "SELECT (SELECT count(*) FROM open_lines) AS lines, (SELECT count(*) FROM open_entries) AS entries"
_OF_GROUP = """
SELECT m.line_id, m.journal_id, m.leg, r.account FROM matches m JOIN matching_runs r ON r.id = m.run_id
 WHERE m.group_id = :group AND m.ended_by IS NULL
"""
_END = "UPDATE matches SET ended_by = :run WHERE group_id = :group AND ended_by IS NULL"
_CLOSE = "UPDATE breaks SET closed_by = :run WHERE group_id = :group AND closed_by IS NULL"


def link(
    account: str, *, lines: Sequence[int], entries: Sequence[tuple[int, int]], reason: str, actor: Actor
) -> tuple[Run, int]:
    """Say that these lines and entries (journal, leg) belong together: the run, and the number of the group.

    What they differ by is a break of its own. Raises ReasonMissing; NotOpen where one is in a match already, or not of
    this account; TooFew for fewer than two.
    """
    connection = turn(account)
    run = begun(account, kind="hand", version=0, as_of=clock.now(), why=_reason(reason), actor=actor)
    if len(lines) + len(entries) < 2:  # noqa: PLR2004 (one belongs to another)
        raise errors.TooFew
    _open(connection, account, lines, entries)
    counts = connection.execute(text(_COUNTS)).one()
    if (counts.lines, counts.entries) != (len(set(lines)), len(set(entries))):
        raise errors.NotOpen
    group_id: int = connection.execute(text(_TAKE), {"run": run.id, "rule": BY_HAND}).first()[0]  # type: ignore[index]
    explaining.close_matched(connection, run, first=group_id - 1)
    explaining.explain_differing(connection, run, since=group_id - 1)
    return _ended(run), group_id


def end(group_id: int, *, reason: str, actor: Actor) -> Run:
    """Take a match apart: its lines and entries are open again. Raises MatchGone, ReasonMissing."""
    found = db.session.connection().execute(text(_OF_GROUP), {"group": group_id}).first()
    if found is None:
        raise errors.MatchGone
    connection = turn(found.account)
    own = connection.execute(text(_OF_GROUP), {"group": group_id}).all()
    if not own:  # (somebody was quicker)
        raise errors.MatchGone
    run = begun(found.account, kind="hand", version=0, as_of=clock.now(), why=_reason(reason), actor=actor)
    for statement in (_END, _CLOSE):
        connection.execute(text(statement), {"run": run.id, "group": group_id})
    lines = [row.line_id for row in own if row.line_id is not None]
    _open(connection, found.account, lines, [(row.journal_id, row.leg) for row in own if row.journal_id is not None])
    explaining.explain_left(connection, run)
    return _ended(run)


def told_anew(account: str, *, line: int, reason: str, actor: Actor) -> Run:
    """Open a break for a line that somebody decided to count, until it is matched, and end that of the statement."""
    connection = turn(account)
    run = begun(account, kind="hand", version=0, as_of=clock.now(), why=_reason(reason), actor=actor)
    _open(connection, account, [line], [])
    explaining.explain_left(connection, run)
    sheets.close_decided(connection, run)
    return _ended(run)


def _open(connection: Connection, account: str, lines: Sequence[int], entries: Sequence[tuple[int, int]]) -> None:
    scope.name_accounts(connection, account)
    place = {
        "account": account,
        "lines": list(lines),
        "journals": [journal for journal, _ in entries],
        "legs": [leg for _, leg in entries],
    }
    for statement in (_LINES, _ENTRIES):
        connection.execute(text(statement), place)


def _reason(told: str) -> str:
    words = told.strip()
    if not words or len(words) > REASON_MAX:
        raise errors.ReasonMissing
    return words


def _ended(run: Run) -> Run:
    run.ended_at = clock.now()
    db.session.flush()
    return run
