"""A customer's own documents, to look at."""

from flask import current_app, g
from flask.wrappers import Response
from flask_login import current_user

from app.core.errors import Forbidden
from app.documents import flows, queries
from app.web import guards, pictures
from app.web.portal.base import bp
from app.web.throttle import throttle


@bp.get("/documents/<document_id>/preview/<int:page>")
@guards.customer
def preview_document(document_id: str, page: int) -> Response:
    """A page of one of their documents. Who looks at the portal as its customer does not see it."""
    if "view_as" in g:
        raise Forbidden("Documents are not shown to who looks as a customer.")
    queries.one(document_id, owner=current_user.id)
    throttle().looking("document preview", current_user.email)
    label = pictures.label(current_user.name)
    body = flows.preview(current_app.extensions["clients"].documents, document_id, page=page, label=label)
    return pictures.picture(body, name=f"{document_id}-{page}")
