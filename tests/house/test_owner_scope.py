"""A customer's face reads only what is the customer's."""

import importlib
from pathlib import Path

import pytest

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import owners


def test_every_read_says_whose_rows(root: Path, expect_none: ExpectNone) -> None:
    expect_none(owners.faults(root))


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("app/pay/queries.py", "def latest(pay_id): ...", "latest has no owner"),
        ("app/pay/queries/lists.py", "def latest(*, at): ...", "latest has no owner"),
        ("app/pay/queries.py", "def latest(*, customer_id):\n    return everything()", "never looks at it"),
        ("app/web/portal/pay.py", "pays.list_for_operators()", "in a customer's face"),
        ("app/web/api/pay.py", "one_for_system('x')", "in a customer's face"),
    ],
)
def test_bites(plant: Plant, path: str, text: str, says: str) -> None:
    (fault,) = owners.faults(plant({path: text}))
    assert fault.startswith(f"{path}:1: ")
    assert says in fault


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/pay/queries.py", "def latest(*, customer_id):\n    return mine(customer_id)"),
        ("app/pay/queries.py", "def list_for_operators(): ...\ndef for_system(): ...\ndef _row(x): ..."),
        ("app/pay/queries.py", "def login_without_owner(email): ..."),
        ("app/pay/service.py", "def approve(row): ..."),
        ("app/web/console/pay.py", "pays.list_for_operators()"),
        ("app/web/portal/pay.py", "pays.latest(customer_id=me)"),
    ],
)
def test_lets_pass(plant: Plant, path: str, text: str) -> None:
    assert owners.faults(plant({path: text})) == []


@pytest.mark.parametrize("room", owners.NOBODYS)
def test_what_is_nobodys_has_no_owner(room: str) -> None:
    models = importlib.import_module(f"{room.strip('/').replace('/', '.')}.models")
    tables = [one.__table__ for one in vars(models).values() if getattr(one, "__module__", "") == models.__name__]
    assert tables
    for table in tables:
        assert not {"customer_id", "login_id", "owner"} & set(table.columns.keys()), table.name
