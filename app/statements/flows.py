"""A file comes in: it is read and kept in one transaction, or not at all."""

import hashlib

from app.core.actor import Actor
from app.core.db import atomically, leave
from app.statements import queries, rules, service
from app.statements.formats import registry
from app.statements.models import Import


def bring(source_name: str, *, name: str, body: bytes, actor: Actor) -> tuple[Import, bool]:
    """Read a file of this name and keep what it tells: the import, and whether it was there before.

    Raises NoSuchSource, and Unreadable, which names the row and the column: then nothing of the file is kept.
    """
    source = queries.source_for_operators(source_name)
    sha256 = hashlib.sha256(body).digest()
    before = queries.same_file_for_system(source.id, sha256)
    if before is not None:
        return before, True
    settings, format_name = rules.settings_of(source.settings), source.format
    leave()

    def keep() -> Import:
        telling = registry.stream(format_name, body, settings)  # (again at each try: it is read once)
        return service.keep(source, name=name, sha256=sha256, telling=telling)

    return atomically(keep, actor=actor), False
