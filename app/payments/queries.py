"""Reads of payments."""

from datetime import datetime

from sqlalchemy import func, select

from app.core.db import db
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.ledger import statements
from app.payments.models import BankAccount, BankRow, Deposit, Payout, SuspenseItem
from app.payments.rules import RESTRICTED, DepositState, SuspenseState


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
    units = db.session.scalar(select(func.sum(Deposit.amount_units)).where(own, Deposit.settled_at >= since))
    return Money(NGN, int(units or 0))


def banks_without_owner() -> list[BankRow]:
    """The banks we know, by name."""
    return list(db.session.scalars(select(BankRow).order_by(BankRow.name)))


def banks_fetched_at_for_system() -> datetime | None:
    """When the list of banks was last brought up to date."""
    return db.session.scalar(select(func.max(BankRow.fetched_at)))


def suspense_for_operators(*, state: SuspenseState, before: str | None = None, limit: int = 50) -> list[SuspenseItem]:
    """What could not be placed, newest first."""
    wanted = select(SuspenseItem).where(SuspenseItem.state == state).order_by(SuspenseItem.id.desc()).limit(limit)
    return list(db.session.scalars(wanted.where(SuspenseItem.id < before) if before else wanted))


def suspense_item_for_operators(item_id: str) -> SuspenseItem:
    """One item. Raises NotFound."""
    found = db.session.get(SuspenseItem, item_id)
    if found is None:
        raise NotFound
    return found


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
