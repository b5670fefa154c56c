"""The passes of a run, in SQL over whole sets: each takes from what is open what belongs together for sure.

They work on two temporary tables, `open_lines` and `open_entries`, and end in rows of `matches`. Amounts are whole
coins, exact; equal means equal.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from app.matching.rules import Rule, Step

_KEY_LINES = """
CREATE TEMP TABLE keyed_lines ON COMMIT DROP AS
SELECT k.key, l.id, l.amount, l.at
  FROM open_lines l
 CROSS JOIN LATERAL (SELECT CASE :line WHEN 'id' THEN l.external_id WHEN 'ref' THEN l.refs[1]
                                       WHEN 'second' THEN l.refs[2] WHEN 'third' THEN l.refs[3]
                                       WHEN 'group' THEN l.group_key
                                       ELSE substring(array_to_string(l.refs || l.narration, ' ') from :pattern)
                            END) k (key)
 WHERE k.key IS NOT NULL
"""
_KEY_ENTRIES = """
CREATE TEMP TABLE keyed_entries ON COMMIT DROP AS
SELECT k.key, e.journal_id, e.leg, e.amount, e.at
  FROM open_entries e
 CROSS JOIN LATERAL (SELECT CASE :entry WHEN 'ref' THEN e.ref WHEN 'told' THEN e.told
                                        ELSE substring(concat_ws(' ', e.ref, e.told) from :entry_pattern) END) k (key)
 WHERE k.key IN (SELECT l.key FROM keyed_lines l)
