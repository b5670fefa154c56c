"""Where somebody came from, and leading them elsewhere before they may go on."""

from urllib.parse import urlsplit

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse


def page_before() -> str:
    """The page of ours that sent this form."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host:
        return ""
    return f"{came.path}?{came.query}" if came.query else came.path


def lead(page: str) -> BaseResponse:
    """Go there; htmx takes the whole window along."""
    if request.headers.get("HX-Request"):
        answer = Response(status=401)
        answer.headers["HX-Redirect"] = page
        return answer
    return redirect(page, 303)
