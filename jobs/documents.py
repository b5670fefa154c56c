"""Work of documents: check what came in, sweep the store."""

from datetime import timedelta

from app.core import clock, logs
from app.documents import flows, rules
from app.retention import queries as retention
from jobs.work import Work

log = logs.get("documents")


def check(work: Work) -> timedelta | None:
    """Find out whether a file can be taken, and make it anew."""
    clients = work.clients
    return flows.check(clients.documents, work.subject, scanner=clients.scanner, actor=work.actor)


def sweep(work: Work) -> timedelta | None:
    """Delete what belongs to nothing; have checked what was left behind."""
    lost = retention.unattached_for_system(before=clock.now() - rules.UNATTACHED_AFTER, limit=flows.SWEPT_AT_ONCE)
    flows.discard(work.clients.documents, lost, reason="It is in no application.", actor=work.actor)
    swept, resumed = flows.sweep(work.clients.documents, actor=work.actor)
    if swept or resumed:
        log.info("documents were swept", extra={"facts": {"swept": swept, "resumed": resumed}})
    return None
