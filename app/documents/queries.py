"""Reads of documents."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, cast, func, literal, or_, select, union
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.documents import rules, sealing
from app.documents.models import Document, DocumentFile, DocumentView
from app.documents.rules import State

SHARED_HOW = ("file", "pixels", "alike")
SHARED_MAX = 500
Same = dict[str, list[tuple[str, str, str]]]


def of_customer(*, owner: str) -> list[Document]:
    """Everything that a customer sent, the newest first."""
    theirs = select(Document).filter_by(customer_id=owner).order_by(Document.received_at.desc(), Document.id.desc())
    return list(db.session.scalars(theirs))


def one(document_id: str, *, owner: str) -> Document:
    """One document of a customer's. Raises NotFound, also for another's."""
    return _there(db.session.scalars(select(Document).filter_by(id=document_id, customer_id=owner)).one_or_none())


def sent_lately(*, owner: str) -> int:
    """How many files a customer sent within a day."""
    lately = Document.received_at > clock.now() - rules.FILES_COUNT_FOR
    theirs = select(func.count()).select_from(Document).filter_by(customer_id=owner)
    return db.session.scalar(theirs.where(lately)) or 0


def one_for_operators(document_id: str) -> Document:
    """One document. Raises NotFound."""
    return _there(db.session.get(Document, document_id))


def many_for_operators(document_ids: Collection[str]) -> list[Document]:
    """These documents, those of them that there are, in the order in which they came."""
    found = select(Document).where(Document.id.in_(set(document_ids))).order_by(Document.received_at, Document.id)
    return list(db.session.scalars(found))


def digests_for_operators(document_ids: Collection[str]) -> dict[str, str]:
    """The SHA-256 of these documents as they were sent, by document; it stays when the file is gone."""
    sent = select(DocumentFile.document_id, DocumentFile.digest).where(DocumentFile.page == 0)
    found = db.session.execute(sent.where(DocumentFile.document_id.in_(set(document_ids))))
    return {row.document_id: row.digest.hex() for row in found}


def shared_for_operators(document_ids: Collection[str]) -> Same:
    """Of these documents those that are the same, or nearly, with other customers: document, customer, and how.

    `file`: byte for byte; `pixels`: the same picture in another file; `alike`: nearly the same picture. The closest
    SHARED_MAX.
    """
    mine, other = aliased(DocumentFile), aliased(DocumentFile)
    file = and_(mine.page == 0, other.page == 0, mine.digest == other.digest)
    pages = and_(mine.page > 0, other.page > 0, mine.likeness != 0)  # (an empty page is everybody's)
    pixels = and_(pages, mine.digest == other.digest)
    differing = func.bit_count(cast(mine.likeness.op("#")(other.likeness), BIT(64)))
    near = and_(pages, other.likeness_bands.overlap(mine.likeness_bands), differing <= rules.LIKENESS_BITS_MAX)
    theirs = and_(mine.document_id.in_(set(document_ids)), other.customer_id != mine.customer_id)
    each = [
        select(literal(rank).label("rank"), mine.document_id.label("mine"), other.document_id, other.customer_id)
        .join(mine, theirs)
        .where(same)
        for rank, same in enumerate((file, pixels, near))
    ]
    every = union(*each).subquery()
    ordered = select(every).order_by(every.c.rank, every.c.mine, every.c.document_id).limit(SHARED_MAX)
    found: dict[str, dict[str, tuple[str, str, str]]] = defaultdict(dict)
    for row in db.session.execute(ordered):
        found[row.mine].setdefault(row.document_id, (row.document_id, row.customer_id, SHARED_HOW[row.rank]))
    return {document_id: list(others.values()) for document_id, others in found.items()}


def file_for_system(document_id: str, page: int) -> DocumentFile | None:
    """One file of a document, if there is one that was not thrown away."""
    found = db.session.get(DocumentFile, (document_id, page))
    return found if found is not None and found.storage_name is not None else None


def views_for_operators(document_id: str) -> list[DocumentView]:
    """Who looked at a document, the latest first."""
    theirs = select(DocumentView).filter_by(document_id=document_id)
    return list(db.session.scalars(theirs.order_by(DocumentView.viewed_at.desc(), DocumentView.id.desc())))


def viewed_for_system(operator_id: str, *, but: str) -> int:
    """How many documents somebody looked at in an hour, one of them left out."""
    return (
        db.session.scalar(
            select(func.count(DocumentView.document_id.distinct())).where(
                _lately(operator_id), ~DocumentView.refused, DocumentView.document_id != but
            )
        )
        or 0
    )


def was_told_for_system(operator_id: str) -> bool:
    """Whether it was told within an hour that they look at many."""
    told = select(DocumentView.id).where(_lately(operator_id), DocumentView.told).limit(1)
    return db.session.scalar(told) is not None


def known_for_system(names: Collection[str]) -> set[str]:
    """Those of these names in the store that a file of a document has."""
    known = select(DocumentFile.storage_name).where(DocumentFile.storage_name.in_(names))
    return {name for name in db.session.scalars(known) if name}


def left_behind_for_system(*, before: datetime, limit: int) -> list[Document]:
    """Documents whose check nobody has taken up for long, the oldest first."""
    still = and_(Document.state == State.RECEIVED, Document.received_at < before)
    untried = or_(Document.tried_at.is_(None), Document.tried_at < before)
    found = select(Document).where(still, untried).order_by(Document.received_at).limit(limit)
    return list(db.session.scalars(found))


def sealed_otherwise_for_system(key_id: str) -> int:
    """How many files are sealed under another key than this one."""
    others = select(func.count()).select_from(DocumentFile).where(DocumentFile.key_id != key_id)
    return db.session.scalar(others) or 0


def waiting_long_for_system(*, before: datetime) -> dict[str, int]:
    """What checks wait for since before a time, and how many of them."""
    waiting = select(Document.waits_for, func.count().label("many")).where(Document.state == State.RECEIVED)
    waiting = waiting.where(Document.received_at < before, Document.waits_for != "")
    return {row.waits_for: row.many for row in db.session.execute(waiting.group_by(Document.waits_for))}


def keys_missing_for_system() -> list[str]:
    """The names of keys that files are sealed under and that this process was not given; a look at an index each."""
    missing, name = [], ""
    while name := db.session.scalar(select(func.min(DocumentFile.key_id)).where(DocumentFile.key_id > name)) or "":
        if not sealing.has_key(name):
            missing.append(name)
    return missing


def _there(found: Document | None) -> Document:
    if found is None:
        raise NotFound
    return found


def _lately(operator_id: str) -> ColumnElement[bool]:
    return and_(DocumentView.operator_id == operator_id, DocumentView.viewed_at > clock.now() - rules.VIEWS_COUNT_FOR)
