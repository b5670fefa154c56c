"""Answers that go wrong on the money calls: it is carried out, or not, and the merchant is left to find out which.

`drop` and `error_after` are the dangerous ones: the money moved and the merchant was not told so.
"""

import socket
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, request

from sandbox import answers
from sandbox import knobs as knobboard
from sandbox.book import Book

P = ParamSpec("P")


def hang_up() -> None:
    """Close the connection under the answer, as a broken network does."""
    line: socket.socket | None = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
    if line is not None:
        line.shutdown(socket.SHUT_RDWR)


def may_misbehave(book: Book) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Wrap a money call so that the `answer` knob governs what the merchant hears of it."""

    def around(act: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(act)
        def acted(*args: P.args, **kwargs: P.kwargs) -> Response:
            with book.writing() as db:
                knobs = knobboard.take_answer(db, str(request.url_rule))
            if knobs.answer == "refuse":
                return answers.out_of_order().response()
            try:
                answer = act(*args, **kwargs)
            except answers.Refused as refused:
                answer = refused.response()
            if knobs.answer == "late_ms":
                time.sleep(knobs.late_ms / 1000)
            elif knobs.answer == "drop":
                hang_up()
            elif knobs.answer == "error_after":
                return answers.out_of_order().response()
            return answer

        return acted

    return around
