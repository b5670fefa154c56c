"""The role that the product signs in with: it may do what `bursar_app` may, and owns nothing.

Migrations create the group role `bursar_app`; here a login role joins it, with a password that is kept in `var/` and
with the limits that every connection of the product works under. Roles belong to the whole server, so two checkouts
that share one would take the role from each other: the password that already opens is left as it is.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import extensions, sql
from sqlalchemy.engine import URL, make_url

from dev.children import Unavailable

LOGIN = "bursar_web"
GROUP = "bursar_app"
KEPT = Path(__file__).resolve().parent.parent / "var" / "app-role-password"
# They nest: gunicorn gives a request 20 s, a statement 5 s, and a statement waits 2 s for a lock.
LIMITS = {"statement_timeout": "5s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "10s"}
ATTEMPTS = 5


def app_url(admin_url: str, *, kept: Path = KEPT) -> str:
    """The product's URL for the migrated database at `admin_url`, after making sure that the role opens it."""
    admin = make_url(admin_url)
    with _password(kept) as password:
        app = admin.set(username=LOGIN, password=password)
        if not _opens(app):
            _provide(admin, password)
    return app.render_as_string(hide_password=False)


def connect(url: URL) -> extensions.connection:
    """A psycopg2 connection to an SQLAlchemy URL. libpq would read an escaped socket path differently."""
    arguments: dict[str, Any] = url.translate_connect_args(username="user", database="dbname")
    return psycopg2.connect(**{"connect_timeout": 10} | arguments | dict(url.query))


@contextlib.contextmanager
def _password(kept: Path) -> Iterator[str]:
    """The kept password, made on first use. Held while in use: test processes come here side by side."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(kept, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        password = file.read().strip()
        if not password:
            password = secrets.token_urlsafe(24)
            file.write(password)
            file.flush()
        yield password


def _opens(app: URL) -> bool:
    """Whether the role gets in, and as a member of the group."""
    try:
        connection = connect(app)
    except psycopg2.OperationalError:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_has_role(current_user, %s, 'USAGE'), current_setting('lock_timeout')", (GROUP,))
            return cursor.fetchone() == (True, LIMITS["lock_timeout"])
    except psycopg2.Error:
        return False
    finally:
        connection.close()


def _provide(admin: URL, password: str) -> None:
    """Create the role or give it our password. Where another checkout is at it too the server says so: repeat."""
    statements = [
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(LOGIN), sql.Literal(password)),
        sql.SQL("GRANT {} TO {}").format(sql.Identifier(GROUP), sql.Identifier(LOGIN)),
        *(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(sql.Identifier(LOGIN), sql.Identifier(key), sql.Literal(value))
            for key, value in LIMITS.items()
        ),
    ]
    try:
        connection = connect(admin)
    except psycopg2.OperationalError as error:
        raise Unavailable(f"The database does not answer: {error}".strip()) from error
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (LOGIN,))
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(LOGIN)))
                for statement in statements:
                    cursor.execute(statement)
                return  # noqa: TRY300  # the loop ends here or raises
            except psycopg2.errors.InsufficientPrivilege as error:
                raise Unavailable(
                    f"DATABASE_URL may not create the login role {LOGIN}: give the owner's URL as "
                    "MIGRATIONS_DATABASE_URL and the product's own as DATABASE_URL."
                ) from error
            except (psycopg2.errors.DuplicateObject, psycopg2.errors.UniqueViolation, psycopg2.InternalError):
                if attempt == ATTEMPTS:
                    raise
