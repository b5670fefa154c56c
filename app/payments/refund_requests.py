"""Giving a customer's money back to its payer, and sending a stuck refund elsewhere: finance asks, treasury agrees."""

from app.clients.http import Refused
from app.clients.paystack import Paystack
from app.core.actor import Actor
from app.core.db import leave
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts
from app.ledger import balances
from app.ledger.errors import InsufficientFunds
from app.payments import errors, pending, queries, refunds, rules
from app.payments.refunds import Destination, Source


def target_of(reference: str) -> str:
    """What requests about giving a charge back are filed under."""
    return f"refund:{reference}"


def request_refund(reference: str, *, amount: Money, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a customer's deposit, or a part of it, go back to who paid it.

    Raises NothingToRefund, RefundTooLarge, RefundUnderWay, ChargeDisputed, InsufficientFunds, and as governance does.
    """
    source = _credited(reference)
    if governance_queries.about_for_operators(target_of(reference)):
        raise errors.RefundUnderWay
    payload = {
        "reference": reference,
        "customer_id": source.customer_id,
        "name": customers.one_for_operators(str(source.customer_id)).name,
        "units": str(amount.units),
        "amount": str(amount),
    }
    return governance.submit(REFUND.name, payload, target=target_of(reference), reason=reason, maker=maker, actor=actor)


def name_of(to: tuple[str, str], *, paystack: Paystack) -> Destination:
    """A bank account (bank's code, number) with the name on it. Asks Paystack: not inside a transaction.

    Raises BadAccountNumber, UnknownBank, AccountNotFound, Silent.
    """
    bank_code, number = to
    if not rules.account_number_fits(number):
        raise errors.BadAccountNumber
    if not any(bank.code == bank_code for bank in queries.banks_without_owner()):
        raise errors.UnknownBank
    leave()
    try:
        return Destination(bank_code, number, paystack.resolve(account_number=number, bank_code=bank_code))
    except Refused as refusal:
        raise errors.AccountNotFound from refusal


def request_redirect(refund_id: str, *, to: Destination, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a refund that cannot reach its payer go to this account.

    Raises NotFound, NotRedirectable, RefundUnderWay, and as governance does.
    """
    refund = refunds.check_redirecting(refund_id)
    if governance_queries.about_for_operators(f"redirect:{refund_id}"):
        raise errors.RefundUnderWay
    payload = {
        "refund_id": refund_id,
        "customer_id": refund.customer_id,
        "units": str(refund.amount.units),
        "amount": str(refund.amount),
        "bank_code": to.bank_code,
        "account_number": to.account_number,
        "account_name": to.account_name,
    }
    target = f"redirect:{refund_id}"
    return governance.submit(REDIRECT.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def _credited(reference: str) -> Source:
    source = refunds.source_of(reference)
    if source is None or not source.credited:
        raise errors.NothingToRefund
    return source


def _check(payload: Payload) -> None:
    source, amount = _credited(payload["reference"]), _amount(payload)
    refunds.check_asking(payload["reference"], amount=amount, from_account=source.account)
    if balances.of(source.account).available + pending.held_of(source.deposit_id) < amount:
        raise InsufficientFunds


def _ask(agreed: Agreed) -> str:
    reference = agreed.payload["reference"]
    refund = refunds.ask(
        reference,
        amount=_amount(agreed.payload),
        reason=f"Refund by request {agreed.request_id}.",
        from_account=_credited(reference).account,
        actor=agreed.actor,
    )
    return f"refund {refund.id} of {refund.amount}"


def _redirect(agreed: Agreed) -> str:
    asked = agreed.payload
    to = Destination(asked["bank_code"], asked["account_number"], asked["account_name"])
    note = f"By request {agreed.request_id}."
    refunds.redirect(asked["refund_id"], to=to, reason=note, actor=agreed.actor)
    return f"refund {asked['refund_id']} goes there"


def _check_redirect(payload: Payload) -> None:
    refunds.check_redirecting(payload["refund_id"])


def _amount(payload: Payload) -> Money:
    return Money(NGN, int(payload["units"]))


def _touched(payload: Payload) -> frozenset[str]:
    return frozenset({payload["customer_id"]} - {None})


REFUND = Kind(
    name="payments.refund",
    title="Refund of a deposit",
    make=Permission.REFUNDS_REQUEST,
    dry_run=_check,
    execute=_ask,
    describe=lambda payload: [
        Line("Customer", payload["name"]),
        Line("Give back", payload["amount"]),
        Line("Payment", payload["reference"]),
    ],
    summary=lambda payload: f"Give {payload['amount']} of {payload['name']}'s deposit back to its payer",
    facts=lambda payload: Facts(amount=int(payload["units"])),
    touches=_touched,
)
REDIRECT = Kind(
    name="payments.redirect",
    title="Refund to another account",
    make=Permission.REFUNDS_REQUEST,
    dry_run=_check_redirect,
    execute=_redirect,
    describe=lambda payload: [
        Line("Refund", payload["refund_id"]),
        Line("Amount", payload["amount"]),
        Line("To", f"{payload['account_name']}, {payload['account_number']}, bank {payload['bank_code']}"),
    ],
    summary=lambda payload: f"Send a refund of {payload['amount']} to {payload['account_name']}",
    facts=lambda payload: Facts(amount=int(payload["units"])),
    touches=_touched,
)
