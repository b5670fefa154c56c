"""Who may turn knobs: whoever sits at this machine, and no web page that a developer visits meanwhile."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import abort, request


def refuse_strangers(*, control_open: bool) -> None:
    """Stop a request that does not come from this machine, or that another site's page has sent."""
    if not control_open and not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)
