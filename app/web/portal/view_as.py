"""Where a view as customer opens and ends: the portal's half of it. It begins in the console."""

from flask import current_app, flash, g, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.customers import service
from app.web import guards, view_as
from app.web.portal.base import bp
from app.web.throttle import throttle


@bp.get("/view-as/<token>")
@guards.public
def open_view(token: str) -> BaseResponse:
    """The link from the console, which works once: another cookie, which opens the portal for reading."""
    with throttle().guessing("view", token):
        atomically(lambda: service.open_view(token), actor=guards.actor())
    return view_as.give(token, answer=redirect(url_for("portal.home"), 303))


@bp.post("/view-as/end")
@guards.public
def end_view() -> BaseResponse:
    """Look no more, and go back to the console."""
    actor, view = guards.actor(), g.get("view_as")
    if view is not None:
        atomically(lambda: service.end_views(view.operator_id), actor=actor)
        flash("The view is ended.", "ok")
    settings = current_app.extensions["settings"]
    console = (settings.console_url if settings.console_host else "") + url_for("console.find_to_view")
    return view_as.take(redirect(console, 303))
