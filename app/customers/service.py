"""Commands of customers."""

from contextlib import suppress

from app.core import clock, ids, outbox
from app.core.db import db
from app.customers import errors, events, queries, rules
from app.customers.models import Customer
from app.identity import queries as identity_queries
from app.identity import renewal
from app.identity import service as identity
from app.identity.errors import CodesTooFast
from app.identity.rules import Audience
from app.identity.service import Claim


def sign_up(name: str, *, email: str, password: str, about: tuple[str, ...] = ()) -> Claim:
    """Register somebody as a customer and mail a code: the claim that the code confirms.

    The door looks the same for an address that has an account: its claim is a decoy, and its owner gets a mail. For an
    address that was never confirmed the last sign-up counts, name and password. `about` are words that a password may
    not consist of. Raises BadName, BadEmail, WeakPassword, CommonPassword, PersonalPassword.
    """
    cleaned = rules.clean_name(name)
    if cleaned is None:
        raise errors.BadName
    registered = identity.register(email, password=password, audience=Audience.CUSTOMER, about=(cleaned, *about))
    if registered.confirmed:
        _tell_owner(email)
        return registered.claim
    login_id = registered.claim.login_id
    if registered.fresh:
        db.session.add(Customer(id=ids.new("cus"), login_id=login_id, name=cleaned, created_at=clock.now()))
    else:
        require(login_id).name = cleaned
    db.session.flush()
    with suppress(CodesTooFast):  # a mail went out within the minute: the page offers another
        identity.issue_code(registered.claim)
    return registered.claim


def reset_password(token: str, *, password: str, about: tuple[str, ...] = ()) -> None:
    """Set a customer's new password by a mailed link. Raises as identity's `renewal.reset` does."""
    login_id = identity_queries.reset_owner_for_system(token, audience=Audience.CUSTOMER)
    known = queries.by_login(owner=login_id) if login_id else None
    words = (known.name, *about) if known else about
    renewal.reset(token, password=password, audience=Audience.CUSTOMER, about=words)


def _tell_owner(email: str) -> None:
    login_id = identity_queries.login_by_address_for_system(identity.canonical(email), audience=Audience.CUSTOMER)
    if login_id:
        outbox.emit(events.SignUpRepeated(login_id=login_id))


def require(login_id: str) -> Customer:
    """The customer behind a login that was made by `sign_up`."""
    customer = queries.by_login(owner=login_id)
    if customer is None:
        raise LookupError(login_id)
    return customer
