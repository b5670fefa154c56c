"""Who acts is written one way everywhere."""

from collections.abc import Callable

import pytest

from app.core import actor
from app.core.actor import Actor, Kind


@pytest.mark.parametrize(
    ("who", "written"),
    [
        (actor.customer("cus_1"), "customer:cus_1"),
        (actor.operator("op_1"), "operator:op_1"),
        (actor.system("relay"), "system:relay"),
    ],
)
def test_an_actor_is_written_as_kind_and_id(who: Actor, written: str) -> None:
    assert str(who) == written
    assert who.request_id == ""


@pytest.mark.parametrize("make", [actor.customer, actor.operator, actor.system])
def test_the_request_is_remembered_and_not_written(make: Callable[..., Actor]) -> None:
    who = make("x", request_id="req_1")
    assert who.request_id == "req_1"
    assert "req_1" not in str(who)


def test_actors_of_another_kind_are_others() -> None:
    assert actor.customer("1") != actor.operator("1")
    assert {Kind.CUSTOMER, Kind.OPERATOR, Kind.SYSTEM} == set(Kind)


def test_an_actor_cannot_become_another() -> None:
    with pytest.raises(AttributeError):
        actor.system("relay").id = "sweeper"  # type: ignore[misc]
