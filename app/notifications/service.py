"""Commands of notifications."""

from sqlalchemy.dialects.postgresql import insert

from app.core import clock, crypto, ids
from app.core.db import db
from app.notifications.models import Mail
from app.notifications.rules import Words


def write(cause: str, *, login_id: str, words: Words) -> None:
    """Write a mail down for sending; the same cause once."""
    mail_id = ids.new("ml")
    statement = insert(Mail).values(
        id=mail_id,
        cause=cause,
        login_id=login_id,
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
        mail.body_sealed = None
    db.session.flush()
