"""Books for tests: accounts of one test alone, money in them, journals between them."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.core import actor
from app.core.db import db, leave, rows, sqlstate, transaction
from app.core.errors import Refusal
from app.core.money import ASSETS, NGN, Asset, Money
from app.ledger import accounts, assets, posting, seal
from app.ledger.journal import Journal, credit, debit
from app.ledger.posting import Held, Posted

TESTER = actor.system("test", request_id="req_test")


def fresh(what: str = "k") -> str:
    """A name nobody has used: for keys, references and accounts."""
    return f"{what}-{secrets.token_hex(6)}"


def kobo(units: int) -> Money:
    """So many kobo."""
    return Money(NGN, units)


def account(kind: str = "liability", *, floor: int | None = None, asset: Asset = NGN, hot: bool = False) -> str:
    """A fresh account of this class, empty."""
    code = f"{kind}:test:{fresh('a')}:{asset.code}"
    with transaction(TESTER):
        accounts.open_account(code, asset=asset, floor_units=floor, hot=hot)
    return code


def wallet(units: int = 0) -> str:
    """A fresh account that we owe from and that may not go below zero, with so much in it."""
    code = account(floor=0)
    if units:
        post(move(account("asset"), code, units))
    return code


def move(debited: str, credited: str, units: int, *, ref: str = "") -> Journal:
    """A journal of two legs."""
    return Journal("test.moved", ref or fresh("ref"), (debit(debited, kobo(units)), credit(credited, kobo(units))))


def post(journal: Journal, *, key: str = "") -> Posted:
    """Post it in a transaction of its own."""
    with transaction(TESTER):
        return posting.post(journal, key=key or fresh())


def batch(*items: tuple[Journal, str], all_or_nothing: bool = False) -> list[Posted | Refusal]:
    """Post many in a transaction of their own."""
    with transaction(TESTER):
        return posting.batch(list(items), all_or_nothing=all_or_nothing)


def reverse(journal_id: int, *, key: str = "") -> Posted:
    """Reverse it in a transaction of its own."""
    with transaction(TESTER):
        return posting.reverse(journal_id, kind="test.reversed", key=key or fresh())


def hold(code: str, units: int, *, key: str = "", ref: str = "ref", expires_at: datetime | None = None) -> Held:
    """Hold in a transaction of its own."""
    with transaction(TESTER):
        return posting.hold(code, amount=kobo(units), ref=ref, key=key or fresh(), expires_at=expires_at)


def capture(hold_id: int, journal: Journal, *, key: str = "", keep_rest: bool = False) -> Posted:
    """Capture in a transaction of its own."""
    with transaction(TESTER):
        return posting.capture(hold_id, journal=journal, key=key or fresh(), keep_rest=keep_rest)


def expire(limit: int = 1_000) -> list[int]:
    """Sweep the holds whose time is over, in a transaction of its own."""
    with transaction(TESTER):
        return posting.expire(limit=limit)


def restrict(code: str, *, debits: bool = False, credits_: bool = False) -> None:
    """Freeze and thaw an account's directions, as the house does."""
    with transaction(TESTER):
        accounts.freeze(code, debits=debits, credits_=credits_)


def refloor(code: str, units: int | None) -> None:
    """Give an account another floor, as the house does."""
    with transaction(TESTER):
        accounts.set_floor(code, floor_units=units)


def close(code: str) -> None:
    """Close an account, as the house does."""
    with transaction(TESTER):
        accounts.close(code)


def release(hold_id: int) -> bool:
    """Release in a transaction of its own."""
    with transaction(TESTER):
        return posting.release(hold_id)


def freeze(engine: Engine, code: str, *, debits: bool = False, credits_: bool = False) -> None:
    """Set which directions of an account are frozen, as the owner of the database."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE ledger.balances SET no_debits = :d, no_credits = :c"
                " WHERE account_id = (SELECT id FROM ledger.accounts WHERE code = :code)"
            ),
            {"d": debits, "c": credits_, "code": code},
        )


def set_floor(engine: Engine, code: str, units: int) -> None:
    """Change the least that may be available, as the owner of the database."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE ledger.balances SET floor = :floor"
                " WHERE account_id = (SELECT id FROM ledger.accounts WHERE code = :code)"
            ),
            {"floor": units, "code": code},
        )


@contextmanager
def undone(engine: Engine) -> Iterator[Connection]:
    """The owner's connection, for doing what must not stay."""
    with engine.connect() as connection:
        try:
            yield connection
        finally:
            connection.rollback()


def refused(connection: Connection, statement: str, **parameters: object) -> str:
    """The code with which the database refuses it. The transaction goes on as if it had not been tried."""
    saved = connection.begin_nested()
    try:
        connection.execute(text(statement), parameters)
    except DBAPIError as error:
        return sqlstate(error)
    finally:
        saved.rollback()
    return ""


@contextmanager
def desk(url: str, *, connections: int = 5) -> Iterator[Flask]:
    """An application that knows the books of this database and nothing else, with as many connections as a crowd needs.

    It waits longer than the product would: here a lock that takes long is a slow machine, not a fault.
    """
    room = Flask("books")
    limits = "-c lock_timeout=30s -c statement_timeout=60s -c idle_in_transaction_session_timeout=0"
    room.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": connections,
            "connect_args": {"options": f"{limits} -c timezone=UTC"},
        },
    )
    db.init_app(room)
    ASSETS.known = assets.known
    try:
        yield room
    finally:
        with room.app_context():
            leave()
            db.engine.dispose()


SEAL_PATIENCE_SECONDS = 3
_UNSEALED = """
SELECT count(*) AS n FROM (SELECT FROM ledger.journals WHERE id > (SELECT coalesce(max(last_id), 0) FROM ledger.blocks)
                            LIMIT 1) j
"""


def settle_seal(*, ids: int = seal.BLOCK_JOURNALS_MAX) -> int:
    """Seal all that is final: how many journals were sealed."""
    return settled(lambda: seal.advance(journals=ids), waiting=lambda: int(rows(_UNSEALED)[0].n))


def settled(advance: Callable[[], int], *, waiting: Callable[[], int]) -> int:
    """Advance a seal until nothing waits, or as long as somebody else may hold it up: how many were sealed.

    What is final counts for the whole server, so a test beside this one, in a database of its own, holds it up while
    its transaction is open. There is nothing of it to wait on, so it is looked at again. The first idle step may only
    have named what is next.
    """
    sealed = idle = 0
    give_up_at = time.monotonic() + SEAL_PATIENCE_SECONDS
    while True:
        with transaction(TESTER):
            made = advance()
        sealed, idle = sealed + made, 0 if made else idle + 1
        if idle > 1:
            left = waiting()
            leave()
            if not left or time.monotonic() > give_up_at:
                return sealed
            time.sleep(0.05)  # (between two looks: see above)
