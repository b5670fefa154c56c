"""Telling somebody: write the mail down, send it, note that it went."""

from app.clients.mailer import Mailer
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.notifications import queries, service
from app.notifications.rules import Words


def tell(cause: str, *, login_id: str, words: Words, mailer: Mailer, actor: Actor) -> None:
    """Send one mail per cause. Killed between sending and noting, the next try sends it again: late beats never.

    Raises Silent when the mail server does not answer.
    """
    atomically(lambda: service.write(cause, login_id=login_id, words=words), actor=actor)
    letter = queries.by_cause_for_system(cause)
    leave()
    if letter is None or letter.sent_at is not None:
        return
    mailer.send(to=letter.to, subject=letter.subject, body=letter.body, message_id=letter.id)
    atomically(lambda: service.note_sent(letter.id, keep=mailer.keeps), actor=actor)
