"""Headers of every answer: a strict content policy with a nonce, no framing, no caching of what is private.

`HARD` are those that every file of ours bears too; WhiteNoise answers those before the application is asked.
"""

import secrets
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, abort, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.core import ids, logs
from app.web import origins, sides, uploads

csrf = CSRFProtect()
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

HSTS = "max-age=63072000; includeSubDomains"  # two years; over HTTPS alone, browsers ignore it elsewhere
HARD = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'{forms}; base-uri 'none';"
    " object-src 'none'; frame-ancestors 'none'; report-uri /csp-report"
)


def register(app: Flask) -> None:
    """Prepare each request and dress each answer."""
    over_https = app.extensions["settings"].public_url.startswith("https://")
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,  # an approval page may stand open for hours; the token is bound to the session
        WTF_CSRF_HEADERS=["X-CSRFToken"],
        # Form tokens and messages only: who is signed in is another cookie.
        SESSION_COOKIE_NAME="__Host-bursar_form" if over_https else "bursar_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=over_https,
        MAX_CONTENT_LENGTH=1_000_000,
        MAX_FORM_MEMORY_SIZE=200_000,
        MAX_FORM_PARTS=200,
    )
    app.extensions["hard_headers"] = HARD | ({"Strict-Transport-Security": HSTS} if over_https else {})
    app.before_request(_begin)  # (before the form's token is looked at: a refusal has the request's id, too)
    csrf.init_app(app)
    app.after_request(_dress)
    app.teardown_request(_end)
    app.jinja_env.globals["csp_nonce"] = nonce


def nonce() -> str:
    """This answer's nonce."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def _begin() -> BaseResponse | None:
    g.request_id = ids.new("req")
    g.log_token = logs.request_id.set(g.request_id)
    origins.check_host()
    origins.check_site()
    if away := uploads.make_room():
        return away
    if "\x00" in request.path or _has_nul(request.args):
        abort(404)  # PostgreSQL's texts have no such character, so nothing is named by one
    if request.mimetype in FORMS and _has_nul(request.form):
        abort(400)
    return None


def sent_json(*, force: bool = False) -> dict[str, Any] | None:
    """The JSON object of this request; None for anything else, and for one that says what no text of ours may hold."""
    try:
        body = request.get_json(force=force, silent=True)
    except RecursionError:  # (nested deeper than anything that means something)
        return None
    return body if isinstance(body, dict) and all(map(_is_text, _texts(body))) else None


def _texts(sent: Any) -> Iterator[str]:
    left = [sent]
    while left:
        each = left.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            left += [*each, *each.values()]
        elif isinstance(each, list):
            left += each


def _is_text(sent: str) -> bool:
    """Whether it can be written: JSON can say NUL, and half of a surrogate pair, which UTF-8 has no bytes for."""
    return "\x00" not in sent and not any("\ud800" <= letter <= "\udfff" for letter in sent)


def _has_nul(sent: MultiDict[str, str]) -> bool:
    return any("\x00" in value for _, value in sent.items(multi=True))


def _end(_error: BaseException | None) -> None:
    """Let the thread go: what it writes before its next request belongs to none."""
    if "log_token" in g:
        logs.request_id.reset(g.pop("log_token"))


def _other_name() -> str:
    """Where forms of this page may lead beside its own name: a view as customer begins at one name, ends at the other.

    Browsers hold a redirect after a form to the same rule as the form.
    """
    settings = current_app.extensions["settings"]
    if not settings.console_host:
        return ""
    if sides.console_side():
        return f" {settings.public_url}"
    return f" {settings.console_url}" if "view_as" in g else ""


def _dress(answer: Response) -> Response:
    # (A file that a door hands out says itself what it may do: nothing.)
    answer.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce(), forms=_other_name()))
    answer.headers.update(current_app.extensions["hard_headers"])
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    answer.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    answer.headers["X-Request-Id"] = g.get("request_id", "")
    if request.endpoint not in {"static", "admin.static"}:
        answer.headers["Cache-Control"] = "no-store"
        # The same address answers with a page and with a block of it: a cache that mixes them up shows a naked block.
        answer.headers.add("Vary", "HX-Request, Cookie")
    return answer
