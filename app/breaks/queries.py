"""Reads of the work on breaks: terms and limits, a case with its trail, what it is about now, bulks and their rows."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from app.breaks import rules
from app.breaks.models import Bulk, BulkRow, Case, Evidence, EvidencePage, Note, Term
from app.breaks.rules import State, Terms
from app.core import clock
from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.money import ASSETS, NGN
from app.ledger import balances, chart
from app.matching import joining
from app.pricing import queries as pricing
from app.pricing.errors import NoPrice

_IN = """
SELECT c.subject FROM matches m JOIN break_cases c ON c.line_id = m.line_id
 WHERE m.group_id = :group AND m.ended_by IS NULL
 UNION
SELECT c.subject FROM matches m JOIN break_cases c ON (c.journal_id, c.leg) = (m.journal_id, m.leg)
 WHERE m.group_id = :group AND m.ended_by IS NULL
"""
_SUBJECTS = "SELECT break_subject(b) AS subject FROM breaks b WHERE b.id = ANY(:breaks)"
_MERGEABLE = """
SELECT b.id, b.amount FROM breaks b
 WHERE b.id = ANY(:breaks) AND b.closed_by IS NULL AND b.import_id IS NULL
   AND NOT EXISTS (SELECT FROM break_cases c
                    WHERE c.subject = break_subject(b) AND c.state IN ('proposed', 'accepted'))
"""
_OF_STATEMENTS = "SELECT count(*) AS n FROM breaks b WHERE b.id = ANY(:breaks) AND b.import_id IS NOT NULL"
_OF_CASE = """
SELECT b.id FROM break_cases c JOIN breaks b ON b.line_id = c.line_id AND b.closed_by IS NULL WHERE c.id = :case
 UNION ALL
SELECT b.id FROM break_cases c JOIN breaks b ON b.journal_id = c.journal_id AND b.leg = c.leg AND b.closed_by IS NULL
 WHERE c.id = :case AND b.account = c.account
 UNION ALL
SELECT b.id FROM break_cases c JOIN breaks b ON b.group_id = c.group_id AND b.closed_by IS NULL WHERE c.id = :case
 UNION ALL
SELECT b.id FROM break_cases c JOIN breaks b ON b.row_id = c.row_id AND b.closed_by IS NULL WHERE c.id = :case
 UNION ALL
SELECT b.id FROM break_cases c JOIN breaks b ON b.import_id = c.import_id AND b.part = c.part AND b.closed_by IS NULL
 WHERE c.id = :case
 LIMIT 1
"""
_STANDING = """
SELECT c.id, c.state, c.accepted_until, (b.id IS NOT NULL) AS is_there
  FROM break_cases c
  LEFT JOIN LATERAL (
      SELECT b.id FROM breaks b WHERE b.line_id = c.line_id AND b.closed_by IS NULL
       UNION ALL
      SELECT b.id FROM breaks b
       WHERE b.journal_id = c.journal_id AND b.leg = c.leg AND b.closed_by IS NULL AND b.account = c.account
       UNION ALL
      SELECT b.id FROM breaks b WHERE b.group_id = c.group_id AND b.closed_by IS NULL
       UNION ALL
      SELECT b.id FROM breaks b WHERE b.row_id = c.row_id AND b.closed_by IS NULL
       UNION ALL
      SELECT b.id FROM breaks b WHERE b.import_id = c.import_id AND b.part = c.part AND b.closed_by IS NULL
       LIMIT 1) b ON true
 WHERE c.account = :account
   AND ((c.state = 'closed') = (b.id IS NOT NULL) OR (c.state = 'accepted' AND c.accepted_until < :today))
 ORDER BY c.id LIMIT 1000
"""


def terms_for_operators() -> Terms:
    """How long a break of so much may be open, the largest first."""
    return [(Decimal(naira), hours) for naira, hours in begun_terms_for_operators().deadlines]


def write_off_limits_for_operators() -> dict[str, int]:
    """The most that people of each role may ask to write off at once, in kobo."""
    return {role: int(most) for role, most in begun_terms_for_operators().limits.items()}


def begun_terms_for_operators() -> Term:
    """The deadlines and limits that count: the newest version that has begun."""
    begun = select(Term).where(Term.starts_at <= clock.now()).order_by(Term.version.desc())
    return db.session.scalars(begun.limit(1)).one()


def newest_terms_for_operators() -> Term:
    """The version that the next one comes after."""
    return db.session.scalars(select(Term).order_by(Term.version.desc()).limit(1)).one()


def versions_of_terms_for_operators(*, limit: int) -> list[Term]:
    """Deadlines and limits as they were, the newest first."""
    return list(db.session.scalars(select(Term).order_by(Term.version.desc()).limit(limit)))


def price_for_operators(account: str) -> Decimal | None:
    """What one whole coin of an account's asset is worth in naira; None where nobody knows."""
    asset = ASSETS[account.rpartition(":")[2]]
    if asset == NGN:
        return Decimal(1)
    try:
        return pricing.price(asset.ticker, NGN.ticker).mid
    except NoPrice:
        return None


