"""Accounts of the books that are counted together: what joins another stands for the same outside account.

All that was ever booked on it counts from then on, as if it stood on the other one; of what took effect in months that
were closed by then, from their end on. Its entries are looked at by the next run. When it leaves, the matches that hold
entries of it are ended, and its breaks with them: what a closed month counts stays. The books are not touched.
"""

from typing import Any

from sqlalchemy import Connection, select, text, update

from app.core import clock, outbox
from app.core.actor import Actor
from app.core.db import db, rows
from app.ledger import chart
from app.matching import by_hand, errors, events, explaining, scope
from app.matching.models import Joined, Run
from app.matching.service import at_leisure, begun, turn

_OWED = chart.OWED_BY_CUSTOMERS.partition("{")[0]
# Whatever is asked about the two, in the order in which it is said.
_STANDING = """
SELECT EXISTS (SELECT FROM statement_accounts m JOIN statement_sources s ON s.id = m.source_id
                WHERE m.account = :joins AND s.retired_at IS NULL) AS told,
       (SELECT a.class FROM ledger.accounts a WHERE a.code = :account) AS account_class,
       (SELECT a.asset FROM ledger.accounts a WHERE a.code = :account) AS asset,
       (SELECT a.asset FROM ledger.accounts a WHERE a.code = :joins) AS asset_of_it,
       (SELECT j.joins FROM matching_joined j WHERE j.account = :account AND j.left_at IS NULL) AS joined,
       (SELECT j.joins FROM matching_joined j WHERE j.account = :joins AND j.left_at IS NULL) AS joins_another,
       EXISTS (SELECT FROM matching_joined j WHERE j.joins = :account AND j.left_at IS NULL) AS has_others,
       EXISTS (SELECT FROM statement_accounts m JOIN statement_sources s ON s.id = m.source_id
                WHERE m.account = :account AND s.retired_at IS NULL) AS has_source,
       was_told(:account) AS was_told,
       (SELECT max(c.month) FROM period_closings c
         WHERE c.sheets ? :account AND NOT EXISTS (SELECT FROM period_reopenings r WHERE r.closing_id = c.id)) AS closed
"""
_CLOSED_TO = "SELECT max(c.ends_at) AS at FROM period_cuts c"
_COUNTED_IN = """
SELECT max(c.month) AS month FROM period_closings c
 WHERE c.sheets ? :joins AND c.ends_at > coalesce(CAST(:since AS timestamptz), '-infinity')
   AND NOT EXISTS (SELECT FROM period_reopenings r WHERE r.closing_id = c.id)
   AND EXISTS (SELECT FROM ledger.accounts a JOIN ledger.entries e ON e.account_id = a.id
                WHERE a.code = :account AND e.effective_at < c.ends_at)
"""
# Whatever is put together or open of it: of what it stood for itself, or of the account that it leaves.
_GROUPS = """
SELECT DISTINCT m.group_id
  FROM ledger.accounts a JOIN ledger.entries e ON e.account_id = a.id
  JOIN matches m ON m.journal_id = e.journal_id AND m.leg = e.leg AND m.ended_by IS NULL
 WHERE a.code = :account
"""
_CLOSE = """
UPDATE breaks b SET closed_by = :run
  FROM ledger.accounts a JOIN ledger.entries e ON e.account_id = a.id
 WHERE a.code = :account AND b.journal_id = e.journal_id AND b.leg = e.leg AND b.closed_by IS NULL
"""
# (Of an account that joins again all is new.)
_FORGET = """
UPDATE matching_marks SET upto = 0, booked_at = NULL
 WHERE account = :joins AND side = 'books' AND split_part(part, '/', 1) = :account
"""
_OF = """
SELECT k.code, k.since, coalesce(sum((b.debits - b.credits) * k.unit), 0) AS booked, sum(b.seq) > 0 AS moved
  FROM matching_books(:account) k JOIN ledger.balances b ON b.account_id = k.id
 GROUP BY k.code, k.since ORDER BY k.code <> :account, k.code
"""


def check_join(account: str, *, joins: str) -> None:
    """Raises NotJoinable, which says why the one cannot be counted together with the other."""
    found = rows(_STANDING, account=account, joins=joins)[0]
    faults = (
        (not found.told, f"No source tells of {joins}."),
        (account == joins, "These are one account."),
        (found.asset is None, "The books have no account of this name."),
        (found.account_class != "asset" or account.startswith(_OWED), "Nobody outside keeps this account."),
        (found.asset != found.asset_of_it, f"It is in {found.asset}, and {joins} in {found.asset_of_it}."),
        (found.joined is not None, f"It is counted together with {found.joined} already."),
        (found.joins_another is not None, f"{joins} is counted together with {found.joins_another} itself."),
        (found.has_others, "Others are counted together with it. They must leave it first."),
        (found.has_source, "A source tells of it by itself. One account outside is told of once."),
        (found.was_told, "A source told of it until it was retired, and what it told stands beside it."),
        (found.closed is not None, f"{found.closed:%B %Y} is closed on a sheet of its own." if found.closed else ""),
    )
    for is_so, words in faults:
        if is_so:
            raise errors.NotJoinable(words)


