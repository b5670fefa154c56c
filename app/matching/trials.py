"""Rules tried before they count: what they would put together in an account, beside what is put together now.

All that was put together by rules is laid open again and matched anew, in temporary tables of the same names that stand
before the real ones: a trial changes nothing, and what people put together stays. Amounts are in whole coins.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from app.core import clock, outbox
from app.core.actor import Actor
from app.core.db import db, sqlstate
from app.core.db import rows as rows_of
from app.core.errors import NotFound
from app.matching import errors, events, explaining, queries, rules, scope
from app.matching.models import RuleSet, Run, Trial
from app.matching.passes import Passes
from app.matching.rules import Rule
from app.matching.scope import BY_HAND, Kind
from app.matching.service import at_leisure

SAMPLES = 10
# (Numbers are given anew: a copied one would be in the way of those that are counted from 1.)
_COPIES = (
    "CREATE TEMP TABLE matches (LIKE public.matches INCLUDING INDEXES) ON COMMIT DROP",
    "CREATE TEMP TABLE breaks (LIKE public.breaks INCLUDING INDEXES INCLUDING IDENTITY) ON COMMIT DROP",
    """
INSERT INTO matches SELECT m.* FROM public.matches m JOIN matching_runs r ON r.id = m.run_id
 WHERE r.account = :account AND m.ended_by IS NULL AND m.rule = :hand
""",
    """
INSERT INTO breaks (account, reason, group_id, import_id, part, row_id, amount, as_told, at, opened_by)
SELECT b.account, b.reason, b.group_id, b.import_id, b.part, b.row_id, b.amount, b.as_told, b.at, b.opened_by
  FROM public.breaks b
 WHERE b.account = :account AND b.closed_by IS NULL
   AND (b.import_id IS NOT NULL OR b.group_id IN (SELECT m.group_id FROM matches m))
""",
)
# Who is in which group, and the groups by who is in them.
_MEMBERS = (
    """
CREATE TEMP TABLE members_then ON COMMIT DROP AS
SELECT m.group_id, v.member
  FROM public.matches m JOIN matching_runs r ON r.id = m.run_id
 CROSS JOIN LATERAL (VALUES ('l' || m.line_id), ('e' || m.journal_id || '.' || m.leg)) v (member)
 WHERE r.account = :account AND m.ended_by IS NULL AND m.rule <> :hand AND v.member IS NOT NULL
""",
    """
CREATE TEMP TABLE members_now ON COMMIT DROP AS
SELECT m.group_id, v.member
  FROM matches m CROSS JOIN LATERAL (VALUES ('l' || m.line_id), ('e' || m.journal_id || '.' || m.leg)) v (member)
 WHERE m.rule <> :hand AND v.member IS NOT NULL
""",
    """
CREATE TEMP TABLE groups_then ON COMMIT DROP AS
SELECT group_id, string_agg(member, ' ' ORDER BY member) AS said FROM members_then GROUP BY group_id
""",
    """
CREATE TEMP TABLE groups_now ON COMMIT DROP AS
SELECT group_id, string_agg(member, ' ' ORDER BY member) AS said FROM members_now GROUP BY group_id
""",
    """
CREATE TEMP TABLE differing ON COMMIT DROP AS
SELECT g.group_id, CASE WHEN EXISTS (SELECT FROM members_now o JOIN members_then t ON t.member = o.member
                                      WHERE o.group_id = g.group_id) THEN 'changed' ELSE 'gained' END AS how
  FROM groups_now g WHERE NOT EXISTS (SELECT FROM groups_then t WHERE t.said = g.said)
UNION ALL
SELECT g.group_id, 'lost'
  FROM groups_then g
 WHERE NOT EXISTS (SELECT FROM members_then o JOIN members_now n ON n.member = o.member WHERE o.group_id = g.group_id)
""",
)
_HOW_MANY = """
SELECT how, count(*) AS n FROM differing GROUP BY how
UNION ALL SELECT 'same', count(*) FROM groups_now g WHERE EXISTS (SELECT FROM groups_then t WHERE t.said = g.said)
"""
_SOME = """
WITH chosen AS (SELECT group_id FROM differing WHERE how = :how ORDER BY group_id LIMIT :limit),
own AS (SELECT m.* FROM matches m JOIN chosen USING (group_id) WHERE :how <> 'lost'
         UNION ALL SELECT m.* FROM public.matches m JOIN chosen USING (group_id) WHERE :how = 'lost')
SELECT o.group_id, min(o.rule) AS rule, count(o.line_id) AS lines, count(o.journal_id) AS entries,
       coalesce(sum(l.delta), 0)::text AS told, coalesce(sum(e.amount * a.unit), 0)::text AS booked,
       coalesce(min(l.at), min(e.effective_at))::text AS at,
       min(coalesce(l.external_id, l.refs[1], nullif(l.narration, ''), l.kind)) AS line, min(j.ref) AS entry
  FROM own o LEFT JOIN statement_lines l ON l.id = o.line_id
  LEFT JOIN ledger.entries e ON e.journal_id = o.journal_id AND e.leg = o.leg
  LEFT JOIN book_accounts a ON a.id = e.account_id LEFT JOIN ledger.journals j ON j.id = o.journal_id
 GROUP BY o.group_id ORDER BY o.group_id
