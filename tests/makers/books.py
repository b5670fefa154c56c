"""Books for tests: accounts of one test alone, money in them, journals between them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from app.core import actor
from app.core.db import transaction
from app.core.money import NGN, Money
from app.ledger import chart, posting
from app.ledger.journal import Journal, credit, debit
from app.ledger.posting import Held, Posted

TESTER = actor.system("test", request_id="req_test")


def fresh(what: str = "k") -> str:
    """A name nobody has used: for keys, references and accounts."""
    return f"{what}-{secrets.token_hex(6)}"


def kobo(units: int) -> Money:
    """So many kobo."""
    return Money(NGN, units)


def account(kind: str = "liability", *, floor: int | None = None) -> str:
    """A fresh account of this class, empty."""
    code = f"{kind}:test:{fresh('a')}:NGN"
    with transaction(TESTER):
        chart.open_account(code, asset=NGN, floor_units=floor)
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


def hold(code: str, units: int, *, key: str = "", ref: str = "ref") -> Held:
    """Hold in a transaction of its own."""
    with transaction(TESTER):
        return posting.hold(code, amount=kobo(units), ref=ref, key=key or fresh())


def capture(hold_id: int, journal: Journal, *, key: str = "") -> Posted:
    """Capture in a transaction of its own."""
    with transaction(TESTER):
        return posting.capture(hold_id, journal=journal, key=key or fresh())


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
