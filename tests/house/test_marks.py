"""What the application cannot take back or hand on by itself: ends that were written down, and whose a row is."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text

from app.core import actor
from app.core.db import leave, transaction
from app.identity import service as identity
from app.identity import sessions
from app.identity.rules import Audience
from app.identity.service import Device
from tests.makers import people
from tests.makers.books import refused
from tests.makers.databases import Database

HISTORY = "23001"
DENIED = "42501"
ENDS = "(^|_)(revoked|replaced|removed|retired|ended|accepted|confirmed|used)_at$"
# Not ends: when a key was used last, and what may be begun again.
AGAIN = {
    "api_keys.used_at",
    "passkeys.used_at",
    "tasks.ended_at",
    "reconciliations.ended_at",
    "screening_entries.removed_at",
    "screening_subjects.retired_at",
}
# Their moves have a guard of their own.
GUARDED = {"approval_requests.ended_at", "withdrawals.ended_at"}
OWNERS = ("login_id", "customer_id", "operator_id", "phone_id", "maker", "voter", "audience", "owner")


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A bare connection of the app's role that works for everyone; what it does does not stay."""
    engine = create_engine(database.app_url, poolclass=pool.NullPool)
    with engine.connect() as made:
        made.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        made.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        yield made
        made.rollback()
    engine.dispose()


class TestAMark:
    def test_is_set_once_and_stays(self, inside: Flask, connection: Connection) -> None:
        who, me = actor.system("test"), people.customer()
        with transaction(who):
            ended = identity.open_session(me.login_id, audience=Audience.CUSTOMER, device=Device("test"))
            live = identity.open_session(me.login_id, audience=Audience.CUSTOMER, device=Device("test"))
            sessions.end(ended.session_id, login_id=me.login_id)
        leave()
        again = "UPDATE sessions SET revoked_at = NULL WHERE id = :id"
        later = "UPDATE sessions SET revoked_at = now() + interval '1 h' WHERE id = :id"
        other = "UPDATE sessions SET factor_at = now() WHERE id = :id"
        assert refused(connection, again, id=ended.session_id) == HISTORY
        assert refused(connection, later, id=ended.session_id) == HISTORY
        assert refused(connection, later, id=live.session_id) == ""
        assert refused(connection, other, id=ended.session_id) == ""

    def test_the_step_of_an_app_only_grows(self, inside: Flask, connection: Connection) -> None:
        me = people.customer(enrolled=True)
        leave()
        step = "UPDATE totp_apps SET last_step = last_step + :by WHERE login_id = :me"
        assert refused(connection, step, by=1, me=me.login_id) == ""
        assert refused(connection, step, by=-1, me=me.login_id) == HISTORY

    def test_of_every_end_the_application_may_write_stays(self, owner_engine: Engine) -> None:
        marks = text(
            "SELECT format('%s.%s', a.attrelid::regclass, a.attname) AS mark,"
            " coalesce(string_to_array(encode(t.tgargs, 'escape'), '\\000') @> ARRAY[a.attname::text], false) AS stays"
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'"
            " LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = 'marks_stay' AND t.tgenabled = 'A'"
            " WHERE c.relnamespace = 'public'::regnamespace AND a.attname ~ :ends"
            " AND has_column_privilege('bursar_app', c.oid, a.attnum, 'UPDATE')"
        )
        with owner_engine.connect() as connection:
            found = {row.mark: row.stays for row in connection.execute(marks, {"ends": ENDS})}
        assert len(found) > len(AGAIN | GUARDED)
        assert {mark for mark, stays in found.items() if not stays} == AGAIN | GUARDED


class TestWhoseARowIs:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE customers SET login_id = 'lg_x' WHERE id = :me",
            "UPDATE wallets SET account = 'customer:x' WHERE customer_id = :me",
            "UPDATE wallets SET customer_id = 'cus_x' WHERE customer_id = :me",
            "UPDATE logins SET audience = 'operator' WHERE id = :login",
            "UPDATE sessions SET login_id = 'lg_x' WHERE login_id = :login",
            "UPDATE sessions SET expires_at = 'infinity' WHERE login_id = :login",
            "UPDATE codes SET login_id = 'lg_x' WHERE login_id = :login",
            "UPDATE codes SET expires_at = 'infinity' WHERE login_id = :login",
        ],
    )
    def test_is_not_the_applications_to_change(self, inside: Flask, connection: Connection, statement: str) -> None:
        me = people.customer()
        leave()
        assert refused(connection, statement, me=me.id, login=me.login_id) == DENIED

    def test_is_written_once_in_every_table(self, owner_engine: Engine) -> None:
        """But where it is found out later: then it is a mark that stays."""
        handed_on = text(
            "SELECT format('%s.%s', a.attrelid::regclass, a.attname) FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'"
            " LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = 'marks_stay'"
            " WHERE c.relnamespace = 'public'::regnamespace AND a.attname = ANY(:owners)"
            " AND has_column_privilege('bursar_app', c.oid, a.attnum, 'UPDATE')"
            " AND NOT coalesce(string_to_array(encode(t.tgargs, 'escape'), '\\000') @> ARRAY[a.attname::text], false)"
        )
        with owner_engine.connect() as connection:
            assert list(connection.execute(handed_on, {"owners": list(OWNERS)}).scalars()) == []
