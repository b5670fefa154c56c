"""Commands of customers."""

from app.core import clock, ids, outbox
from app.core.db import db
from app.customers import errors, events, queries, rules
from app.customers.models import Customer
from app.identity import service as identity
from app.identity.rules import Audience


def sign_up(name: str, *, email: str, password: str) -> str:
    """Register somebody as a customer and mail a code: the login's id.

    An address that has an account gets neither a second one nor an answer that tells: the door looks the same.
    Raises BadName, BadEmail, WeakPassword, CodesTooFast.
    """
    cleaned = rules.clean_name(name)
    if cleaned is None:
        raise errors.BadName
    login_id, fresh = identity.register(email, password=password, audience=Audience.CUSTOMER)
    if fresh:
        db.session.add(Customer(id=ids.new("cus"), login_id=login_id, name=cleaned, created_at=clock.now()))
        db.session.flush()
        identity.issue_code(login_id)
    else:
        outbox.emit(events.SignUpRepeated(login_id=login_id))
    return login_id


def require(login_id: str) -> Customer:
    """The customer behind a login that was made by `sign_up`."""
    customer = queries.by_login(owner=login_id)
    if customer is None:
        raise LookupError(login_id)
    return customer
