"""Work of tie-out: prove the last days of every account that outsiders tell of, and keep what came of it."""

from datetime import date, timedelta

from app.closing import figures, queries, rules, service
from app.closing.rules import Span
from app.core.db import atomically, leave, whole_books
from jobs.work import Work

DAYS = 7  # what comes later than that is on the sheets, and proved when its month is closed


def prove(work: Work) -> timedelta | None:
    """Prove the days that are over, each account on its own; those of which nothing came since stay as they are."""
    failed = list[Exception]()
    for account in queries.accounts_for_system():
        try:
            for day in _stale(account):
                atomically(lambda day=day: service.prove(account, day, actor=work.actor), actor=work.actor)  # type: ignore[misc] # noqa: B023
        except Exception as error:  # noqa: BLE001 (it is raised below, when the others were looked at)
            leave()
            failed.append(error)
    if failed:
        raise failed[0]
    return None


def _stale(account: str) -> list[date]:
    last = queries.yesterday_for_system()
    span = Span(last - (DAYS - 1) * rules.ONE_DAY, last)
    with whole_books():
        found = figures.of(account, span)
        untold = queries.untold_for_operators(account, span)
        kept = queries.days_for_operators(account, last=last, count=DAYS)
        return [
            each.day for each in found.days if service.is_stale(kept.get(each.day), each, untold=each.day in untold)
        ]
