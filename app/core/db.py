"""The database: one SQLAlchemy base, and `transaction()`, the only place in the house that commits.

A transaction has an actor. It is told to PostgreSQL first thing (`set_config(..., is_local)`), where the audit trigger
writes it beside every changed row and refuses the change when there is none.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, MetaData, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from app.core.actor import Actor

Answer = TypeVar("Answer")

RETRIED_STATES = frozenset({"40001", "40P01", "55P03"})  # serialisation failure, deadlock, lock not available
_INTRODUCTION = (
    "SELECT set_config('bursar.actor', %(actor)s, true), set_config('bursar.request_id', %(request)s, true),"
    " set_config('bursar.ip', %(ip)s, true), set_config('bursar.session', %(session)s, true),"
    " set_config('bursar.reason', %(reason)s, true), set_config('bursar.owner', %(owner)s, true)"
)
REASON_MAX = 500  # of what is kept: people type it, and a record says why, not all
_FOR_WHOM = "SELECT set_config('bursar.owner', :owner, true)"
_OPEN = "transaction_is_open"
EVERYONE, NOBODY = "*", ""
_whose: ContextVar[str] = ContextVar("whose", default=NOBODY)  # who says nothing sees nobody's rows
_READ_ONLY = "nothing_is_written"
_WAKER: list[Callable[[], None]] = []


class Base(DeclarativeBase):
    """The base of every table, with the house's names for constraints."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})
if TYPE_CHECKING:
    Model = Base  # (what the extension makes of it at run time is no type)
else:
    Model = db.Model


@contextmanager
def transaction(actor: Actor, *, reason: str = "") -> Iterator[Session]:
    """Do the body as one transaction in the name of `actor`: commit at its end, roll back on any exception.

    Used at the edges only: doors, jobs and flows. Transactions do not nest: RuntimeError.
    """
    session = db.session()
    if session.info.get(_OPEN):
        raise RuntimeError("a transaction is open already; services do not begin their own")
    _end_reading(session)  # this transaction starts from now, not from what a door's queries saw
    session.info[_OPEN] = True
    try:
        _introduce(session, actor, reason)
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info[_OPEN] = False


def atomically(body: Callable[[], Answer], *, actor: Actor, reason: str = "", tries: int = 4) -> Answer:
    """Run `body` in `transaction()`, again when PostgreSQL asks for it (serialisation failure, deadlock).

    The body must have no effect outside the database. After `tries` the last error is raised.
    """
    for attempt in range(1, tries + 1):
        try:
            with transaction(actor, reason=reason):
                return body()
        except DBAPIError as error:
            if attempt == tries or sqlstate(error) not in RETRIED_STATES:
                raise
            time.sleep(0.02 * 2**attempt)  # let the one we collided with finish
    raise AssertionError("unreachable")


def in_transaction() -> bool:
    """Whether this context is inside `transaction()`."""
    return bool(db.session().info.get(_OPEN))


def leave() -> None:
    """End the read-only transaction before the world is called: nothing is held while it answers.

    Raises RuntimeError inside `transaction()`: what waits on the world must not hold locks.
    """
    if in_transaction():
        raise RuntimeError("the world is not called inside a transaction")
    _end_reading(db.session())


def narrow(customer_id: str) -> Token[str]:
    """See and write this customer's rows alone, from the next transaction on: row-level security is the second wall.

    Nobody's is what is seen before it is said. `widen` ends it.
    """
    return _whose.set(customer_id)


def widen(token: Token[str]) -> None:
    """See what was seen before."""
    _whose.reset(token)


@contextmanager
def for_everyone() -> Iterator[None]:
    """See and write everybody's rows, from the next transaction on: for jobs, commands, staff and public doors."""
    token = _whose.set(EVERYONE)
    try:
        yield
    finally:
        _whose.reset(token)


@contextmanager
def whole_books() -> Iterator[None]:
    """Read at leisure, all of it as it was at one moment: a read-only snapshot, each statement up to ten minutes.

    Raises RuntimeError inside `transaction()`.
    """
    leave()
    session = db.session()
    session.info[_OPEN] = True  # (what is first in it is this, and nothing may be before)
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    session.info[_OPEN] = False
    session.execute(text(_FOR_WHOM), {"owner": _whose.get()})
    session.execute(text("SET LOCAL statement_timeout = '10min'"))
    session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    try:
        yield
    finally:
        leave()


def read_only() -> None:
    """From here to the end of this context PostgreSQL refuses every write, whoever asks for it (25006)."""
    session = db.session()
    _end_reading(session)
    session.info[_READ_ONLY] = True


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five-character code of an error, or an empty text."""
    return str(getattr(error.orig, "pgcode", None) or "")


def set_waker(waker: Callable[[], None] | None) -> None:
    """Say what is called after a commit that left work behind (an outbox or task row). It must not raise."""
    _WAKER[:] = [waker] if waker else []


def work_was_left(session: Session) -> None:
    """Note that this transaction wrote durable work, so that somebody is woken once it is committed."""
    session.info["wake"] = True


@event.listens_for(Session, "after_begin")
def _say_for_whom(session: Session, _transaction: object, connection: Connection) -> None:
    """Whose rows a reading may see; `transaction()` says it with the rest."""
    if not session.info.get(_OPEN):
        connection.execute(text(_FOR_WHOM), {"owner": _whose.get()})


@event.listens_for(Session, "after_begin")
def _keep_from_writing(session: Session, _transaction: object, connection: Connection) -> None:
    if session.info.get(_READ_ONLY):
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


@event.listens_for(Session, "after_commit")
def _wake(session: Session) -> None:
    if session.in_nested_transaction():  # the end of a savepoint: nobody sees anything of it yet
        return
    if session.info.pop("wake", False):
        for waker in _WAKER:
            waker()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():  # what was written before a savepoint is not undone with it
        session.info.pop("wake", None)


def _end_reading(session: Session) -> None:
    session.expunge_all()  # rows read so far stay readable as they were, and are never written by accident
    session.rollback()


def _introduce(session: Session, actor: Actor, reason: str) -> None:
    facts = {
        "actor": str(actor),
        "request": actor.request_id,
        "ip": actor.ip,
        "session": actor.session,
        "reason": reason[:REASON_MAX],
        "owner": _whose.get(),
    }
    session.connection().exec_driver_sql(_INTRODUCTION, facts)


def rows(statement: str, **parameters: Any) -> list[Any]:
    """Rows of a read-only SQL statement with bound parameters, as named tuples."""
    return list(db.session.execute(text(statement), parameters))
