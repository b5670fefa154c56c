"""What people put together, and what they take apart. Each is a run of its own, with a reason.

A match may be of a million entries: what is taken apart never leaves the database.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from app.core import clock
from app.core.actor import Actor
from app.core.db import db, rows
from app.matching import errors, explaining, rules, scope, sheets
from app.matching.models import Run
from app.matching.scope import BY_HAND
from app.matching.service import at_leisure, begun, turn

REASON_MAX = 500
STEPS = ("laying open", "ending the match", "explaining each")  # of taking one apart
LARGE = 10_000  # rows of a match; more take longer than a page may
FEW = 200  # rows that are merged by looking each up
_TAKE = """
WITH made AS MATERIALIZED (SELECT nextval('match_groups') AS group_id),
own AS (
    INSERT INTO matches (group_id, run_id, rule, confidence, line_id, journal_id, leg)
    SELECT made.group_id, :run, :rule, 100, o.line_id, o.journal_id, o.leg
      FROM made, (SELECT l.id AS line_id, NULL::bigint AS journal_id, NULL::integer AS leg FROM open_lines l
                   UNION ALL SELECT NULL, e.journal_id, e.leg FROM open_entries e) o)
SELECT group_id FROM made
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
# What several open breaks are about: a line, an entry, or all that is in a match.
_CHOSEN = (
    "DROP TABLE IF EXISTS pg_temp.chosen",
    """
CREATE TEMP TABLE chosen ON COMMIT DROP AS
SELECT b.line_id, b.journal_id, b.leg, b.group_id FROM breaks b
 WHERE b.id = ANY(:breaks) AND b.account = :account AND b.closed_by IS NULL AND b.import_id IS NULL
""",
)
_ROWS_OF = """
SELECT count(*) AS n
  FROM (SELECT FROM breaks b WHERE b.id = ANY(:breaks) AND b.group_id IS NULL
         UNION ALL
        SELECT FROM breaks b JOIN matches m ON m.group_id = b.group_id AND m.ended_by IS NULL
         WHERE b.id = ANY(:breaks) LIMIT :limit) r
"""
_SIZES = """
SELECT b.id, CASE WHEN b.group_id IS NULL THEN 1 ELSE (
           SELECT count(*) FROM (SELECT FROM matches m WHERE m.group_id = b.group_id AND m.ended_by IS NULL
                                  LIMIT :limit) r) END AS n
  FROM breaks b WHERE b.id = ANY(:breaks)
"""
_LINES_OF_CHOSEN = """
CREATE TEMP TABLE open_lines ON COMMIT DROP AS
SELECT c.line_id AS id FROM chosen c WHERE c.line_id IS NOT NULL
 UNION ALL
SELECT m.line_id FROM chosen c JOIN matches m ON m.group_id = c.group_id AND m.ended_by IS NULL
 WHERE m.line_id IS NOT NULL
"""
_ENTRIES_OF_CHOSEN = """
CREATE TEMP TABLE open_entries ON COMMIT DROP AS
SELECT c.journal_id, c.leg FROM chosen c WHERE c.journal_id IS NOT NULL
 UNION ALL
SELECT m.journal_id, m.leg FROM chosen c JOIN matches m ON m.group_id = c.group_id AND m.ended_by IS NULL
 WHERE m.journal_id IS NOT NULL
"""
_HOW_FAR = "SELECT set_config('application_name', :told, true)"
_COUNTS = "SELECT (SELECT count(*) FROM open_lines) AS lines, (SELECT count(*) FROM open_entries) AS entries"
_OF_GROUP = """
SELECT r.account, (SELECT count(*) FROM matches n WHERE n.group_id = :group AND n.ended_by IS NULL) AS rows
  FROM matches m JOIN matching_runs r ON r.id = m.run_id
 WHERE m.group_id = :group AND m.ended_by IS NULL LIMIT 1
"""
_LINES_OF_GROUPS = """
CREATE TEMP TABLE open_lines ON COMMIT DROP AS
SELECT l.id, l.delta AS amount, l.at FROM matches m JOIN statement_lines l ON l.id = m.line_id
 WHERE m.group_id = ANY(:groups) AND m.ended_by IS NULL
"""
_ENTRIES_OF_GROUPS = """
CREATE TEMP TABLE open_entries ON COMMIT DROP AS
SELECT e.journal_id, e.leg, j.ref, e.amount * a.unit AS amount, e.effective_at AS at
  FROM matches m JOIN ledger.entries e ON e.journal_id = m.journal_id AND e.leg = m.leg
  JOIN book_accounts a ON a.id = e.account_id JOIN ledger.journals j ON j.id = e.journal_id
 WHERE m.group_id = ANY(:groups) AND m.ended_by IS NULL
"""
_ONE_MORE = """
INSERT INTO open_entries
SELECT e.journal_id, e.leg, j.ref, e.amount * a.unit, e.effective_at
  FROM ledger.entries e JOIN book_accounts a ON a.id = e.account_id JOIN ledger.journals j ON j.id = e.journal_id
 WHERE e.journal_id = :journal AND e.leg = :leg
"""


