"""Documents of customers for tests: sent, checked, looked at."""

import secrets

from flask import Flask

from app.clients.storage import Storage, new_name
from app.core import actor
from app.core.db import leave, transaction
from app.documents import flows, queries, rules, sealing, service
from app.documents.models import Document
from tests.makers import hostile
from tests.makers.people import Customer

TEST = actor.system("test")


def store_of(app: Flask) -> Storage:
    """Where this house keeps documents."""
    store: Storage = app.extensions["clients"].documents
    return store


def sent(
    owner: Customer, *, app: Flask, body: bytes | None = None, name: str = "id.jpg", purpose: str = "id_front"
) -> str:
    """A file that waits for its check: its id."""
    return flows.take(
        store_of(app),
        customer_id=owner.id,
        purpose=purpose,
        name=name,
        body=hostile.jpeg() if body is None else body,
        actor=owner.actor,
    )


def taken(owner: Customer, *, app: Flask, purpose: str) -> str:
    """A picture that was made anew already, for those whom its check does not concern: its id."""
    store, body = store_of(app), hostile.jpeg() + secrets.token_bytes(8)  # nobody else sent the same
    document_id = sent(owner, app=app, body=body, purpose=purpose)
    sealed, lock = sealing.seal(body, context=rules.sealed_as(document_id, customer_id=owner.id, page=1))
    page = service.Stored(new_name(), lock, "image/jpeg", service.digest_of(body), 64, 48, 0)
    store.put(page.storage_name, sealed)
    with transaction(TEST):
        service.accept(document_id, pages=[page], actor=TEST)
    return document_id


def checked(owner: Customer, *, app: Flask, body: bytes | None = None, name: str = "id.jpg") -> Document:
    """A file whose check is over."""
    document_id = sent(owner, app=app, body=body, name=name)
    flows.check(store_of(app), document_id, scanner=None, actor=TEST)
    leave()
    document = queries.one_for_operators(document_id)
    leave()
    return document