"""
_BREAKS = """
SELECT reason, count(*) FILTER (WHERE NOT now) AS n_then,
       coalesce(sum(amount) FILTER (WHERE NOT now), 0)::text AS sum_then,
       count(*) FILTER (WHERE now) AS n_now, coalesce(sum(amount) FILTER (WHERE now), 0)::text AS sum_now
  FROM (SELECT break_reason(b.reason, b.at, c.until, c.covered) AS reason, b.amount, b.now
          FROM (SELECT o.reason, o.at, o.amount, false AS now FROM public.breaks o
                 WHERE o.account = :account AND o.closed_by IS NULL
                 UNION ALL SELECT n.reason, n.at, n.amount, true FROM breaks n WHERE n.closed_by IS NULL) b,
               matching_coverage(:account, :now) c) d
 GROUP BY reason ORDER BY reason
"""
_UNDER_WAY = """
SELECT application_name FROM pg_stat_activity
 WHERE datname = current_database() AND application_name LIKE :told
"""
_PATTERNS = "SELECT regexp_match('', p) FROM unnest(CAST(:patterns AS text[])) p"
NO_PATTERN = "2201B"
_HOW_FAR = "SELECT set_config('application_name', :told, true)"


def read(told: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules as they are kept, whose patterns PostgreSQL can read too: it has others than ours. Raises BadRules."""
    found = rules.read(told)
    patterns = [pattern for rule in found for pattern in (rule.pattern, rule.entry_pattern) if pattern]
    try:
        with db.session.begin_nested():
            db.session.execute(text(_PATTERNS), {"patterns": patterns})
    except DBAPIError as error:
        if sqlstate(error) != NO_PATTERN:
            raise
        raise errors.BadRules("PostgreSQL cannot read a pattern.") from error
    return found


def ask(account: str, told: Sequence[Rule], *, actor: Actor) -> Trial:
    """Have rules tried on an account. Raises BadRules, NothingToMatch."""
    written = rules.kept(told)
    read(written)
    if not queries.sources_for_system(account):
        raise errors.NothingToMatch
    trial = Trial(account=account, rules=written, made_by=str(actor), made_at=clock.now())
    db.session.add(trial)
    db.session.flush()
    outbox.emit(events.TrialAsked(trial_id=trial.id))
    return trial


def carry_out(trial_id: int) -> None:
    """Try rules, and keep what came of it; a trial that has an end keeps it."""
    trial = _open(trial_id)
    if trial is None:
        return
    connection = db.session.connection()
    at_leisure(connection)
    place: dict[str, Any] = {"account": trial.account, "hand": BY_HAND}
    for statement in _COPIES:
        connection.execute(text(statement), place)
    scope.name_accounts(connection, trial.account)
    scope.look_at_all(connection, trial.account, as_of=(now := clock.now()))
    told = rules.read(trial.rules)
    run = Run(id=0, account=trial.account)  # (of these tables alone)
    passes = Passes(connection, run.id, account=trial.account, as_of=now)
    first = passes.newest()
    passes.at_first_sight(told[0])
    scope.open_up(connection, trial.account, kind=Kind.WHOLE, as_of=now, mark=False)
    for number, rule in enumerate(told):
        connection.execute(text(_HOW_FAR), {"told": rules.how_far(trial.id, number)})
        passes.apply(rule)
    differing = passes.newest()
    for rule in told:
        passes.differing(rule)
    explaining.explain(connection, run, first=first, differing=differing)
    trial.result, trial.ended_at = _compared(connection, place), clock.now()
    db.session.flush()


def give_up(trial_id: int, *, why: str) -> None:
    """Note why rules could not be tried to their end."""
    trial = _open(trial_id)
    if trial is not None:
        trial.result, trial.ended_at = {"trouble": why}, clock.now()
        db.session.flush()


def one_for_operators(trial_id: int) -> Trial:
    """A trial. Raises NotFound."""
    found = db.session.get(Trial, trial_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def of_account_for_operators(account: str, *, limit: int) -> list[Trial]:
    """The latest of an account first."""
    own = select(Trial).where(Trial.account == account)
    return list(db.session.scalars(own.order_by(Trial.id.desc()).limit(limit)))


def how_far_for_operators(trial_id: int) -> int | None:
    """How many rules were tried; None when nobody tries them now."""
    found = rows_of(_UNDER_WAY, told=f"{rules.how_far(trial_id, 0)[:-1]}%")
    return max((int(row.application_name.rpartition(" ")[2]) for row in found), default=None)


def take_into_use(
    account: str, told: Sequence[dict[str, Any]], *, version: int, reason: str, set_by: str, request_id: str
) -> None:
    """Let these rules count for an account, as others agreed; the database looks at the request too."""
    made = RuleSet(account=account, version=version, rules=list(told), reason=reason, set_by=set_by,
                   set_at=clock.now(), request_id=request_id)  # fmt: skip
    db.session.add(made)
    db.session.flush()


def _open(trial_id: int) -> Trial | None:
    own = select(Trial).where(Trial.id == trial_id, Trial.ended_at.is_(None)).with_for_update()
    return db.session.scalars(own).one_or_none()


def _compared(connection: Connection, place: dict[str, Any]) -> dict[str, Any]:
    for statement in _MEMBERS:
        connection.execute(text(statement), place)
    found: dict[str, Any] = dict.fromkeys(("same", "gained", "lost", "changed"), 0)
    found |= {row.how: row.n for row in connection.execute(text(_HOW_MANY))}
    found["samples"] = {
        how: [dict(row) for row in connection.execute(text(_SOME), {"how": how, "limit": SAMPLES}).mappings()]
        for how in ("gained", "lost", "changed")
    }
    reasons = connection.execute(text(_BREAKS), {"account": place["account"], "now": clock.now()}).mappings()
    found["breaks"] = [dict(row) for row in reasons]
    return found
