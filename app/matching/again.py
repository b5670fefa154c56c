"""The rules run again from nothing over what they put together, and taken back: whether the same comes out.

All that rules found by a key is laid open, with what is open; what people put together stays, and so does what was
found by an amount alone, since that depends on what else was open at the time. Nothing is changed: it is done in
temporary tables that stand before the real ones by name, in a part of the transaction that is rolled back.

Matches are made as lines and entries come. What came later may have fitted better, and is no fault: such differences
are left out of both digests, and counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from app.core import clock
from app.core.db import db
from app.matching import queries, scope
from app.matching.passes import Passes
from app.matching.rules import Rule, Step
from app.matching.service import at_leisure

ROWS_MAX = 100_000  # lines and entries; more take longer than others may wait for their turn
DIFFERING_MAX = 20_000  # matches that are looked at one by one
NAMED_MAX = 3
EVER = datetime(1, 1, 1, tzinfo=UTC)
KEYED = frozenset({Step.KEY, Step.TOKEN, Step.CANCELS})
_LAID = """
CREATE TEMP TABLE laid ON COMMIT DROP AS
SELECT m.group_id, m.run_id, m.line_id, m.journal_id, m.leg
  FROM public.matches m JOIN matching_runs r ON r.id = m.run_id
 WHERE r.account = :account AND m.ended_by IS NULL AND m.rule = ANY(:names) AND r.begun_at >= :since
 LIMIT :limit
"""
_ROWS = """
SELECT (SELECT count(*) FROM laid)
     + (SELECT count(*) FROM (SELECT FROM breaks b WHERE b.account = :account AND b.closed_by IS NULL
                                 AND b.import_id IS NULL LIMIT :limit) o) AS n
"""
_OPENED = (
    "CREATE TEMP TABLE matches (LIKE public.matches INCLUDING INDEXES) ON COMMIT DROP",
    """
CREATE TEMP TABLE open_lines ON COMMIT DROP AS
SELECT l.id, l.external_id, l.refs, l.group_key, l.narration, l.at, l.delta AS amount, NULL::text AS beginning
  FROM (SELECT d.line_id AS id FROM laid d WHERE d.line_id IS NOT NULL
         UNION SELECT b.line_id FROM breaks b
          WHERE b.account = :account AND b.closed_by IS NULL AND b.line_id IS NOT NULL) o
  JOIN statement_lines l ON l.id = o.id
""",
    """
CREATE TEMP TABLE open_entries ON COMMIT DROP AS
SELECT e.journal_id, e.leg, j.ref, j.memo->>'told' AS told, e.effective_at AS at, e.amount * a.unit AS amount
  FROM (SELECT d.journal_id, d.leg FROM laid d WHERE d.journal_id IS NOT NULL
         UNION SELECT b.journal_id, b.leg FROM breaks b
          WHERE b.account = :account AND b.closed_by IS NULL AND b.journal_id IS NOT NULL) o
  JOIN ledger.entries e ON e.journal_id = o.journal_id AND e.leg = o.leg
  JOIN book_accounts a ON a.id = e.account_id JOIN ledger.journals j ON j.id = e.journal_id
""",
    "ANALYZE open_lines",
    "ANALYZE open_entries",
)
# Groups by who is in them: those that stood, and those of now.
_GROUPS = (
    """
CREATE TEMP TABLE stood ON COMMIT DROP AS
SELECT d.group_id, min(d.run_id) AS run_id, string_agg(v.member, ' ' ORDER BY v.member) AS said
  FROM laid d CROSS JOIN LATERAL (VALUES ('l' || d.line_id), ('e' || d.journal_id || '.' || d.leg)) v (member)
 WHERE v.member IS NOT NULL GROUP BY d.group_id
""",
    """
CREATE TEMP TABLE came ON COMMIT DROP AS
SELECT m.group_id, string_agg(v.member, ' ' ORDER BY v.member) AS said
  FROM matches m CROSS JOIN LATERAL (VALUES ('l' || m.line_id), ('e' || m.journal_id || '.' || m.leg)) v (member)
 WHERE v.member IS NOT NULL GROUP BY m.group_id
""",
    "ANALYZE stood",
    "ANALYZE came",
)
_DIFFERING = """
SELECT s.group_id, s.run_id, s.said FROM stood s WHERE NOT EXISTS (SELECT FROM came c WHERE c.said = s.said)
UNION ALL
SELECT c.group_id, NULL, c.said FROM came c WHERE NOT EXISTS (SELECT FROM stood s WHERE s.said = c.said)
 LIMIT :limit
