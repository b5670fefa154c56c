"""Files are kept as they came, read once whatever happens, and say how far the reading is; sources say when."""

import io
from datetime import UTC, date, datetime, time

import pytest
from flask import Flask

from app.core import actor, outbox
from app.core.db import leave, rows, transaction
from app.statements import copying, flows, keeping, queries, rules, service
from app.statements.formats import registry
from app.statements.formats.errors import Unreadable
from app.statements.models import StatementFile
from app.statements.rules import Days, FileState
from jobs.runtime import drain
from tests.makers.books import fresh
from tests.statements.test_bringing import FIRST, SECOND, STRANGE, THIRD, lines_of, made, of

TEST = actor.system("test")

pytestmark = pytest.mark.usefixtures("inside")


def take(source: str, body: bytes) -> StatementFile:
    """The file, waiting; nobody has read it."""
    file, before = flows.take(source, name="ledgers.csv", file=io.BytesIO(body), actor=TEST)
    assert not before
    return again(file)


def again(file: StatementFile) -> StatementFile:
    found = queries.file_for_system(file.id)
    leave()
    return found


class TestAFile:
    def test_is_kept_byte_for_byte_and_read_by_who_hears_of_it(self, inside: Flask) -> None:
        source, body = made("kraken-ledgers"), of(FIRST, STRANGE) + b"\r\n" * 900_000
        file = take(source, body)
        assert (file.state, file.size) == (FileState.WAITING, len(body))
        pieces = queries.pieces_for_system(file.id)
        leave()
        assert b"".join(keeping.unpack(pieces)) == body
        assert sum(map(len, pieces)) < len(body) // 100
        drain(inside)
        told = queries.import_of_file_for_operators(file.id)
        leave()
        assert (again(file).state, told.lines_added, told.rows_rejected) == (FileState.KEPT, 1, 1)

    def test_that_cannot_be_read_says_where_and_may_be_brought_again(self, inside: Flask) -> None:
        source, body = made("kraken-ledgers"), of(FIRST, SECOND.replace("-0.2500000000", "a quarter"))
        file = take(source, body)
        drain(inside)
        refused = again(file)
        assert (refused.state, refused.trouble_row, refused.trouble_column) == (FileState.REFUSED, 3, "amount")
        assert refused.trouble == "Row 3, amount: 'a quarter' is no number."
        assert lines_of(source) == []
        assert take(source, body).id != file.id

    def test_read_by_two_at_once_or_again_is_read_once(self, inside: Flask) -> None:
        source = made("kraken-ledgers")
        file = take(source, of(FIRST, SECOND))
        for _ in range(2):
            assert flows.read(file.id, actor=TEST) is None
        drain(inside)
        assert len(lines_of(source)) == 2
        assert len(rows("SELECT 1 FROM statement_imports WHERE source_id = :id", id=file.source_id)) == 1
        same, before = flows.take(source, name="other.csv", file=io.BytesIO(of(FIRST, SECOND)), actor=TEST)
        assert (same.id, before) == (file.id, True)
        leave()

    def test_whose_reading_is_killed_leaves_nothing_and_is_read_by_the_next(self) -> None:
        source = made("kraken-ledgers")
        file = take(source, of(FIRST, SECOND))
        own = queries.source_for_operators(source)
        telling = registry.stream("kraken-ledgers", of(FIRST, SECOND))
        with pytest.raises(KeyboardInterrupt), transaction(TEST):  # noqa: PT012 (it ends after it began)
            service.keep(own, file.id, telling=telling, actor=TEST)
            assert queries.rows_read_for_operators(file.id) == 2
            raise KeyboardInterrupt
        assert queries.rows_read_for_operators(file.id) is None
        leave()
        assert (again(file).state, lines_of(source)) == (FileState.WAITING, [])
        told, before = flows.bring(source, name="ledgers.csv", body=of(FIRST, SECOND), actor=TEST)
        assert (told.lines_added, before) == (2, False)
        leave()

    def test_tells_that_it_was_read(self) -> None:
        source = made("kraken-ledgers")
        told, _ = flows.bring(source, name="ledgers.csv", body=of(FIRST), actor=TEST)
        (event,) = rows("SELECT id FROM outbox WHERE name = 'statements.imported' AND subject = :id", id=told.id)
        assert outbox.read(event.id).facts["source_id"] == told.source_id
        leave()

    def test_that_is_empty_or_too_large_is_not_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(Unreadable, match="empty"):
            keeping.pack(io.BytesIO(b""))
        # (a file above the real limit would be a quarter of a gigabyte)
        monkeypatch.setattr(keeping, "BYTES_LIMIT", 10)
        with pytest.raises(Unreadable, match="larger"):
            keeping.pack(io.BytesIO(b"12345678901"))