def link(
    account: str, *, lines: Sequence[int], entries: Sequence[tuple[int, int]], reason: str, actor: Actor
) -> tuple[Run, int]:
    """Say that these lines and entries (journal, leg) belong together: the run, and the number of the group.

    What they differ by is a break of its own. Raises ReasonMissing; NotOpen where one is in a match already, or not of
    this account; TooFew for fewer than two.
    """
    connection = turn(account)
    run = begun(account, kind="hand", version=0, as_of=clock.now(), why=worded(reason), actor=actor)
    if len(set(lines)) + len(set(entries)) < 2:  # noqa: PLR2004 (one belongs to another)
        raise errors.TooFew
    _open(connection, account, lines, entries)
    counts = connection.execute(text(_COUNTS)).one()
    if (counts.lines, counts.entries) != (len(set(lines)), len(set(entries))):
        raise errors.NotOpen
    return _taken(connection, run)


def end(group_id: int, *, reason: str, actor: Actor) -> Run:
    """Take a match apart: its lines and entries are open again. Raises MatchGone, ReasonMissing."""
    connection, run = _apart(group_id, reason=reason, actor=actor)
    explaining.explain_left(connection, run)
    return _ended(run)


def grow(group_id: int, *, entry: tuple[int, int], reason: str, actor: Actor) -> tuple[Run, int]:
    """Put an entry (journal, leg) to a match, which is made anew with it: the run, and the number of the new group.

    Raises MatchGone, ReasonMissing.
    """
    connection, run = _apart(group_id, reason=reason, actor=actor)
    connection.execute(text(_ONE_MORE), {"journal": entry[0], "leg": entry[1]})
    return _taken(connection, run)


def merge(account: str, *, breaks: Sequence[int], reason: str, actor: Actor) -> tuple[Run, int]:
    """Make one match of all that these open breaks are about, lines, entries and matches: the run, and its number.

    The matches among them end. What it comes to is one break, the exact sum of theirs; none where that is nothing.
    Raises ReasonMissing; TooFew for fewer than two; NotOpen where one is none any more, of another account, or about a
    statement itself; TooMuch.
    """
    connection = turn(account)
    run = begun(account, kind="hand", version=0, as_of=clock.now(), why=worded(reason), actor=actor)
    if len(set(breaks)) < 2:  # noqa: PLR2004 (one belongs to another)
        raise errors.TooFew
    scope.name_accounts(connection, account)
    place = {"account": account, "breaks": list(breaks)}
    for statement in _CHOSEN:
        connection.execute(text(statement), place)
    chosen = connection.execute(text("SELECT count(*) AS n, array_agg(DISTINCT group_id) AS groups FROM chosen")).one()
    if chosen.n != len(set(breaks)):
        raise errors.NotOpen
    # (PostgreSQL takes what was made a moment ago for one row, and would go through all of it for each)
    scope.look_up(connection, few=refuse_much(breaks) < FEW)
    for statement in (_LINES_OF_CHOSEN, _ENTRIES_OF_CHOSEN):
        connection.execute(text(statement))
    scope.end(connection, [group for group in chosen.groups if group is not None], run_id=run.id)
    return _taken(connection, run)


