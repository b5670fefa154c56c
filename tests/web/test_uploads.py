"""Files in forms: what a door takes is bounded before anything of it is kept, and refused in words."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from flask.wrappers import Response
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from app.core.db import leave
from app.documents.rules import MIB
from app.factory import create_app
from app.web import guards, uploads
from app.web.security import csrf
from config import Settings


@uploads.takes_files()
@guards.public
def taking() -> Response:
    """A door that takes a file."""
    file = uploads.sent("file")
    return jsonify(name=file.name, size=len(file.body))


@guards.public
def other() -> Response:
    """A door that takes none."""
    return jsonify(files=len(request.files))


@pytest.fixture(scope="module")
def house(settings: Settings) -> Iterator[Flask]:
    """The whole house with two more doors."""
    made = create_app(settings)
    for name, view in (("taking", taking), ("other", other)):
        made.add_url_rule(f"/test/{name}", name, view, methods=["POST"])
        csrf.exempt(view)
    yield made
    made.extensions["redis"].close()
    with made.app_context():
        leave()
        for engine in made.extensions["sqlalchemy"].engines.values():
            engine.dispose()


@pytest.fixture
def browser(house: Flask) -> FlaskClient:
    return house.test_client()


def form(*files: tuple[str, bytes], field: str = "file") -> dict[str, Any]:
    """A form with files, as it travels."""
    boundary, body = encode_multipart(MultiDict([(field, FileStorage(io.BytesIO(body), name)) for name, body in files]))
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def test_a_file_arrives_whole_with_its_name(browser: FlaskClient) -> None:
    answer = browser.post("/test/taking", **form(("a/b.jpg", b"A" * 9 * MIB)))
    assert answer.json == {"name": "a/b.jpg", "size": 9 * MIB}


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (form(), 422, "Choose a file"),
        (form(("", b"")), 422, "Choose a file"),
        (form(("a.jpg", b"A"), field="else"), 422, "Choose a file"),
        (form(("a.jpg", b"")), 422, "empty"),
        (form(("a.jpg", b"A"), ("b.jpg", b"B")), 422, "one file"),
        (form(("a.jpg", b"A" * 11 * MIB)), 422, "larger than 10 MB"),
        (form(("a.jpg", b"A" * 22 * MIB)), 413, "too much to send at once"),
        (form(*[(f"{number}.jpg", b"A") for number in range(10_000)]), 413, "too much to send at once"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    browser: FlaskClient, sent: dict[str, Any], status: int, says: str
) -> None:
    answer = browser.post("/test/taking", **sent)
    assert answer.status_code == status
    assert says in answer.text


class Endless(io.RawIOBase):
    """A body that goes on and on, and counts what is read of it."""

    def __init__(self, head: bytes) -> None:
        super().__init__()
        self.head, self.taken = head, 0

    def readable(self) -> bool:
        return True

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        piece = (self.head if not self.taken else b"A" * len(room))[: len(room)]
        room[: len(piece)] = piece
        self.taken += len(piece)
        return len(piece)


HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'


def test_a_body_without_end_is_left_at_the_bound(browser: FlaskClient) -> None:
    body = Endless(HEAD)
    answer = browser.post(
        "/test/taking",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert answer.status_code == 413
    assert body.taken < 22 * MIB


def test_a_body_that_says_it_is_too_large_is_not_read(browser: FlaskClient) -> None:
    body = Endless(HEAD)
    answer = browser.post(
        "/test/taking",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": body, "CONTENT_LENGTH": str(10**12)},
    )
    assert answer.status_code == 413
    assert body.taken == 0


def test_a_body_of_nobody_who_is_signed_in_is_not_read(browser: FlaskClient) -> None:
    for cookie in ("", "forged"):
        browser.set_cookie("bursar", cookie)
        body = Endless(HEAD)
        answer = browser.post(
            "/verification/selfie/files/selfie",
            content_type="multipart/form-data; boundary=x",
            environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
        )
        assert (answer.status_code, body.taken) == (303, 0)


def test_any_other_door_takes_no_more_than_a_form(browser: FlaskClient) -> None:
    assert browser.post("/test/other", **form(("a.jpg", b"A" * 100))).status_code == 200
    assert browser.post("/test/other", **form(("a.jpg", b"A" * 2 * MIB))).status_code == 413