def test_pieces_are_many_and_a_reader_who_is_not_listened_to_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    # (so that a file of a few lines is of several pieces; a real one has twenty thousand)
    monkeypatch.setattr(copying, "CHUNK", 2)
    source = made("kraken-ledgers")
    lines = [FIRST.replace("LA", f"L{number}") for number in range(7)]
    told, _ = flows.bring(source, name="ledgers.csv", body=of(*lines, STRANGE), actor=TEST)
    leave()
    assert (told.lines_added, told.rows_rejected, len(lines_of(source))) == (7, 1, 7)
    chunks = copying.ahead(copying.chunks_of(registry.stream("kraken-ledgers", of(*lines))))
    assert len(next(chunks).lines) == 2
    chunks.close()


class TestDays:
    def test_are_covered_by_what_statements_say_and_else_by_their_lines(self) -> None:
        source = made("kraken-ledgers")
        flows.bring(source, name="first.csv", body=of(FIRST, THIRD), actor=TEST)
        later = of(*(each.replace("2026-03", "2026-04") for each in (SECOND, THIRD)))
        flows.bring(source, name="later.csv", body=later, actor=TEST)
        covered = queries.coverage_for_operators(queries.source_for_operators(source).id)
        leave()
        assert covered == [
            Days(date(2026, 3, 1), date(2026, 3, 3)),
            Days(date(2026, 4, 2), date(2026, 4, 3)),
        ]
        assert rules.missing(covered, through=date(2026, 4, 5)) == [
            Days(date(2026, 3, 4), date(2026, 4, 1)),
            Days(date(2026, 4, 4), date(2026, 4, 5)),
        ]
        assert rules.missing(covered, through=date(2026, 3, 10)) == [Days(date(2026, 3, 4), date(2026, 3, 10))]
        assert rules.missing([], through=date(2026, 3, 10)) == []

    @pytest.mark.parametrize(
        ("at", "day"),
        [
            (datetime(2026, 3, 10, 10, 59, tzinfo=UTC), date(2026, 3, 8)),  # 11:59 in Lagos
            (datetime(2026, 3, 10, 11, 0, tzinfo=UTC), date(2026, 3, 9)),
            (datetime(2026, 3, 10, 23, 30, tzinfo=UTC), date(2026, 3, 9)),  # the 11th there, before noon
        ],
    )
    def test_are_due_at_the_cut_off_where_the_account_is_kept(self, at: datetime, day: date) -> None:
        assert rules.expected_through(at, zone="Africa/Lagos", lag_days=1, cut_off=time(12)) == day


def test_a_source_that_retired_takes_nothing_and_keeps_what_it_told() -> None:
    name = made("kraken-ledgers")
    flows.bring(name, name="ledgers.csv", body=of(FIRST), actor=TEST)
    own = queries.source_for_operators(name)
    with transaction(TEST):
        service.change_source(own, title="Another", settings=own.settings, lag_days=2, cut_off=time(9))
        service.retire(own.id)
    assert name not in {one.name for one in queries.sources_for_operators()}
    assert len(lines_of(name)) == 1
    with pytest.raises(queries.NoSuchSource):
        flows.bring(name, name=fresh("file"), body=of(SECOND), actor=TEST)
    leave()
