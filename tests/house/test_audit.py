"""No table changes off the record."""

import pytest
from sqlalchemy import Engine

from app.audit.exempt import EXEMPT
from tests.house.conftest import ExpectNone
from tests.house.gates import recorded

WATCHED = {"withdrawals": True, "outbox": False}
REASONS = {"outbox": "machinery: told with the change"}


def test_every_table_is_on_the_record(owner_engine: Engine, expect_none: ExpectNone) -> None:
    with owner_engine.connect() as connection:
        expect_none(recorded.faults(recorded.tables(connection), exempt=EXEMPT))


def test_sees_a_table_without_the_trigger(owner_engine: Engine) -> None:
    with owner_engine.connect() as connection:  # (never committed)
        connection.exec_driver_sql("CREATE TABLE off_the_record (id bigint)")
        assert recorded.tables(connection)["off_the_record"] is False
        connection.rollback()


def test_a_full_record_passes() -> None:
    assert recorded.faults(WATCHED, exempt=REASONS) == []


@pytest.mark.parametrize(
    ("watched", "exempt", "says"),
    [
        (WATCHED | {"secret": False}, REASONS, "secret: call audit.watch('secret')"),
        (WATCHED, {"outbox": "because"}, "outbox: its exemption needs a reason"),
        (WATCHED, REASONS | {"gone": "was there once before"}, "gone: is exempt and does not exist"),
        (WATCHED, REASONS | {"withdrawals": "was a record itself"}, "withdrawals: is exempt and watched"),
    ],
)
def test_bites(watched: dict[str, bool], exempt: dict[str, str], says: str) -> None:
    (fault,) = recorded.faults(watched, exempt=exempt)
    assert says in fault
