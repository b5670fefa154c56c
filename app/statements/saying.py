"""People say which days a file covers, where it does not say so itself: the quiet ones are covered then, too.

Most files have lines alone, and the quiet days before the first and after the last one stand nowhere in them.
"""

from collections.abc import Iterable
from datetime import date, datetime

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.statements import errors, queries
from app.statements.formats.registry import FORMATS
from app.statements.models import SaidDays, Source, StatementFile
from app.statements.rules import Days, FileState

REASON_MAX = 500
_FIRST_YEAR = 2000


def say(file_id: str, *, days: Days, reason: str, actor: Actor, at: datetime | None = None) -> None:
    """Say that a file tells everything of these days of its source's zone, in place of what was said before.

    Of one that waits it is looked at when it is read. What is said `at` the time when it was brought came with it; all
    else is said later. Raises NoSuchFile for one that was refused or that was read again; BadDays, NoReason, and
    NotItsDays where it tells of other days, of no asset or of no movement.
    """
    file = queries.file_for_system(file_id, lock=True)
    if file.state == FileState.REFUSED or file.reads_again is not None:
        raise errors.NoSuchFile
    source = queries.source_of_file_for_system(file)
    if not FORMATS[source.format].tells_moves:
        raise errors.NotItsDays("It tells a balance and no movement, so it covers no days.")
    check(source, days, now=clock.now())
    if not reason.strip():
        raise errors.NoReason
    before = queries.said_days_for_operators(file_id)
    if before and Days(before[0].first, before[0].last) == days:
        return
    if file.import_id is not None:
        told = queries.import_of_file_for_operators(file_id)
        parts = queries.parts_for_operators(told.id)
        hold(days, ((one.period_from, one.period_to) for one in parts), tells_all=told.tells_all)
    db.session.add(
        SaidDays(
            file_id=file_id, first=days.first, last=days.last, reason=reason.strip()[:REASON_MAX], said_by=str(actor),
            said_at=at or clock.now(),
        )
    )  # fmt: skip
    db.session.flush()


def check(source: Source, days: Days, *, now: datetime) -> None:
    """Raises BadDays for those that no statement covers: the wrong way round, long ago, or to come."""
    if not date(_FIRST_YEAR, 1, 1) <= days.first <= days.last <= now.astimezone(source.tz).date():
        raise errors.BadDays


def hold(days: Days, told: Iterable[tuple[date | None, date | None]], *, tells_all: bool) -> None:
    """Look whether days hold all that a file tells, its periods. Raises NotItsDays."""
    periods = list(told)
    ends = [each for period in periods for each in period if each is not None]
    if ends and not days.first <= min(ends) <= max(ends) <= days.last:
        raise errors.NotItsDays(
            f"It tells of {min(ends):%-d %b %Y} to {max(ends):%-d %b %Y}, and should cover {days.first:%-d %b %Y} to"
            f" {days.last:%-d %b %Y} alone. Say days that hold all of its lines."
        )
    if not periods and not tells_all:
        raise errors.NotItsDays("It tells of no account and asset, so nothing can be said of its days.")


def look(file: StatementFile, told: Iterable[tuple[date | None, date | None]], *, tells_all: bool) -> None:
    """The same for what was said of a file that is being read. Raises NotItsDays."""
    for said in queries.said_days_for_operators(file.reads_again or file.id)[:1]:
        hold(Days(said.first, said.last), told, tells_all=tells_all)
