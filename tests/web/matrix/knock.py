"""Coming to a door: one request, and in a word what became of it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.test import TestResponse

from app.core.db import leave, transaction
from app.core.errors import NotFound, Refusal
from app.customers import service as customers
from app.identity import queries as identity
from tests.makers import apps
from tests.web.matrix.actors import TEST, Visitor
from tests.web.matrix.tables import IN, LEAVING, Line
from tests.web.matrix.things import Things

PASSED = "X-Passed"
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
# Where somebody is led who may not come in as they are.
LED = {"sign-in": "sign-in", "prove": "prove", "factors": "enrol"}
REFUSED, ABSENT, SEE_OTHER = {401, 403}, 404, 303


def mark_passage(app: Flask) -> None:
    """Say in a header of each answer whether the request got past everything that stands before the view."""
    app.before_request(_passed)
    app.after_request(_say)


def knock(visitor: Visitor, line: Line, things: Things) -> tuple[str, TestResponse]:
    """Try a door, with a valid form's token and an otherwise empty form: the word for the cell, and the answer."""
    named: list[str] = []

    def name(argument: re.Match[str]) -> str:
        named.append(things.named(line.endpoint, argument[1], line.object, visitor))
        return named[-1]

    answer = _ask(visitor, line, ARGUMENT.sub(name, line.rule))
    said = answer.get_data().decode(errors="replace")  # (some doors hand out pictures)
    answer.close()  # (a file of the framework's is open until then)
    assert answer.status_code < 500, f"{line}: {answer.status_code}"
    assert "stale_form" not in said, f"{line}: the form's token was refused"
    word = _word(visitor, line, answer)
    if line.method != "GET" and passed(answer):
        if word == IN:
            things.used_up(named)
        _mend(visitor, line)
    return word, answer


def passed(answer: TestResponse) -> bool:
    """Whether the request came as far as the view."""
    return PASSED in answer.headers


def _ask(visitor: Visitor, line: Line, path: str) -> TestResponse:
    headers = visitor.headers
    if line.method == "GET":
        return visitor.client.get(path, headers=headers)
    if line.table in {"api", "others"}:
        return visitor.client.open(path, method=line.method, json={}, headers={**headers, "Idempotency-Key": "matrix"})
    return visitor.client.open(path, method=line.method, data={"csrf_token": visitor.csrf}, headers=headers)


def _word(visitor: Visitor, line: Line, answer: TestResponse) -> str:
    if not passed(answer):
        led = urlsplit(answer.location or "").path.rpartition("/")[2]
        return LED.get(led, str(answer.status_code))
    if answer.status_code in REFUSED:
        return str(answer.status_code)
    missing = answer.status_code == ABSENT or not MISSING.isdisjoint(_flashed(visitor, answer))
    return "404" if missing and line.object else IN


def _flashed(visitor: Visitor, answer: TestResponse) -> list[str]:
    """What the next page would say: a refusal, where the answer leads back to a page."""
    if answer.status_code != SEE_OTHER:
        return []
    with visitor.client.session_transaction() as kept:
        return [text for _, text in kept.pop("_flashes", [])]


def _mend(visitor: Visitor, line: Line) -> None:
    """Make undone what would stand in the way of the next door."""
    if line.endpoint == "portal.freeze_now":
        with transaction(TEST):
            customers.unlock(visitor.customer_id, actor=TEST, reason="matrix")
    if line.endpoint.endswith(".remove_app") and identity.live_app(owner=visitor.login_id) is None:
        apps.give(visitor.login_id, visitor.email)
    if line.endpoint in LEAVING:
        visitor.open()
    leave()


def _kinds_of(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    yield refusal
    for each in refusal.__subclasses__():
        yield from _kinds_of(each)


MISSING = {kind.message for kind in _kinds_of(NotFound)} | {"That task is not waiting for a second try."}


def _passed() -> None:
    if request.endpoint is not None:  # (an address that only leads to another one is no door)
        g.passed = True


def _say(answer: Response) -> Response:
    if "passed" in g:
        answer.headers[PASSED] = "yes"
    return answer
