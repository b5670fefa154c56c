"""Reads of payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select

from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.governance.models import Request
from app.governance.rules import OPEN
from app.ledger import statements
from app.payments.dedicated_rules import DedicatedState
from app.payments.models import BankAccount, BankRow, DedicatedAccount, Deposit, Payout, SavedCard, SuspenseItem
from app.payments.rules import RESTRICTED, SETTLED, UNPAID, DepositState, Method, SuspenseState, Topic


def deposit(deposit_id: str, *, customer_id: str) -> Deposit:
    """One of the customer's own deposits. Raises NotFound."""
    own = select(Deposit).where(Deposit.id == deposit_id, Deposit.customer_id == customer_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise NotFound
    return found


def deposit_for_system(*, deposit_id: str | None = None, reference: str | None = None) -> Deposit | None:
    """A deposit by its id or its reference, for jobs."""
    wanted = Deposit.id == deposit_id if deposit_id else Deposit.reference == reference
    return db.session.scalars(select(Deposit).where(wanted)).one_or_none()


def credited_before(*, customer_id: str, channel: str) -> tuple[int, datetime | None]:
    """How many deposits a customer was credited that came this way, and when the first one was."""
    own = select(func.count(), func.min(Deposit.settled_at)).where(Deposit.customer_id == customer_id)
    found = db.session.execute(own.where(Deposit.state == DepositState.CREDITED, Deposit.channel == channel)).one()
    return found[0], found[1]


def unpaid(*, customer_id: str) -> int:
    """How many deposits of a customer wait to be paid."""
    own = select(func.count()).where(Deposit.customer_id == customer_id, Deposit.state.in_(UNPAID))
    return int(db.session.scalar(own) or 0)


def awaiting_transfer_for_system(customer_id: str) -> list[str]:
    """The deposits of a customer that wait for a transfer to a one-off account."""
    own = select(Deposit.id).where(Deposit.customer_id == customer_id, Deposit.method == Method.BANK_TRANSFER)
    return list(db.session.scalars(own.where(Deposit.state == DepositState.AWAITING_PAYMENT)))


def one_at_a_time_for_system(name: str) -> None:
    """Until the caller's transaction ends nobody else goes on from here with this name."""
    rows("SELECT pg_advisory_xact_lock(hashtextextended('payments:' || :name, 0))", name=name)


def saved_cards(*, customer_id: str) -> list[SavedCard]:
    """The cards that a customer keeps, newest first."""
    own = select(SavedCard).where(SavedCard.customer_id == customer_id, SavedCard.removed_at.is_(None))
    return list(db.session.scalars(own.order_by(SavedCard.id.desc())))


def saved_card(card_id: str, *, customer_id: str, removed: bool = False) -> SavedCard:
    """One of the customer's own cards; with `removed` also one that is kept no more. Raises NotFound."""
    found = db.session.scalars(select(SavedCard).filter_by(id=card_id, customer_id=customer_id)).one_or_none()
    if found is None or (found.removed_at is not None and not removed):
        raise NotFound
    return found


def dedicated_account(*, customer_id: str) -> DedicatedAccount | None:
    """The customer's own account number, asked for, open or refused."""
    own = select(DedicatedAccount).where(
        DedicatedAccount.customer_id == customer_id, DedicatedAccount.state != DedicatedState.CLOSED
    )
    return db.session.scalars(own).one_or_none()


def open_dedicated_account(*, customer_id: str) -> DedicatedAccount:
    """The customer's own account number that is open. Raises NotFound."""
    own = dedicated_account(customer_id=customer_id)
    if own is None or own.state != DedicatedState.OPEN:
        raise NotFound
    return own


def dedicated_account_for_system(account_id: str) -> DedicatedAccount | None:
    """An account number by its id, for jobs."""
    return db.session.get(DedicatedAccount, account_id, populate_existing=True)


def dedicated_by_number_for_system(number: str) -> DedicatedAccount | None:
    """Whose account number this is, or was."""
    found = select(DedicatedAccount).where(DedicatedAccount.account_number == number)
    return db.session.scalars(found).one_or_none() if number else None


def dedicated_by_code_for_system(customer_code: str) -> DedicatedAccount | None:
    """The account number that is not closed of whom Paystack calls so."""
    found = select(DedicatedAccount).where(
        DedicatedAccount.customer_code == customer_code, DedicatedAccount.state != DedicatedState.CLOSED
    )
    return db.session.scalars(found.limit(1)).one_or_none() if customer_code else None


def unknown_references_for_system(references: list[str]) -> set[str]:
    """Of which of these paid charges nothing is in the books.

    A deposit that waits still, or was given up, is not enough; neither is an item without money, which may have been
    told of before it was paid.
    """
    settled = Deposit.reference.in_(references) & Deposit.state.in_(SETTLED)
    deposited = select(Deposit.reference).where(settled)
    causes = [f"charge:{reference}" for reference in references]
    waiting = select(SuspenseItem.cause).where(SuspenseItem.cause.in_(causes), SuspenseItem.journal_id.is_not(None))
    known = set(db.session.scalars(deposited)) | {c.removeprefix("charge:") for c in db.session.scalars(waiting)}
    return set(references) - known


def is_booked_for_system(cause: str) -> bool:
    """Whether money stands, or stood, in suspense for this cause."""
    booked = select(SuspenseItem.id).where(SuspenseItem.cause == cause, SuspenseItem.journal_id.is_not(None))
    return db.session.scalar(booked) is not None


def payout_for_system(payout_id: str) -> Payout | None:
    """A payout by its id, which is its reference too."""
    return db.session.get(Payout, payout_id, populate_existing=True)


def bank_accounts(*, customer_id: str) -> list[BankAccount]:
    """The customer's bank accounts, newest first; those they removed are not among them."""
    own = select(BankAccount).where(BankAccount.customer_id == customer_id, BankAccount.removed_at.is_(None))
    return list(db.session.scalars(own.order_by(BankAccount.id.desc())))


def bank_account(account_id: str, *, customer_id: str) -> BankAccount:
    """One of the customer's own bank accounts, also one they removed. Raises NotFound."""
    own = select(BankAccount).where(BankAccount.id == account_id, BankAccount.customer_id == customer_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise NotFound
    return found


def accounts_for_operators(account_ids: set[str]) -> dict[str, BankAccount]:
    """Bank accounts by id."""
    found = db.session.scalars(select(BankAccount).where(BankAccount.id.in_(account_ids)))
    return {account.id: account for account in found}


def account_number_for_operators(account_id: str) -> str:
    """The number of a bank account. Raises NotFound."""
    found = db.session.get(BankAccount, account_id)
    if found is None:
        raise NotFound
    return found.account_number


def sharers_for_system(account: BankAccount, *, since: datetime) -> int:
    """How many customers have this account on their list, or had it since a time."""
    same = (BankAccount.bank_code == account.bank_code) & (BankAccount.account_number == account.account_number)
    lately = BankAccount.removed_at.is_(None) | (BankAccount.removed_at >= since)
    return db.session.scalar(select(func.count(BankAccount.customer_id.distinct())).where(same, lately)) or 0


def last_credits_for_operators(customer_id: str, *, limit: int = 10) -> list[Deposit]:
    """The deposits that came last, the newest first."""
    own = (Deposit.customer_id == customer_id) & (Deposit.state == DepositState.CREDITED)
    return list(db.session.scalars(select(Deposit).where(own).order_by(Deposit.id.desc()).limit(limit)))


def credited_since(since: datetime, *, customer_id: str) -> Money:
    """What a customer's deposits brought since a time."""
    own = (Deposit.customer_id == customer_id) & (Deposit.state == DepositState.CREDITED)
    came = func.sum(func.coalesce(Deposit.credited_units, Deposit.amount_units))
    units = db.session.scalar(select(came).where(own, Deposit.settled_at >= since))
    return Money(NGN, int(units or 0))


def banks_without_owner() -> list[BankRow]:
    """The banks we know, by name."""
    return list(db.session.scalars(select(BankRow).order_by(BankRow.name)))


def banks_fetched_at_for_system() -> datetime | None:
    """When the list of banks was last brought up to date."""
    return db.session.scalar(select(func.max(BankRow.fetched_at)))


@dataclass(frozen=True)
class Sought:
    """Which items are looked for: of a topic, that came before a time, with money, whose next step is treasury's."""

    topic: Topic | None = None
    until: datetime | None = None
    money: bool = False
    asked: bool | None = None  # None: whoever's turn it is


def named_for_operators(text: str) -> list[str]:
    """The ids of what could not be placed and goes by this reference, the newest first."""
    named = select(SuspenseItem.id).where(SuspenseItem.reference == text)
    return list(db.session.scalars(named.order_by(SuspenseItem.id.desc()).limit(5)))


def suspense_for_operators(
    sought: Sought = Sought(),
    *,
    state: SuspenseState,
    before: str | None = None,
    limit: int = 50,
) -> list[SuspenseItem]:
    """What could not be placed, newest first."""
    wanted = select(SuspenseItem).where(SuspenseItem.state == state).order_by(SuspenseItem.id.desc()).limit(limit)
    if sought.money:
        wanted = wanted.where(SuspenseItem.journal_id.is_not(None))
    if sought.topic:
        wanted = wanted.where(SuspenseItem.topic == sought.topic)
    if sought.until:
        wanted = wanted.where(SuspenseItem.created_at <= sought.until)
    if sought.asked is not None:
        requests = exists().where(Request.target == "suspense:" + SuspenseItem.id, Request.state.in_(OPEN))
        wanted = wanted.where(requests if sought.asked else ~requests)
    return list(db.session.scalars(wanted.where(SuspenseItem.id < before) if before else wanted))


def asked_about_for_operators(item_ids: Sequence[str]) -> set[str]:
    """About which of these items something was asked for that treasury has not answered."""
    targets = [f"suspense:{item_id}" for item_id in item_ids]
    found = db.session.scalars(select(Request.target).where(Request.target.in_(targets), Request.state.in_(OPEN)))
    return {target.removeprefix("suspense:") for target in found}


def suspense_item_for_operators(item_id: str) -> SuspenseItem:
    """One item. Raises NotFound."""
    found = db.session.get(SuspenseItem, item_id)
    if found is None:
        raise NotFound
    return found


def suspense_parts_for_operators(item_id: str) -> list[SuspenseItem]:
    """What an item was split into, in order."""
    return list(db.session.scalars(select(SuspenseItem).filter_by(parent_id=item_id).order_by(SuspenseItem.id)))


def is_corrected_for_operators(item: SuspenseItem) -> bool:
    """Whether a journal by hand corrects, or reverses, the one by which its money came to stand in suspense."""
    if item.journal_id is None:
        return False
    header, _ = statements.journal(item.journal_id)
    return bool(header.corrected_by or header.reversed_by)


def placeable_for_operators(item: SuspenseItem) -> Deposit | None:
    """The deposit that an open item's money belongs to, where what was asked came and a restriction stopped it.

    None where it is somebody else's or nobody's, or was dealt with.
    """
    if item.state != SuspenseState.OPEN or item.journal_id is None or item.reason != RESTRICTED:
        return None
    found = db.session.scalars(select(Deposit).filter_by(reference=item.reference, state=DepositState.SUSPENDED))
    return None if is_corrected_for_operators(item) else found.one_or_none()


def suspense_count_for_operators(*, state: SuspenseState) -> int:
    """How many items there are in a state."""
    counted = select(func.count()).select_from(SuspenseItem).where(SuspenseItem.state == state)
    return db.session.scalar(counted) or 0
