"""Documents of customers for tests: sent, checked, looked at."""

from flask import Flask

from app.clients.storage import Storage
from app.core import actor
from app.core.db import leave
from app.documents import flows, queries
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


def checked(owner: Customer, *, app: Flask, body: bytes | None = None, name: str = "id.jpg") -> Document:
    """A file whose check is over."""
    document_id = sent(owner, app=app, body=body, name=name)
    flows.check(store_of(app), document_id, scanner=None, actor=TEST)
    leave()
    document = queries.one_for_operators(document_id)
    leave()
    return document
