"""Every face of the house, opened on an application: plumbing, then the doors, then the check that each is marked."""

from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core import clock
from app.ledger import assets as coins
from app.web import (
    assets,
    commands,
    errors,
    figures,
    filters,
    guards,
    health,
    reports,
    security,
    sides,
    throttle,
    uploads,
)
from app.web.api import routes as api
from app.web.callbacks import paystack
from app.web.console import routes as console
from app.web.console import tables
from app.web.portal import routes as portal

HERE = Path(__file__).parent


def open_doors(app: Flask) -> None:
    """Register everything. Raises RuntimeError for a door without a mark."""
    settings = app.extensions["settings"]
    app.template_folder = str(HERE / "templates")
    app.extensions["schema_head"] = (HERE.parents[1] / "migrations" / "HEAD").read_text().partition("_")[0]
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    Htmx(app)
    uploads.register(app)
    security.register(app)
    throttle.register(app)
    app.before_request(coins.freshen)
    guards.open_guard(app)
    errors.register(app)
    filters.register(app)
    figures.register(app)
    assets.register(app)
    app.context_processor(_everywhere)
    app.jinja_env.globals["ui"] = app.jinja_env.get_template("components/ui.html").module
    for blueprint in (health.bp, portal.bp, console.bp, api.bp, paystack.bp, reports.bp):
        app.register_blueprint(blueprint)
    for exempt in (api.bp, paystack.bp, reports.bp):  # no cookies there: a token, a signature, or nothing is asked for
        security.csrf.exempt(exempt)
    tables.register(app)
    commands.register(app)
    guards.refuse_unmarked(app)


def _everywhere() -> dict[str, Any]:
    theme = request.cookies.get(sides.cookie_prefix() + "theme", "light")
    return {
        "brand": current_app.extensions["settings"].brand,
        "theme": theme if theme in {"light", "dark"} else "light",
        "now": clock.now(),
        "nav": [],
        "customer": None,
        "operator": None,
        "halt": None,
    }
