"""kill -9 of PostgreSQL while many book: what was acknowledged is there, and what was not is settled by its key.

An error on the wire says nothing about what became of a request. Calling again with the same key does: it answers what
was written, or writes it now. The kills are two in the everyday tests and twenty in `make faults`; where each falls is
drawn from a printed seed. Processes are killed here, not the power: see dev/postgres.py.
"""

import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import extensions
from sqlalchemy.engine import make_url

from app.core.db import db, leave, rows
from app.ledger import proof, seal
from dev.postgres import Postgres
from dev.roles import app_url, connect
from migrations import migrate
from tests.makers import books
from tests.makers.books import account, fresh, settle_seal, wallet

KILLS = int(os.environ.get("FAULT_KILLS", "2"))
SEED = int(os.environ.get("FAULT_SEED", "2026"))
CLIENTS = 6
LOAD_SECONDS = (0.3, 1.2)  # how long they book before the server is killed
CUT_SECONDS = 0.02  # between a cut connection and the kill: the server may or may not have finished by then
AGAIN = {"40001", "40P01", "55P03"}  # PostgreSQL asks for another try
REFUSED = "LG"  # what the books say no to: nothing was written, and the caller knows it

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90 + 15 * KILLS)]


@dataclass(frozen=True)
class Request:
    """One call with its keys, known before it is sent. It answers an id for each key."""

    kind: str
    keys: tuple[str, ...]
    statement: str
    arguments: tuple[Any, ...]


@dataclass
class Tally:
    """What the clients were told, over all rounds."""

    acknowledged: dict[tuple[str, str], int] = field(default_factory=dict)  # (table, key): id
    lost: list[tuple[str, str]] = field(default_factory=list)
    unknown: int = 0
    durable: int = 0
    written_again: int = 0
    replays: int = 0

    def acknowledge(self, request: Request, ids: list[int]) -> None:
        table = "holds" if request.kind == "hold" else "journals"
        self.acknowledged |= {(table, key): id_ for key, id_ in zip(request.keys, ids, strict=True)}


class Client:
    """Somebody who books until the wire breaks, and remembers what he was told until then.

    One who is `brief` commits with the same message that asks. His wire is cut just before the server is killed: most
    of what he asked for then is booked, and he does not hear of it.
    """

    def __init__(self, url: str, codes: list[str], house: str, luck: random.Random, *, brief: bool) -> None:
        self.url, self.codes, self.house, self.luck, self.brief = url, codes, house, luck, brief
        self.wire = -1
        self.told: list[tuple[Request, list[int]]] = []
        self.unknown: Request | None = None
        self.holds: list[tuple[int, str, int]] = []

    def book(self) -> None:
        """Ask and ask, until there is no answer."""
        connection = introduced(self.url)
        connection.autocommit = self.brief
        self.wire = connection.fileno()
        while True:
            request = self.next()
            try:
                answer = ask(connection, request)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self.unknown, self.wire = request, -1
                with contextlib.suppress(psycopg2.Error):
                    connection.close()
                return
            if answer is not None:
                self.hear(request, [id_ for id_, _ in answer])

    def cut(self) -> None:
        """Break his wire, as a network does: the server goes on with what it was asked."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.wire)) as wire:
            wire.shutdown(socket.SHUT_RDWR)

    def hear(self, request: Request, ids: list[int]) -> None:
        """An answer, at first or in the end."""
        self.told.append((request, ids))
        if request.kind == "hold":
            self.holds.append((ids[0], request.arguments[2], request.arguments[3]))

    def next(self) -> Request:
        """A post, a hold, a capture of a hold (whole or in part), or a batch."""
        one, other = self.luck.sample(self.codes, 2)
        units, key = self.luck.randint(1, 50), fresh()
        kind = self.luck.choice(("post", "deposit", "hold", "capture", "batch"))
        if kind == "hold":
            return Request(kind, (key,), "ledger.hold(%s, %s, %s, %s)", (key, "ref", one, units))
        if kind == "batch":
            keys = [fresh() for _ in range(3)]
            many = "ledger.post_batch(%s, %s, %s, %s::jsonb[], %s::timestamptz[], %s::bigint[], %s, %s, %s::numeric[], "
            nones, legs = [None] * 3, ([1, 1, 2, 2, 3, 3], [one, other] * 3, [units, -units] * 3)
            facts = (keys, ["b"] * 3, ["ref"] * 3, ["{}"] * 3, nones, nones, *legs)
            return Request(kind, tuple(keys), f"{many}true)", facts)
        legs_ = ([one, other] if kind == "post" else [self.house, other], [units, -units])
        if kind == "capture" and self.holds:
            hold, code, held = self.holds.pop()
            part = self.luck.randint(1, held)
            legs_ = ([code, self.house], [part, -part])
            called = "ledger.capture(%s, false, %s, 'capture', 'ref', %s, %s::numeric[], NULL, '{}')"
            return Request(kind, (key,), called, (hold, key, *legs_))
        called = "ledger.post(%s, 'post', 'ref', %s, %s::numeric[], NULL, '{}')"
        return Request("post", (key,), called, (key, *legs_))


def introduced(url: str) -> extensions.connection:
    """A connection that acts in somebody's name."""
    connection = connect(make_url(url))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bursar.actor', 'system:test', false)")
    connection.commit()
    return connection


