"""Commands of notifications."""

from sqlalchemy.dialects.postgresql import insert

from app.core import clock, crypto, ids
from app.core.db import db
from app.notifications.models import Mail, TextMessage
from app.notifications.rules import Words


def write(cause: str, *, login_id: str, words: Words, to: str = "") -> None:
    """Write a mail down for sending, to the login's address or to another; the same cause once."""
    mail_id = ids.new("ml")
    statement = insert(Mail).values(
        id=mail_id,
        cause=cause,
        login_id=login_id,
        to_sealed=crypto.seal(to, context=mail_id) if to else None,
        subject=words.subject,
        body_sealed=crypto.seal(words.body, context=mail_id),
        created_at=clock.now(),
    )
    db.session.execute(statement.on_conflict_do_nothing())


def note_sent(mail_id: str, *, keep: bool) -> None:
    """The mail went out; its text is wiped unless it stays to be read here."""
    mail = db.session.get_one(Mail, mail_id)
    mail.sent_at = clock.now()
    if not keep:
        mail.body_sealed = mail.to_sealed = None
    db.session.flush()


def write_text(cause: str, *, phone_id: str, body: str) -> None:
    """Write a text message down for sending; the same cause once."""
    text_id = ids.new("tm")
    statement = insert(TextMessage).values(
        id=text_id,
        cause=cause,
        phone_id=phone_id,
        body_sealed=crypto.seal(body, context=text_id),
        created_at=clock.now(),
    )
    db.session.execute(statement.on_conflict_do_nothing())


def note_text(text_id: str, *, sent: bool) -> None:
    """The text went out, or the gateway refused it for good; either way its words are wiped."""
    text, moment = db.session.get_one(TextMessage, text_id), clock.now()
    text.body_sealed = None
    text.sent_at, text.refused_at = (moment, None) if sent else (None, moment)
    db.session.flush()
