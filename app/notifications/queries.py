"""Reads of notifications."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import crypto
from app.core.db import db
from app.identity import queries as identity
from app.notifications.models import Mail, TextMessage


@dataclass(frozen=True)
class Letter:
    """A mail in the clear."""

    id: str
    to: str
    subject: str
    body: str
    created_at: datetime
    sent_at: datetime | None


def by_cause_for_system(cause: str) -> Letter | None:
    """The mail that tells of this, for sending."""
    mail = db.session.scalars(select(Mail).where(Mail.cause == cause)).one_or_none()
    return _letter(mail) if mail else None


def text_by_cause_for_system(cause: str) -> tuple[str, str, str] | None:
    """The text message that tells of this while it waits to be sent: its id, the number, the words."""
    waits = select(TextMessage).where(TextMessage.cause == cause, TextMessage.body_sealed.is_not(None))
    text = db.session.scalars(waits).one_or_none()
    if text is None or text.body_sealed is None:
        return None
    return text.id, identity.number_for_system(text.phone_id), crypto.unseal(text.body_sealed, context=text.id)


def kept_for_operators(*, before: str | None = None, limit: int = 30) -> list[Letter]:
    """Mails whose text is still here, newest first: the development mailbox."""
    kept = select(Mail).where(Mail.body_sealed.is_not(None)).order_by(Mail.id.desc()).limit(limit)
    return [_letter(mail) for mail in db.session.scalars(kept.where(Mail.id < before) if before else kept)]


def _letter(mail: Mail) -> Letter:
    body = crypto.unseal(mail.body_sealed, context=mail.id) if mail.body_sealed else ""
    other = crypto.unseal(mail.to_sealed, context=mail.id) if mail.to_sealed else ""
    to = other or identity.address_for_system(mail.login_id)
    return Letter(mail.id, to, mail.subject, body, mail.created_at, mail.sent_at)
