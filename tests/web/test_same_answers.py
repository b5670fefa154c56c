"""Known, unknown and never confirmed addresses get the same answer after the same time, at every door that is asked.

Times are compared by the Mann-Whitney test. Over many tries a difference of microseconds is significant and tells
nobody anything, so what fails is one that is both: hardly by chance, and large enough to tell one from the other.
`SAME_ANSWERS_TRIES=500` is the full measure.
"""

import base64
import json
import math
import os
import random
import re
import secrets
import statistics
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.core import actor
from app.core.db import db, leave, transaction
from app.customers import service as customers
from app.identity import service as identity
from app.identity.rules import Audience
from app.ledger import assets
from tests.makers import browse, people
from tests.makers.databases import Database, owner_does

SMOKE, TRIES = 3, int(os.environ.get("SAME_ANSWERS_TRIES", "8"))
P_MIN = 0.001  # smaller is hardly chance
DELTA_MAX = 0.147  # Cliff's delta, "negligible" by the usual reading: 57 guesses of 100 are right
CHOSEN = "a word that a stranger chose"  # at sign-up, for an address that has another, or none
ACQUAINTANCES = 12
SOME = range(ACQUAINTANCES)
VARYING = re.compile(
    r'"request_id":"[^"]*"|'
    r'nonce="[^"]*"|name="csrf_token" value="[^"]*"|"X-CSRFToken": "[^"]*"|value="[^"]*@test\.example"'
)
_EVEN = re.compile(r"(RELEASE|ROLLBACK TO) SAVEPOINT \w+| SKIP LOCKED")


@dataclass(frozen=True)
class Comparison:
    """Two samples: how likely their difference is by chance, and how far they lie apart (-1 to 1; 0 is not at all)."""

    p: float
    delta: float

    @property
    def tells(self) -> bool:
        """Whether somebody could tell one from the other."""
        return self.p < P_MIN and abs(self.delta) > DELTA_MAX


def compared(first: list[float], second: list[float]) -> Comparison:
    """The Mann-Whitney U test, two-sided, by its normal approximation with the correction for ties."""
    ranked = sorted((value, group) for group, sample in enumerate((first, second)) for value in sample)
    total, ranks, ties, start = len(ranked), [0.0, 0.0], 0, 0
    while start < total:
        end = start
        while end < total and ranked[end][0] == ranked[start][0]:
            end += 1
        for _, group in ranked[start:end]:
            ranks[group] += (start + end + 1) / 2
        ties += (end - start) ** 3 - (end - start)
        start = end
    pairs = len(first) * len(second)
    above = ranks[0] - len(first) * (len(first) + 1) / 2
    spread = math.sqrt(pairs / 12 * (total + 1 - ties / (total * (total - 1))))
    distance = max(abs(above - pairs / 2) - 0.5, 0) / spread if spread else 0
    return Comparison(p=math.erfc(distance / math.sqrt(2)), delta=2 * above / pairs - 1)


class TestTheMeasure:
    def test_sees_a_difference_and_only_that(self) -> None:
        chance = random.Random(7)  # noqa: S311 (no secret)
        base = [chance.gauss(100, 10) for _ in range(500)]
        assert not compared(base, [chance.gauss(100, 10) for _ in range(500)]).tells
        assert compared(base, [chance.gauss(104, 10) for _ in range(500)]).tells
        assert compared([1.0] * 30, [2.0] * 30).delta == -1
        assert compared([1.0] * 30, [1.0] * 30).p == 1

    def test_agrees_with_worked_examples(self) -> None:
        found = compared([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])  # U = 0, z = (12.5 - 0.5) / sqrt(25 / 12 * 11)
        assert found.delta == -1
        assert found.p == pytest.approx(0.0122, abs=0.0001)
        one, other = [3.0, 4, 2, 6, 2, 5, 9, 7], [9.0, 7, 5, 10, 6, 8, 4, 1, 3, 5]
        signs = [(mine > yours) - (mine < yours) for mine in one for yours in other]
        assert compared(one, other).delta == pytest.approx(sum(signs) / len(signs))


Door = Callable[[FlaskClient, str], TestResponse]


def sign_in(client: FlaskClient, email: str) -> TestResponse:
    return _timed(client, "/sign-in", email=email, password="not the password at all")


def sign_in_at_the_console(client: FlaskClient, email: str) -> TestResponse:
    return _timed(client, "/console/sign-in", email=email, password="not the password at all")


