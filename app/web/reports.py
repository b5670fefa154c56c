"""What browsers report: something on a page of ours that the content policy stopped. It is logged, and nothing more.

Anybody may send anything here, and addresses hold tokens of mailed links: what is logged is named by us.
"""

import re
from urllib.parse import SplitResult, urlsplit

from flask import Blueprint, current_app, make_response, request
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException

from app.core import logs
from app.core.errors import TooMany
from app.web import guards, security
from app.web.throttle import throttle

BYTES_MAX = 10_000
_RULE = re.compile(r"[a-z-]{1,40}")
_HOST = re.compile(r"[a-z0-9.:-]{1,100}", re.IGNORECASE)

bp = Blueprint("reports", __name__)
log = logs.get("policy")


@bp.post("/csp-report")
@guards.public
def policy_report() -> Response:
    """Note which rule stopped what from where on which kind of page."""
    try:
        throttle().beginning("report")
    except TooMany:
        return make_response("", 204)
    told = security.sent_json(force=True) if (request.content_length or 0) <= BYTES_MAX else None
    report = told.get("csp-report") if told else None
    if isinstance(report, dict):
        facts = {
            "rule": _fits(_RULE, report.get("effective-directive")),
            "blocked": _fits(_HOST, _parts(report.get("blocked-uri")).netloc or report.get("blocked-uri")),
            "page": _endpoint(_parts(report.get("document-uri")).path),
        }
        log.warning("the content policy stopped something", extra={"facts": facts})
    return make_response("", 204)


def _parts(address: object) -> SplitResult:
    try:
        return urlsplit(str(address))
    except ValueError:  # (what begins like an address in brackets and is none)
        return urlsplit("")


def _fits(pattern: re.Pattern[str], told: object) -> str:
    return told if isinstance(told, str) and pattern.fullmatch(told) else "?"


def _endpoint(path: str) -> str:
    try:
        return str(current_app.url_map.bind("").match(path)[0])
    except HTTPException:
        return "?"
