"""The development mailbox: mails that were not sent anywhere. Where mails go out, it does not exist."""

from flask import abort, current_app, request
from flask.wrappers import Response

from app.core.permissions import Permission
from app.notifications import queries
from app.web.console.base import bp
from app.web.fragments import page
from app.web.guards import operator

PAGE = 20


@bp.get("/mailbox")
@operator(Permission.MAILBOX_READ)
def mailbox() -> Response:
    """The newest mails, to be read."""
    if not current_app.extensions["clients"].mailer.keeps:
        abort(404)
    found = queries.kept_for_operators(before=request.args.get("before"), limit=PAGE + 1)
    return page(
        "console/mailbox.html",
        block="mails",
        mails=found[:PAGE],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first="before" not in request.args,
    )