"""
# The same key and amount: whatever else has the key, these two are one movement. Of several alike the first of one side
# belongs to the first of the other, the second to the second.
_ALIKE = """
CREATE TEMP TABLE pairs ON COMMIT DROP AS
SELECT p.id, p.journal_id, p.leg
  FROM (SELECT l.id, e.journal_id, e.leg,
               row_number() OVER (PARTITION BY l.id ORDER BY e.journal_id, e.leg) AS of_line,
               row_number() OVER (PARTITION BY e.journal_id, e.leg ORDER BY l.id) AS of_entry
"""
_NTH_TO_NTH = ") p WHERE p.of_line = p.of_entry"
_PAIRS = _ALIKE + "FROM keyed_lines l JOIN keyed_entries e USING (key, amount)" + _NTH_TO_NTH
_PAIRS_OF_ALL = (
    _ALIKE
    + """
          FROM all_lines l
          JOIN all_entries e ON e.amount = l.amount
           AND CASE :entry WHEN 'ref' THEN e.ref ELSE e.told END
             = CASE :line WHEN 'id' THEN l.external_id WHEN 'ref' THEN l.refs[1] WHEN 'second' THEN l.refs[2]
                          WHEN 'third' THEN l.refs[3] ELSE l.group_key END
"""
    + _NTH_TO_NTH
)
_TAKE = """
INSERT INTO matches (group_id, run_id, rule, confidence, line_id, journal_id, leg)
SELECT nextval('match_groups'), :run, :rule, :confidence, p.id, p.journal_id, p.leg FROM pairs p
"""
# What shares a key with the other side and is not the same amount: looked at more closely.
_NEAR = (
    """
CREATE TEMP TABLE near_lines ON COMMIT DROP AS
SELECT k.* FROM keyed_lines k WHERE k.key IN (SELECT e.key FROM keyed_entries e)
""",
    "CREATE TEMP TABLE near_entries ON COMMIT DROP AS SELECT * FROM keyed_entries",
    "DROP TABLE keyed_lines, keyed_entries",
)
_BY_SECOND = (
    """
CREATE TEMP TABLE keyed_lines ON COMMIT DROP AS
SELECT jsonb_build_array(k.key, extract(epoch FROM date_trunc('second', k.at)))::text AS key, k.id, k.amount, k.at
  FROM near_lines k JOIN open_lines o ON o.id = k.id
""",
    """
CREATE TEMP TABLE keyed_entries ON COMMIT DROP AS
SELECT jsonb_build_array(k.key, extract(epoch FROM date_trunc('second', k.at)))::text AS key,
       k.journal_id, k.leg, k.amount, k.at
  FROM near_entries k JOIN open_entries o ON (o.journal_id, o.leg) = (k.journal_id, k.leg)
""",
)
_BY_WHOLE = (
    """
CREATE TEMP TABLE keyed_lines ON COMMIT DROP AS
SELECT k.* FROM near_lines k JOIN open_lines o ON o.id = k.id
""",
    """
CREATE TEMP TABLE keyed_entries ON COMMIT DROP AS
SELECT k.* FROM near_entries k JOIN open_entries o ON (o.journal_id, o.leg) = (k.journal_id, k.leg)
""",
)
_SUM = (
    """
CREATE TEMP TABLE line_sums ON COMMIT DROP AS
SELECT key, count(*) AS n, sum(amount) AS total FROM keyed_lines GROUP BY key
""",
    """
CREATE TEMP TABLE entry_sums ON COMMIT DROP AS
SELECT key, count(*) AS n, sum(amount) AS total FROM keyed_entries GROUP BY key
""",
)
# Equal sums; several on both sides only where `many`, since one of them may be another's.
_HIT = """
CREATE TEMP TABLE hits ON COMMIT DROP AS
SELECT nextval('match_groups') AS group_id, key AS line_key, key AS entry_key
  FROM line_sums l JOIN entry_sums e USING (key)
 WHERE (l.total = e.total AND (:many OR l.n = 1 OR e.n = 1)) OR :differing
"""
_KEEP = (
    """
INSERT INTO matches (group_id, run_id, rule, confidence, line_id)
SELECT h.group_id, :run, :rule, :confidence, k.id FROM hits h JOIN keyed_lines k ON k.key = h.line_key
""",
    """
INSERT INTO matches (group_id, run_id, rule, confidence, journal_id, leg)
SELECT h.group_id, :run, :rule, :confidence, k.journal_id, k.leg
  FROM hits h JOIN keyed_entries k ON k.key = h.entry_key
""",
)
_SHRINK = (
    """
CREATE TEMP TABLE rest_lines ON COMMIT DROP AS
SELECT o.* FROM open_lines o
 WHERE NOT EXISTS (SELECT FROM matches m
                    WHERE m.line_id = o.id AND m.run_id = :run AND m.group_id BETWEEN :before AND :newest)
""",
    "DROP TABLE open_lines",
    "ALTER TABLE rest_lines RENAME TO open_lines",
    "ANALYZE open_lines (id)",
    """
CREATE TEMP TABLE rest_entries ON COMMIT DROP AS
SELECT o.* FROM open_entries o
 WHERE NOT EXISTS (SELECT FROM matches m
                    WHERE m.journal_id = o.journal_id AND m.leg = o.leg AND m.run_id = :run
                      AND m.group_id BETWEEN :before AND :newest)
""",
    "DROP TABLE open_entries",
    "ALTER TABLE rest_entries RENAME TO open_entries",
    "ANALYZE open_entries (journal_id)",
)
# Without a key: sums of what belongs together on either side, equal and near in time, the only such pair both ways; and
# the time is over in which another could come, and was told of.
_UNIT_LINES = """
CREATE TEMP TABLE keyed_lines ON COMMIT DROP AS
SELECT CASE WHEN :grouped AND o.group_key IS NOT NULL THEN 'g' || o.group_key ELSE 'l' || o.id END AS key,
       o.id, o.amount, o.at
  FROM open_lines o WHERE (NOT :bare OR o.refs = '{}') AND o.beginning IS NULL
"""
_UNITS = (
    """
CREATE TEMP TABLE keyed_entries ON COMMIT DROP AS
SELECT CASE :together WHEN 'second' THEN 's' || extract(epoch FROM date_trunc('second', o.at))
                      WHEN 'ref' THEN 'r' || o.ref ELSE 'e' || o.journal_id || '.' || o.leg END AS key,
       o.journal_id, o.leg, o.amount, o.at
  FROM open_entries o
""",
    """
CREATE TEMP TABLE line_sums ON COMMIT DROP AS
SELECT key, sum(amount) AS total, min(at) AS at FROM keyed_lines GROUP BY key
""",
    """
CREATE TEMP TABLE entry_sums ON COMMIT DROP AS
SELECT key, sum(amount) AS total, min(at) AS at FROM keyed_entries GROUP BY key
""",
    "ANALYZE line_sums (total)",
    "ANALYZE entry_sums (total)",
    """
CREATE TEMP TABLE pairs ON COMMIT DROP AS
SELECT l.key AS line_key, e.key AS entry_key, count(*) OVER (PARTITION BY l.key) AS for_line,
       count(*) OVER (PARTITION BY e.key) AS for_entry,
       greatest(l.at, e.at) + greatest(:before, :after) * interval '1 second' <= :as_of AS is_over,
       (:before = 0 AND :after = 0)
           OR (e.at + :before * interval '1 second' < c.until
               AND c.covered @> (tstzrange(e.at - :after * interval '1 second', e.at + :before * interval '1 second')
                                 * tstzrange(lower(c.covered), NULL))) AS is_told
  FROM line_sums l JOIN entry_sums e ON e.total = l.total AND e.total <> 0
   AND e.at BETWEEN l.at - :before * interval '1 second' AND l.at + :after * interval '1 second'
 CROSS JOIN matching_coverage(:account, :as_of) c
""",
    """
CREATE TEMP TABLE hits ON COMMIT DROP AS
SELECT nextval('match_groups') AS group_id, line_key, entry_key FROM pairs
 WHERE for_line = 1 AND for_entry = 1 AND is_over AND is_told
""",
    "DROP TABLE pairs",
)
# Lines of one group that come to nothing, and no entry knows of: no movement in the end.
_CANCELLED = """
INSERT INTO matches (group_id, run_id, rule, confidence, line_id)
SELECT g.group_id, :run, :rule, :confidence, l.id
  FROM (SELECT nextval('match_groups') AS group_id, s.group_key
          FROM (SELECT o.group_key FROM open_lines o WHERE o.group_key IS NOT NULL
                 GROUP BY o.group_key HAVING count(*) > 1 AND sum(o.amount) = 0) s
         WHERE NOT EXISTS (SELECT FROM open_entries e WHERE e.ref = s.group_key)
           AND NOT EXISTS (SELECT FROM open_entries e WHERE e.told = s.group_key)) g
  JOIN open_lines l USING (group_key)
"""
# What an account had when its statements began, and all that the books had of it by then, as one sum: of each account
# that a teller keeps, then of all of them.
_OPENED = """
INSERT INTO matches (group_id, run_id, rule, confidence, line_id, journal_id, leg)
WITH began AS MATERIALIZED (
    SELECT id, amount, at FROM open_lines WHERE beginning = :beginning OR :beginning = '' AND beginning IS NOT NULL),
before AS MATERIALIZED (
    SELECT e.journal_id, e.leg, e.amount FROM open_entries e
     WHERE e.at < (SELECT min(at) + interval '1 second' FROM began)),
made AS (
    SELECT nextval('match_groups') AS group_id
     WHERE (SELECT sum(amount) FROM began) = (SELECT sum(amount) FROM before))
SELECT made.group_id, :run, :rule, :confidence, o.line_id, o.journal_id, o.leg
  FROM made, (SELECT id AS line_id, NULL::bigint AS journal_id, NULL::integer AS leg FROM began
               UNION ALL SELECT NULL, journal_id, leg FROM before) o
"""
_KEYED_DONE = "DROP TABLE keyed_lines, keyed_entries"
_BEGINNINGS = "SELECT beginning FROM open_lines WHERE beginning IS NOT NULL GROUP BY 1 ORDER BY min(at), 1"


class Passes:
    """A run's passes over what is open, on one connection and inside its transaction."""

    def __init__(self, connection: Connection, run_id: int, *, account: str, as_of: datetime) -> None:
        self._connection, self._run, self._account, self._as_of = connection, run_id, account, as_of

    def at_first_sight(self, rule: Rule) -> None:
        """Take what has this rule's key and one amount from all that there is, before it is copied."""
        if rule.step is Step.KEY:
            self._do(_PAIRS_OF_ALL, line=rule.line, entry=rule.entry)
            self._keep(rule, _TAKE)
            self._do("DROP TABLE pairs")

    def apply(self, rule: Rule) -> None:
        """Take what this rule finds."""
        if rule.step is Step.AMOUNT:
            self._by_amount(rule)
        elif rule.step is Step.CANCELS:
            before = self.newest()
            if self._keep(rule, _CANCELLED):
                self._shrink(before)
        elif rule.step is Step.OPENING:
            self._by_opening(rule)
        elif self._keyed(rule):
            before = self.newest()
            self._do(_PAIRS)
            found = self._keep(rule, _TAKE)
            self._do("DROP TABLE pairs")
            if found:
                self._shrink(before)
                self._do(_KEYED_DONE)
                if not self._keyed(rule):
                    return
            self._closer(rule)

    def differing(self, rule: Rule) -> None:
        """What shares a key and does not add up belongs together all the same, with a difference to explain."""
        if rule.step in {Step.KEY, Step.TOKEN} and self._keyed(rule):
            self._by_sums(rule, many=True, differing=True)
            self._do(_KEYED_DONE)

    def _closer(self, rule: Rule) -> None:
        """What has the same key on both sides: one to several, then those of one second, then all."""
        self._do(*_NEAR)
        for finer, many in ((_BY_WHOLE, False), (_BY_SECOND, True), (_BY_WHOLE, True)):
            self._do(*finer)
            self._by_sums(rule, many=many)
            self._do(_KEYED_DONE)
        self._do("DROP TABLE near_lines, near_entries")

    def _keyed(self, rule: Rule) -> bool:
        """Name what has this rule's key, of entries only those whose key a line has, too: whether there are any."""
        self._do(_KEY_LINES, "ANALYZE keyed_lines (key, amount)", line=rule.line, pattern=rule.pattern)
        if not self._any("SELECT 1 FROM keyed_lines LIMIT 1"):
            self._do("DROP TABLE keyed_lines")
            return False
        self._do(
            _KEY_ENTRIES, "ANALYZE keyed_entries (key, amount)", entry=rule.entry, entry_pattern=rule.entry_pattern
        )
        if not self._any("SELECT 1 FROM keyed_entries LIMIT 1"):
            self._do(_KEYED_DONE)
            return False
        return True

    def _by_sums(self, rule: Rule, *, many: bool, differing: bool = False) -> None:
        before = self.newest()
        self._do(*_SUM)
        self._do(_HIT, many=many, differing=differing)
        found = self._keep(rule, *_KEEP)
        self._do("DROP TABLE hits, line_sums, entry_sums")
        if found:
            self._shrink(before)

    def _by_amount(self, rule: Rule) -> None:
        before = self.newest()
        self._do(_UNIT_LINES, grouped=rule.line == "group", bare=rule.bare)
        if not self._any("SELECT 1 FROM keyed_lines LIMIT 1"):
            self._do("DROP TABLE keyed_lines")
            return
        for statement in _UNITS:
            self._do(
                statement,
                together=rule.entry,
                before=rule.before_seconds,
                after=rule.after_seconds,
                account=self._account,
                as_of=self._as_of,
            )
        found = self._keep(rule, *_KEEP)
        self._do("DROP TABLE hits, line_sums, entry_sums", _KEYED_DONE)
        if found:
            self._shrink(before)

    def _by_opening(self, rule: Rule) -> None:
        names = list(self._connection.execute(text(_BEGINNINGS)).scalars())
        for name in (*names, "") if len(names) > 1 else names:
            before = self.newest()
            if self._keep(rule, _OPENED, beginning=name):
                self._shrink(before)

    def _keep(self, rule: Rule, *statements: str, **values: Any) -> bool:
        """Write down what was found: whether anything was."""
        place = {"run": self._run, "rule": rule.name, "confidence": rule.confidence, **values}
        return sum(self._connection.execute(text(each), place).rowcount for each in statements) > 0

    def newest(self) -> int:
        """The newest group: who is matched after it has a greater one."""
        return int(self._connection.execute(text("SELECT nextval('match_groups')")).scalar_one())

    def _shrink(self, before: int) -> None:
        """What is matched is open no more. (Groups of other runs may have greater numbers.)"""
        self._do(*_SHRINK, before=before, newest=self.newest(), run=self._run)

    def _any(self, question: str) -> bool:
        return self._connection.execute(text(question)).first() is not None

    def _do(self, *statements: str, **values: Any) -> None:
        for statement in statements:
            self._connection.execute(text(statement), values)
