"""What browsers report: something on a page of ours that the content policy stopped. It is logged, and nothing more."""

from urllib.parse import urlsplit

from flask import Blueprint, make_response, request
from flask.wrappers import Response

from app.core import logs
from app.core.errors import TooMany
from app.web import guards
from app.web.throttle import throttle

BYTES_MAX = 10_000

bp = Blueprint("reports", __name__)
log = logs.get("policy")


@bp.post("/csp-report")
@guards.public
def policy_report() -> Response:
    """Note which rule stopped what on which page, without queries: those may name somebody."""
    try:
        throttle().beginning("report")
    except TooMany:
        return make_response("", 204)
    told = request.get_json(force=True, silent=True) if (request.content_length or 0) <= BYTES_MAX else None
    report = told.get("csp-report") if isinstance(told, dict) else None
    if isinstance(report, dict):
        facts = {
            "rule": str(report.get("effective-directive", ""))[:60],
            "blocked": _place(report.get("blocked-uri")),
            "page": _place(report.get("document-uri")),
        }
        log.warning("the content policy stopped something", extra={"facts": facts})
    return make_response("", 204)


def _place(address: object) -> str:
    parts = urlsplit(str(address))
    return f"{parts.netloc}{parts.path}"[:200]