def others_for_operators(account: str) -> dict[str, str]:
    """Accounts that a difference of this one may be booked to, each with what it is: those that there are.

    None that is counted together with it: that would move the difference, and end nothing.
    """
    asset = ASSETS[account.rpartition(":")[2]]
    named = {chart.house(template, asset=asset): words for template, words in rules.OTHERS.items()}
    there = {found.code for found in balances.of_known(named)}
    return {code: words for code, words in named.items() if code in there - set(joining.codes_for_operators(account))}


def case_of_for_operators(one: Any) -> Case | None:
    """The work on what a break is about, where there is any."""
    subject = rules.subject_of(one)
    return db.session.scalars(select(Case).where(Case.subject == subject)).one_or_none()


def cases_of_for_operators(found: Iterable[Any]) -> dict[str, Case]:
    """The same of several breaks, by what they are about."""
    subjects = [rules.subject_of(one) for one in found]
    return {one.subject: one for one in db.session.scalars(select(Case).where(Case.subject.in_(subjects)))}


def trail_for_operators(case_id: str) -> list[Note]:
    """What happened to a case, the newest first."""
    return list(db.session.scalars(select(Note).where(Note.case_id == case_id).order_by(Note.id.desc())))


def break_of_for_system(case_id: str) -> int | None:
    """The break that there is now about what a case is about."""
    found = rows(_OF_CASE, case=case_id)
    return found[0].id if found else None


def subjects_in_for_system(group_id: int) -> list[str]:
    """What work was done on lines and entries that are in a match now."""
    return [row.subject for row in rows(_IN, group=group_id)]


def subjects_of_for_system(breaks: Iterable[int]) -> list[str]:
    """What work on these breaks hangs on."""
    return [row.subject for row in rows(_SUBJECTS, breaks=list(breaks))]


def break_of_group_for_system(group_id: int) -> int | None:
    """The open break of what a match differs by, if it does."""
    found = rows("SELECT id FROM breaks WHERE group_id = :group AND closed_by IS NULL", group=group_id)
    return found[0].id if found else None


def mergeable_for_system(breaks: Collection[int]) -> dict[int, Decimal]:
    """The amounts of those that are open, and about which nothing is asked for or agreed to."""
    return {row.id: row.amount for row in rows(_MERGEABLE, breaks=list(breaks))}


def of_statements_for_operators(breaks: Collection[int]) -> int:
    """How many of these are about a statement itself."""
    found: int = rows(_OF_STATEMENTS, breaks=list(breaks))[0].n
    return found


def account_of_case_for_operators(case_id: str) -> str:
    """The account that a case is in. Raises NotFound."""
    found = db.session.get(Case, case_id)
    if found is None:
        raise NotFound
    return found.account


def to_follow_for_system(account: str, *, today: Any) -> list[Any]:
    """Cases whose state is not that of their break, or whose time is over: at most a thousand."""
    return rows(_STANDING, account=account, today=today)


def proposed_for_system(request_id: str) -> list[str]:
    """Cases that wait for what was asked for."""
    wanted = select(Case.id).where(Case.request_id == request_id, Case.state == State.PROPOSED)
    return list(db.session.scalars(wanted))


def evidence_for_operators(case_id: str) -> list[Evidence]:
    """The files of a case, the oldest first."""
    return list(db.session.scalars(select(Evidence).where(Evidence.case_id == case_id).order_by(Evidence.id)))


def page_for_operators(evidence_id: str, number: int) -> EvidencePage:
    """A page of a file. Raises NotFound."""
    found = db.session.get(EvidencePage, (evidence_id, number))
    if found is None:
        raise NotFound
    return found


def bulk_for_operators(bulk_id: str) -> Bulk:
    """One. Raises NotFound."""
    found = db.session.get(Bulk, bulk_id)
    if found is None:
        raise NotFound
    return found


def bulks_for_operators(account: str, *, limit: int) -> list[Bulk]:
    """The newest of an account."""
    newest = select(Bulk).where(Bulk.account == account).order_by(Bulk.made_at.desc(), Bulk.id.desc())
    return list(db.session.scalars(newest.limit(limit)))


def outcomes_for_operators(bulk_id: str) -> dict[str, int]:
    """How many rows of a bulk came to what; '' is what waits."""
    counted = select(BulkRow.outcome, func.count()).where(BulkRow.bulk_id == bulk_id).group_by(BulkRow.outcome)
    return {row[0]: row[1] for row in db.session.execute(counted)}


def rows_for_operators(bulk_id: str, *, after: int = 0, outcomes: Collection[str] = (), limit: int) -> list[BulkRow]:
    """Rows of a bulk from a break's number on; of these outcomes, where any are named."""
    wanted = select(BulkRow).where(BulkRow.bulk_id == bulk_id, BulkRow.break_id > after)
    if outcomes:
        wanted = wanted.where(BulkRow.outcome.in_(outcomes))
    return list(db.session.scalars(wanted.order_by(BulkRow.break_id).limit(limit)))