"""
_SUMS = """
SELECT (SELECT count(*) FROM stood) AS n,
       (SELECT coalesce(sum(hashtextextended(s.said, 0)::numeric), 0) FROM stood s
         WHERE s.group_id <> ALL(:left_out)) AS stood,
       (SELECT coalesce(sum(hashtextextended(c.said, 0)::numeric), 0) FROM came c
         WHERE c.group_id <> ALL(:not_held)) AS came
"""
# Which matches of this account a line or an entry was in, and which breaks of it there were about it.
_HISTORY = """
SELECT 'l' || m.line_id AS member, m.group_id, m.run_id AS since, m.ended_by AS until
  FROM public.matches m JOIN matching_runs r ON r.id = m.run_id AND r.account = :account
 WHERE m.line_id = ANY(:lines)
UNION ALL
SELECT 'e' || m.journal_id || '.' || m.leg, m.group_id, m.run_id, m.ended_by
  FROM unnest(CAST(:journals AS bigint[]), CAST(:legs AS integer[])) w (journal_id, leg)
  JOIN public.matches m ON (m.journal_id, m.leg) = (w.journal_id, w.leg)
  JOIN matching_runs r ON r.id = m.run_id AND r.account = :account
UNION ALL
SELECT 'l' || b.line_id, NULL, b.opened_by, b.closed_by FROM breaks b
 WHERE b.line_id = ANY(:lines) AND b.account = :account
UNION ALL
SELECT 'e' || b.journal_id || '.' || b.leg, NULL, b.opened_by, b.closed_by
  FROM unnest(CAST(:journals AS bigint[]), CAST(:legs AS integer[])) w (journal_id, leg)
  JOIN breaks b ON (b.journal_id, b.leg) = (w.journal_id, w.leg) AND b.account = :account
"""
# Entries of accounts that joined, and their first run since: before they may have been here, and gone again.
_JOINED = """
WITH joined AS MATERIALIZED (
    SELECT a.id, (SELECT min(r.id) FROM matching_runs r
                   WHERE r.account = :account AND r.begun_at >= j.joined_at) AS since
      FROM matching_joined j JOIN ledger.accounts a ON a.code = j.account
     WHERE j.joins = :account AND j.left_at IS NULL)
SELECT 'e' || w.journal_id || '.' || w.leg AS member, o.since
  FROM joined o CROSS JOIN unnest(CAST(:journals AS bigint[]), CAST(:legs AS integer[])) w (journal_id, leg)
  JOIN ledger.entries e ON (e.journal_id, e.leg, e.account_id) = (w.journal_id, w.leg, o.id)
 WHERE o.since IS NOT NULL