def sign_up(client: FlaskClient, email: str) -> TestResponse:
    return _timed(client, "/sign-up", name="Ada Obi", email=email, phone=people.PHONE, password=people.PASSWORD)


def forgotten(client: FlaskClient, email: str) -> TestResponse:
    return _timed(client, "/forgotten-password", email=email)


def resend(client: FlaskClient, email: str) -> TestResponse:
    browse.send(client, "/sign-up", name="Ada Obi", email=email, phone=people.PHONE, password=people.PASSWORD)
    return _resend(client)


def confirm(client: FlaskClient, email: str) -> TestResponse:
    browse.send(client, "/sign-up", name="Ada Obi", email=email, phone=people.PHONE, password=people.PASSWORD)
    return _timed(client, "/confirm-email", code="000000x")


def sign_in_after_sign_up(client: FlaskClient, email: str) -> TestResponse:
    """With the password that was chosen a moment ago, in another browser: it says nothing about whose it is now."""
    _sign_up_elsewhere(client, email)
    return _timed(client, "/sign-in", email=email, password=CHOSEN)


def sign_in_by_program_after_sign_up(client: FlaskClient, email: str) -> TestResponse:
    """The same at the API."""
    _sign_up_elsewhere(client, email)
    return stamped(lambda: client.post("/api/v1/sessions", json={"email": email, "password": CHOSEN}))


def _sign_up_elsewhere(client: FlaskClient, email: str) -> None:
    other = client.application.test_client()
    browse.send(other, "/sign-up", name="Ada Obi", email=email, phone=people.PHONE, password=CHOSEN)


@pytest.fixture(autouse=True)
def owners_hand(app: Flask, database: Database) -> None:
    """What a try does between two requests, it does as the owner of the database."""
    app.extensions["test_database"] = database


def _resend(client: FlaskClient) -> TestResponse:
    login_id = browse.claim_of(client)[0]
    browse.let_code_age(client)
    # (the minute between two codes is over)
    older = "UPDATE codes SET created_at = created_at - interval '2 min' WHERE login_id = :login_id"
    owner_does(client.application.extensions["test_database"], older, login_id=login_id)
    return _timed(client, "/confirm-email/again", form_at="/confirm-email")


def _timed(client: FlaskClient, path: str, *, form_at: str = "", **fields: str) -> TestResponse:
    token = browse.token_of(client.get(form_at or path))
    return stamped(lambda: client.post(path, data={"csrf_token": token, **fields}))


def stamped(knock: Callable[[], TestResponse]) -> TestResponse:
    began = time.perf_counter()
    answer = knock()
    answer.headers["X-Took"] = str(time.perf_counter() - began)
    return answer


def told(client: FlaskClient, answer: TestResponse) -> tuple[object, ...]:
    """Everything of an answer, and of the page it leads to, but what differs each time for everybody."""
    shown = client.get(answer.location).text if answer.location else ""
    headers = tuple(sorted(name for name, _ in answer.headers if name != "X-Took"))
    cookies = tuple((key, len(str(value))) for key, value in sorted(readable(client).items()))
    said = VARYING.sub("", answer.text), VARYING.sub("", shown)
    return answer.status_code, answer.location, headers, cookies, *said


def readable(client: FlaskClient) -> dict[str, object]:
    """What anybody reads in their own form cookie: it is signed, and not sealed."""
    cookie = client.get_cookie("bursar_form")
    if cookie is None:
        return {}
    body = cookie.value.split(".")[1 if cookie.value.startswith(".") else 0]
    plain = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    return dict(json.loads(zlib.decompress(plain) if cookie.value.startswith(".") else plain))


def recover(client: FlaskClient, email: str) -> TestResponse:
    return _timed(client, "/recover", email=email, contact="another-box@test.example")


DOORS = (
    sign_in,
    sign_in_at_the_console,
    sign_in_after_sign_up,
    sign_in_by_program_after_sign_up,
    sign_up,
    forgotten,
    recover,
    resend,
    confirm,
)
KNOWN, UNCONFIRMED, UNKNOWN = "known", "unconfirmed", "unknown"


