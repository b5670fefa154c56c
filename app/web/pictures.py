"""How pictures and files of documents leave the house: as what they are, to be kept nowhere, able to do nothing."""

from flask import make_response
from flask.wrappers import Response

from app.core import clock
from app.web.filters import wat

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "application/pdf": "pdf"}


def label(name: str) -> str:
    """What stands across a page that this person looks at now."""
    return f"{name} · {wat(clock.now())}"


def picture(body: bytes, *, name: str) -> Response:
    """A page of a document, to be looked at."""
    return _handed(body, "image/png", f'inline; filename="{name}.png"')


def file(body: bytes, *, media_type: str, name: str) -> Response:
    """A document, to be taken. Its name is one of ours: theirs would be a way to be read as something else."""
    return _handed(body, media_type, f'attachment; filename="{name}.{_ENDINGS[media_type]}"')


def _handed(body: bytes, media_type: str, disposition: str) -> Response:
    answer = make_response(body)
    answer.headers["Content-Type"] = media_type
    answer.headers["Content-Disposition"] = disposition
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
