"""Commands about banks and customers' bank accounts."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.clients.paystack import Bank
from app.core import clock, ids, outbox
from app.core.db import db
from app.core.errors import NotFound
from app.customers import queries as customers
from app.identification import names
from app.payments import events
from app.payments.models import BankAccount, BankRow


def keep_banks(banks: list[Bank]) -> None:
    """Keep Paystack's list of banks; the names of known ones are brought up to date."""
    moment = clock.now()
    for bank in banks:
        fresh = {"name": bank.name, "fetched_at": moment}
        statement = insert(BankRow).values(code=bank.code, **fresh)
        db.session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=fresh))


def keep_account(
    customer_id: str, *, bank: BankRow, account_number: str, account_name: str, recipient_code: str
) -> BankAccount:
    """Keep a customer's bank account under the name its bank gave, and have them told; the same one is kept once.

    One that was removed and is added again is a new one, and waits as such.
    """
    given = customers.names_for_operators({customer_id}).get(customer_id, "")
    statement = insert(BankAccount).values(
        id=ids.new("ba"),
        customer_id=customer_id,
        bank_code=bank.code,
        bank_name=bank.name,
        account_number=account_number,
        account_name=account_name,
        recipient_code=recipient_code,
        name_score=names.compare(given, account_name).score,
        created_at=clock.now(),
    )
    added = db.session.scalar(statement.on_conflict_do_nothing().returning(BankAccount.id))
    if added is not None:
        outbox.emit(events.BankAccountAdded(bank_account_id=added, customer_id=customer_id))
    return db.session.scalars(
        select(BankAccount)
        .filter_by(customer_id=customer_id, bank_code=bank.code, account_number=account_number)
        .where(BankAccount.removed_at.is_(None))
    ).one()


def remove_account(account_id: str, *, customer_id: str) -> None:
    """Take one of the customer's own off their list; what was paid to it stays on record. Raises NotFound."""
    mine = select(BankAccount).filter_by(id=account_id, customer_id=customer_id).with_for_update()
    account = db.session.scalars(mine).one_or_none()
    if account is None:
        raise NotFound
    if account.removed_at is None:
        account.removed_at = clock.now()
        db.session.flush()
