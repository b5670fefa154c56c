"""The doors of passkeys. A script of ours calls them and reads JSON: what to sign, then where to go, or why not."""

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, jsonify, make_response, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import Refusal
from app.identity import factors, passkeys
from app.identity.errors import PasskeyRefused
from app.identity.passkeys import Site
from app.web import guards, second_factor, security, sides, ways


def options_to_add() -> Response:
    """What a new key is made for."""
    return _told(lambda: passkeys.begin_to_add(_session(), site=site()))


def options_to_prove() -> Response:
    """What one of their keys signs."""
    return _told(lambda: passkeys.begin_to_prove(_session(), site=site()))


def add_passkey() -> Response | BaseResponse:
    """Keep the key that the device made."""
    body = _body()
    name = body.get("name")
    return _proved(
        lambda: passkeys.add(
            _session(), credential=_credential(body), name=name if isinstance(name, str) else "", site=site()
        ),
        lambda: url_for(f"{sides.face()}.factor_list"),
    )


def prove_passkey() -> Response | BaseResponse:
    """Take the signature for a proof."""
    return _proved(
        lambda: passkeys.prove(_session(), credential=_credential(_body()), site=site()),
        lambda: ways.onward(second_factor.home()),
    )


def remove_passkey(passkey_id: str) -> second_factor.Answer:
    """Do without it."""
    return second_factor.take_away(
        lambda: factors.remove_passkey(_session(), passkey_id=passkey_id), "The passkey was removed."
    )


def _told(options: Callable[[], str]) -> Response:
    try:
        return current_app.response_class(atomically(options, actor=guards.actor()), mimetype="application/json")
    except Refusal as refused:
        return _refused(refused)


def _proved(deed: Callable[[], str | None], onward: Callable[[], str]) -> Response | BaseResponse:
    try:
        # A challenge is used up by a wrong answer too, so it is committed like a right one.
        token = atomically(deed, actor=guards.actor())
        if token is None:
            raise PasskeyRefused
    except Refusal as refused:
        return _refused(refused)
    return guards.hand_over(token, audience=sides.audience(), answer=jsonify({"next": onward()}))


def _refused(refused: Refusal) -> Response:
    return make_response(jsonify({"error": {"code": refused.code, "message": refused.message}}), refused.status)


def _body() -> dict[str, Any]:
    return security.sent_json() or {}


def _credential(body: dict[str, Any]) -> dict[str, Any]:
    credential = body.get("credential")
    return credential if isinstance(credential, dict) else {}


def _session() -> str:
    return str(current_user.session_id)


def site() -> Site:
    """Where this face's passkeys are good: at the name that its pages have."""
    settings = current_app.extensions["settings"]
    return Site.at(settings.console_url if sides.console_side() else settings.public_url, name=settings.brand)
