"""Reads of customers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from app.core import clock, crypto
from app.core.db import db
from app.customers import rules
from app.customers.errors import NoSuchCustomer
from app.customers.models import ClosureRequest, Customer, TierChange, Viewing
from app.customers.rules import ClosureState, State, Tier
from app.identity import queries as identity
from app.identity.models import Login
from app.identity.rules import Audience


def by_login(*, owner: str) -> Customer | None:
    """The customer behind a login id."""
    return db.session.scalars(select(Customer).where(Customer.login_id == owner)).one_or_none()


def is_locked(*, customer_id: str) -> bool:
    """Whether nothing may leave this customer's account."""
    state = db.session.scalars(select(Customer.state).where(Customer.id == customer_id)).one_or_none()
    return state == State.LOCKED


def safety_locked_for_system(*, until: datetime, limit: int = 100) -> list[str]:
    """Customers whose safety lock ends by this time."""
    over = select(Customer.id).where(Customer.state == State.LOCKED, Customer.locked_until <= until)
    return list(db.session.scalars(over.order_by(Customer.locked_until).limit(limit)))


def list_for_operators(
    asked: str = "", *, state: State | None = None, tier: Tier | None = None, before: str | None = None, limit: int
) -> list[Customer]:
    """Customers, newest first: those with these letters in their name, or this whole address or id. Keyset by id."""
    found = select(Customer).order_by(Customer.id.desc()).limit(limit)
    if asked:
        # (an address only whole: who may not see it must not be able to spell it out)
        whole = select(Login.id).where(Login.audience == Audience.CUSTOMER, Login.email == asked.casefold())
        named = Customer.name.icontains(asked, autoescape=True)
        found = found.where(or_(named, Customer.id == asked, Customer.login_id.in_(whole)))
    if state:
        found = found.where(Customer.state == state)
    if tier:
        found = found.where(Customer.tier == tier)
    return list(db.session.scalars(found.where(Customer.id < before) if before else found))


def counts_for_operators() -> dict[str, int]:
    """How many customers are in each state."""
    counted = select(Customer.state, func.count().label("many")).group_by(Customer.state)
    return {row.state: row.many for row in db.session.execute(counted)}


def found_by_id_or_login_for_system(*, customer_id: str, login_id: str) -> Customer | None:
    """Who has this id or this login, if it may be signed in to: for whoever was looked for by one or the other."""
    live = select(Customer).join(Login, Login.id == Customer.login_id)
    live = live.where(Login.email_confirmed_at.is_not(None), Login.disabled_at.is_(None))
    return db.session.scalars(live.where(or_(Customer.id == customer_id, Customer.login_id == login_id))).one_or_none()


def by_logins_for_operators(login_ids: Collection[str]) -> dict[str, Customer]:
    """Customers by login."""
    found = db.session.scalars(select(Customer).where(Customer.login_id.in_(login_ids)))
    return {one.login_id: one for one in found}


def tier(*, owner: str) -> Tier:
    """How much of this customer is verified."""
    return Tier(db.session.scalars(select(Customer.tier).where(Customer.id == owner)).one())


@dataclass(frozen=True)
class TierInForce:
    """The tier that somebody has, the one that counts, and from when on the higher one does where they differ."""

    tier: Tier
    counts: Tier
    waits_until: datetime | None


def tier_in_force(*, owner: str, at: datetime | None = None) -> TierInForce:
    """Which tier counts: after a change of what opens the account no higher one than counted then, for a day."""
    moment, present = at or clock.now(), tier(owner=owner)
    login_id = db.session.scalars(select(Customer.login_id).where(Customer.id == owner)).one()
    chain = rules.chain(identity.security_changes(owner=login_id), at=moment)
    if not chain:
        return TierInForce(present, present, None)
    since = select(TierChange).where(TierChange.customer_id == owner, TierChange.changed_at >= chain[-1])
    changes = [(one.changed_at, Tier(one.was)) for one in db.session.scalars(since.order_by(TierChange.id))]
    counts = rules.counting(present, changes=changes, chain=chain)
    return TierInForce(present, counts, chain[0] + rules.TIER_WAITS if counts != present else None)


def tier_changes(*, customer_id: str, limit: int = 20) -> list[TierChange]:
    """How a customer's tier changed, newest first."""
    found = select(TierChange).where(TierChange.customer_id == customer_id).order_by(TierChange.id.desc())
    return list(db.session.scalars(found.limit(limit)))


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


def tiers_for_operators(customer_ids: set[str]) -> dict[str, str]:
    """Tiers by id."""
    found = select(Customer.id, Customer.tier).where(Customer.id.in_(customer_ids))
    return {row.id: row.tier for row in db.session.execute(found)}


def id_by_email_for_operators(email: str) -> str | None:
    """The customer with this address, if there is one: staff have private lives, and may not decide on their own."""
    same = select(Customer.id).join(Login, Login.id == Customer.login_id)
    return db.session.scalars(same.where(Login.audience == Audience.CUSTOMER, Login.email == email)).one_or_none()


def is_related_for_system(operator_id: str, customer_ids: Collection[str]) -> bool:
    """Whether an operator is, privately, one of these customers: by the same address, and by nothing else."""
    address = identity.operator_address_for_system(operator_id)
    own = id_by_email_for_operators(address) if address else None
    return own is not None and own in customer_ids


def count_for_operators() -> int:
    """How many customers there are."""
    return db.session.scalar(select(func.count()).select_from(Customer)) or 0


def login_for_system(customer_id: str) -> str:
    """The login id of a customer, for a mail about to be written."""
    return db.session.get_one(Customer, customer_id).login_id


def one_for_operators(customer_id: str) -> Customer:
    """A customer. Raises NoSuchCustomer."""
    found = db.session.get(Customer, customer_id)
    if found is None:
        raise NoSuchCustomer
    return found


def address_for_operators(customer_id: str) -> str:
    """A customer's e-mail address. Raises NoSuchCustomer."""
    return identity.address_for_system(one_for_operators(customer_id).login_id)


def found_for_operators(asked: str) -> Customer:
    """The customer with this address or id. Raises NoSuchCustomer."""
    return one_for_operators(id_by_email_for_operators(asked.strip().lower()) or asked.strip())


def view_for_system(token: str) -> tuple[Viewing, Customer] | None:
    """The live view that this token opens and whom it looks at, or None. The door's question."""
    whose = select(Viewing, Customer).join(Customer, Customer.id == Viewing.customer_id)
    row = db.session.execute(whose.where(Viewing.token_hash == crypto.token_hash(token))).one_or_none()
    if row is None or row[0].opened_at is None:
        return None
    if not rules.view_is_live(row[0].expires_at, ended_at=row[0].ended_at, at=clock.now()):
        return None
    return row[0], row[1]


def views_of(*, customer_id: str, before: str | None = None, limit: int = 10) -> list[Viewing]:
    """When staff looked at a customer's pages, newest first. Keyset by id."""
    found = select(Viewing).where(Viewing.customer_id == customer_id).order_by(Viewing.id.desc()).limit(limit)
    return list(db.session.scalars(found.where(Viewing.id < before) if before else found))