def refuse_much(breaks: Sequence[int]) -> int:
    """How many lines and entries are in these breaks. Raises TooMuch for more than one match is made of."""
    place = {"breaks": list(breaks), "limit": LARGE + 1}
    found: int = db.session.connection().execute(text(_ROWS_OF), place).scalar_one()
    if found > LARGE:
        raise errors.TooMuch(f"Together these are more than {LARGE:,} lines and entries. Choose fewer.")
    return found


def sizes_for_operators(breaks: Sequence[int]) -> dict[int, int]:
    """How many lines and entries are in each of these breaks: of a large match `LARGE`."""
    return {row.id: row.n for row in rows(_SIZES, breaks=list(breaks), limit=LARGE)}


def told_anew(account: str, *, line: int, reason: str, actor: Actor) -> Run:
    """Open a break for a line that somebody decided to count, until it is matched, and end that of the statement."""
    connection = turn(account)
    run = begun(account, kind="hand", version=0, as_of=clock.now(), why=worded(reason), actor=actor)
    _open(connection, account, [line], [])
    explaining.explain_left(connection, run)
    sheets.close_decided(connection, run)
    return _ended(run)


def worded(told: str) -> str:
    """Why, as somebody wrote it. Raises ReasonMissing."""
    words = told.strip()
    if not words or len(words) > REASON_MAX:
        raise errors.ReasonMissing
    return words


def _apart(group_id: int, *, reason: str, actor: Actor) -> tuple[Connection, Run]:
    """End a match, and lay open what was in it. Raises MatchGone, ReasonMissing."""
    found = db.session.connection().execute(text(_OF_GROUP), {"group": group_id}).first()
    if found is None:
        raise errors.MatchGone
    connection = turn(found.account)
    own = connection.execute(text(_OF_GROUP), {"group": group_id}).first()
    if own is None:  # (somebody was quicker)
        raise errors.MatchGone
    run = begun(found.account, kind="hand", version=0, as_of=clock.now(), why=worded(reason), actor=actor)
    if own.rows > LARGE:
        at_leisure(connection)
    _step(connection, group_id, 0)
    lay_open(connection, found.account, [group_id], few=own.rows < explaining.FEW)
    _step(connection, group_id, 1)
    scope.end(connection, [group_id], run_id=run.id)
    _step(connection, group_id, 2)
    return connection, run


def lay_open(connection: Connection, account: str, groups: list[int], *, few: bool) -> None:
    """Make the tables of what is in these matches, and belongs to the account now."""
    scope.name_accounts(connection, account)
    scope.look_up(connection, few=few)
    for statement in (_LINES_OF_GROUPS, _ENTRIES_OF_GROUPS, "ANALYZE open_lines", "ANALYZE open_entries"):
        connection.execute(text(statement), {"groups": groups})


def _step(connection: Connection, group_id: int, done: int) -> None:
    """Let others see how far it is: the name of a connection is seen before anything is committed."""
    connection.execute(text(_HOW_FAR), {"told": rules.step_of(group_id, done)})


def _taken(connection: Connection, run: Run) -> tuple[Run, int]:
    """Put together all that lies open; what it differs by is a break of its own."""
    group_id: int = connection.execute(text(_TAKE), {"run": run.id, "rule": BY_HAND}).scalar_one()
    explaining.close_matched(connection, run, first=group_id - 1)
    explaining.explain_differing(connection, run, since=group_id - 1)
    return _ended(run), group_id


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


def _ended(run: Run) -> Run:
    run.ended_at = clock.now()
    db.session.flush()
    return run
