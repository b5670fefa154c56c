"""Our client and the sandbox's Paystack understand each other, in what a business does from one day to the next."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.clients import paystack_refusals as refusals
from app.clients.http import Silent
from app.clients.paystack import Paystack
from app.clients.paystack_answers import Order
from app.core import clock
from tests.makers.sandbox import SECRET, SandboxProcess

OPENING = 5_000_000_00
ADA = "ada@example.com"
ACCOUNT = {"account_number": "0123456789", "bank_code": "057"}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox for these tests, that tells nobody."""
    with SandboxProcess(tmp_path_factory.mktemp("paystack") / "book.sqlite3", opening_balance=OPENING) as running:
        yield running


@pytest.fixture
def sandbox(process: SandboxProcess) -> SandboxProcess:
    """It with an empty book."""
    process.reset()
    process.knobs(transfer_delay_seconds=0, webhooks=False)
    return process


@pytest.fixture
def paystack(sandbox: SandboxProcess) -> Paystack:
    """Our client before it."""
    return Paystack(sandbox.url, secret_key=SECRET)


@pytest.fixture
def pay_out(paystack: Paystack) -> Order:
    """An order that can be paid."""
    code = paystack.add_recipient(name=paystack.resolve(**ACCOUNT), **ACCOUNT)
    return Order(2_000_000, code, "po-00000000000000001", "Withdrawal")


def paid(paystack: Paystack, sandbox: SandboxProcess, reference: str, amount: int = 500_000) -> None:
    """A charge by card."""
    paystack.initialize(email=ADA, amount=amount, reference=reference, callback_url="https://bursar.example/")
    sandbox.pay(reference)


def transfer(paystack: Paystack, order: Order) -> Any:
    """One order, alone."""
    return paystack.transfer(
        amount=order.amount, recipient_code=order.recipient_code, reference=order.reference, reason=order.reason
    )


def test_every_way_to_pay(paystack: Paystack, sandbox: SandboxProcess) -> None:
    paid(paystack, sandbox, "dep-card")
    card = paystack.find_charge("dep-card")
    assert card is not None
    assert card.authorization is not None
    assert (card.status, card.amount, card.requested, card.fees) == ("success", 500_000, 500_000, 17_500)
    assert (card.authorization.reusable, card.authorization.last4) == (True, "4081")
    again: dict[str, Any] = {"email": ADA, "amount": 300_000, "authorization_code": card.authorization.code}
    for _ in range(2):  # (the second time it is looked up)
        assert paystack.charge_card(reference="dep-again", **again).amount == 300_000
    account = paystack.begin_bank_transfer(
        email=ADA, amount=100_000, reference="dep-transfer", expires_at=clock.now() + timedelta(minutes=1)
    )
    assert account.expires_at is not None
    assert account.expires_at > clock.now() + timedelta(minutes=14)  # what Paystack says, not what was asked
    assert paystack.begin_ussd(email=ADA, amount=100_000, reference="dep-ussd", code="737").dial.startswith("*737*")
    waiting = paystack.charge_status("dep-ussd")
    assert waiting is not None
    assert (waiting.status, waiting.amount, paystack.charge_status("dep-none")) == ("pending", 0, None)
    assert {charge.reference for charge in paystack.charges(since=clock.now() - timedelta(hours=1))} == {
        "dep-card",
        "dep-again",
        "dep-transfer",
        "dep-ussd",
    }
    assert list(paystack.charges(until=clock.now() - timedelta(hours=1))) == []


def test_a_customer_with_an_account_of_their_own(paystack: Paystack, sandbox: SandboxProcess) -> None:
    code = paystack.create_customer(email=ADA, first_name="Ada", last_name="Obi")
    name = paystack.resolve(**ACCOUNT)
    first, last = name.split()[0], name.split()[-1]
    paystack.validate_customer(code, first_name=first, last_name=last, bvn="22222222222", **ACCOUNT)
    sandbox.flush()
    known = paystack.find_customer(code)
    assert known is not None
    assert known.identified
    provider = paystack.account_providers()[0]
    account = paystack.assign_account(code, preferred_bank=provider.slug)
    assert paystack.dedicated_accounts(code) == [account]
    reference = sandbox.receive(700_000, account.account_number)
    charge = paystack.find_charge(reference)
    assert charge is not None
    assert charge.authorization is not None
    assert (charge.channel, charge.customer_code) == ("dedicated_nuban", code)
    assert (charge.authorization.receiver_account, charge.fees) == (account.account_number, 7_000)
    paystack.requery_account(account.account_number, provider_slug=provider.slug, on=clock.now().date())
    with pytest.raises(refusals.RateLimited):
        paystack.requery_account(account.account_number, provider_slug=provider.slug, on=clock.now().date())
    other = paystack.create_customer(email="bola@example.com", first_name="Bola", last_name="Ade")
    assert paystack.dedicated_accounts(other) == []
    paystack.set_risk_action(code, action="deny")
    paystack.close_account(account.id)
    assert [each for each in paystack.dedicated_accounts(code) if each.active] == []


