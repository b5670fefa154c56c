"""Reads of customers."""

from collections.abc import Collection

from sqlalchemy import func, select

from app.core.db import db
from app.customers.models import Customer
from app.identity import queries as identity
from app.identity.models import Login
from app.identity.rules import Audience


def by_login(*, owner: str) -> Customer | None:
    """The customer behind a login id."""
    return db.session.scalars(select(Customer).where(Customer.login_id == owner)).one_or_none()


def names_for_operators(customer_ids: set[str]) -> dict[str, str]:
    """Names by id."""
    found = select(Customer.id, Customer.name).where(Customer.id.in_(customer_ids))
    return {row.id: row.name for row in db.session.execute(found)}


def id_by_email_for_operators(email: str) -> str | None:
    """The customer with this address, if there is one: staff have private lives, and may not decide on their own."""
    same = select(Customer.id).join(Login, Login.id == Customer.login_id)
    return db.session.scalars(same.where(Login.audience == Audience.CUSTOMER, Login.email == email)).one_or_none()


def is_related_for_system(operator_id: str, customer_ids: Collection[str]) -> bool:
    """Whether an operator is, privately, one of these customers."""
    address = identity.operator_address_for_system(operator_id)
    own = id_by_email_for_operators(address) if address else None
    return own is not None and own in customer_ids


def count_for_operators() -> int:
    """How many customers there are."""
    return db.session.scalar(select(func.count()).select_from(Customer)) or 0


def login_for_system(customer_id: str) -> str:
    """The login id of a customer, for a mail about to be written."""
    return db.session.get_one(Customer, customer_id).login_id
