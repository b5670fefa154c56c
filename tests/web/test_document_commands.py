"""`flask documents rotate`: everything opens under the new key, and nothing needs the old one any more."""

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from app.core.db import leave, rows, transaction
from app.documents import errors, flows, queries, rules, sealing, service
from app.web import document_commands
from tests.makers import papers, people

OLD, NEW = ("test", b"0123456789abcdef0123456789abcdef"), ("new", os.urandom(32))


@pytest.fixture(autouse=True)
def keys(app: Flask, inside: Flask) -> Iterator[None]:
    """Afterwards this house's key is the one before, and what opens at all needs no other, for those that follow."""
    yield
    sealing.use_keys([OLD, NEW])
    rotate(app)


def rotate(app: Flask, *options: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(document_commands.documents, ["rotate", *options])
    leave()
    return done.exit_code, done.output


def test_a_new_key_takes_over(app: Flask, inside: Flask) -> None:
    owner = people.customer()
    before = [papers.checked(owner, app=app).id for _ in range(3)]
    waiting = papers.sent(owner, app=app)
    sealing.use_keys([NEW, OLD])
    code, said = rotate(app, "--batch=2")
    assert (code, "Under the present key now" in said) == (0, True), said
    assert queries.sealed_otherwise_for_system("new") == 0
    leave()
    sealing.use_keys([NEW])
    store = papers.store_of(app)
    assert all(flows.content(store, document_id)[0] for document_id in before)
    flows.check(store, waiting, scanner=None, actor=papers.TEST)
    assert queries.one_for_operators(waiting).ready
    assert rotate(app)[1].startswith("Under the present key now: 0 files")
    sealing.use_keys([OLD, NEW])
    assert rotate(app)[0] == 0


def test_without_the_old_key_nothing_is_changed_and_nothing_opens(app: Flask, inside: Flask) -> None:
    document_id = papers.checked(people.customer(), app=app).id
    sealing.use_keys([NEW])
    code, said = rotate(app)
    assert (code, "its key is not here (test)" in said, "keep all keys" in said) == (1, True, True), said
    assert app.test_client().get("/readyz").json["reason"].endswith("not in DOCUMENT_KEYS")  # type: ignore[index]
    with pytest.raises(errors.Damaged):
        flows.content(papers.store_of(app), document_id)
    (file,) = rows("SELECT key_id FROM document_files WHERE document_id = :id AND page = 1", id=document_id)
    leave()
    assert file.key_id == "test"


def test_a_row_that_was_altered_is_named_and_passed_over(app: Flask, inside: Flask) -> None:
    owner = people.customer()
    harmed, sound = (papers.taken(owner, app=app, purpose="other") for _ in range(2))
    with transaction(papers.TEST):
        rows("UPDATE document_files SET data_key = 'x' WHERE document_id = :id AND page = 1 RETURNING page", id=harmed)
    sealing.use_keys([NEW, OLD])
    code, said = rotate(app, "--batch=1")  # (the altered row is a batch of its own)
    assert (code, f"{harmed}, page 1: its row was altered" in said) == (1, True), said
    sealing.use_keys([NEW])
    assert flows.content(papers.store_of(app), sound)
    sealing.use_keys([NEW, OLD])
    with transaction(papers.TEST):
        service.discard(harmed, reason="A test's.", actor=papers.TEST)


def test_what_a_worker_has_no_key_for_waits_for_it(app: Flask, inside: Flask) -> None:
    sealing.use_keys([NEW, OLD])
    document_id, store = papers.sent(people.customer(), app=app), papers.store_of(app)
    sealing.use_keys([OLD])
    for _ in range(rules.TRIES_MAX + 1):
        assert flows.check(store, document_id, scanner=None, actor=papers.TEST) == rules.WAITS_FOR
    document = queries.one_for_operators(document_id)
    assert (document.state, document.waits_for) == ("received", "key")
    leave()
    sealing.use_keys([NEW, OLD])
    flows.check(store, document_id, scanner=None, actor=papers.TEST)
    assert queries.one_for_operators(document_id).ready


def test_a_key_of_the_same_name_and_other_bytes_opens_nothing(app: Flask, inside: Flask) -> None:
    document_id = papers.checked(people.customer(), app=app).id
    sealing.use_keys([("test", os.urandom(32))])
    with pytest.raises(errors.Damaged):
        flows.content(papers.store_of(app), document_id)