def test_money_out_one_by_one_and_several_at_once(paystack: Paystack, sandbox: SandboxProcess, pay_out: Order) -> None:
    assert (transfer(paystack, pay_out).status, transfer(paystack, pay_out).reference) == ("pending", pay_out.reference)
    others = [Order(100_000, pay_out.recipient_code, f"po-0000000000000001{each}", "Withdrawal") for each in range(3)]
    assert {made.reference for made in paystack.transfer_many(others)} == {other.reference for other in others}
    with pytest.raises(refusals.DuplicateTransferReference) as refusal:
        paystack.transfer_many([others[0], Order(1_000, pay_out.recipient_code, "po-00000000000000019", "Withdrawal")])
    assert refusal.value.references == (others[0].reference,)
    assert paystack.find_transfer("po-00000000000000019") is None
    sandbox.flush()
    told = paystack.find_transfer(pay_out.reference)
    assert told is not None
    assert (told.status, told.fee) == ("success", 2_500)
    assert len(list(paystack.transfers())) == 4
    assert paystack.balance() == OPENING - 2_000_000 - 2_500 - 3 * (100_000 + 1_000)
    newest = next(iter(paystack.balance_ledger()))
    assert (newest.balance, newest.model) == (paystack.balance(), "Transfer")


def test_a_transfer_that_waits_for_a_password(paystack: Paystack, sandbox: SandboxProcess, pay_out: Order) -> None:
    sandbox.knobs(transfer_outcome="otp")
    waiting = transfer(paystack, pay_out)
    assert waiting.status == "otp"
    paystack.resend_otp(waiting.transfer_code)
    assert paystack.finalize_transfer(waiting.transfer_code, otp="123456").status in {"pending", "success"}


def test_noes_of_transfers(paystack: Paystack, pay_out: Order) -> None:
    with pytest.raises(refusals.BalanceTooLow):
        transfer(paystack, Order(OPENING, pay_out.recipient_code, "po-00000000000000002", "Withdrawal"))
    with pytest.raises(refusals.InvalidRecipient):
        transfer(paystack, Order(1_000, "RCP_nobody", "po-00000000000000003", "Withdrawal"))
    with pytest.raises(refusals.InvalidKey):
        Paystack(paystack._http._base_url, secret_key="sk_test_wrong").balance()


@pytest.mark.parametrize("answer", ["drop", "error_after"])
def test_an_answer_that_is_lost_after_the_transfer_was_made(
    paystack: Paystack, sandbox: SandboxProcess, pay_out: Order, answer: str
) -> None:
    sandbox.knobs(answer=answer, answer_times=1)
    with pytest.raises(Silent):
        transfer(paystack, pay_out)
    assert paystack.find_transfer(pay_out.reference) is not None
    assert sandbox.calls("/transfer", method="POST") == 1


def test_what_is_settled_and_exported(paystack: Paystack, sandbox: SandboxProcess) -> None:
    paid(paystack, sandbox, "dep-1")
    paid(paystack, sandbox, "dep-2", 300_000)
    sandbox.settle()
    [settlement] = paystack.settlements()
    assert (settlement.gross, settlement.fees, settlement.effective) == (800_000, 32_000, 768_000)
    of_it = {charge.reference for charge in paystack.settlement_charges(settlement.id)}
    assert of_it == {"dep-1", "dep-2"} == {each.reference for each in paystack.charges(settlement=settlement.id)}
    since, until = clock.now() - timedelta(days=1), clock.now() + timedelta(days=1)
    assert b"dep-1" in paystack.export_charges(since, until)
    assert paystack.export_transfers(since, until)
    assert paystack.export_disputes(since, until)


def test_refunds_and_disputes(paystack: Paystack, sandbox: SandboxProcess) -> None:
    paid(paystack, sandbox, "dep-1")
    paid(paystack, sandbox, "dep-2")
    assert paystack.refunds("dep-1") == []
    asked = paystack.refund("dep-1", amount=100_000, note="Paid twice (rf_1)")
    assert (asked.status, asked.amount, asked.transaction_reference) == ("pending", 100_000, "dep-1")
    assert [(each.id, each.merchant_note) for each in paystack.refunds("dep-1")] == [(asked.id, "Paid twice (rf_1)")]
    assert paystack.refunds("dep-2") == []
    with pytest.raises(refusals.BadParameters):
        paystack.retry_refund(asked.id, account_number="0123456789", bank_id="9")
    sandbox.refund(asked.id, "needs-attention")
    assert paystack.retry_refund(asked.id, account_number="0123456789", bank_id="9").status == "processing"
    opened = sandbox.dispute("dep-2")
    [dispute] = paystack.disputes()
    assert (dispute.id, dispute.transaction_reference) == (str(opened["id"]), "dep-2")
    assert dispute.due_at is not None
    name = paystack.upload_for_dispute(dispute.id, filename="receipt.pdf", content=b"%PDF-1.7")
    accepted = paystack.accept_dispute(dispute.id, amount=500_000, message="We agree", uploaded_filename=name)
    assert (accepted.status, accepted.resolution) == ("resolved", "merchant-accepted")
    found = paystack.find_dispute(dispute.id)
    assert found is not None
    assert found.resolved_at is not None
