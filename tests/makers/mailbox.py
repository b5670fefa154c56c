"""What was mailed in a test: mails stay in the house while no mail server is set."""

import re

from app.core.db import leave
from app.notifications import queries
from app.notifications.queries import Letter

_LINK = re.compile(r"http://localhost(/\S+)")


def letters_to(email: str, *, limit: int = 500) -> list[Letter]:
    """The mails to an address, newest first."""
    leave()
    return [letter for letter in queries.kept_for_operators(limit=limit) if letter.to == email]


def subjects_to(email: str) -> list[str]:
    """What they are about, newest first."""
    return [letter.subject for letter in letters_to(email)]


def link_in(letter: Letter) -> str:
    """The path of the first link of a mail."""
    found = _LINK.search(letter.body)
    assert found, letter.body
    return found[1]
