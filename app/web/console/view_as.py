"""View as customer: find one, say why and for which ticket, and look. Every look is recorded and told."""

from flask import current_app, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.customers import queries, rules, service
from app.customers.errors import NoSuchCustomer
from app.customers.models import Customer
from app.identity import queries as identity
from app.web import forms, guards
from app.web.console.base import bp
from app.web.fragments import page


class ViewForm(forms.FlaskForm):
    """Why somebody looks."""

    ticket = forms.text("Ticket", length=60)
    reason = forms.paragraph("Reason")


@bp.get("/view-as")
@guards.operator(Permission.CUSTOMERS_VIEW_AS)
def find_to_view() -> Response:
    """Find the customer by address or id."""
    asked = request.args.get("q", "").strip()
    try:
        return _page(queries.found_for_operators(asked) if asked else None, ViewForm(), {}, asked=asked)
    except NoSuchCustomer as refused:
        return _page(None, ViewForm(), {"q": refused.message}, asked=asked)


@bp.post("/view-as/<customer_id>")
@guards.operator(Permission.CUSTOMERS_VIEW_AS, fresh=True)
def begin_view(customer_id: str) -> Response | BaseResponse:
    """Begin to look: a link that works once leads to the portal, which may have another name."""
    customer, form, actor = queries.one_for_operators(customer_id), ViewForm(), guards.actor()
    if not form.validate_on_submit():
        return _page(customer, form, forms.errors_of(form), asked=customer_id)
    reason, ticket = form.reason.data.strip(), form.ticket.data.strip()
    me, session_id = current_user.id, current_user.session_id
    try:
        token = atomically(
            lambda: service.begin_view(
                customer_id, operator_id=me, session_id=session_id, reason=reason, ticket=ticket
            ),
            actor=actor,
            reason=f"{ticket}: {reason}",
        )
    except Refusal as refused:
        return _page(customer, form, {"reason": refused.message}, asked=customer_id)
    settings = current_app.extensions["settings"]
    return redirect(
        (settings.public_url if settings.console_host else "") + url_for("portal.open_view", token=token), 303
    )


def _page(customer: Customer | None, form: ViewForm, errors: dict[str, str], *, asked: str) -> Response:
    return page(
        "console/view_as.html",
        block="found",
        customer=customer,
        phone=identity.phone_for_operators(customer.login_id) if customer else "",
        form=form,
        errors=errors,
        asked=asked,
        minutes=int(rules.VIEW_LIVES.total_seconds()) // 60,
        status=422 if form.is_submitted() else 200,
    )
