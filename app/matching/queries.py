"""Reads of matching."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from app.core.db import db, rows
from app.matching import rules
from app.matching.models import RuleSet
from app.matching.rules import Rule

_ACCOUNTS = "SELECT DISTINCT account FROM statement_accounts ORDER BY 1"
_SOURCES = "SELECT a.source_id, a.asset FROM statement_accounts a WHERE a.account = :account ORDER BY 1, 2"
_PROOF = """
SELECT (SELECT coalesce(sum(l.delta), 0) FROM statement_accounts a
          JOIN statement_lines l ON l.source_id = a.source_id AND l.asset = a.asset WHERE a.account = :account) AS told,
       (SELECT coalesce(sum((b.debits - b.credits) * k.unit), 0)
          FROM matching_books(:account) k JOIN ledger.balances b ON b.account_id = k.id) AS booked,
       (SELECT coalesce(sum(k.amount), 0) FROM breaks k WHERE k.account = :account AND k.closed_by IS NULL) AS breaks
"""
_LINES = """
SELECT (SELECT count(*)
          FROM statement_accounts a JOIN statement_lines l ON l.source_id = a.source_id AND l.asset = a.asset
         WHERE a.account = :account) AS lines,
       (SELECT count(*) FROM breaks b
         WHERE b.account = :account AND b.closed_by IS NULL AND b.line_id IS NOT NULL) AS open
"""
# Whoever matches holds the account's turn (app/matching/service.py) until all is committed: nothing is seen before.
_WORKING = """
SELECT EXISTS (
    SELECT FROM pg_locks l, (SELECT hashtextextended('matching:' || :account, 0) AS turn) k
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.classid::bigint = ((k.turn >> 32) & 4294967295) AND l.objid::bigint = (k.turn & 4294967295)) AS working
"""


@dataclass(frozen=True)
class Proof:
    """What was told of an account and what the books say of it, in whole coins; and the sum of its open breaks."""

    told: Decimal
    booked: Decimal
    breaks: Decimal

    @property
    def difference(self) -> Decimal:
        """What is told less what is booked."""
        return self.told - self.booked

    @property
    def ties(self) -> bool:
        """Whether the breaks explain all of the difference."""
        return self.difference == self.breaks


def lines_for_operators(account: str) -> tuple[int, int]:
    """How many lines were told of an account, and how many of them are in no match."""
    found = rows(_LINES, account=account)[0]
    return found.lines, found.open


def is_working_for_operators(account: str) -> bool:
    """Whether somebody matches in an account at this moment."""
    found: bool = rows(_WORKING, account=account)[0].working
    return found


def accounts_for_system() -> list[str]:
    """Accounts of the books that a source of statements stands for, or did until it was retired."""
    return [row.account for row in rows(_ACCOUNTS)]


def accounts_of_source_for_system(source_id: str) -> list[str]:
    """Accounts of the books that a source tells of."""
    found = rows(
        "SELECT DISTINCT account FROM statement_accounts WHERE source_id = :source ORDER BY 1", source=source_id
    )
    return [row.account for row in found]


def sources_for_system(account: str) -> list[Any]:
    """Who tells of an account."""
    return rows(_SOURCES, account=account)


def rules_for_operators(account: str) -> tuple[tuple[Rule, ...], int]:
    """The rules of an account and their version: its own, else those of all, else the standard ones (version 0)."""
    own = select(RuleSet).where(RuleSet.account.in_((account, "")))
    found = db.session.scalars(own.order_by(RuleSet.account.desc(), RuleSet.version.desc()).limit(1)).one_or_none()
    return (rules.STANDARD, 0) if found is None else (rules.read(found.rules), found.version)


def rules_since_for_system(account: str) -> datetime | None:
    """Since when the rules of an account count; None for the standard ones, which always did."""
    own = select(RuleSet.set_at).where(RuleSet.account.in_((account, "")))
    return db.session.scalars(own.order_by(RuleSet.account.desc(), RuleSet.version.desc()).limit(1)).one_or_none()


def own_version_for_operators(account: str) -> int:
    """The version of an account's own rules; 0 where it has none."""
    return db.session.scalars(select(func.max(RuleSet.version)).where(RuleSet.account == account)).one() or 0


def versions_for_operators(account: str) -> list[RuleSet]:
    """An account's own rules, the newest version first."""
    own = select(RuleSet).where(RuleSet.account == account)
    return list(db.session.scalars(own.order_by(RuleSet.version.desc())))


def proof_for_operators(account: str) -> Proof:
    """Both sides of an account and what explains their difference, all that was ever told and booked."""
    (found,) = rows(_PROOF, account=account)
    return Proof(found.told, found.booked, found.breaks)
