"""Ways through the house: to another page, back to the one before, on to where somebody wanted to go."""

from urllib.parse import urlsplit

from flask import Response, redirect, request, session
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


def onward(default: str) -> str:
    """Where somebody wanted to go before they had to sign in: a path of ours or `default`."""
    wanted = session.pop("next", "")
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if ours else default
