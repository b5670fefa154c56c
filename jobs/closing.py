"""Work of tie-out: prove the last days of every account that outsiders tell of, and keep what came of it."""

from datetime import date, timedelta
from functools import partial

from app.cases import service as cases
from app.closing import figures, queries, requests, rerun, rules, service
from app.closing.rules import Span
from app.core.db import atomically, whole_books
from app.core.permissions import Role
from jobs.work import Work, each

DAYS = 7  # however little was told of them
SETTLED = "settled"
GO_ON = "Under Books, Months: mend what was said against it and ask anew, or reopen the month; then close the case."
AT_ONCE = 31  # of an account: what is left waits for the next time


def prove(work: Work) -> timedelta | None:
    """Prove the days that are over, each account on its own; those of which nothing came since stay as they are.

    Where something was matched since, its rules are run again first: nobody matches meanwhile, but may while days are
    proved.
    """

    def prove_days(account: str) -> None:
        differs = atomically(partial(rerun.look_again, account), actor=work.actor)
        for day in _stale(account, differs=differs):
            atomically(partial(service.prove, account, day, actor=work.actor), actor=work.actor)

    each(queries.accounts_for_system(), prove_days)
    return None


def not_agreed(work: Work) -> timedelta | None:
    """A month that nobody books into, and that is not closed after all, is somebody's to go on with."""
    if work.facts["kind"] != requests.CLOSE.name:
        return None
    month = work.facts["target"].partition(":")[2]
    standing = queries.month_for_operators(date.fromisoformat(f"{month}-01"))
    if standing is None or standing.state != SETTLED:
        return None
    words = f"The closing of {month} was not agreed to, and nobody can book into that month."
    open_case = partial(
        cases.open, rules.NOT_CLOSED, month, owner=Role.FINANCE, words=words, way_out=GO_ON, actor=work.actor
    )
    atomically(open_case, actor=work.actor)
    return None


def _stale(account: str, *, differs: bool) -> list[date]:
    """The newest first, of all that was told of in months that are open; the last anyhow where matches differ."""
    last = queries.yesterday_for_system()
    with whole_books():
        span = Span(min(queries.open_days_for_system(account, last=last), last - (DAYS - 1) * rules.ONE_DAY), last)
        found = figures.of(account, span)
        untold = queries.untold_for_operators(account, span)
        kept = queries.days_for_operators(account, last=last, count=len(span.days))
    stale = [
        day.day
        for day in found.days
        if (differs and day.day == last) or service.is_stale(kept.get(day.day), day, untold=day.day in untold)
    ]
    return stale[: -AT_ONCE - 1 : -1]
