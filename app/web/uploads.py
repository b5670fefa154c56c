"""Files in forms: a door that takes them says so, and nobody sends any other more than a form.

The body of a request is read while it is looked at for the first time, before the door is reached; so the bound is set
before that (`make_room`), and a body beyond it, or of nobody who is signed in, is refused unread.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from app.core.db import for_everyone, leave
from app.core.errors import Refusal, Unprocessable
from app.documents import rules
from app.documents.errors import EmptyFile, FileTooLarge
from app.identity import queries as identity
from app.web import sides, view_as, ways
from app.web.guards import PUBLIC, Door, door_of

View = TypeVar("View", bound=Callable[..., Any])

FORM_BYTES = 1_000_000  # of what is sent around the files
PARTS_MAX = 40


class NoFile(Unprocessable):
    code = "file_missing"
    message = "Choose a file first."


class BodyTooLarge(Refusal):
    status = 413
    code = "body_too_large"
    message = "That is too much to send at once. Send several files one after the other, and smaller ones."


@dataclass(frozen=True)
class Upload:
    """A file as it was sent. What it is its content says; its name is for showing alone."""

    name: str
    body: bytes


def register(app: Flask) -> None:
    """Hold what is sent in memory, which is bounded: papers of a customer's lie open on no disk, not for a moment."""

    class Held(app.request_class):  # type: ignore[name-defined]
        """A request whose files are in memory."""

        def _get_file_stream(self, *_given: object, **_more: object) -> io.BytesIO:
            return io.BytesIO()

    app.request_class = Held


def takes_files(
    count: int = 1, *, parts: int = PARTS_MAX, bytes_each: int = rules.FILE_BYTES_MAX
) -> Callable[[View], View]:
    """Above a guard: this door takes so many files at once, in a form of at most so many parts.

    There is more room than that, twice or ten MB, so that a file somewhat too large is refused at its place.
    """
    room = count * (bytes_each + rules.FILE_BYTES_MAX) + FORM_BYTES

    def mark(view: View) -> View:
        view.__body_bytes__, view.__body_parts__ = room, parts  # type: ignore[attr-defined]
        return view

    return mark


def make_room() -> Response | None:
    """Before anything looks at a body: let it be as large as its door takes, or lead a stranger away unread."""
    view = current_app.view_functions.get(request.endpoint or "")
    room = getattr(view, "__body_bytes__", 0)
    if room and request.method == "POST" and not view_as.token():  # (who views as a customer sends nothing)
        if door_of(current_app, str(request.endpoint)) not in {None, Door(PUBLIC)} and not _is_somebodys():
            return ways.lead(url_for(f"{sides.face()}.sign_in"))
        request.max_content_length = room
        request.max_form_parts = getattr(view, "__body_parts__", PARTS_MAX)
        if (request.content_length or 0) > room:
            raise BodyTooLarge
        try:
            request.files  # noqa: B018 (reads the body, now that the bound is set)
        except RequestEntityTooLarge as error:
            raise BodyTooLarge from error
    return None


def _is_somebodys() -> bool:
    """Whether a live session came along. What it may do is looked at by the guard, with the body read."""
    token = request.cookies.get(sides.cookie_name(sides.audience()), "")
    with for_everyone():
        seen = identity.seen_for_system(token, audience=sides.audience()) if token else None
        leave()
    return seen is not None


def sent(field: str, *, bytes_max: int = rules.FILE_BYTES_MAX) -> Upload:
    """The one file of a field. Raises NoFile, EmptyFile, FileTooLarge."""
    files = [file for file in request.files.getlist(field) if file.filename]
    if not files:
        raise NoFile
    if len(files) > 1:
        raise NoFile("Send one file here.")
    body = files[0].stream.read(bytes_max + 1)
    if not body:
        raise EmptyFile
    if len(body) > bytes_max:
        if bytes_max == rules.FILE_BYTES_MAX:
            raise FileTooLarge
        raise FileTooLarge(f"This file is larger than {bytes_max // 1024 // 1024} MB. Choose a smaller one.")
    return Upload(files[0].filename or "", body)
