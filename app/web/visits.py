"""With what somebody comes, where they are signed in, and signing out there: the same for both faces."""

from flask import flash, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.identity import api_keys, queries, sessions
from app.identity.models import SignedIn
from app.identity.service import Device, rotate
from app.web import guards, sides
from app.web.throttle import throttle


def device(email: str) -> Device:
    """What somebody comes with who signs in to this account."""
    return Device(request.user_agent.string, request.remote_addr or "", known=throttle().knows(email))


def mine() -> list[SignedIn]:
    """The live sessions of whoever is signed in, this one first."""
    found = queries.sessions_of(owner=current_user.login_id)
    return sorted(found, key=lambda session: session.id != current_user.session_id)


def end(session_id: str) -> None:
    """End one of them. Raises NotFound when it is not theirs."""
    with transaction(guards.actor()):
        sessions.end(session_id, login_id=current_user.login_id)
    flash("That device is signed out.", "ok")


def end_others(*, afterwards: str) -> Response:
    """End all but this one, which has another token from now on. `afterwards` is where they go then."""
    with transaction(guards.actor()):
        sessions.sign_out_elsewhere(current_user.login_id, here=current_user.session_id)
        token = rotate(current_user.session_id)
    flash("You are signed out everywhere else.", "ok")
    tell_of_keys()
    return guards.hand_over(token, audience=sides.audience(), answer=redirect(afterwards, 303))


def tell_of_keys() -> None:
    """Programs are not signed out with people: say how many keys still open the account, and where they are ended."""
    live = len(api_keys.live_of(owner=current_user.login_id))
    if live:
        keys = "API key still opens" if live == 1 else "API keys still open"
        flash(f"{live} {keys} your account. If one may not be yours alone, revoke it on the page API keys.", "warn")
