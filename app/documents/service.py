"""Commands of documents: take one in, write down what its check found, who looked at it, and that its time is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import select, tuple_

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db, rows
from app.core.errors import NotFound
from app.documents import errors, events, queries, rules, sealing
from app.documents.models import Document, DocumentFile, DocumentView
from app.documents.rules import MACHINE, Kind, Purpose, State, What
from app.documents.sealing import Lock


@dataclass(frozen=True)
class Stored:
    """A sealed file that lies in the store, and what is known of it. A page's size is that of its picture."""

    storage_name: str
    lock: Lock
    media_type: str
    digest: bytes
    width: int = 0
    height: int = 0
    likeness: int | None = None


Place = tuple[str, int]  # a document, and a page of it


@dataclass(frozen=True)
class Resealed:
    """What became of some files: how many are under the present key now, which do not open, and the last looked at."""

    done: int
    stuck: list[str]
    last: Place | None


@dataclass(frozen=True)
class Claim:
    """A document that is to be checked now, for the so-manyth time, and where it lies."""

    document_id: str
    customer_id: str
    kind: Kind
    tries: int
    storage_name: str
    lock: Lock


def receive(
    document_id: str, *, customer_id: str, purpose: Purpose, kind: Kind, name: str, size: int, original: Stored,
    actor: Actor,
) -> None:  # fmt: skip
    """Take in what lies sealed in the store. Raises TooManyDocuments."""
    # One after the other, so that two at the same time are both counted.
    rows("SELECT pg_advisory_xact_lock(hashtextextended('documents:' || :id, 0))", id=customer_id)
    refuse_more(customer_id)
    document = Document(
        id=document_id,
        customer_id=customer_id,
        purpose=purpose,
        name=rules.shown_name(name),
        kind=kind,
        size_bytes=size,
        state=State.RECEIVED,
        received_at=clock.now(),
    )
    machine.begin(document, machine=MACHINE, actor=actor)
    db.session.add(_file(document_id, 0, customer_id=customer_id, stored=original))
    db.session.flush()
    outbox.emit(events.Received(document_id=document_id, customer_id=customer_id))


def refuse_more(customer_id: str) -> None:
    """Raises TooManyDocuments for a customer who sent enough for a day."""
    if queries.sent_lately(owner=customer_id) >= rules.FILES_A_DAY:
        raise errors.TooManyDocuments


def begin_check(document_id: str) -> Claim | None:
    """Count one more try of the check; None when there is nothing to check any more."""
    document = _locked(document_id)
    original = queries.file_for_system(document_id, 0)
    if document.state != State.RECEIVED or original is None:
        return None
    document.tries += 1
    document.tried_at = clock.now()
    db.session.flush()
    return Claim(
        document_id,
        document.customer_id,
        Kind(document.kind),
        document.tries,
        original.storage_name or "",
        lock_of(original),
    )


def wait(document_id: str, *, waits_for: str) -> None:
    """The check did not begin: something does not answer. It does not count as a try."""
    document = _locked(document_id)
    document.tries = max(document.tries - 1, 0)
    document.waits_for = waits_for if document.state == State.RECEIVED else ""
    db.session.flush()


def accept(document_id: str, *, pages: Sequence[Stored], actor: Actor) -> str:
    """The file can be read and was made anew: the name of the original, to be deleted; nothing when it was too late."""
    document = _locked(document_id)
    if document.state != State.RECEIVED:
        return ""
    for number, stored in enumerate(pages, 1):
        db.session.add(_file(document_id, number, customer_id=document.customer_id, stored=stored))
    document.pages = len(pages)
    return _end_check(document, State.READY, actor=actor)


def refuse(document_id: str, *, reason: str, keep: bool = False, actor: Actor) -> str:
    """The file is not taken: the name of the original, as above. `reason` is one of rules.REASONS.

    `keep` leaves the original, and what opens it, until the document's time is over.
    """
    document = _locked(document_id)
    if document.state != State.RECEIVED:
        return ""
    document.refusal = reason
    return _end_check(document, State.REFUSED, keep=keep, actor=actor)


def discard(document_id: str, *, reason: str, actor: Actor) -> list[str]:
    """Its time is over: it does not open any more. Names in the store, to be deleted; the sweep finds what is not.

    What stays is the row, what was decided on it, and the digests. Discarded before, it stays as it is.
    """
    document = _locked(document_id)
    if document.state == State.DISCARDED:
        return []
    document.discarded_at = clock.now()
    document.waits_for = ""
    machine.move(document, State.DISCARDED, machine=MACHINE, actor=actor, reason=reason)
    files = db.session.scalars(select(DocumentFile).filter_by(document_id=document_id).with_for_update())
    names = [_forget(file) for file in files]
    db.session.flush()
    return [name for name in names if name]