def acquaintances(door: Door, kind: str) -> list[str]:
    """Addresses that this door knows; or that somebody typed and never confirmed."""
    if kind == UNCONFIRMED:
        return [unconfirmed(Audience.OPERATOR if door is sign_in_at_the_console else Audience.CUSTOMER) for _ in SOME]
    if door is sign_in_at_the_console:
        return [people.operator()[1] for _ in SOME]
    return [people.customer().email for _ in SOME]


def unconfirmed(audience: Audience) -> str:
    """An address whose owner has not typed the code, or not followed the invitation."""
    email = stranger()
    with transaction(actor.system("test")):
        if audience is Audience.CUSTOMER:
            customers.sign_up("Ada Obi", email=email, phone=people.PHONE, password=people.PASSWORD)
        else:
            identity.add_login(identity.applicant(email, password=people.PASSWORD, audience=audience))
    return email


def stranger() -> str:
    """An address of the same length as the known ones."""
    return f"customer-{secrets.randbelow(9)}-{secrets.token_hex(3)}@test.example"


@dataclass(frozen=True)
class Measure:
    """What each kind of address was told, and how long that took, in seconds."""

    heard: set[tuple[object, ...]]
    times: dict[str, list[float]]

    def median(self, kind: str) -> float:
        """In milliseconds."""
        return statistics.median(self.times[kind]) * 1000


def measured(app: Flask, door: Door, *, tries: int) -> Measure:
    """Each kind of address so many times, in a random order."""
    there = {kind: acquaintances(door, kind) for kind in (KNOWN, UNCONFIRMED)}
    leave()
    order = [kind for kind in (KNOWN, UNCONFIRMED, UNKNOWN) for _ in range(tries)]
    random.Random(tries).shuffle(order)  # noqa: S311 (no secret)
    found = Measure(set(), {kind: [] for kind in order})
    door(app.test_client(), stranger())  # the first of its kind is slower for everybody
    for number, kind in enumerate(order):
        client = app.test_client()
        answer = door(client, there[kind][number % ACQUAINTANCES] if kind in there else stranger())
        found.times[kind].append(float(answer.headers["X-Took"]))
        found.heard.add(told(client, answer))
    return found


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_same_words(app: Flask, inside: Flask, door: Door) -> None:
    heard = measured(app, door, tries=SMOKE).heard
    assert len(heard) == 1, heard


@pytest.mark.parametrize("kind", [KNOWN, UNCONFIRMED, UNKNOWN])
def test_two_sign_ups_do_not_tell_whether_they_are_one_account(app: Flask, inside: Flask, kind: str) -> None:
    email = stranger() if kind == UNKNOWN else acquaintances(sign_up, kind)[0]
    leave()
    browsers = [app.test_client() for _ in range(2)]
    for client in browsers:
        sign_up(client, email)
    first, second = (readable(client) for client in browsers)
    assert first.keys() == second.keys() == {"pending"}
    assert not {str(each) for each in first.values()} & {str(each) for each in second.values()}
    assert "lg_" not in f"{first}{second}"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_same_work(app: Flask, inside: Flask, door: Door) -> None:
    """Statement by statement; a savepoint kept or taken back, and a lock waited for or not, count as the same.

    The one who never confirmed comes twice: within the minute there is no second code, and as much work.
    """
    addresses = [acquaintances(door, KNOWN)[0], *acquaintances(door, UNCONFIRMED)[:1] * 2, stranger()]
    assets.read()  # (they are read again once a minute, by whoever comes then)
    leave()
    done: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        done.append(_EVEN.sub("", statement))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        works = []
        for email in addresses:
            done.clear()
            door(app.test_client(), email)
            works.append(Counter(done))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    for work in works[:-1]:
        assert work == works[-1]
    assert works[-1]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_same_time(app: Flask, inside: Flask, door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    found = measured(app, door, tries=TRIES)
    unknown = found.times[UNKNOWN]
    compares = {kind: compared(found.times[kind], unknown) for kind in (KNOWN, UNCONFIRMED)}
    lines = [
        f"{door.__name__}: {kind} {found.median(kind):.2f} ms, unknown {found.median(UNKNOWN):.2f} ms"
        f" (medians of {TRIES} each); Mann-Whitney U, two-sided: p = {each.p:.4f}, Cliff's delta = {each.delta:+.3f}"
        for kind, each in compares.items()
    ]
    words = "\n".join(lines)
    with capsys.disabled():
        print(f"\n{words}")  # noqa: T201 (the measure is read, not only passed)
    assert not any(each.tells for each in compares.values()), words
