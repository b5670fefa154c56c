"""The thirteen invariants of a tie-out: each two numbers that are equal, or the first row in which they are not.

A line here is all that another one takes: sheet, day's proof, page and files follow.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from app.closing import figures, following, held, rerun
from app.closing.results import BALANCE, Asked, Result, absent, compared, file_of
from app.closing.rules import Span, counted
from app.core.db import rows
from app.core.money import ASSETS
from app.ledger.chart import BANK
from app.matching.again import ROWS_MAX

TICK = timedelta(microseconds=1)  # PostgreSQL's clock counts these
# (A file that was cut off is no fault any more once a later one tells the same days soundly.)
_PARTS = """
SELECT count(*) AS n, coalesce(sum(p.opening + p.moved), 0) AS one, coalesce(sum(p.closing), 0) AS other,
       count(*) FILTER (WHERE p.closing IS NULL OR p.opening IS NULL) AS bare,
       (array_agg(p.import_id ORDER BY p.period_from, p.import_id, p.part) FILTER (
            WHERE p.untied <> '' OR p.closing - p.opening <> p.moved))[1] AS first,
       coalesce(sum(cardinality(p.gaps)), 0) AS gaps,
       (array_agg(p.import_id || ' row ' || p.gaps[1] ORDER BY p.period_from, p.import_id) FILTER (
            WHERE cardinality(p.gaps) > 0))[1] AS gap
  FROM statement_accounts a
  JOIN statement_imports i ON i.source_id = a.source_id
  JOIN statement_parts p ON p.import_id = i.id AND p.asset = a.asset
 WHERE a.account = :account AND p.period_from <= :last AND p.period_to >= :first
   AND NOT EXISTS (SELECT FROM statement_parts x JOIN statement_imports y ON y.id = x.import_id
                    WHERE (y.source_id, x.account, x.asset) = (i.source_id, p.account, p.asset)
                      AND x.import_id > p.import_id AND x.period_from <= p.period_from AND x.period_to >= p.period_to
                      AND x.untied = '' AND x.closing - x.opening = x.moved AND x.gaps = '{}')
"""
_ROWS = """
SELECT count(DISTINCT i.id) AS n, coalesce(sum(i.rows_total), 0) AS one,
       coalesce(sum(i.rows_lines + i.rows_ignored + i.rows_rejected), 0) AS other,
       (array_agg(i.id ORDER BY i.id) FILTER (WHERE i.lines_total <> i.lines_added + i.lines_known + i.lines_restated
            OR i.lines_added <> coalesce(k.n, 0)))[1] AS first
  FROM statement_imports i
  LEFT JOIN (SELECT l.import_id, count(*) AS n FROM statement_lines l
              WHERE l.source_id IN (SELECT a.source_id FROM statement_accounts a WHERE a.account = :account)
                AND l.basis = 'row'
              GROUP BY 1) k ON k.import_id = i.id
 WHERE EXISTS (SELECT FROM statement_accounts a JOIN statement_parts p ON p.import_id = i.id AND p.asset = a.asset
                WHERE a.account = :account AND a.source_id = i.source_id
                  AND (p.period_from <= :last AND p.period_to >= :first
                       OR p.closes_at IS NOT NULL AND p.closes_on BETWEEN :first AND :last))
"""
# (One of each is a group of its own, and most are: only larger ones are summed.)
_GROUPS = """
WITH own AS MATERIALIZED (
    SELECT a.id, ('1e-' || s.decimals)::numeric AS unit
      FROM ledger.accounts a JOIN ledger.assets s ON s.code = a.asset),
live AS (
    SELECT m.group_id, m.line_id, m.journal_id, m.leg FROM matches m JOIN matching_runs r ON r.id = m.run_id
     WHERE r.account = :account AND m.ended_by IS NULL),
moved AS (
    SELECT v.group_id, v.line_id + v.journal_id IS NOT NULL AS paired,
           coalesce(l.delta, 0) - coalesce(e.amount * o.unit, 0) AS net
      FROM live v LEFT JOIN statement_lines l ON l.id = v.line_id LEFT JOIN ledger.entries e
        ON e.journal_id = v.journal_id AND e.leg = v.leg LEFT JOIN own o ON o.id = e.account_id),
nets AS (SELECT group_id, net FROM moved WHERE paired
          UNION ALL SELECT group_id, sum(net) FROM moved WHERE NOT paired GROUP BY group_id),
