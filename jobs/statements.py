"""Work of statements: reading files that were brought, asking tellers for theirs."""

from datetime import timedelta
from functools import partial

from app.cases import service as cases
from app.core import clock
from app.core.db import atomically
from app.core.permissions import Role
from app.statements import flows, pull_flows, pull_service, queries
from jobs.work import Work

LATE = "statement_late"
BRING_IT = "Its page shows the days, and why one that was fetched failed or was refused. Bring them; close the case."


def read(work: Work) -> timedelta | None:
    """Read a file and keep what it tells; one that cannot be read is refused, and its page says where."""
    flows.read(work.subject, actor=work.actor)
    return None


def pull(work: Work) -> timedelta | None:
    """Ask a teller, and take in what it lists."""
    pull_flows.pull(work.subject, clients=work.clients, actor=work.actor)
    return None


def watch(work: Work) -> timedelta | None:
    """Whose statements are late, whether they are brought or asked for, is a case of finance's."""
    for source, gaps in queries.late_for_system(clock.now()):
        days = {each.first + timedelta(days=number) for each in gaps for number in range(each.count)}
        open_case = partial(
            cases.open,
            LATE,
            source.id,
            owner=Role.FINANCE,
            words=f"{source.title} has not told of {len(days)} days, the last of them {max(days):%-d %B %Y}.",
            way_out=BRING_IT,
            actor=work.actor,
        )
        atomically(open_case, actor=work.actor)
    return None


def pull_due(work: Work) -> timedelta | None:
    """Ask every teller whose time has come."""
    atomically(lambda: pull_service.ask_due(actor=work.actor), actor=work.actor)
    return None
