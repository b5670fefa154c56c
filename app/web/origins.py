"""Where a request may come to and come from: our own names, and for what changes anything our own pages."""

from urllib.parse import urlsplit

from flask import abort, current_app, request
from werkzeug.sansio.utils import host_is_trusted

from app.core import logs
from app.web import sides

LOCAL = ["localhost", "127.0.0.1"]
READS = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIELESS = frozenset({"api", "callbacks", "reports"})  # blueprints whose doors look at no cookie


log = logs.get("origins")


def check_host() -> None:
    """Answer only to our own names, and each of two names only for its own doors. Probes come by address."""
    settings = current_app.extensions["settings"]
    if request.blueprint == "health":
        return
    names = [str(urlsplit(settings.public_url).hostname), *filter(None, [settings.console_host])]
    if not settings.production:
        names += LOCAL
    if not host_is_trusted(request.host, names):
        abort(400)
    if request.blueprint == "reports":
        return  # (pages of both names report here)
    if settings.console_host and sides.console_side() != host_is_trusted(request.host, names[1:2]):
        abort(404)


def check_site() -> None:
    """Refuse a change that another site's page sends, beside the token that it cannot know.

    Browsers say where a request comes from (Fetch Metadata, `Sec-Fetch-Site`); older ones at least their `Origin`.
    """
    if request.method in READS or request.blueprint in COOKIELESS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = site not in {"same-origin", "none"} if site else bool(origin and urlsplit(origin).netloc != request.host)
    if foreign:
        log.warning("another site's page sent a change", extra={"facts": {"door": request.endpoint}})
        abort(403)
