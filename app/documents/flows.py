"""Steps of documents that cross the world: into the store, through scanner and locked room, and out of the store.

The store is called outside transactions. What was put there and has no row, because something broke in between, is
swept away a day later; what was taken in and not checked is taken up again.
"""

import itertools
from datetime import timedelta
from functools import partial

from app.clients.http import Silent
from app.clients.storage import Missing, Storage, new_name
from app.clients.virus import Scanner, TooLarge
from app.core import clock, ids, logs
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.errors import NotFound
from app.documents import errors, pictures, queries, reading, rules, sealing, service
from app.documents.models import Document, DocumentFile
from app.documents.reading import Answer, Broken, Page, Unlocked
from app.documents.rules import Kind, Purpose
from app.documents.sealing import KeyMissing, Unopened
from app.documents.service import Claim, Stored

SWEPT_AT_ONCE = 500

log = logs.get("documents")


def take(store: Storage, *, customer_id: str, purpose: str, name: str, body: bytes, actor: Actor) -> str:
    """Take in a file from a customer: its id. Its check comes by itself.

    Raises EmptyFile, FileTooLarge, WrongKind, UnknownPurpose, TooManyDocuments, Silent.
    """
    kind = rules.admitted(body)
    if purpose not in set(Purpose):
        raise errors.UnknownPurpose
    service.refuse_more(customer_id)  # (asked again when it is written; who sends thousands does not fill the store)
    leave()
    document_id = ids.new("doc")
    sealed, lock = sealing.seal(body, context=rules.sealed_as(document_id, customer_id=customer_id, page=0))
    original = Stored(new_name(), lock, rules.MEDIA_TYPES[kind], service.digest_of(body))
    store.put(original.storage_name, sealed)

    def deed() -> None:
        service.receive(
            document_id,
            customer_id=customer_id,
            purpose=Purpose(purpose),
            kind=kind,
            name=name,
            size=len(body),
            original=original,
            actor=actor,
        )

    try:
        atomically(deed, actor=actor)
    except errors.TooManyDocuments:
        _remove(store, original.storage_name)
        raise
    return document_id


def check(store: Storage, document_id: str, *, scanner: Scanner | None, actor: Actor) -> timedelta | None:
    """Find out whether a file can be taken, and make it anew; or how long to wait before it is tried again."""
    claim = atomically(lambda: service.begin_check(document_id), actor=actor)
    if claim is None:
        return None
    if claim.tries > rules.TRIES_MAX:  # its last try took the worker with it
        _refuse(store, claim, rules.UNREADABLE, actor=actor)
        return None
    waits_for = "storage"
    try:
        body = _opened(store, claim)
        waits_for = "scanner"
        infected = scanner is not None and scanner.scan(body)
        answer = Answer((), rules.INFECTED) if infected else reading.read(body, kind=claim.kind)
        waits_for = "storage"
        _settle(store, claim, answer, actor=actor)
    except (Silent, KeyMissing, Unlocked) as error:
        missing = {KeyMissing: "key", Unlocked: "room"}.get(type(error), waits_for)
        log.warning("a document waits", extra={"facts": {"document": document_id, "for": missing}})
        atomically(lambda: service.wait(document_id, waits_for=missing), actor=actor)
        return rules.WAITS_FOR
    except (Missing, Unopened):
        log.exception("a document was lost before it was read", extra={"facts": {"document": document_id}})
        # What could not be opened is kept as it lies: it may be the store, a row or we that were wrong.
        atomically(lambda: service.refuse(document_id, reason=rules.UNREADABLE, keep=True, actor=actor), actor=actor)
    except TooLarge:
        _refuse(store, claim, rules.TOO_LARGE, actor=actor)
    except Broken:
        if claim.tries < rules.TRIES_MAX:
            return rules.TRIES_AFTER
        _refuse(store, claim, rules.UNREADABLE, actor=actor)
    return None


def preview(store: Storage, document_id: str, *, page: int, label: str) -> bytes:
    """A page as a PNG with a mark across it. Raises NotFound, NotReady, Damaged, Silent.

    Whoever calls has looked whether who asks may see it.
    """
    document = queries.one_for_operators(document_id)
    if not document.ready:
        raise errors.NotReady
    file = queries.file_for_system(document_id, page) if 1 <= page <= document.pages else None
    if file is None:
        raise NotFound
    leave()
    body = _read(store, file)
    try:
        return pictures.marked(body, media_type=file.media_type, label=label)
    except (Broken, Unlocked) as error:
        raise errors.Damaged from error