def ask(connection: extensions.connection, request: Request) -> list[tuple[int, bool]] | None:
    """The ids it answers and whether each is a replay; None when the books refuse. Raises when nobody answers."""
    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {request.statement}", request.arguments)  # noqa: S608 (ours)
                found = cursor.fetchall()
            connection.commit()
        except psycopg2.Error as error:
            if error.pgcode in AGAIN:
                connection.rollback()
                continue
            if (error.pgcode or "").startswith(REFUSED):
                connection.rollback()
                return None
            raise
        return [(row[1], row[2]) if request.kind == "batch" else (row[0], row[1]) for row in found]


def seal_until_it_breaks(url: str) -> None:
    """The sealer is killed in the middle too."""
    connection = introduced(url)
    with contextlib.suppress(psycopg2.OperationalError, psycopg2.InterfaceError), connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT ledger.seal(200)")
            connection.commit()
            time.sleep(0.01)  # a sealer that never rests would keep the load from the two processors
    with contextlib.suppress(psycopg2.Error):
        connection.close()


@pytest.fixture
def server(home: Path) -> Iterator[Postgres]:
    """A server of this test alone, migrated."""
    folder = home / "killed"
    folder.mkdir()
    running = Postgres(folder, durable=False, log=folder / "postgres.log")
    try:
        running.start()
        migrate.upgrade(running.url)
        yield running
    finally:
        running.stop()


def settle(clients: list[Client], url: str, tally: Tally) -> None:
    """Call again for everything that was left unanswered: twice, and the second answer is the first one's."""
    connection = introduced(url)
    for client in clients:
        request, client.unknown = client.unknown, None
        if request is None:
            continue
        tally.unknown += 1
        answer = ask(connection, request)
        if answer is None:  # (refused now as it would have been then: nothing of it is there)
            continue
        replayed = {was for _, was in answer}
        assert len(replayed) == 1  # a batch was written whole or not at all
        tally.durable += replayed == {True}
        tally.written_again += replayed == {False}
        again = ask(connection, request)
        assert again == [(id_, True) for id_, _ in answer]
        tally.replays += 1 + (replayed == {True})
        client.hear(request, [id_ for id_, _ in answer])
    connection.close()
    for client in clients:
        for request, ids in client.told:
            tally.acknowledge(request, ids)
        client.told.clear()


def missing(url: str, tally: Tally) -> list[tuple[str, str]]:
    """The acknowledged keys that the books do not know, or know with another id."""
    connection = introduced(url)
    there: dict[tuple[str, str], int] = {}
    with connection.cursor() as cursor:
        for table in ("journals", "holds"):
            cursor.execute(f"SELECT key, id FROM ledger.{table}")  # noqa: S608
            there |= {(table, key): id_ for key, id_ in cursor.fetchall()}
    connection.close()
    return [name for name, id_ in tally.acknowledged.items() if there.get(name) != id_]


def kill_while_they_book(server: Postgres, clients: list[Client], url: str, pause: float) -> None:
    """One round: load, kill, and every thread is back."""
    with ThreadPoolExecutor(len(clients) + 1) as threads:
        running = [threads.submit(client.book) for client in clients]
        running.append(threads.submit(seal_until_it_breaks, url))
        time.sleep(pause)  # the kill comes at any moment of the load, which is the point: nothing to wait for
        for client in clients:
            if client.brief:
                client.cut()
        time.sleep(CUT_SECONDS)
        server.kill()
        for one in running:
            one.result(timeout=60)
    server.start()


def test_every_acknowledged_booking_is_there_and_every_unknown_one_is_settled_by_its_key(
    server: Postgres, home: Path
) -> None:
    luck, tally = random.Random(SEED), Tally()  # noqa: S311
    url = app_url(server.url, kept=home / "killed" / "password")
    with books.desk(url) as room, room.app_context():
        codes = [wallet(1_000_000) for _ in range(6)]
        house = account("asset", hot=True)
        clients = [
            Client(url, codes, house, random.Random(luck.random()), brief=number % 2 == 0)  # noqa: S311
            for number in range(CLIENTS)
        ]
        for _ in range(KILLS):
            leave()
            kill_while_they_book(server, clients, url, luck.uniform(*LOAD_SECONDS))
            tally.lost += missing(url, tally)
            settle(clients, url, tally)
            tally.lost += missing(url, tally)
        print(  # noqa: T201
            f"seed {SEED}: kills {KILLS}, acknowledged {len(tally.acknowledged)}, acknowledged lost {len(tally.lost)},"
            f" unknown {tally.unknown}, of those durable {tally.durable}, written when asked again"
            f" {tally.written_again}, replays {tally.replays}"
        )
        assert tally.lost == []
        assert tally.unknown
        leave()
        db.engine.dispose()  # those connections led to a server that is gone
        settle_seal()
        assert (proof.broken(), seal.unsealed(), list(seal.verify())) == ({}, 0, [])
        assert twice() == []


def twice() -> list[str]:
    """Keys with more than one journal or hold."""
    found = rows(
        "SELECT key FROM ledger.journals GROUP BY key HAVING count(*) > 1"
        " UNION ALL SELECT key FROM ledger.holds GROUP BY key HAVING count(*) > 1"
    )
    return [row.key for row in found]
