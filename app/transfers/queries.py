"""Reads of transfers: who is found by what was typed, what went between two, what is asked for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.customers import queries as customers
from app.identity import phones, service
from app.identity import queries as identity
from app.identity.errors import BadEmail, BadPhone
from app.identity.rules import Audience
from app.ledger import prices
from app.risk import queries as risk
from app.risk.rules import worth as counts_for
from app.transfers import rules
from app.transfers.errors import NoSuchRecipient, NoWorth
from app.transfers.models import Handle, MoneyRequest, Split, Transfer
from app.transfers.rules import State

UNPROVED = "transfer_unproved_amount"


@dataclass(frozen=True)
class Found:
    """A customer whom somebody looked for. `name` is all that they are shown."""

    customer_id: str
    name: str


@dataclass(frozen=True)
class Side:
    """A transfer as one of its two sees it."""

    transfer: Transfer
    incoming: bool

    @property
    def other_name(self) -> str:
        """Who the other is."""
        return self.transfer.sender_name if self.incoming else self.transfer.receiver_name


def found_for_system(typed: str) -> Found:
    """Who is found by an e-mail address, a phone number or a @handle. Raises NoSuchRecipient, for whatever reason.

    Each is looked up in the same steps, found or not.
    """
    typed = typed.strip()
    customer_id = _by_handle(typed) if typed.startswith("@") else ""
    login_id = "" if typed.startswith("@") else _login(typed)
    known = customers.found_by_id_or_login_for_system(customer_id=customer_id, login_id=login_id)
    if known is None:
        raise NoSuchRecipient
    return Found(known.id, rules.masked_name(known.name))


def claimed_by(*, customer_id: str) -> Handle | None:
    """By what a customer is found."""
    mine = select(Handle).where(Handle.customer_id == customer_id, Handle.replaced_at.is_(None))
    return db.session.scalars(mine).one_or_none()


def one(transfer_id: str, *, customer_id: str) -> Side:
    """A transfer of which the customer is one side. Raises NotFound."""
    found = db.session.get(Transfer, transfer_id)
    if found is None or customer_id not in {found.customer_id, found.receiver_id}:
        raise NotFound
    return Side(found, incoming=found.receiver_id == customer_id)


def list_of(*, customer_id: str, before: str | None = None, limit: int = 20) -> list[Side]:
    """The customer's transfers, in and out, the newest first. Keyset by id."""
    mine = or_(Transfer.customer_id == customer_id, Transfer.receiver_id == customer_id)
    found = select(Transfer).where(mine).order_by(Transfer.id.desc()).limit(limit)
    sides = db.session.scalars(found.where(Transfer.id < before) if before else found)
    return [Side(each, incoming=each.receiver_id == customer_id) for each in sides]


def one_for_system(transfer_id: str) -> Transfer:
    """A transfer, for the mails about it."""
    return db.session.get_one(Transfer, transfer_id)


def request_of(request_id: str, *, customer_id: str) -> MoneyRequest:
    """A request of which the customer is one side. Raises NotFound."""
    found = db.session.get(MoneyRequest, request_id, populate_existing=True)
    if found is None or customer_id not in {found.customer_id, found.payer_id}:
        raise NotFound
    return found


def request_for_system(request_id: str) -> MoneyRequest:
    """A request, for the mails about it."""
    return db.session.get_one(MoneyRequest, request_id, populate_existing=True)


def to_pay(*, customer_id: str) -> list[MoneyRequest]:
    """What others ask of the customer now, the oldest first."""
    mine = select(MoneyRequest).where(MoneyRequest.payer_id == customer_id, MoneyRequest.state == State.ASKED)
    return list(db.session.scalars(mine.order_by(MoneyRequest.id)))


def asked_by(*, customer_id: str, limit: int = 30) -> list[MoneyRequest]:
    """What the customer asked for, the newest first, with how it ended."""
    mine = select(MoneyRequest).where(MoneyRequest.customer_id == customer_id).order_by(MoneyRequest.id.desc())
    return list(db.session.scalars(mine.limit(limit)))


def split_of(split_id: str, *, customer_id: str) -> tuple[Split, list[MoneyRequest]]:
    """A bill that the customer split, and its requests. Raises NotFound."""
    found = db.session.scalars(select(Split).filter_by(id=split_id, customer_id=customer_id)).one_or_none()
    if found is None:
        raise NotFound
    parts = select(MoneyRequest).where(MoneyRequest.split_id == split_id).order_by(MoneyRequest.id)
    return found, list(db.session.scalars(parts))


def counted_requests(*, customer_id: str, payer_id: str) -> tuple[int, int]:
    """How many requests of the customer's are open or of the last day, in all and of this payer.

    Each is a mail: who takes one back and asks anew does not write to somebody without end.
    """
    of_payer = func.count().filter(MoneyRequest.payer_id == payer_id)
    counts = or_(MoneyRequest.state == State.ASKED, MoneyRequest.created_at > clock.now() - rules.DAY)
    counted = select(func.count(), of_payer).where(MoneyRequest.customer_id == customer_id, counts)
    whole, theirs = db.session.execute(counted).one()
    return int(whole), int(theirs)


def due_for_system(*, at: datetime, limit: int = 100) -> list[str]:
    """Open requests whose time is over, the first to end first."""
    over = select(MoneyRequest.id).where(MoneyRequest.state == State.ASKED, MoneyRequest.expires_at <= at)
    return list(db.session.scalars(over.order_by(MoneyRequest.expires_at).limit(limit)))


def worth_without_owner(money: Money) -> Money:
    """What it counts for against limits: naira by the last stored price. Raises NoWorth when that is old or missing.

    Rounded up to a kobo, so that many small ones do not count for nothing.
    """
    if money.asset == NGN:
        return money
    moment = clock.now()
    price = prices.as_of(moment).get(money.asset.code)
    if price is None or moment - price.at > rules.PRICE_LIVES:
        raise NoWorth
    return counts_for(money, naira=price.naira)


def needs_proof(worth: Money, *, customer_id: str) -> bool:
    """Whether a second factor is asked for: with this, more would go within a day than may without one."""
    since = clock.now() - rules.DAY
    sent = select(func.sum(Transfer.worth_units)).where(
        Transfer.customer_id == customer_id, Transfer.created_at > since, Transfer.proved.is_(False)
    )
    may = risk.thresholds_without_owner()[UNPROVED]
    return int(db.session.scalar(sent) or 0) + worth.units > may


def _by_handle(typed: str) -> str:
    handle = rules.clean_handle(typed) or ""
    counting = select(Handle.customer_id).where(Handle.handle == handle, Handle.replaced_at.is_(None))
    return db.session.scalars(counting).one_or_none() or ""


def _login(typed: str) -> str:
    """The login of who has this confirmed address or number; nothing for nobody."""
    try:
        if "@" in typed:
            return identity.login_by_address_for_system(service.canonical(typed), audience=Audience.CUSTOMER) or ""
        return phones.login_for_system(phones.canonical(typed)) or ""
    except (BadEmail, BadPhone):
        return ""