def join(account: str, *, joins: str, reason: str, joined_by: str, request_id: str, actor: Actor) -> Joined:
    """Count an account together with another, as others agreed; the database looks at the request too.

    Raises NotJoinable.
    """
    connection = turn(joins)  # (whoever closes a month has it too: none is closed meanwhile)
    at_leisure(connection)
    check_join(account, joins=joins)
    made = Joined(
        account=account, joins=joins, since=rows(_CLOSED_TO)[0].at, reason=reason, joined_by=joined_by,
        joined_at=clock.now(), request_id=request_id,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    run = begun(joins, kind="hand", version=0, as_of=clock.now(), why=f"{account} joins: {reason}", actor=actor)
    scope.look_up(connection, few=False)
    groups = list(connection.execute(text(_GROUPS), {"account": account}).scalars())
    scope.end(connection, groups, run_id=run.id)
    connection.execute(text(_CLOSE), {"account": account, "run": run.id})
    connection.execute(text(_FORGET), {"account": account, "joins": joins})
    _done(run)
    return made


def check_leave(account: str, *, joins: str) -> Joined:
    """What is there of it. Raises NotJoined, and StaysJoined where a closed month counts what it had by then."""
    wanted = select(Joined).where(Joined.account == account, Joined.joins == joins, Joined.left_at.is_(None))
    found = db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise errors.NotJoined
    month = rows(_COUNTED_IN, account=account, joins=joins, since=found.since)[0].month
    if month is not None:
        raise errors.StaysJoined(f"{month:%B %Y} is closed with what it had by then. Open that month again first.")
    return found


def leave(account: str, *, joins: str, reason: str, left_by: str, request_id: str, actor: Actor) -> int:
    """Count an account by itself again, as others agreed: how many matches were ended for it.

    The database looks at the request too. Raises NotJoined, StaysJoined.
    """
    connection = turn(joins)
    at_leisure(connection)
    found = check_leave(account, joins=joins)
    said = {"left_at": clock.now(), "left_by": left_by, "left_reason": reason, "left_request_id": request_id}
    db.session.execute(update(Joined).where(Joined.id == found.id).values(**said))
    run = begun(joins, kind="hand", version=0, as_of=clock.now(), why=f"{account} leaves: {reason}", actor=actor)
    groups = _ended(connection, run, account)
    explaining.explain_left(connection, run)
    _done(run)
    return groups


def _ended(connection: Connection, run: Run, account: str) -> int:
    """Lay open what was put together with entries of it, and close its breaks: how many matches that were."""
    scope.look_up(connection, few=False)
    groups = list(connection.execute(text(_GROUPS), {"account": account}).scalars())
    by_hand.lay_open(connection, run.account, groups, few=len(groups) < explaining.FEW)
    scope.end(connection, groups, run_id=run.id)
    connection.execute(text(_CLOSE), {"account": account, "run": run.id})
    return len(groups)


def _done(run: Run) -> None:
    run.ended_at = clock.now()
    db.session.flush()
    outbox.emit(events.AccountsChanged(account=run.account))


def books_for_operators(account: str) -> list[Any]:
    """The accounts that are counted as one, itself first: what is booked on each in whole coins, and `since`."""
    return rows(_OF, account=account)


def codes_for_operators(account: str) -> list[str]:
    """Their names."""
    return [row.code for row in rows("SELECT code FROM matching_books(:account)", account=account)]


def others_for_operators() -> dict[str, list[str]]:
    """What is counted together with each account that others joined."""
    found: dict[str, list[str]] = {}
    for one in db.session.scalars(select(Joined).where(Joined.left_at.is_(None)).order_by(Joined.account)):
        found.setdefault(one.joins, []).append(one.account)
    return found


def history_for_operators(account: str) -> list[Joined]:
    """Whatever was ever counted together with an account, the newest first."""
    return list(db.session.scalars(select(Joined).where(Joined.joins == account).order_by(Joined.id.desc())))


def joins_for_operators(account: str) -> str | None:
    """The account that one is counted together with, where there is one."""
    wanted = select(Joined.joins).where(Joined.account == account, Joined.left_at.is_(None))
    return db.session.scalars(wanted).one_or_none()
