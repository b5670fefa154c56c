"""Commands of customers' own account numbers: ask for one, write down what Paystack said, close it."""

from datetime import datetime

from sqlalchemy import select

from app.clients.paystack_answers import DedicatedAccount as Opened
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.customers import queries as customers
from app.customers.rules import Tier
from app.payments import dedicated_rules, errors, events, queries
from app.payments.dedicated_rules import DedicatedState
from app.payments.models import DedicatedAccount
from app.restrictions import service as restrictions
from app.restrictions.rules import Way


def ask(customer_id: str, *, actor: Actor) -> DedicatedAccount:
    """Ask for an account number of their own; asked for or open already, it is that one.

    One that was refused is asked for again. Raises Restricted, NotVerifiedYet.
    """
    restrictions.refuse(customer_id, way=Way.IN)
    if customers.tier(owner=customer_id) is Tier.T0:
        raise errors.NotVerifiedYet
    queries.one_at_a_time_for_system(f"dedicated:{customer_id}")
    account = queries.dedicated_account(customer_id=customer_id)
    if account is None:
        account = DedicatedAccount(
            id=ids.new("va"), customer_id=customer_id, state=DedicatedState.ASKED, asked_at=clock.now()
        )
        machine.begin(account, machine=dedicated_rules.DEDICATED, actor=actor)
    elif account.state == DedicatedState.REFUSED:
        account.trouble = ""
        machine.move(
            account, DedicatedState.ASKED, machine=dedicated_rules.DEDICATED, actor=actor, reason="asked again"
        )
    else:
        return account
    outbox.emit(events.AccountNumberAsked(account_id=account.id))
    return account


def note_customer(account_id: str, *, code: str) -> None:
    """What Paystack calls the customer, written before it is asked for a number."""
    locked(account_id).customer_code = code
    db.session.flush()


def open_account(account_id: str, *, opened: Opened, actor: Actor) -> None:
    """Paystack opened it; told again, nothing changes. Raises NumberTaken when it is somebody else's with us."""
    account = locked(account_id)
    if account.state != DedicatedState.ASKED:
        return
    other = queries.dedicated_by_number_for_system(opened.account_number)
    if other is not None and other.id != account.id:
        raise errors.NumberTaken
    account.vendor_id, account.account_number, account.account_name = (
        opened.id,
        opened.account_number,
        opened.account_name,
    )
    account.bank_name, account.bank_slug, account.opened_at = opened.bank_name, opened.bank_slug, clock.now()
    account.trouble = ""
    machine.move(account, DedicatedState.OPEN, machine=dedicated_rules.DEDICATED, actor=actor)
    outbox.emit(events.AccountNumberOpened(account_id=account.id))


def refuse(account_id: str, *, reason: str, words: str, actor: Actor) -> None:
    """Paystack opens none for them, with its reason for the record and words of ours for them. They may ask again."""
    account = locked(account_id)
    if account.state == DedicatedState.ASKED:
        account.trouble = words
        machine.move(account, DedicatedState.REFUSED, machine=dedicated_rules.DEDICATED, actor=actor, reason=reason)


def give_up(*, customer_id: str, reason: str, actor: Actor) -> None:
    """Have their account number closed. Raises NotFound where none is open."""
    queries.one_at_a_time_for_system(f"dedicated:{customer_id}")
    account = locked(queries.open_dedicated_account(customer_id=customer_id).id)
    machine.move(account, DedicatedState.CLOSING, machine=dedicated_rules.DEDICATED, actor=actor, reason=reason)
    outbox.emit(events.AccountNumberGivenUp(account_id=account.id))


def close(account_id: str, *, actor: Actor) -> None:
    """Paystack closed it. What arrives there all the same, and reaches us, stays its owner's."""
    account = locked(account_id)
    if account.state == DedicatedState.CLOSING:
        account.closed_at = clock.now()
        machine.move(account, DedicatedState.CLOSED, machine=dedicated_rules.DEDICATED, actor=actor)


def begin_requery(*, customer_id: str) -> DedicatedAccount:
    """Take the turn to have Paystack look for transfers. Raises NotFound, LookedAlready before ten minutes are over."""
    queries.one_at_a_time_for_system(f"dedicated:{customer_id}")
    account = queries.open_dedicated_account(customer_id=customer_id)
    moment = clock.now()
    if account.requeried_at is not None and moment - account.requeried_at < dedicated_rules.REQUERY_PAUSE:
        raise errors.LookedAlready(f"Paystack looked a moment ago. It can look again {_at(account.requeried_at)}.")
    account.requeried_at = moment
    db.session.flush()
    return account


def locked(account_id: str) -> DedicatedAccount:
    """The account as it stands now, until the transaction ends."""
    wanted = select(DedicatedAccount).where(DedicatedAccount.id == account_id).with_for_update()
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()


def _at(looked: datetime) -> str:
    return f"at {(looked + dedicated_rules.REQUERY_PAUSE).astimezone(clock.WAT):%H:%M} WAT"
