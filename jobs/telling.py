"""How mails reach staff: everybody who holds one of some roles, each once for one piece of work."""

from collections.abc import Iterable
from datetime import timedelta

from app.core.permissions import Role
from app.identity import queries as identity
from app.notifications import flows
from app.notifications.rules import Words
from jobs.work import Work


def tell_staff(work: Work, words: Words, *, roles: Iterable[Role]) -> timedelta | None:
    """Each once; one who cannot be told keeps nobody else from it. What failed is tried again."""
    failed: list[Exception] = []
    for one in identity.holders_for_system([str(role) for role in roles]):
        cause = f"{work.cause}:{one.id}"
        try:
            flows.tell(cause, login_id=one.login_id, words=words, mailer=work.clients.mailer, actor=work.actor)
        except OSError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return None
