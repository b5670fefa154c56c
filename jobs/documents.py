"""Work of documents: check what came in, sweep the store."""

from datetime import timedelta

from app.core import logs
from app.documents import flows
from jobs.work import Work

log = logs.get("documents")


def check(work: Work) -> timedelta | None:
    """Find out whether a file can be taken, and make it anew."""
    clients = work.clients
    return flows.check(clients.documents, work.subject, scanner=clients.scanner, actor=work.actor)


def sweep(work: Work) -> timedelta | None:
    """Delete what belongs to nothing; have checked what was left behind."""
    swept, resumed = flows.sweep(work.clients.documents, actor=work.actor)
    if swept or resumed:
        log.info("documents were swept", extra={"facts": {"swept": swept, "resumed": resumed}})
    return None