def keep_still(document_id: str, *, owner: str) -> Document:
    """A customer's document, which stays as it is until the caller's transaction ends. Raises NotFound."""
    theirs = select(Document).filter_by(id=document_id, customer_id=owner).with_for_update(read=True)
    found = db.session.scalars(theirs.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound
    return found


def resume(document: Document) -> None:
    """Ask for the check of a document again."""
    outbox.emit(events.Received(document_id=document.id, customer_id=document.customer_id))


def note_view(document_id: str, *, what: What, page: int, operator_id: str, session_id: str, request_id: str) -> None:
    """Write down that a member of staff looks at a document, before they do. Raises TooManyViews.

    Who looks at many within an hour is told of, and at some number it ends. Turning pages counts once.
    """
    rows("SELECT pg_advisory_xact_lock(hashtextextended('document views:' || :id, 0))", id=operator_id)
    seen = queries.viewed_for_system(operator_id, but=document_id) + 1
    if seen > rules.VIEWED_MAX:
        raise errors.TooManyViews
    told = seen > rules.VIEWED_TOLD and not queries.was_told_for_system(operator_id)
    if told:
        outbox.emit(events.ViewsExceeded(operator_id=operator_id))
    _keep_view(document_id, what, page, operator_id, session_id=session_id, request_id=request_id, told=told)


def note_refused_view(
    document_id: str, *, what: What, page: int, operator_id: str, session_id: str, request_id: str
) -> None:
    """Write down that somebody wanted to see more than they may."""
    _keep_view(document_id, what, page, operator_id, session_id=session_id, request_id=request_id, refused=True)


def reseal(*, after: Place, limit: int) -> Resealed:
    """Put the next files that are under another key than the present one under it, beginning after a place.

    One that does not open is left as it is, and named.
    """
    place = tuple_(DocumentFile.document_id, DocumentFile.page)
    others = select(DocumentFile).where(DocumentFile.key_id != sealing.present_key(), place > after)
    files = list(db.session.scalars(others.order_by(place).limit(limit).with_for_update()))
    stuck = []
    for file in files:
        try:
            lock = sealing.relock(lock_of(file), context=file.context)
        except (sealing.Unopened, sealing.KeyMissing) as error:
            why = "its row was altered" if isinstance(error, sealing.Unopened) else "its key is not here"
            stuck.append(f"{file.document_id}, page {file.page}: {why} ({file.key_id})")
            continue
        file.key_id, file.data_key = lock.key_id, lock.data_key
    db.session.flush()
    last = (files[-1].document_id, files[-1].page) if files else None
    return Resealed(len(files) - len(stuck), stuck, last)


def lock_of(file: DocumentFile) -> Lock:
    """What opens a file."""
    return Lock(file.key_id or "", file.data_key or b"")


def digest_of(body: bytes) -> bytes:
    """What a file is recognised by when it comes again."""
    return sha256(body).digest()


def _file(document_id: str, page: int, *, customer_id: str, stored: Stored) -> DocumentFile:
    likeness = stored.likeness
    return DocumentFile(
        document_id=document_id,
        page=page,
        customer_id=customer_id,
        media_type=stored.media_type,
        width=stored.width,
        height=stored.height,
        digest=stored.digest,
        likeness=likeness,
        likeness_bands=rules.bands(likeness) if likeness and rules.says_something(likeness) else None,
        storage_name=stored.storage_name,
        key_id=stored.lock.key_id,
        data_key=stored.lock.data_key,
    )


def _end_check(document: Document, state: State, *, keep: bool = False, actor: Actor) -> str:
    document.checked_at, document.waits_for = clock.now(), ""
    machine.move(document, state, machine=MACHINE, actor=actor, reason=document.refusal)
    outbox.emit(events.Checked(document_id=document.id, customer_id=document.customer_id, state=state))
    name = "" if keep else _forget(db.session.get_one(DocumentFile, (document.id, 0)))
    db.session.flush()
    return name


def _forget(file: DocumentFile) -> str:
    """Throw away what opens a file: from here on its bytes are noise, wherever copies of them lie."""
    name = file.storage_name or ""
    file.storage_name = file.key_id = file.data_key = None
    return name


def _keep_view(
    document_id: str, what: What, page: int, operator_id: str, *, session_id: str, request_id: str,
    refused: bool = False, told: bool = False,
) -> None:  # fmt: skip
    view = DocumentView(
        id=ids.new("dvw"),
        document_id=document_id,
        operator_id=operator_id,
        what=what,
        page=page,
        session_id=session_id,
        request_id=request_id,
        refused=refused,
        told=told,
        viewed_at=clock.now(),
    )
    db.session.add(view)
    db.session.flush()


def _locked(document_id: str) -> Document:
    found = db.session.scalars(select(Document).filter_by(id=document_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound
    return found
