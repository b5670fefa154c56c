"""Who looks for somebody and does not find them learns nothing more, at every door: the same words, work and time.

Not found are a stranger, who signed up and never confirmed, a member of staff, a number that waits for its code or was
replaced, and a handle that was changed: each looked for by what it might have been found by.
"""

import random
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import db, leave
from app.core.permissions import Role
from app.identity.rules import Audience
from app.ledger import assets
from tests.makers import apps, books, browse, people, sending
from tests.web.portal.conftest import at_home
from tests.web.test_same_answers import TRIES, VARYING, compared, stamped, stranger, unconfirmed

FULL = 100  # tries of the full measure, at least
KEY = "k" * 20  # (nothing is done with it: each time is refused)
# What is measured takes a few milliseconds, and thousands of each are the full measure. Of 32 each a difference is seen
# that tells nearly every time, as a statement more does, or a hash.
MEASURED = TRIES * (4 if TRIES < FULL else 12)


@dataclass(frozen=True)
class Seeker:
    """Who looks for others: their browser, and their program's token."""

    client: FlaskClient
    token: str


Door = Callable[[Seeker, str], TestResponse]


@pytest.fixture
def seeker(app: Flask, inside: Flask) -> Seeker:
    """Somebody with money."""
    one = sending.customer(enrolled=True)
    leave()
    client = at_home(app, one)
    body = {"email": one.email, "password": people.PASSWORD, "code": apps.code(one.email)}
    opened = app.test_client().post("/api/v1/sessions", json=body).json
    assert opened
    return Seeker(client, opened["token"])


def review(seeker: Seeker, typed: str) -> TestResponse:
    fields = {"to": typed, "amount": "5", "key": KEY}
    return stamped(lambda: seeker.client.get("/transfers/review", query_string=fields))


def send(seeker: Seeker, typed: str) -> TestResponse:
    return posted(seeker, "/transfers", form_at="/transfers/ask", to=typed, shown="Ada O.")


def ask(seeker: Seeker, typed: str) -> TestResponse:
    return posted(seeker, "/transfers/ask", to=typed)


def split(seeker: Seeker, typed: str) -> TestResponse:
    return posted(seeker, "/transfers/split", to=typed, with_me="y")


def posted(seeker: Seeker, path: str, *, form_at: str = "", **fields: str) -> TestResponse:
    token = browse.token_of(seeker.client.get(form_at or path))
    sent = {"csrf_token": token, "amount": "5", "asset": "NGN", "key": KEY, **fields}
    return stamped(lambda: seeker.client.post(path, data=sent))


def send_by_program(seeker: Seeker, typed: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {seeker.token}", "Idempotency-Key": KEY}
    body = {"to": typed, "amount": {"asset": "NGN", "units": "500"}}
    return stamped(lambda: seeker.client.post("/api/v1/transfers", json=body, headers=headers))


DOORS: tuple[Door, ...] = (review, send, ask, split, send_by_program)


def never_confirmed() -> tuple[str, str]:
    """An address that somebody signed up with, and one that nobody did."""
    return unconfirmed(Audience.CUSTOMER), stranger()


def of_staff() -> tuple[str, str]:
    """An address of staff, and one of nobody that is as long."""
    _, email = people.newcomer(Role.SUPPORT)
    name, _, domain = email.partition("@")
    return email, f"{secrets.token_hex(len(name))[: len(name)]}@{domain}"


def waiting() -> tuple[str, str]:
    """A number whose code was not typed, and one that nobody has."""
    number = people.phone_number()
    people.waiting_number(people.customer().login_id, number)
    return number, people.phone_number()


def replaced() -> tuple[str, str]:
    """A number that somebody had, and one that nobody has."""
    one = people.customer(enrolled=True)
    number = sending.phone_of(one)
    with clock.at(clock.now() + timedelta(minutes=2)):  # (codes come a minute apart)
        people.waiting_number(one.login_id, people.phone_number())
        people.confirm_phone(one.login_id)
    return number, people.phone_number()


def changed() -> tuple[str, str]:
    """A handle that somebody had, and one that nobody has."""
    one = people.customer()
    name = sending.handle(one)
    with clock.at(clock.now() + timedelta(days=31)):
        sending.handle(one)
    return f"@{name}", f"@{books.fresh('h').replace('-', '_')[:18]}"


NOT_FOUND = (never_confirmed, of_staff, waiting, replaced, changed)
by_name = pytest.mark.parametrize("not_found", NOT_FOUND, ids=lambda one: one.__name__)


@by_name
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_same_words(seeker: Seeker, door: Door, not_found: Callable[[], tuple[str, str]]) -> None:
    heard = set()
    door(seeker, stranger())  # (a browser is given its cookies once)
    for typed in not_found():
        leave()
        answer = door(seeker, typed)
        headers = tuple(sorted(name for name, _ in answer.headers))
        heard.add((answer.status_code, headers, VARYING.sub("", unquote(answer.text).replace(typed, ""))))
    assert [status for status, *_ in heard] == [404], heard


@by_name
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_same_work(seeker: Seeker, door: Door, not_found: Callable[[], tuple[str, str]]) -> None:
    """Statement by statement."""
    done: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        done.append(statement)

    pair, works = not_found(), []
    assets.read()  # (they are read again once a minute, by whoever comes then)
    leave()
    door(seeker, stranger())  # (what a process keeps is kept from here on)
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        for typed in pair:
            done.clear()
            door(seeker, typed)
            works.append(Counter(done))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert works[0] == works[1]
    assert works[0]


@pytest.mark.slow
@pytest.mark.timeout(900)
@by_name
def test_the_same_time(
    seeker: Seeker, not_found: Callable[[], tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    pair, times = not_found(), dict[int, list[float]]({0: [], 1: []})
    leave()
    order = [0, 1] * MEASURED
    random.Random(MEASURED).shuffle(order)  # noqa: S311 (no secret)
    review(seeker, stranger())  # the first of its kind is slower for everybody
    for which in order:
        times[which].append(float(review(seeker, pair[which]).headers["X-Took"]))
    found = compared(times[0], times[1])
    words = f"{not_found.__name__}: of {MEASURED} each, p = {found.p:.4f}, Cliff's delta = {found.delta:+.3f}"
    with capsys.disabled():
        print(f"\n{words}")  # noqa: T201 (the measure is read, not only passed)
    assert not found.tells, words
