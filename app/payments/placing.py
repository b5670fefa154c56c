"""Commands of money in suspense that two people agreed about: assign it to a customer, split it, return it."""

from decimal import Decimal

from app.core import clock, ids, machine
from app.core.actor import Actor
from app.core.money import NGN, Money
from app.customers import queries as customers
from app.ledger import chart
from app.payments import deposits, errors, postings, queries, refunds, rules, suspense
from app.payments.models import Deposit, SuspenseItem
from app.payments.rules import DepositState, Method, SuspenseState
from app.restrictions import service as restrictions
from app.restrictions.rules import Way

PARTS_MAX = 10


def check_money(item_id: str) -> tuple[SuspenseItem, Money]:
    """An open item with money behind it, and how much. Raises NotFound, NotPlaceable, ChargeDisputed."""
    item = queries.suspense_item_for_operators(item_id)
    if item.state != SuspenseState.OPEN or item.journal_id is None or item.amount is None:
        raise errors.NotPlaceable
    if queries.is_corrected_for_operators(item) or refunds.left_of(item) != item.amount:
        raise errors.NotPlaceable
    if refunds.is_disputed(item.reference):
        raise errors.ChargeDisputed
    return item, item.amount


def check_assigning(item_id: str, *, customer_id: str) -> tuple[SuspenseItem, Money]:
    """As `check_money`, for a customer who takes it in; not while its payer may take it back.

    Raises NoSuchCustomer, NotPlaceable, ChargeDisputed, TakesNothingIn.
    """
    item, amount = check_money(item_id)
    customers.one_for_operators(customer_id)
    if restrictions.stops(customer_id, way=Way.IN):
        raise errors.TakesNothingIn
    return item, amount


def assign(item_id: str, *, customer_id: str, deposit_id: str, note: str, actor: Actor) -> Deposit:
    """Credit a customer what waited in suspense, all of it, and close the item.

    `deposit_id` names their deposit that it came for, where it did; else one is written. Whoever calls this has the
    approval, and the database asks for it. Raises as `check_assigning` does.
    """
    refunds.lock_charge_of(item_id)
    item, amount = check_assigning(item_id, customer_id=customer_id)
    deposit = queries.deposit_for_system(deposit_id=deposit_id) if deposit_id else None
    if deposit is None or deposit.state != DepositState.SUSPENDED or deposit.customer_id != customer_id:
        deposit = _written(item, amount, customer_id=customer_id, note=note, actor=actor)
    else:
        deposit = deposits.locked(deposit.id)
    account = chart.of_customer(customer_id, asset=NGN)
    journal = postings.placed(ref=deposit.id, account=account, intent=amount, paid=amount)
    deposits.finish_placing(deposit, journal=journal, item_id=item_id, credited=amount, note=note, actor=actor)
    return deposit


def check_parts(item_id: str, parts: list[Money]) -> None:
    """Whether an item can be split so. Raises NotFound, NotPlaceable, PartsDoNotSum."""
    _, amount = check_money(item_id)
    if not 1 < len(parts) <= PARTS_MAX or any(part.units <= 0 for part in parts):
        raise errors.PartsDoNotSum
    if sum(part.units for part in parts) != amount.units:
        raise errors.PartsDoNotSum


def split(item_id: str, *, parts: list[Money], note: str, actor: Actor) -> list[str]:
    """Make an item of each part, to be placed by itself: their ids. Raises as `check_parts` does."""
    item = refunds.lock_charge_of(item_id)
    check_parts(item_id, parts)
    return suspense.split(item, parts=parts, note=note, actor=actor)


def check_returning(item_id: str) -> tuple[SuspenseItem, Money]:
    """As `check_money`, for what can go back to its payer. Raises NotReturnable, ChargeDisputed, RefundUnderWay."""
    item, amount = check_money(item_id)
    refunds.check_returning(item)
    return item, amount


def give_back(item_id: str, *, note: str, actor: Actor) -> str:
    """Send what waits back to whoever paid it, and close the item: the refund's id. Raises as `check_returning` does.

    A refund that fails stands in suspense again, as an item of its own.
    """
    item = refunds.lock_charge_of(item_id)
    check_returning(item_id)
    refund = refunds.ask_for_item(item, reason=note, actor=actor)
    suspense.close(item, note=f"{note} Refund {refund.id}.", actor=actor)
    return refund.id


def suspended_deposit(item: SuspenseItem, *, customer_id: str) -> str:
    """This customer's deposit that an item's money came for: its id, or nothing."""
    known = queries.deposit_for_system(reference=item.reference) if item.reference else None
    theirs = known is not None and known.customer_id == customer_id and known.state == DepositState.SUSPENDED
    return known.id if known is not None and theirs else ""


def _written(item: SuspenseItem, amount: Money, *, customer_id: str, note: str, actor: Actor) -> Deposit:
    deposit = Deposit(
        id=ids.new("dep"),
        customer_id=customer_id,
        reference=item.id.replace("_", "-"),
        amount_units=Decimal(amount.units),
        state=DepositState.SUSPENDED,
        method=Method.PLACED,
        channel=item.channel,
        payer=item.payer,
        created_at=clock.now(),
    )
    machine.begin(deposit, machine=rules.DEPOSIT, actor=actor, reason=note)
    return deposit