def content(store: Storage, document_id: str) -> tuple[bytes, str]:
    """The whole document as we made it anew, and its media type. Raises NotFound, NotReady, Damaged, Silent."""
    document = queries.one_for_operators(document_id)
    files = [queries.file_for_system(document_id, page) for page in range(1, document.pages + 1)]
    found = [file for file in files if file is not None]
    if not document.ready or len(found) != document.pages:
        raise errors.NotReady
    leave()
    if document.kind != Kind.PDF:
        return _read(store, found[0]), found[0].media_type
    pages = [Page(_read(store, file), file.media_type, file.width, file.height, file.digest, 0) for file in found]
    return pictures.as_pdf(pages), rules.MEDIA_TYPES[Kind.PDF]


def remove(store: Storage, names: list[str]) -> None:
    """Delete from the store what `service.discard` named; what cannot be deleted now the sweep finds later."""
    leave()
    for name in names:
        _remove(store, name)


def discard(store: Storage, document_ids: list[str], *, reason: str, actor: Actor) -> None:
    """Throw these away, each in a step of its own."""
    for each in document_ids:
        remove(store, atomically(partial(service.discard, each, reason=reason, actor=actor), actor=actor))


def sweep(store: Storage, *, actor: Actor) -> tuple[int, int]:
    """Take up again what nobody checks, and delete what lies in the store for no row: deleted, taken up."""
    resumed = atomically(_resume, actor=actor)  # (first: the store may be away, or too large for the time there is)
    leave()
    before = clock.now() - rules.UNKNOWN_AFTER
    old = (kept.name for kept in store.everything() if kept.written_at < before)
    swept = 0
    while names := list(itertools.islice(old, SWEPT_AT_ONCE)):
        nobodys = set(names) - queries.known_for_system(names)
        leave()
        for name in nobodys:
            store.delete(name)
        swept += len(nobodys)
    return swept, resumed


def _resume() -> int:
    left: list[Document] = queries.left_behind_for_system(
        before=clock.now() - rules.LEFT_BEHIND_AFTER, limit=SWEPT_AT_ONCE
    )
    for document in left:
        service.resume(document)
    return len(left)


def _settle(store: Storage, claim: Claim, answer: Answer, *, actor: Actor) -> None:
    if answer.refused:
        _refuse(store, claim, answer.refused, actor=actor)
        return
    pages = [_put(store, claim, number, page) for number, page in enumerate(answer.pages, 1)]
    original = atomically(lambda: service.accept(claim.document_id, pages=pages, actor=actor), actor=actor)
    for name in [original] if original else [page.storage_name for page in pages]:  # (another was faster)
        _remove(store, name)


def _put(store: Storage, claim: Claim, number: int, page: Page) -> Stored:
    context = rules.sealed_as(claim.document_id, customer_id=claim.customer_id, page=number)
    sealed, lock = sealing.seal(page.body, context=context)
    stored = Stored(new_name(), lock, page.media_type, page.digest, page.width, page.height, page.likeness)
    store.put(stored.storage_name, sealed)
    return stored


def _refuse(store: Storage, claim: Claim, reason: str, *, actor: Actor) -> None:
    name = atomically(lambda: service.refuse(claim.document_id, reason=reason, actor=actor), actor=actor)
    if name:
        _remove(store, name)


def _opened(store: Storage, claim: Claim) -> bytes:
    context = rules.sealed_as(claim.document_id, customer_id=claim.customer_id, page=0)
    return sealing.unseal(store.get(claim.storage_name), claim.lock, context=context)


def _read(store: Storage, file: DocumentFile) -> bytes:
    try:
        return sealing.unseal(store.get(file.storage_name or ""), service.lock_of(file), context=file.context)
    except (Missing, Unopened, KeyMissing) as error:
        facts = {"document": file.document_id, "page": file.page, "error": type(error).__name__}
        log.exception("a document does not open", extra={"facts": facts})
        raise errors.Damaged from error


def _remove(store: Storage, name: str) -> None:
    try:
        store.delete(name)
    except Silent:
        log.warning("a file is still in the store", extra={"facts": {"name": name[:8]}})
