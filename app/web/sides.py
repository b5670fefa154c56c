"""The two sides of the house, customers' and staff's: which one a request came to, and the cookie of each."""

from flask import current_app, request

from app.identity.rules import Audience


def console_side() -> bool:
    """Whether this request came to the console's doors."""
    return request.path.startswith("/console")


def audience() -> Audience:
    """Whose doors this request came to."""
    return Audience.OPERATOR if console_side() else Audience.CUSTOMER


def face() -> str:
    """The blueprint whose doors this request came to."""
    return "console" if console_side() else "portal"


def cookie_name(audience: Audience) -> str:
    """Each audience has a cookie of its own; over HTTPS it is bound to the host."""
    return cookie_prefix() + ("bursar_console" if audience is Audience.OPERATOR else "bursar")


def cookie_prefix() -> str:
    """What binds every cookie of ours to the host, over HTTPS."""
    return "__Host-" if secure() else ""


def secure() -> bool:
    """Whether the house is reached over HTTPS: its cookies are bound to that."""
    return bool(current_app.extensions["settings"].public_url.startswith("https://"))
