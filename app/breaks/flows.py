"""Evidence: a file is read in the locked room, made anew page by page, sealed, and kept with the case."""

from hashlib import sha256

from sqlalchemy import select

from app.breaks import errors, queries, rules, service
from app.breaks.models import Evidence, EvidencePage
from app.core import clock, ids
from app.core.actor import Actor
from app.core.db import atomically, db, leave
from app.documents import reading, sealing
from app.documents import rules as documents
from app.documents.sealing import Lock
from app.matching import break_queries


def keep(break_id: int, *, name: str, body: bytes, actor: Actor) -> str:
    """Keep a file with the work on a break: its id. The same file once.

    Raises NotFound, BreakGone, EmptyFile, FileTooLarge, WrongKind, CannotRead, TooManyFiles.
    """
    kind = documents.admitted(body)
    break_queries.one_for_operators(break_id)
    leave()
    try:
        answer = reading.read(body, kind=kind)
    except (reading.Broken, reading.Unlocked) as broken:
        raise errors.CannotRead from broken
    if answer.refused or not answer.pages:
        raise errors.CannotRead

    def deed() -> str:
        case = service.opened(break_queries.one_for_operators(break_id), actor=actor)
        digest = sha256(body).digest()
        known = select(Evidence.id).where(Evidence.case_id == case.id, Evidence.sha256 == digest)
        if found := db.session.scalar(known):
            return found
        if len(queries.evidence_for_operators(case.id)) >= rules.FILES_MAX:
            raise errors.TooManyFiles
        file = Evidence(
            id=ids.new("bev"),
            case_id=case.id,
            name=documents.shown_name(name),
            pages=len(answer.pages),
            sha256=digest,
            kept_at=clock.now(),
        )
        db.session.add(file)
        db.session.flush()
        for number, page in enumerate(answer.pages, 1):
            sealed, lock = sealing.seal(page.body, context=_place(file.id, number))
            db.session.add(
                EvidencePage(
                    evidence_id=file.id,
                    number=number,
                    media_type=page.media_type,
                    sealed=sealed,
                    key_id=lock.key_id,
                    data_key=lock.data_key,
                )
            )
        service.note(case, "evidence", words=file.name, evidence_id=file.id, actor=actor)
        return file.id

    return atomically(deed, actor=actor)


def page(evidence_id: str, number: int) -> tuple[bytes, str]:
    """A page and its media type. Raises NotFound."""
    found = queries.page_for_operators(evidence_id, number)
    lock = Lock(found.key_id, found.data_key)
    return sealing.unseal(found.sealed, lock, context=_place(evidence_id, number)), found.media_type


def _place(evidence_id: str, number: int) -> str:
    return f"break-evidence:{evidence_id}:{number}"
