"""Every door says who may pass, and its word fits its address: no customer's door under /console, no open one unlisted.

A view carries `__door__`, put there by a decorator of app.web.guards; a Flask-Admin view carries `door` on its class; a
blueprint that is not ours has its door in `app.extensions["doors"]`.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from app.core.permissions import Permission

FILES = frozenset({"admin.static"})  # the same for everybody
ADDRESSES = (  # the first that fits decides which audiences may be met there
    ("/console", {"operator", "public"}),
    ("/api/", {"api", "public"}),
    ("/callbacks/", {"vendor"}),
    ("/", {"customer", "public"}),
)
# Who is not signed in yet may write here, and nowhere else.
OPEN_WRITES = frozenset(
    {
        "portal.sign_in",
        "portal.sign_up",
        "portal.confirm_email",
        "portal.resend_code",
        "portal.sign_out",
        "portal.forgotten_password",
        "portal.reset_password",
        "portal.recover",
        "portal.stop_recovery",
        "portal.end_view",
        "portal.check_receipt",
        "console.forgotten_password",
        "console.reset_password",
        "console.sign_in",
        "console.sign_out",
        "console.join",
        "api.open_session",
        "reports.policy_report",
    }
)
READS = frozenset({"GET", "HEAD", "OPTIONS"})


def faults(app: Flask) -> list[str]:
    """The routes of `app` that say nothing about who may pass, or say what does not fit."""
    return [
        f"{rule.rule} ({rule.endpoint}): {sentence}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in FILES
        for sentence in _sentences(rule, mark_of(app, rule.endpoint))
    ]


def unused_exemptions(app: Flask) -> list[str]:
    """Exempt endpoints that do not exist."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    return [f"{name}: no such endpoint, take it off the lists." for name in sorted((FILES | OPEN_WRITES) - endpoints)]


def mark_of(app: Flask, endpoint: str) -> Any:
    """What the view behind an endpoint says: something with an `audience` and perhaps a `permission`."""
    view = app.view_functions[endpoint]
    view = getattr(view, "view_class", view)
    own = getattr(view, "__door__", None) or getattr(getattr(view, "__self__", None), "door", None)
    return own or app.extensions.get("doors", {}).get(endpoint.partition(".")[0])


def _sentences(rule: Rule, door: Any) -> Iterator[str]:
    if door is None:
        yield "nobody says who may pass: use @operator(Permission.…), @customer, @api(Scope.…), @vendor or @public."
        return
    fitting = next(audiences for prefix, audiences in ADDRESSES if rule.rule.startswith(prefix))
    if door.audience not in fitting:
        yield f"a door for {door.audience} at this address; here stand {' and '.join(sorted(fitting))}."
    permitted = isinstance(door.permission, Permission) or (door.audience == "operator" and door.own)
    if (door.audience == "operator") != permitted:
        yield "operators, and only they, need a Permission."
    if door.audience == "public" and (rule.methods or set()) - READS and rule.endpoint not in OPEN_WRITES:
        yield "anybody could write here: ask for somebody, or list it in OPEN_WRITES."
