"""The cookie of somebody of ours who looks at the portal as a customer: signed, short, and never the customer's own."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, request
from itsdangerous import BadSignature, TimestampSigner
from werkzeug.wrappers import Response as BaseResponse

from app.customers.rules import VIEW_LIVES


@dataclass(frozen=True)
class View:
    """Who looks, and until when."""

    operator_id: str
    operator: str
    until: datetime


def give(token: str, *, answer: BaseResponse) -> BaseResponse:
    """Hand the token of a fresh view to the browser."""
    answer.set_cookie(
        _name(),
        _signer().sign(token).decode(),
        max_age=int(VIEW_LIVES.total_seconds()),
        secure=_secure(),
        httponly=True,
        samesite="Strict",
    )
    return answer


def take(answer: BaseResponse) -> BaseResponse:
    """Have the browser forget it."""
    answer.delete_cookie(_name(), secure=_secure(), httponly=True)
    return answer


def token() -> str:
    """The token that this request brings with our signature on it; empty when there is none, or an old one."""
    brought = request.cookies.get(_name(), "")
    try:
        return _signer().unsign(brought, max_age=int(VIEW_LIVES.total_seconds())).decode() if brought else ""
    except BadSignature:  # (one that is too old is one of these)
        return ""


def _signer() -> TimestampSigner:
    return TimestampSigner(current_app.secret_key or "", salt="view-as")


def _name() -> str:
    return ("__Host-" if _secure() else "") + "bursar_view"


def _secure() -> bool:
    return bool(current_app.extensions["settings"].public_url.startswith("https://"))