declared AS (
    SELECT b.group_id, b.amount FROM breaks b
     WHERE b.account = :account AND b.closed_by IS NULL AND b.group_id IS NOT NULL)
SELECT count(n.group_id) AS n, coalesce(sum(n.net), 0) AS one, coalesce(sum(d.amount), 0) AS other,
       min(coalesce(n.group_id, d.group_id)) FILTER (WHERE coalesce(n.net, 0) <> coalesce(d.amount, 0)) AS first
  FROM nets n FULL JOIN declared d ON d.group_id = n.group_id
"""
# Of each account that a teller keeps the newest statement that says its balance, where there is one that ends in these
# days and that none goes on from within its last day, else of all. Beside it all that was told to its last line's day,
# and by how much statements and lines contradict each other (a sound one of the same days, or of more, mends another).
_BALANCE = """
WITH RECURSIVE parts AS MATERIALIZED (
    SELECT i.source_id, p.account, p.asset, p.import_id, p.part, p.closing, i.imported_at,
           p.closing - p.opening = p.moved AND p.gaps = '{}' AS sound,
           least(p.period_from, p.period_to) AS first, greatest(p.period_from, p.period_to, p.closes_on) AS last
      FROM statement_accounts a JOIN statement_imports i ON i.source_id = a.source_id
      JOIN statement_parts p ON p.import_id = i.id AND p.asset = a.asset
     WHERE a.account = :account AND p.opening IS NOT NULL AND p.closing IS NOT NULL AND p.untied = ''
       AND p.period_from IS NOT NULL AND p.period_to IS NOT NULL
       AND NOT EXISTS (SELECT FROM statement_sources s WHERE s.continues = a.source_id)),
newest AS (
    SELECT DISTINCT ON (n.source_id, n.account, n.asset) n.*
      FROM parts n
     ORDER BY n.source_id, n.account, n.asset, (n.last <= :last AND NOT EXISTS (
              SELECT FROM parts x WHERE (x.source_id, x.account, x.asset) = (n.source_id, n.account, n.asset)
                 AND x.first <= n.last AND x.last > n.last)) DESC,
           n.last DESC, n.imported_at DESC, n.import_id DESC, n.part DESC),
wrong AS (
    SELECT DISTINCT n.source_id, n.account, n.asset, b.reason, b.as_told, p.first, p.last
      FROM newest n
      JOIN parts p ON (p.source_id, p.account, p.asset) = (n.source_id, n.account, n.asset) AND p.last <= n.last
      JOIN breaks b ON b.account = :account AND (b.import_id, b.part) = (p.import_id, p.part) AND b.closed_by IS NULL
     WHERE b.as_told <> 0 AND (b.reason = 'another_account' OR NOT EXISTS (
           SELECT FROM parts x WHERE (x.source_id, x.account, x.asset) = (p.source_id, p.account, p.asset)
              AND x.sound AND x.first <= p.first AND x.last >= p.last
              AND (x.import_id, x.part) <> (p.import_id, p.part)))
     UNION ALL
    SELECT n.source_id, n.account, n.asset, 'restated', r.as_told, r.booked_on, r.booked_on
      FROM newest n JOIN restated_lines(:account) r
        ON (r.source_id, r.account, r.asset) = (n.source_id, n.account, n.asset) AND r.booked_on <= n.last),
chain AS (
    SELECT s.id AS source_id, s.continues AS id
      FROM statement_sources s WHERE s.id IN (SELECT n.source_id FROM newest n)
     UNION SELECT c.source_id, s.continues FROM chain c JOIN statement_sources s ON s.id = c.id),
told AS (
    SELECT n.source_id, n.asset, sum(l.delta) AS told
      FROM newest n JOIN statement_lines l ON (l.source_id, l.asset, l.account) = (n.source_id, n.asset, n.account)
       AND l.booked_on <= n.last GROUP BY 1, 2
     UNION ALL SELECT w.source_id, w.asset, sum(w.as_told) FROM wrong w GROUP BY 1, 2
     UNION ALL SELECT c.source_id, l.asset, sum(l.delta)
      FROM chain c JOIN statement_lines l ON l.source_id = c.id GROUP BY 1, 2),
sums AS (
    SELECT max(n.import_id) AS import_id, sum(n.closing) AS closing,
           (SELECT coalesce(sum(t.told), 0) FROM told t WHERE (t.source_id, t.asset) = (n.source_id, n.asset)) AS told
      FROM newest n GROUP BY n.source_id, n.asset)