"""
_KINDS = "SELECT id, kind FROM matching_runs WHERE account = :account AND kind <> 'open'"


class _TakenBack(Exception):
    """Nothing of it stays."""


@dataclass(frozen=True)
class Again:
    """What came of it: digests of matches that stood and of those that came out, the same where nothing differs.

    `rows` are the lines and entries that were looked at; digests are empty where they are too many, and then it is not
    known how many there are. `left_out` are
    matches that something came to later, `first` the first other difference in words, `group_id` the match it is in.
    """

    rows: int
    matches: int = 0
    left_out: int = 0
    stood: str = ""
    again: str = ""
    first: str = ""
    group_id: int | None = None


@dataclass(frozen=True)
class Group:
    """A match: the run that made it, None where it came out now."""

    group_id: int
    run_id: int | None
    members: tuple[str, ...]


@dataclass
class Past:
    """Since when something is known here, and in which matches it was: (match, first run, the run that ended it)."""

    known: int | None = None
    spans: list[tuple[int, int, int | None]] = field(default_factory=list)
    open_since: int | None = None

    def was_open(self, group: Group) -> bool:
        """Whether it was there, and free, when a match was made."""
        run = group.run_id or 0
        taken = any(
            other != group.group_id and since < run and (until is None or until > run)
            for other, since, until in self.spans
        )
        return self.known is not None and self.known <= run and not taken


def run_again(account: str) -> Again:
    """Run the rules again over an account, whose turn this transaction has, and take it back."""
    found: list[Again] = []
    with suppress(_TakenBack), db.session.begin_nested():
        found.append(_run(db.session.connection(), account))
        raise _TakenBack
    return found[0]


def _run(connection: Connection, account: str) -> Again:
    at_leisure(connection)
    told, since = queries.rules_for_operators(account)[0], queries.rules_since_for_system(account) or EVER
    rules = [rule for rule in told if rule.step in KEYED]
    scope.look_up(connection, few=False)
    place = {"account": account, "names": [rule.name for rule in rules], "since": since, "limit": ROWS_MAX + 1}
    connection.execute(text(_LAID), place)
    rows: int = connection.execute(text(_ROWS), place).scalar_one()
    if rows > ROWS_MAX:
        return Again(rows)
    _carry_out(connection, account, rules)
    for statement in _GROUPS:
        connection.execute(text(statement))
    found = connection.execute(text(_DIFFERING), {"limit": DIFFERING_MAX}).all()
    groups = [Group(row.group_id, row.run_id, tuple(row.said.split(" "))) for row in found]
    excused, faults = _weighed(connection, account, groups)
    held = {
        "left_out": [one.group_id for one in excused if one.run_id is not None],
        "not_held": [one.group_id for one in excused if one.run_id is None],
    }
    sums = connection.execute(text(_SUMS), held).one()
    first, group_id = _first(faults)
    return Again(rows, sums.n, len(held["left_out"]), short(sums.stood), short(sums.came), first, group_id)


def _carry_out(connection: Connection, account: str, rules: Sequence[Rule]) -> None:
    scope.name_accounts(connection, account)
    for statement in _OPENED:
        connection.execute(text(statement), {"account": account})
    passes = Passes(connection, 0, account=account, as_of=clock.now())
    for rule in rules:
        passes.apply(rule)
    for rule in rules:
        passes.differing(rule)


def short(digest: Any) -> str:
    """A digest as people compare it."""
    return f"{int(digest) % 16**12:012x}"


def _weighed(connection: Connection, account: str, groups: list[Group]) -> tuple[list[Group], list[list[Group]]]:
    """What differs: that which something came to later, and the rest, each with all that it hangs together with."""
    if not groups:
        return [], []
    past = _past(connection, account, {member for one in groups for member in one.members})
    kinds = {row.id: row.kind for row in connection.execute(text(_KINDS), {"account": account})}
    whole = max((number for number, kind in kinds.items() if kind == "whole"), default=0)
    excused: list[Group] = []
    faults = []
    for together in _together(groups):
        members = [past[member] for one in together for member in one.members]
        standing = [one for one in together if one.run_id is not None]
        later = any(not member.was_open(one) for one in standing for member in members)
        # (a run that looks at what is near to what is new does not see all; nor was taken apart what nobody looked at)
        unseen = any(kinds.get(one.run_id or 0) == "near" for one in standing) or any(
            (member.open_since or 0) > whole and member.open_since in kinds for member in members
        )
        if later or unseen:
            excused += together
        else:
            faults.append(together)
    return excused, faults


def _past(connection: Connection, account: str, members: Iterable[str]) -> dict[str, "Past"]:
    found: dict[str, Past] = defaultdict(Past)
    lines = [int(member[1:]) for member in members if member[0] == "l"]
    entries = [member[1:].split(".") for member in members if member[0] == "e"]
    place = {
        "account": account,
        "lines": lines,
        "journals": [int(journal) for journal, _ in entries],
        "legs": [int(leg) for _, leg in entries],
    }
    for row in connection.execute(text(_HISTORY), place):
        own = found[row.member]
        own.known = row.since if own.known is None else min(own.known, row.since)
        if row.group_id is not None:
            own.spans.append((row.group_id, row.since, row.until))
        elif row.until is None:
            own.open_since = row.since
    for row in connection.execute(text(_JOINED), place):
        own = found[row.member]
        own.known = max(own.known or row.since, row.since)
    return found


def _together(groups: list[Group]) -> list[list[Group]]:
    """Groups that share somebody, in the order of their first."""
    by_member: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(groups):
        for member in one.members:
            by_member[member].append(number)
    seen: set[int] = set()
    found = []
    for number in sorted(range(len(groups)), key=lambda at: (groups[at].run_id is None, groups[at].group_id)):
        if number in seen:
            continue
        own, waiting = [], [number]
        seen.add(number)
        while waiting:
            own.append(groups[at := waiting.pop()])
            fresh = {each for member in groups[at].members for each in by_member[member]} - seen
            seen |= fresh
            waiting.extend(sorted(fresh))
        found.append(own)
    return found


def _first(faults: list[list[Group]]) -> tuple[str, int | None]:
    """The first difference in words, and the match that it is in."""
    if not faults:
        return "", None
    together = faults[0]
    stood = next((one for one in together if one.run_id is not None), None)
    came = [one for one in together if one.run_id is None]
    if stood is None:
        return f"{_named(came[0].members)}: open, and one match when run again", None
    member = stood.members[0]
    others = next((set(one.members) - {member} for one in came if member in one.members), set())
    where = f"with {_named(sorted(others))}" if others else "in none"
    return f"match {stood.group_id}: run again, {_named([member])} is {where}", stood.group_id


def _named(members: Sequence[str]) -> str:
    words = [("line " if member[0] == "l" else "entry ") + member[1:] for member in members]
    more = f" and {len(words) - NAMED_MAX:,} more" if len(words) > NAMED_MAX else ""
    return f"{', '.join(words[:NAMED_MAX])}{more}"
