"""A file comes in and is kept as it is; then it is read, and what it tells is kept at once, or nothing of it is."""

import io
from typing import BinaryIO

from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.errors import Refusal
from app.statements import keeping, queries, rules, saying, service
from app.statements.formats import registry
from app.statements.models import Import, StatementFile
from app.statements.rules import Days, FileState


def take(
    source_name: str,
    *,
    name: str,
    file: BinaryIO,
    actor: Actor,
    covers: Days | None = None,
    said: Days | None = None,
) -> tuple[StatementFile, bool]:
    """Take in a file, which is read by itself then: the file, and whether it was there before.

    `covers`: the days of which it tells everything, where we asked for them; `said`: where somebody says so. Raises
    NoSuchSource, BadDays, NotItsDays for a file that is there and was read, and Unreadable for one that is empty or too
    large.
    """
    return _take(source_name, name=name, file=file, actor=actor, ask=True, covers=covers, said=said)


def _take(
    source_name: str,
    *,
    name: str,
    file: BinaryIO,
    actor: Actor,
    ask: bool,
    covers: Days | None = None,
    said: Days | None = None,
) -> tuple[StatementFile, bool]:
    source = queries.source_for_operators(source_name)
    leave()
    packed = keeping.pack(file)
    before = queries.same_file_for_system(source.id, packed.sha256)
    if before is not None and said is None:
        return before, True

    def take() -> StatementFile:
        file = service.take(source, name=name, packed=packed, actor=actor, ask=ask, covers=covers)
        if said is not None and before is None:
            saying.say(file.id, days=said, reason="Said when it was brought.", actor=actor, at=file.brought_at)
        elif said is not None:
            saying.say(file.id, days=said, reason="Said when the same file was brought again.", actor=actor)
        return file

    return atomically(take, actor=actor), before is not None


def read(file_id: str, *, actor: Actor) -> Refusal | None:
    """Read a file that waits, and keep what it tells; or note why it cannot be read, and answer that.

    Asked again, after a kill at any moment or while another does it, it has the effect of once.
    """
    file = queries.file_for_system(file_id)
    if file.state != FileState.WAITING:
        return None
    source = queries.source_of_file_for_system(file)
    pieces = queries.pieces_for_system(file_id)
    leave()
    body = b"".join(keeping.unpack(pieces))
    try:

        def keep() -> None:
            own = service.held(source.id)
            telling = registry.stream(own.format, body, rules.settings_of(own.settings))  # (at each try: read once)
            service.keep(own, file_id, telling=telling, actor=actor)

        atomically(keep, actor=actor)
    except Refusal as refused:
        trouble = refused  # (its own name ends with this block)
        atomically(lambda: service.refuse(file_id, trouble=trouble, actor=actor), actor=actor)
        return trouble
    return None


def bring(source_name: str, *, name: str, body: bytes, actor: Actor, said: Days | None = None) -> tuple[Import, bool]:
    """Take in a file and read it here and now: the import, and whether it was there before.

    `said`: the days that it covers, where somebody says so. Raises NoSuchSource, BadDays, NotItsDays where it tells of
    others, and Unreadable, which names the row and the column: then no line of the file is kept.
    """
    file, before = _take(source_name, name=name, file=io.BytesIO(body), actor=actor, ask=False, said=said)
    before = before and file.state == FileState.KEPT  # (one that waits, since somebody was killed, is read now)
    refused = read(file.id, actor=actor)
    if refused is not None:
        raise refused
    return queries.import_of_file_for_operators(file.id), before
