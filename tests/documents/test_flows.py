"""A document's way: taken in, checked, kept sealed, shown, thrown away; and what breaks in between."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event

from app.clients.http import Silent
from app.clients.storage import DiskStorage, Kept, Storage, new_name
from app.clients.virus import Scanner
from app.core import clock, machine
from app.core.db import db, leave, narrow, rows, transaction, widen
from app.core.errors import NotFound
from app.documents import errors, flows, queries, reading, rules, service
from app.documents.models import Document
from app.documents.reading import Broken
from app.documents.rules import State
from jobs import relay, runtime
from tests.makers import hostile, papers, people
from tests.makers.clamd import clamd
from tests.makers.papers import TEST
from tests.makers.people import Customer
from tests.makers.sandbox import free_port


@pytest.fixture
def owner(inside: Flask) -> Customer:
    found = people.customer()
    leave()
    return found


def now(document_id: str) -> Document:
    """As it stands."""
    leave()
    found = queries.one_for_operators(document_id)
    leave()
    return found


def events_about(document_id: str) -> list[str]:
    found = rows("SELECT name FROM outbox WHERE subject = :id ORDER BY id", id=document_id)
    leave()
    return [row.name for row in found]


def names_of(document_id: str) -> dict[int, str]:
    """Where its files lie."""
    found = rows("SELECT page, storage_name FROM document_files WHERE document_id = :id ORDER BY page", id=document_id)
    leave()
    return {row.page: row.storage_name for row in found}


class TestTaking:
    def test_leaves_a_sealed_file_and_a_check_to_do(self, app: Flask, owner: Customer) -> None:
        body = hostile.jpeg()
        document_id = papers.sent(owner, app=app, body=body, name="../my card.jpg")
        document = now(document_id)
        assert (document.state, document.name, document.kind) == ("received", "my card.jpg", "jpeg")
        assert events_about(document_id) == ["documents.received"]
        kept = papers.store_of(app).get(names_of(document_id)[0])
        assert len(kept) == len(body) + 28
        assert body[:64] not in kept

    def test_refuses_a_purpose_that_nobody_knows(self, app: Flask, owner: Customer) -> None:
        with pytest.raises(errors.UnknownPurpose):
            papers.sent(owner, app=app, purpose="holiday")

    def test_ten_thousand_files_are_forty(self, app: Flask, owner: Customer, tmp_path: Path) -> None:
        store = DiskStorage(tmp_path)
        for _ in range(rules.FILES_A_DAY):
            send(store, owner)
        for _ in range(10_000 // 500):
            with pytest.raises(errors.TooManyDocuments, match="in a day"):
                send(store, owner)
        assert len(queries.of_customer(owner=owner.id)) == rules.FILES_A_DAY == len(list(store.everything()))
        with clock.at(clock.now() + timedelta(hours=25)):
            assert send(store, owner)

    def test_what_was_too_much_at_the_last_moment_does_not_stay(
        self, app: Flask, owner: Customer, tmp_path: Path
    ) -> None:
        """Another file came in between the first look and the row."""

        class Slow(DiskStorage):
            def put(self, name: str, body: bytes) -> None:
                super().put(name, body)
                if len(list(self.everything())) == 1:
                    for _ in range(rules.FILES_A_DAY):
                        send(DiskStorage(tmp_path / "b"), owner)

        store = Slow(tmp_path / "a")
        with pytest.raises(errors.TooManyDocuments):
            send(store, owner)
        assert list(store.everything()) == []


def send(store: DiskStorage, owner: Customer) -> str:
    return flows.take(store, customer_id=owner.id, purpose="other", name="a", body=b"%PDF-", actor=owner.actor)


class TestChecking:
    def test_is_asked_for_by_the_event(self, app: Flask, owner: Customer) -> None:
        document_id = papers.sent(owner, app=app)
        while relay.relay_events():
            pass
        (task,) = rows("SELECT id FROM tasks WHERE kind = 'documents.check' AND ref LIKE :id || '#%'", id=document_id)
        leave()
        runtime.attempt(task.id, app=app, lease_seconds=60)
        document = now(document_id)
        assert document.ready
        assert document.checked_at
        assert events_about(document_id) == ["documents.received", "documents.checked"]

    def test_deletes_the_original_and_keeps_its_digest(self, app: Flask, owner: Customer) -> None:
        document_id, store = papers.sent(owner, app=app), papers.store_of(app)
        original = names_of(document_id)[0]
        flows.check(store, document_id, scanner=None, actor=TEST)
        assert original not in {kept.name for kept in store.everything()}
        (file,) = rows("SELECT * FROM document_files WHERE document_id = :id AND page = 0", id=document_id)
        assert (file.storage_name, file.data_key, file.key_id) == (None, None, None)
        assert bytes(file.digest) == service.digest_of(hostile.jpeg())

    def test_again_changes_nothing(self, app: Flask, owner: Customer) -> None:
        document = papers.checked(owner, app=app)
        flows.check(papers.store_of(app), document.id, scanner=None, actor=TEST)
        assert now(document.id).checked_at == document.checked_at
        assert events_about(document.id).count("documents.checked") == 1

    def test_waits_for_a_scanner_and_says_so(self, app: Flask, owner: Customer) -> None:
        document_id = papers.sent(owner, app=app)
        away = Scanner(f"tcp://127.0.0.1:{free_port()}")
        for _ in range(rules.TRIES_MAX + 2):
            assert flows.check(papers.store_of(app), document_id, scanner=away, actor=TEST) == rules.WAITS_FOR
        document = now(document_id)
        assert (document.state, document.waits_for) == ("received", "scanner")
        with clamd() as url:
            assert flows.check(papers.store_of(app), document_id, scanner=Scanner(url), actor=TEST) is None
        assert (now(document_id).state, now(document_id).waits_for) == ("ready", "")

    def test_refuses_what_the_scanner_finds(self, app: Flask, owner: Customer) -> None:
        body = hostile.jpeg_with(hostile.segment(0xFE, hostile.EICAR))
        document_id = papers.sent(owner, app=app, body=body)
        with clamd() as url:
            flows.check(papers.store_of(app), document_id, scanner=Scanner(url), actor=TEST)
        document = now(document_id)
        assert (document.state, document.refusal) == ("refused", rules.INFECTED)
        assert names_of(document_id) == {0: None}

    def test_refuses_what_is_too_large_for_the_scanner(self, app: Flask, owner: Customer) -> None:
        body = hostile.jpeg_with(hostile.segment(0xFE, b"beyond the size limit"))
        document_id = papers.sent(owner, app=app, body=body)
        with clamd() as url:
            assert flows.check(papers.store_of(app), document_id, scanner=Scanner(url), actor=TEST) is None
        assert "too large for our scanner" in now(document_id).reason

    def test_waits_for_a_store(self, app: Flask, owner: Customer, tmp_path: Path) -> None:
        store = DiskStorage(tmp_path / "kept")
        document_id = send(store, owner)
        (tmp_path / "kept").rename(tmp_path / "away")
        (tmp_path / "kept").write_text("no folder")
        assert flows.check(store, document_id, scanner=None, actor=TEST) == rules.WAITS_FOR
        assert now(document_id).waits_for == "storage"

    def test_refuses_what_kills_its_reader_again_and_again(
        self, app: Flask, owner: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Its deadline comes nearly at once: three times fourteen seconds would show the same.
        monkeypatch.setattr(reading, "_ended", lambda child, deadline: real(child, deadline - 13.8))
        document_id = papers.sent(owner, app=app, body=hostile.laughing(9))
        waits = [
            flows.check(papers.store_of(app), document_id, scanner=None, actor=TEST) for _ in range(rules.TRIES_MAX)
        ]
        assert waits == [rules.TRIES_AFTER] * (rules.TRIES_MAX - 1) + [None]
        document = now(document_id)
        assert (document.state, document.refusal) == ("refused", rules.UNREADABLE)
        monkeypatch.undo()
        assert papers.checked(owner, app=app).ready  # the next one finds everything as it was

    def test_refuses_what_kills_its_reader_by_itself_at_once(
        self, app: Flask, owner: Customer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        # (a real process ends by that signal; a file that takes the real reader so far is in tests/faults)
        monkeypatch.setattr(reading, "ROOM", tmp_path / "room.py")
        (tmp_path / "room.py").write_text("import os; os.kill(os.getpid(), 24)  # SIGXCPU, and no page yet")
        document_id = papers.sent(owner, app=app)
        assert flows.check(papers.store_of(app), document_id, scanner=None, actor=TEST) is None
        assert "too much work" in now(document_id).reason

    def test_waits_where_the_kernel_holds_no_door(
        self, app: Flask, owner: Customer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        unknown = (
            f"import platform, runpy; platform.machine = str; runpy.run_path({str(reading.ROOM)!r}, None, '__main__')"
        )
        # (the real room, told that the processor is one whose calls it does not know: there is no such machine here)
        monkeypatch.setattr(reading, "ROOM", tmp_path / "room.py")
        (tmp_path / "room.py").write_text(unknown)
        document_id = papers.sent(owner, app=app)
        for _ in range(rules.TRIES_MAX + 1):
            assert flows.check(papers.store_of(app), document_id, scanner=None, actor=TEST) == rules.WAITS_FOR
        assert (now(document_id).state, now(document_id).waits_for) == ("received", "room")
        sent = papers.taken(owner, app=app, purpose="other")
        with pytest.raises(errors.Damaged):
            flows.preview(papers.store_of(app), sent, page=1, label="")

    def test_refuses_what_took_its_worker_along(self, app: Flask, owner: Customer) -> None:
        document_id = papers.sent(owner, app=app)
        for _ in range(rules.TRIES_MAX):  # the worker claims it and is never heard of again
            with transaction(TEST):
                assert service.begin_check(document_id)
        leave()
        assert flows.check(papers.store_of(app), document_id, scanner=None, actor=TEST) is None
        assert now(document_id).refusal == rules.UNREADABLE

    @pytest.mark.parametrize("harm", ["gone", "altered", "another's"])
    def test_refuses_what_was_harmed_in_the_store_and_keeps_what_lies_there(
        self, app: Flask, owner: Customer, harm: str
    ) -> None:
        document_id, store = papers.sent(owner, app=app), papers.store_of(app)
        name = names_of(document_id)[0]
        spoil(store, name, harm, other=names_of(papers.sent(owner, app=app))[0])
        flows.check(store, document_id, scanner=None, actor=TEST)
        assert now(document_id).refusal == rules.UNREADABLE
        assert names_of(document_id) == {0: name}
        assert (name in {kept.name for kept in store.everything()}) == (harm != "gone")


real = reading._ended


def spoil(store: Storage, name: str, harm: str, *, other: str) -> None:
    """Do harm to what lies in the store."""
    body = store.get(name)
    if harm == "gone":
        store.delete(name)
    elif harm == "altered":
        store.put(name, body[:-1] + bytes([body[-1] ^ 1]))
    elif harm == "cut":
        store.put(name, body[:9])
    else:
        store.put(name, store.get(other))


class TestLooking:
    def test_shows_a_page_with_the_readers_name(self, app: Flask, owner: Customer) -> None:
        document, store = papers.checked(owner, app=app), papers.store_of(app)
        plain = flows.preview(store, document.id, page=1, label="")
        marked = flows.preview(store, document.id, page=1, label="Bọ́lá Adé · 21 Nov")
        assert plain != marked
        assert flows.preview(store, document.id, page=1, label="Another · 21 Nov") not in {plain, marked}

    def test_is_bounded(self, app: Flask, owner: Customer) -> None:
        document = papers.checked(owner, app=app, body=hostile.jpeg(hostile.picture(3_000, 1_000)))
        shown = flows.preview(papers.store_of(app), document.id, page=1, label="x" * 10_000)
        assert int.from_bytes(shown[16:20], "big") == 1_600

    @pytest.mark.parametrize("page", [0, 2, -1])
    def test_shows_no_page_that_is_not_there_nor_the_original(self, app: Flask, owner: Customer, page: int) -> None:
        document = papers.checked(owner, app=app)
        with pytest.raises(NotFound):
            flows.preview(papers.store_of(app), document.id, page=page, label="")

    def test_shows_nothing_that_was_not_checked(self, app: Flask, owner: Customer) -> None:
        document_id = papers.sent(owner, app=app)
        with pytest.raises(errors.NotReady):
            flows.preview(papers.store_of(app), document_id, page=1, label="")
        with pytest.raises(errors.NotReady):
            flows.content(papers.store_of(app), document_id)

    @pytest.mark.parametrize("harm", ["gone", "altered", "cut", "another's"])
    def test_does_not_open_what_was_harmed(self, app: Flask, owner: Customer, harm: str) -> None:
        one, other = (papers.checked(owner, app=app).id for _ in range(2))
        spoil(papers.store_of(app), names_of(one)[1], harm, other=names_of(other)[1])
        for act in (lambda: flows.preview(papers.store_of(app), one, page=1, label=""), lambda: read(app, one)):
            with pytest.raises(errors.Damaged):
                act()
        assert read(app, other)

    def test_does_not_open_rows_that_changed_places(self, app: Flask, owner: Customer) -> None:
        one, other = (papers.checked(owner, app=app).id for _ in range(2))
        with transaction(TEST):
            theirs = queries.file_for_system(other, 1)
            assert theirs
            name, lock = theirs.storage_name, service.lock_of(theirs)
            theirs.storage_name = new_name()
            db.session.flush()
            mine = queries.file_for_system(one, 1)
            assert mine
            mine.storage_name, mine.key_id, mine.data_key = name, lock.key_id, lock.data_key
        leave()
        with pytest.raises(errors.Damaged):
            read(app, one)
        with transaction(TEST):  # what nobody can open would stand in the way of another key
            for damaged in (one, other):
                service.discard(damaged, reason="A test's.", actor=TEST)

    def test_is_for_its_owner(self, app: Flask, owner: Customer) -> None:
        document, other = papers.checked(owner, app=app), people.customer()
        leave()
        assert queries.one(document.id, owner=owner.id).id == document.id
        with pytest.raises(NotFound):
            queries.one(document.id, owner=other.id)
        leave()
        token = narrow(other.id)  # the second wall
        try:
            with pytest.raises(NotFound):
                read(app, document.id)
        finally:
            widen(token)


def read(app: Flask, document_id: str) -> bytes:
    return flows.content(papers.store_of(app), document_id)[0]


class TestDiscarding:
    def test_keeps_the_row_the_digests_and_no_file(self, app: Flask, owner: Customer) -> None:
        document, store = papers.checked(owner, app=app), papers.store_of(app)
        page = names_of(document.id)[1]
        with transaction(TEST):
            names = service.discard(document.id, reason="five years are over", actor=TEST)
        assert names == [page]
        flows.remove(store, names)
        assert page not in {kept.name for kept in store.everything()}
        gone = now(document.id)
        assert (gone.state, gone.pages, gone.checked_at) == (State.DISCARDED, 1, document.checked_at)
        assert machine.history(document.id)[-1].reason == "five years are over"
        assert names_of(document.id) == {0: None, 1: None}
        assert len(rows("SELECT digest FROM document_files WHERE document_id = :id", id=document.id)) == 2
        leave()
        with pytest.raises(errors.NotReady):
            read(app, document.id)

    def test_again_changes_nothing(self, app: Flask, owner: Customer) -> None:
        document_id = papers.sent(owner, app=app)
        with transaction(TEST):
            assert service.discard(document_id, reason="a", actor=TEST)
        with transaction(TEST):
            assert service.discard(document_id, reason="b", actor=TEST) == []
        flows.check(papers.store_of(app), document_id, scanner=None, actor=TEST)
        assert now(document_id).state == State.DISCARDED


class Unlisted(DiskStorage):
    """A store that does not say what lies in it."""

    def everything(self) -> Iterator[Kept]:
        raise Silent


class TestSweeping:
    @pytest.fixture
    def store(self, tmp_path: Path) -> DiskStorage:
        return DiskStorage(tmp_path)

    def test_deletes_what_belongs_to_nothing_after_a_day(self, owner: Customer, store: DiskStorage) -> None:
        send(store, owner)
        (kept,) = [each.name for each in store.everything()]
        store.put(new_name(), b"left behind")
        assert flows.sweep(store, actor=TEST)[0] == 0
        with clock.at(clock.now() + timedelta(hours=25)):
            assert flows.sweep(store, actor=TEST)[0] == 1
        assert [each.name for each in store.everything()] == [kept]

    def test_takes_up_what_nobody_checks(self, owner: Customer, store: DiskStorage, tmp_path: Path) -> None:
        document_id = send(store, owner)
        flows.sweep(store, actor=TEST)
        assert events_about(document_id) == ["documents.received"]
        with clock.at(clock.now() + timedelta(hours=2)), pytest.raises(Silent):
            flows.sweep(Unlisted(tmp_path), actor=TEST)
        assert events_about(document_id) == ["documents.received"] * 2

    def test_leaves_alone_what_is_tried(self, owner: Customer, store: DiskStorage) -> None:
        document_id = send(store, owner)
        with clock.at(clock.now() + timedelta(hours=2)):
            flows.check(store, document_id, scanner=Scanner(f"tcp://127.0.0.1:{free_port()}"), actor=TEST)
            flows.sweep(store, actor=TEST)
        assert events_about(document_id) == ["documents.received"]


class TestTheSame:
    def test_file_at_another_customer_is_found(self, app: Flask, owner: Customer) -> None:
        body = hostile.jpeg(hostile.picture(641, 403))
        mine, again = papers.checked(owner, app=app, body=body), papers.checked(owner, app=app, body=body)
        theirs = papers.checked(people.customer(), app=app, body=body)
        assert queries.shared_for_operators([mine.id])[mine.id] == [(theirs.id, theirs.customer_id, "file")]
        found = queries.shared_for_operators([theirs.id, mine.id])
        assert {row[0] for row in found[theirs.id]} == {mine.id, again.id}
        assert found[mine.id] == [(theirs.id, theirs.customer_id, "file")]

    def test_picture_in_another_file_is_found(self, app: Flask, owner: Customer) -> None:
        body = hostile.jpeg(hostile.picture(643, 407))
        mine = papers.checked(owner, app=app, body=body)
        theirs = papers.checked(
            people.customer(), app=app, body=hostile.jpeg_with(hostile.segment(0xFE, b"mine"), image=body)
        )
        assert queries.shared_for_operators([mine.id])[mine.id] == [(theirs.id, theirs.customer_id, "pixels")]

    def test_nearly_the_same_picture_is_found(self, app: Flask, owner: Customer) -> None:
        image = hostile.picture(900, 610).transpose(Image.Transpose.FLIP_TOP_BOTTOM).rotate(3, fillcolor="grey")
        mine = papers.checked(owner, app=app, body=hostile.jpeg(image, quality=95))
        smaller = hostile.jpeg(image.resize((450, 305)), quality=40)
        theirs = papers.checked(people.customer(), app=app, body=smaller)
        assert queries.shared_for_operators([mine.id])[mine.id] == [(theirs.id, theirs.customer_id, "alike")]

    def test_of_many_files_is_one_look(self, app: Flask, owner: Customer) -> None:
        mine = [papers.taken(owner, app=app, purpose="other") for _ in range(3)]
        looks: list[str] = []

        def note(_connection: object, _cursor: object, sql: str, *_more: object) -> None:
            looks.append(sql)

        leave()
        event.listen(db.engine, "before_cursor_execute", note)
        queries.shared_for_operators(mine)
        event.remove(db.engine, "before_cursor_execute", note)
        assert sum("document_files" in sql for sql in looks) == 1

    def test_another_picture_is_not(self, app: Flask, owner: Customer) -> None:
        mine = papers.checked(owner, app=app, body=hostile.jpeg(hostile.picture().rotate(77, fillcolor="red")))
        papers.checked(people.customer(), app=app, body=hostile.jpeg(hostile.picture().rotate(133, fillcolor="blue")))
        papers.checked(people.customer(), app=app, body=hostile.of_many_pages(1))
        assert queries.shared_for_operators([mine.id]) == {}

    def test_empty_page_is_nobodys(self, app: Flask, owner: Customer) -> None:
        mine = papers.checked(owner, app=app, body=hostile.of_many_pages(2))
        papers.checked(people.customer(), app=app, body=hostile.of_many_pages(1))
        assert queries.shared_for_operators([mine.id]) == {}


def test_a_store_that_is_away_takes_nothing_in(app: Flask, owner: Customer, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("no folder")
    with pytest.raises(Silent):
        send(DiskStorage(tmp_path / "kept"), owner)
    assert queries.of_customer(owner=owner.id) == []


def test_many_are_read_in_the_order_of_their_coming(app: Flask, owner: Customer) -> None:
    sent = [papers.sent(owner, app=app) for _ in range(2)]
    assert [each.id for each in queries.many_for_operators([*reversed(sent), "doc_none"])] == sent
    assert [each.id for each in queries.of_customer(owner=owner.id)] == sent[::-1]


def test_what_died_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Broken):
        reading.read(hostile.laughing(9), kind=rules.Kind.PDF, seconds_max=0.2)