SELECT count(*) AS n, coalesce(sum(s.closing), 0) AS one, coalesce(sum(s.told), 0) AS other,
       min(s.import_id) FILTER (WHERE s.closing <> s.told) AS first, (SELECT count(*) FROM wrong) AS wrong FROM sums s
"""
_SETTLED = """
SELECT count(*) AS n, coalesce(sum(s.total_units - s.deducted_units), 0) AS one, coalesce(sum(e.amount), 0) AS other,
       (array_agg(s.id ORDER BY s.settled_on, s.id) FILTER (WHERE s.total_units - s.deducted_units <> s.effective_units
            OR e.amount IS DISTINCT FROM s.effective_units))[1] AS first
  FROM settlements s
  JOIN ledger.journals j ON j.id = s.journal_id
  LEFT JOIN ledger.accounts a ON a.code = :account
  LEFT JOIN ledger.entries e ON e.journal_id = j.id AND e.account_id = a.id
 WHERE j.effective_at >= :since AND j.effective_at < :until
"""
_SEALED = """
SELECT c.id, c.month, c.sheets -> :account -> 'closing' AS closing
  FROM period_closings c WHERE c.sheets ? :account
   AND NOT EXISTS (SELECT FROM period_reopenings r WHERE r.closing_id = c.id) ORDER BY c.month DESC LIMIT 1
