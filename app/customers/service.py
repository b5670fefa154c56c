"""Commands of customers."""

from contextlib import suppress

from sqlalchemy import update

from app.core import clock, crypto, ids, outbox
from app.core.db import db
from app.customers import errors, events, queries, rules
from app.customers.models import Customer, Viewing
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.errors import CodesTooFast
from app.identity.rules import Audience
from app.identity.service import Claim


def sign_up(name: str, *, email: str, password: str) -> Claim:
    """Register somebody as a customer and mail a code: the claim that the code confirms.

    The door looks the same for an address that has an account: its claim is a decoy, and its owner gets a mail. For an
    address that was never confirmed the last sign-up counts, name and password. Raises BadName, BadEmail, WeakPassword.
    """
    cleaned = rules.clean_name(name)
    if cleaned is None:
        raise errors.BadName
    registered = identity.register(email, password=password, audience=Audience.CUSTOMER)
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


def begin_view(customer_id: str, *, operator_id: str, reason: str, ticket: str) -> str:
    """Let an operator look at a customer's pages for a while: the token, which is not kept. An earlier look ends.

    Raises ViewUnexplained, NoSuchCustomer.
    """
    if not reason.strip() or not ticket.strip():
        raise errors.ViewUnexplained
    customer, moment, token = queries.one_for_operators(customer_id), clock.now(), crypto.new_token()
    end_views(operator_id)
    db.session.add(
        Viewing(
            id=ids.new("vw"),
            customer_id=customer.id,
            operator_id=operator_id,
            token_hash=crypto.token_hash(token),
            reason=reason.strip(),
            ticket=ticket.strip(),
            began_at=moment,
            expires_at=moment + rules.VIEW_LIVES,
        )
    )
    db.session.flush()
    return token


def end_views(operator_id: str) -> None:
    """End what an operator looks at."""
    open_ones = (Viewing.operator_id == operator_id) & Viewing.ended_at.is_(None)
    db.session.execute(update(Viewing).where(open_ones).values(ended_at=clock.now()))


def end_spent_views() -> None:
    """Write down the end of views whose time is over; they open nothing since then."""
    moment = clock.now()
    spent = (Viewing.expires_at <= moment) & Viewing.ended_at.is_(None)
    db.session.execute(update(Viewing).where(spent).values(ended_at=moment))
