"""What was mailed in a test: mails stay in the house while no mail server is set."""

import re

from sqlalchemy import or_, select

from app.core.db import db, leave
from app.identity.models import Login
from app.notifications import queries
from app.notifications.models import Mail
from app.notifications.queries import Letter

_LINK = re.compile(r"http://localhost(/\S+)")


def letters_to(email: str) -> list[Letter]:
    """The mails to an address, newest first."""
    leave()
    theirs = or_(Login.email == email, Mail.to_sealed.is_not(None))
    found = select(Mail.cause).join(Login, Login.id == Mail.login_id).where(theirs, Mail.body_sealed.is_not(None))
    causes = db.session.scalars(found.order_by(Mail.id.desc())).all()
    letters = [queries.by_cause_for_system(cause) for cause in causes]
    return [letter for letter in letters if letter and letter.to == email]


def subjects_to(email: str) -> list[str]:
    """What they are about, newest first."""
    return [letter.subject for letter in letters_to(email)]


def link_in(letter: Letter) -> str:
    """The path of the first link of a mail."""
    found = _LINK.search(letter.body)
    assert found, letter.body
    return found[1]