"""


def prove(asked: Asked) -> list[Result]:
    """Every invariant, in their order."""
    with figures.at_leisure():
        return [look(asked) for look in EVERY]


def _statement(asked: Asked) -> Result:
    (row,) = rows(_PARTS, **asked.days)
    titles = ("Each statement adds up", "opening and movements told", "closing told")
    if row.n == row.bare:
        return absent("I1", titles[0], "no statement of these days tells balances" if row.n else "nothing was told")
    return compared("I1", titles, row.one, row.other, first=row.first, said=counted(row.n - row.bare, "statement"),
                     place=file_of(row.first))  # fmt: skip


def _continuity(asked: Asked) -> Result:
    (row,) = rows(following.SHEETS, **asked.days)
    titles = ("Each begins where the one before ended", "closing of the one before", "opening of the next")
    if not row.n:
        return absent("I2", titles[0], "no two statements with balances follow each other")
    return compared("I2", titles, row.one, row.other, first=row.first, said=f"{row.n} statements that follow another",
                     place=file_of(row.first))  # fmt: skip


def _chain(asked: Asked) -> Result:
    (row,) = rows(_PARTS, **asked.days)
    titles = ("Each balance follows from the one before", "rows whose balance does not", "none")
    if row.n == row.bare:
        return absent("I3", titles[0], "its statements have no balance column" if row.n else "nothing was told")
    first = (row.gap or "").partition(" ")[0]
    return compared("I3", titles, Decimal(row.gaps), Decimal(0), first=row.gap, place=file_of(first))


def _complete(asked: Asked) -> Result:
    (row,) = rows(_ROWS, **asked.days)
    titles = ("Every row of every file is accounted for", "rows in the files", "lines, ignored and rejected")
    if not row.n:
        return absent("I4", titles[0], "no file was read")
    return compared("I4", titles, Decimal(row.one), Decimal(row.other), first=row.first, said=counted(row.n, "file"),
                     place=file_of(row.first))  # fmt: skip


def _ledger(asked: Asked) -> Result:
    """What the running balances say, which entries have nothing to do with, beside the sum of the entries."""
    closing = figures.booked_at(asked.account, asked.span.until - TICK)
    titles = ("The books add up", "opening and entries", "closing balance of the account")
    return compared("I5", titles, asked.figures.opening_booked + asked.figures.booked, closing,
                     place=("console.account", {"code": asked.account}))  # fmt: skip


def _proof(asked: Asked) -> Result:
    wrong = next((day for day in asked.figures.days if not day.ties), None)
    last = asked.figures.last
    titles = ("Told less booked is what is open", "told less booked at the end", "sum of what explains it")
    return compared("I6", titles, last.difference, last.explained, first=wrong and f"from {wrong.day:%-d %B %Y} on",
                     place=_breaks(asked))  # fmt: skip


def _conservation(asked: Asked) -> Result:
    (row,) = rows(_GROUPS, account=asked.account)
    titles = ("Each match nets to what it declares", "sum of all matches", "sum of their declared differences")
    if not row.n:
        return absent("I7", titles[0], "nothing is matched")
    place = ("console.match", {"group_id": str(row.first)})
    return compared("I7", titles, row.one, row.other, first=row.first and f"match {row.first}", place=place,
                     said=f"{row.n:,} matches; no line or entry in two")  # fmt: skip


def _settlements(asked: Asked) -> Result:
    titles = ("Settlements are what the bank was paid", "settled, less deductions", "booked to the bank")
    if asked.account != BANK.format(asset="NGN"):
        return absent("I8", titles[0], "Paystack does not settle to this account")
    (row,) = rows(_SETTLED, account=asked.account, since=asked.span.since, until=asked.span.until)
    if not row.n:
        return absent("I8", titles[0], "nothing was settled in these days")
    unit = Decimal(1).scaleb(-ASSETS["NGN"].decimals)
    place = ("console.settlement", {"settlement_id": row.first or ""})
    return compared("I8", titles, row.one * unit, row.other * unit, first=row.first, said=counted(row.n, "settlement"),
                     place=place)  # fmt: skip


def _determinism(asked: Asked) -> Result:
    """What came of it when the rules were run again last; and those matches are as they were written down then."""
    title = "The rules run again give the same matches"
    kept = rerun.latest_for_operators(asked.account)
    if kept is None:
        return absent("I10", title, "nothing was run again yet: the clock does so when it proves a day")
    now = rerun.standing_for_operators(asked.account, run=kept.run_id)
    if now != kept.standing:
        return Result("I10", title, kept.standing, "digest of the matches then", now, "digest of the same now", False,
                      first=f"matches up to run {kept.run_id}", place=_breaks(asked))  # fmt: skip
    if not kept.stood:
        return absent(
            "I10", title, f"not run again: more than {ROWS_MAX:,} lines and entries; they are as they were written down"
        )
    if not kept.matches:
        return absent("I10", title, "no match stands that could be run again")
    said = f"{counted(kept.matches, 'match', 'matches')} after run {kept.run_id}"
    if kept.left_out:
        said = f"{said}; {kept.left_out:,} of them left out, since what came later would change them"
    place = ("console.match", {"group_id": str(kept.group_id)}) if kept.group_id else _breaks(asked)
    titles = ("digest of what stands", "digest of what comes out")
    if holds := kept.stood == kept.again:
        return Result("I10", title, kept.stood, titles[0], kept.again, titles[1], holds, said)
    return Result("I10", title, kept.stood, titles[0], kept.again, titles[1], holds, said,
                  kept.first or "matches differ", place)  # fmt: skip


def _closed(asked: Asked) -> Result:
    titles = ("A closed month stays as it was", "told less booked as it was closed", "the same, taken again")
    found = rows(_SEALED, account=asked.account)
    if not found:
        return absent("I11", titles[0], "no month of this account is closed on a sheet")
    last = rows(
        "SELECT (CAST(:month AS date) + interval '1 month' - interval '1 day')::date AS day", month=found[0].month
    )
    told, booked = map(Decimal, found[0].closing)
    again = figures.of(asked.account, Span(last[0].day, last[0].day)).last
    place = ("console.ledger_period", {"month": f"{found[0].month:%Y-%m}"})
    return compared("I11", titles, told - booked, again.difference, place=place,
                     first=(told, booked) != (again.closing_told, again.closing_booked) and f"{found[0].month:%B %Y}",
                     said=f"{found[0].month:%B %Y}; what came later counts after it")  # fmt: skip


def _balance(asked: Asked) -> Result:
    """That all that was told, from the first opening balance on, is what the newest statement says is there."""
    (row,) = rows(_BALANCE, account=asked.account, last=asked.span.last)
    titles = ("Told is the balance that its statements say", "closing balance told", "all lines, and what contradicts")
    if not row.n:
        return absent(BALANCE, titles[0], "no statement says a balance")
    said = f"{counted(row.wrong, 'contradiction')} of the statements in it" if row.wrong else ""
    return compared(BALANCE, titles, row.one, row.other, first=row.first, said=said, place=file_of(row.first))


def _breaks(asked: Asked) -> tuple[str, Mapping[str, str]]:
    return ("console.breaks_of", {"outside": asked.account})


EVERY: tuple[Callable[[Asked], Result], ...] = (
    _statement, _continuity, _chain, _complete, _ledger, _proof, _conservation, _settlements, held.cover, _determinism,
    _closed, _balance, held.node,
)  # fmt: skip
