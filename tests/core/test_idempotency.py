"""The same request twice has one effect and one answer, also when both come at once."""

from functools import partial
from threading import Event
from typing import Any

import pytest
from flask import Flask

from app.core import actor
from app.core.actor import Actor
from app.core.db import transaction
from app.core.errors import InProgress, KeyReused, Malformed, NotFound
from app.core.idempotency import once
from tests.makers.books import TESTER, fresh
from tests.makers.crowd import at_once

pytestmark = pytest.mark.usefixtures("inside")


class Counter:
    """A body that says how often it ran."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self) -> dict[str, Any]:
        self.runs += 1
        return {"run": self.runs}


def ask(key: str, body: Any, *, who: Actor = TESTER, **request: Any) -> tuple[dict[str, Any], bool]:
    """Ask in a transaction of its own."""
    with transaction(who):
        return once(key, actor=who, request=request, body=body)


class TestOnce:
    def test_does_it_once_and_answers_twice(self) -> None:
        key, body = fresh(), Counter()
        assert ask(key, body, amount=5) == ({"run": 1}, False)
        assert ask(key, body, amount=5) == ({"run": 1}, True)
        assert body.runs == 1

    def test_does_not_mind_the_order_of_fields(self) -> None:
        key, body = fresh(), Counter()
        ask(key, body, amount=5, to="x")
        assert ask(key, body, to="x", amount=5) == ({"run": 1}, True)

    @pytest.mark.parametrize("other", [{"amount": 6}, {"amount": "5"}, {}, {"amount": 5, "to": None}], ids=repr)
    def test_refuses_the_key_for_another_request(self, other: dict[str, Any]) -> None:
        key, body = fresh(), Counter()
        ask(key, body, amount=5)
        with pytest.raises(KeyReused):
            ask(key, body, **other)
        assert body.runs == 1

    def test_keeps_the_keys_of_actors_apart(self) -> None:
        key, body = fresh(), Counter()
        ask(key, body, who=actor.customer("cus_1"))
        assert ask(key, body, who=actor.customer("cus_2")) == ({"run": 2}, False)

    def test_stores_an_empty_answer_as_an_answer(self) -> None:
        key = fresh()
        assert ask(key, dict) == ({}, False)
        assert ask(key, dict) == ({}, True)

    def test_frees_the_key_when_the_work_is_refused(self) -> None:
        key, body = fresh(), Counter()

        def refuse() -> dict[str, Any]:
            raise NotFound

        with pytest.raises(NotFound):
            ask(key, refuse)
        assert ask(key, body) == ({"run": 1}, False)

    def test_refuses_a_request_inside_itself(self) -> None:
        key = fresh()
        with pytest.raises(InProgress), transaction(TESTER):
            once(key, actor=TESTER, request={}, body=lambda: once(key, actor=TESTER, request={}, body=dict)[0])

    @pytest.mark.parametrize("key", ["", "k" * 256])
    def test_refuses_a_key_of_no_or_too_great_length(self, key: str) -> None:
        body = Counter()
        with pytest.raises(Malformed, match="1 to 255"):
            ask(key, body)
        assert body.runs == 0

    def test_takes_a_key_of_the_greatest_length(self) -> None:
        assert ask(fresh("k" * 200).ljust(255, "k"), Counter()) == ({"run": 1}, False)


class TestTwins:
    def test_have_one_effect_and_one_answer(self, app: Flask) -> None:
        key, body = fresh(), Counter()
        answers = at_once(app, [lambda: ask(key, body, amount=5)] * 8)
        assert body.runs == 1
        assert sorted(stored for _, stored in answers) == [False] + [True] * 7
        assert [answer for answer, _ in answers] == [{"run": 1}] * 8

    def test_wait_for_the_first_and_do_it_when_the_first_is_refused(self, app: Flask) -> None:
        key, body, begun = fresh(), Counter(), Event()

        def refuse() -> dict[str, Any]:
            begun.set()
            raise NotFound

        def second() -> Any:
            begun.wait(5)
            return ask(key, body)

        refused, answered = at_once(app, [lambda: ask(key, refuse), second])
        assert isinstance(refused, NotFound)
        assert answered == ({"run": 1}, False)

    def test_with_another_request_are_refused(self, app: Flask) -> None:
        key, body = fresh(), Counter()
        answers = at_once(app, [partial(ask, key, body, amount=amount) for amount in range(4)])
        assert body.runs == 1
        assert sum(isinstance(answer, KeyReused) for answer in answers) == 3
