"""The rows of the books that are updated, the sums of accounts and the months, are so only within their guards' rules.

Tried on the owner's own connection, also as a replication role; nothing of it stays.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from tests.makers import books
from tests.makers.books import account, refused, wallet

pytestmark = pytest.mark.usefixtures("inside")
ROLES = ["origin", "replica"]


@pytest.fixture(params=ROLES)
def owner(owner_engine: Engine, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """The owner's connection in each role."""
    with books.undone(owner_engine) as connection:
        connection.execute(text(f"SET LOCAL session_replication_role = {request.param}"))
        connection.execute(text("SET LOCAL bursar.actor = 'system:owner'"))
        yield connection


def tried(connection: Connection, code: str, change: str) -> str:
    return refused(connection, f"UPDATE ledger.balances SET {change} WHERE code = :code", code=code)  # noqa: S608


class TestABalance:
    @pytest.mark.parametrize("change", ["debits = debits + 101", "credits = credits - 101", "held = held + 101"])
    def test_does_not_fall_through_its_floor(self, owner: Connection, change: str) -> None:
        assert tried(owner, wallet(100), change) == "LG004"

    def test_does_not_fall_through_its_floor_on_the_debit_side_either(self, owner: Connection) -> None:
        assert tried(owner, account("asset", floor=-50), "credits = credits + 51") == "LG004"

    def test_may_be_emptied(self, owner: Connection) -> None:
        assert tried(owner, wallet(100), "debits = debits + 60, held = held + 40") == ""

    def test_below_its_floor_may_rise(self, owner: Connection) -> None:
        code = wallet(100)
        assert tried(owner, code, "floor = 500") == ""
        owner.execute(text("UPDATE ledger.balances SET floor = 500 WHERE code = :code"), {"code": code})
        assert tried(owner, code, "credits = credits + 1") == ""
        assert tried(owner, code, "debits = debits + 1") == "LG004"
        assert tried(owner, code, "held = held + 1") == "LG004"

    @pytest.mark.parametrize("side", ["debit", "credit"])
    def test_does_not_move_in_a_frozen_direction(self, owner: Connection, side: str) -> None:
        code, other = wallet(100), {"debit": "credit", "credit": "debit"}[side]
        books.restrict(code, debits=side == "debit", credits_=side == "credit")
        assert tried(owner, code, f"{side}s = {side}s + 1") == "LG003"
        assert tried(owner, code, f"{other}s = {other}s + 1") == ""
        assert tried(owner, code, f"no_{side}s = false, {side}s = {side}s + 1") == ""  # thawed in the same breath

    @pytest.mark.parametrize("change", ["closed = false", "no_debits = false", "no_credits = false"])
    def test_of_a_closed_account_stays_closed(self, owner: Connection, change: str) -> None:
        code = wallet()
        books.close(code)
        assert tried(owner, code, change) == "LG003"
        assert tried(owner, code, "credits = credits + 1") == "LG003"


class TestAMonth:
    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            ("closing", "settled", ""),
            ("settled", "closed", ""),
            ("closing", "closed", "LG009"),
            ("settled", "closing", "LG009"),
            ("closed", "settled", "LG009"),
            ("closed", "closing", "LG009"),
            ("closed", "closed", "LG009"),
        ],
    )
    def test_only_goes_forward(self, owner: Connection, old: str, new: str, code: str) -> None:
        month(owner, old)
        move_on = "UPDATE ledger.periods SET state = :new WHERE month = '2001-01-01'"
        assert refused(owner, move_on, new=new) == code

    def test_is_not_another_one_later(self, owner: Connection) -> None:
        month(owner, "closing")
        assert refused(owner, "UPDATE ledger.periods SET state = 'settled', month = '2001-02-01'") == "LG009"

    @pytest.mark.parametrize(("state", "code"), [("closing", ""), ("settled", ""), ("closed", "23001")])
    def test_is_forgotten_only_until_it_is_closed(self, owner: Connection, state: str, code: str) -> None:
        month(owner, state)
        assert refused(owner, "DELETE FROM ledger.periods WHERE month = '2001-01-01'") == code


def month(connection: Connection, state: str) -> None:
    """A month of long ago in a state."""
    connection.execute(
        text("INSERT INTO ledger.periods (month, state, begun_by, begun_at) VALUES ('2001-01-01', :state, 'x', now())"),
        {"state": state},
    )
