"""Reads of customers."""

from sqlalchemy import func, select

from app.core.db import db
from app.customers.models import ClosureRequest, Customer
from app.customers.rules import ClosureState, State
from app.identity.models import Login
from app.identity.rules import Audience


def by_login(*, owner: str) -> Customer | None:
    """The customer behind a login id."""
    return db.session.scalars(select(Customer).where(Customer.login_id == owner)).one_or_none()


def is_locked(*, customer_id: str) -> bool:
    """Whether nothing may leave this customer's account."""
    state = db.session.scalars(select(Customer.state).where(Customer.id == customer_id)).one_or_none()
    return state == State.LOCKED


def open_closure(*, customer_id: str) -> ClosureRequest | None:
    """This customer's request to close their account, while it stands."""
    asked = select(ClosureRequest).filter_by(customer_id=customer_id, state=ClosureState.ASKED)
    return db.session.scalars(asked).one_or_none()


def closures_for_operators(*, state: ClosureState, before: str | None = None, limit: int) -> list[ClosureRequest]:
    """Requests to close an account, newest first."""
    found = select(ClosureRequest).filter_by(state=state).order_by(ClosureRequest.id.desc()).limit(limit)
    return list(db.session.scalars(found.where(ClosureRequest.id < before) if before else found))


def closure_count_for_operators(*, state: ClosureState) -> int:
    """How many there are."""
    return db.session.scalar(select(func.count()).select_from(ClosureRequest).filter_by(state=state)) or 0


def names_for_operators(customer_ids: set[str]) -> dict[str, str]:
    """Names by id."""
    found = select(Customer.id, Customer.name).where(Customer.id.in_(customer_ids))
    return {row.id: row.name for row in db.session.execute(found)}


def id_by_email_for_operators(email: str) -> str | None:
    """The customer with this address, if there is one: staff have private lives, and may not decide on their own."""
    same = select(Customer.id).join(Login, Login.id == Customer.login_id)
    return db.session.scalars(same.where(Login.audience == Audience.CUSTOMER, Login.email == email)).one_or_none()


def count_for_operators() -> int:
    """How many customers there are."""
    return db.session.scalar(select(func.count()).select_from(Customer)) or 0


def login_for_system(customer_id: str) -> str:
    """The login id of a customer, for a mail about to be written."""
    return db.session.get_one(Customer, customer_id).login_id
