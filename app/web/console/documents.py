"""Documents for those who decide on them: pages with the reader's name across, and the file. Each look is kept."""

from flask import current_app, g
from flask.wrappers import Response
from flask_login import current_user

from app.core.db import atomically
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.documents import flows, queries, service
from app.documents.errors import NotReady, TooManyViews
from app.documents.rules import What
from app.web import guards, pictures
from app.web.console.base import bp, refuse_own


@bp.get("/documents/<document_id>/preview/<int:page>")
@guards.operator(Permission.DOCUMENTS_READ)
def preview_document(document_id: str, page: int) -> Response:
    """A page of a document, marked with who looks at it."""
    _note(document_id, What.PREVIEW, page)
    label = pictures.label(current_user.name)
    body = flows.preview(current_app.extensions["clients"].documents, document_id, page=page, label=label)
    return pictures.picture(body, name=f"{document_id}-{page}")


@bp.get("/documents/<document_id>/file")
@guards.operator(Permission.DOCUMENTS_READ, fresh=True)
def take_document(document_id: str) -> Response:
    """The whole document, as we made it anew."""
    _note(document_id, What.FILE, 0)
    body, media_type = flows.content(current_app.extensions["clients"].documents, document_id)
    return pictures.file(body, media_type=media_type, name=document_id)


def _note(document_id: str, what: What, page: int) -> None:
    """Write it down before it is shown. Nothing is shown, and nothing written, of what cannot be."""
    document = queries.one_for_operators(document_id)
    refuse_own(document.customer_id)
    if not document.ready:
        raise NotReady
    if what is What.PREVIEW and not 1 <= page <= document.pages:
        raise NotFound
    facts = {
        "what": what, "page": page, "operator_id": current_user.id, "session_id": current_user.session_id,
        "request_id": g.request_id,
    }  # fmt: skip
    actor = guards.actor()
    try:
        atomically(lambda: service.note_view(document_id, **facts), actor=actor)
    except TooManyViews:
        atomically(lambda: service.note_refused_view(document_id, **facts), actor=actor)
        raise
