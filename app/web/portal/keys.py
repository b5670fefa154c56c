"""API keys: what a customer's programs come in with. Shown once, listed by name, revoked with a second look."""

from datetime import timedelta

from flask import flash, redirect, request, session, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically, transaction
from app.core.errors import Refusal
from app.customers import service as customers
from app.identity import api_keys, rules
from app.identity.models import ApiKey
from app.identity.scopes import WORDS, Scope
from app.web import errors, guards
from app.web.fragments import page
from app.web.portal.base import bp


@bp.get("/api-keys")
@guards.customer
def keys() -> Response:
    """The keys there are, and a form for another."""
    return _page()


@bp.post("/api-keys")
@guards.fresh
@guards.customer
def issue_key() -> Response:
    """Make one and show it, this once."""
    name = request.form.get("name", "").strip()
    scopes = [Scope(text) for text in request.form.getlist("scope") if text in set(Scope)]
    faults = {}
    if not 0 < len(name) <= api_keys.NAME_MAX:
        faults["name"] = f"A name by which you will know it, up to {api_keys.NAME_MAX} characters."
    if not scopes:
        faults["scope"] = "Choose at least one thing that it may do."
    days = request.form.get("days", "")
    lives = timedelta(days=int(days)) if days in _days() else rules.KEY_LIVES[0]
    if faults:
        return _page(faults=faults, status=422)
    try:
        issued = atomically(lambda: _issue(name, scopes=scopes, lives=lives), actor=guards.actor())
    except Refusal as refused:
        errors.say(refused)
        return _page(status=refused.status)
    return _page(fresh=issued[1])


@bp.post("/api-keys/revoke-all")
@guards.customer
def revoke_all_keys() -> BaseResponse:
    """End them all, as after a password that somebody else knew."""
    with transaction(guards.actor()):
        api_keys.revoke_all(current_user.login_id)
    flash("All keys are revoked. No program comes in with one of them any more.", "ok")
    return redirect(url_for("portal.keys"), 303)


@bp.post("/api-keys/<key_id>/revoke")
@guards.customer
def revoke_key(key_id: str) -> BaseResponse:
    """End one; every token that was got with it is dead at once."""
    try:
        with transaction(guards.actor()):
            api_keys.revoke(key_id, login_id=current_user.login_id)
        flash("Revoked. No program comes in with it any more.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.keys"), 303)


def _issue(name: str, *, scopes: list[Scope], lives: timedelta) -> tuple[ApiKey, str]:
    """A frozen account gets no new keys: whoever froze it wanted others out. Raises AccountFrozen, as `issue`."""
    customers.refuse_while_locked(current_user.id)
    return api_keys.issue(current_user.login_id, name=name, scopes=scopes, lives=lives)


def _page(*, fresh: str = "", faults: dict[str, str] | None = None, status: int = 200) -> Response:
    session.pop("next", None)
    return page(
        "portal/keys.html",
        live=api_keys.live_of(owner=current_user.login_id),
        ended=api_keys.ended_of(owner=current_user.login_id),
        words=WORDS,
        days=[(days, f"{days} days") for days in _days()],
        chosen=request.form.getlist("scope"),
        name="" if fresh else request.form.get("name", ""),
        fresh=fresh,
        errors=faults or {},
        status=status,
    )


def _days() -> list[str]:
    return [str(lives.days) for lives in rules.KEY_LIVES]
