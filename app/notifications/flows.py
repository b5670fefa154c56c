"""Telling somebody: write the mail down, send it, note that it went."""

from app.clients.http import Refused
from app.clients.mailer import Mailer
from app.clients.sms import Sms
from app.core import logs
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.notifications import queries, service
from app.notifications.rules import Words

log = logs.get("notifications")


def tell(cause: str, *, login_id: str, words: Words, mailer: Mailer, actor: Actor, to: str = "") -> None:
    """Send one mail per cause, to the login's address or to another.

    Killed between sending and noting, the next try sends it again: late beats never. Raises Silent when the mail server
    does not answer.
    """
    atomically(lambda: service.write(cause, login_id=login_id, words=words, to=to), actor=actor)
    letter = queries.by_cause_for_system(cause)
    leave()
    if letter is None or letter.sent_at is not None:
        return
    mailer.send(to=letter.to, subject=letter.subject, body=letter.body, message_id=letter.id)
    atomically(lambda: service.note_sent(letter.id, keep=mailer.keeps), actor=actor)


def text(cause: str, *, phone_id: str, body: str, sms: Sms, actor: Actor) -> None:
    """Send one text message per cause. Sent again, it has the id it had: the gateway sends it once.

    A number that the gateway refuses is no fault of ours, and no reason to try again. Raises Silent.
    """
    atomically(lambda: service.write_text(cause, phone_id=phone_id, body=body), actor=actor)
    waiting = queries.text_by_cause_for_system(cause)
    leave()
    if waiting is None:
        return
    text_id, number, words = waiting
    try:
        sms.send(to=number, text=words, message_id=text_id)
        sent = True
    except Refused as refused:
        log.warning("a text message was refused", extra={"facts": {"text": text_id, "http_status": refused.status}})
        sent = False
    atomically(lambda: service.note_text(text_id, sent=sent), actor=actor)
