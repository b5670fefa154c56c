"""How a payout ended of which Paystack does not tell is a request: finance asks with evidence, treasury agrees."""

from datetime import timedelta

from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts
from app.payments import errors, payouts, rules
from app.payments import queries as payments
from app.payments.payouts import Finding
from app.payments.rules import PayoutState
from app.withdrawals import queries, service
from app.withdrawals import rows as withdrawals
from app.withdrawals.rules import ENDED as ENDS
from app.withdrawals.rules import State

ENDED = {PayoutState.PAID: "paid: the bank has the money", PayoutState.FAILED: "failed: nothing left us"}


def target_of(payout_id: str) -> str:
    """What requests about a payout are filed under."""
    return f"payout:{payout_id}"


def is_asked(payout_id: str) -> bool:
    """Whether a request stands that says how it ended: nobody sends it anew meanwhile."""
    return bool(governance_queries.about_for_operators(target_of(payout_id)))


def pause_before(asked: Request) -> timedelta | None:
    """How long until a mark may be carried out: whoever was about to send it anew when it was asked is over by then."""
    left = asked.created_at + rules.CALL_OFF_AFTER - clock.now()
    return left if asked.payload["state"] == PayoutState.SENDING and left > timedelta(0) else None


def request(payout_id: str, found: Finding, *, evidence: str, maker: str, actor: Actor) -> Request:
    """Ask that a payout count as paid or failed, for what shows that it is.

    Raises NotFound, MarkIncomplete, MarkAskedAlready, and as `payouts.check_marking` and governance do.
    """
    shown = evidence.strip()
    _refuse_incomplete(found, evidence=shown)
    withdrawal = queries.by_payout_for_system(payout_id)
    if withdrawal is None:
        raise NotFound
    if is_asked(payout_id):
        raise errors.MarkAskedAlready
    payload = {
        "payout_id": payout_id,
        "customer_id": withdrawal.customer_id,
        "name": customers.one_for_operators(withdrawal.customer_id).name,
        "state": str(found.state),
        "mark": str(found.mark),
        "units": str(found.amount.units),
        "fee": str(found.fee.units) if found.fee is not None else None,
        "proof": found.proof,
        "evidence": shown,
    }
    return governance.submit(KIND.name, payload, target=target_of(payout_id), reason=shown, maker=maker, actor=actor)


def found_now(payout_id: str, *, mark: PayoutState, fee: Money | None, proof: str) -> Finding:
    """What somebody found out, of the payout as it stands. Raises NotFound."""
    payout = payments.payout_for_system(payout_id)
    if payout is None:
        raise NotFound
    paid = mark is PayoutState.PAID
    return Finding(PayoutState(payout.state), payout.amount, mark, fee if paid else None, proof.strip() if paid else "")


def mark_of(word: str) -> PayoutState:
    """What somebody says that it is. Raises MarkIncomplete."""
    if word not in rules.MARKS:
        raise errors.MarkIncomplete("Say whether it was paid or failed.")
    return PayoutState(word)


def _refuse_incomplete(found: Finding, *, evidence: str) -> None:
    least, most = rules.EVIDENCE
    if not least <= len(evidence) <= most:
        raise errors.MarkIncomplete
    if found.mark is PayoutState.PAID and not rules.PROOF.fullmatch(found.proof):
        raise errors.MarkIncomplete("Give the banks' session or Paystack's code of the transfer.")
    if found.mark is PayoutState.PAID and (found.fee is None or not 0 <= found.fee.units < found.amount.units):
        raise errors.MarkIncomplete("Give the fee that Paystack took, or 0.")


def _finding(payload: Payload) -> Finding:
    return Finding(
        state=PayoutState(payload["state"]),
        amount=Money(NGN, int(payload["units"])),
        mark=PayoutState(payload["mark"]),
        fee=Money(NGN, int(payload["fee"])) if payload["fee"] is not None else None,
        proof=payload["proof"],
    )


def _check(payload: Payload) -> None:
    _refuse_gone(payload["payout_id"], _finding(payload))
    payouts.check_marking(payload["payout_id"], _finding(payload))


def _refuse_gone(payout_id: str, found: Finding) -> None:
    """Raise NotMarkable where one failed and its money is not held any more, or is on its way anew. It stays locked."""
    withdrawal = withdrawals.locked_by_any_attempt(payout_id)
    if withdrawal is None:
        raise NotFound
    if found.state is PayoutState.FAILED and withdrawal.state in {State.SENDING, *ENDS}:
        raise errors.NotMarkable("Its withdrawal has ended, or is on its way anew: this payout is not said otherwise.")


def _mark(agreed: Agreed) -> str:
    found, who = _finding(agreed.payload), ", ".join((agreed.maker, *agreed.voters))
    reason = f"{found.mark} by hand, by {who}: request {agreed.request_id}"
    _refuse_gone(agreed.payload["payout_id"], found)
    payouts.mark(agreed.payload["payout_id"], found, request_id=agreed.request_id, reason=reason, actor=agreed.actor)
    if (found.state, found.mark) == (PayoutState.FAILED, PayoutState.PAID):
        service.settle(agreed.payload["payout_id"], actor=agreed.actor)  # (at once: nothing gives it back before)
    return f"payout {agreed.payload['payout_id']} is {found.mark}"


def _describe(payload: Payload) -> list[Line]:
    found = _finding(payload)
    lines = [
        Line("Customer", payload["name"]),
        Line("Amount", str(found.amount)),
        Line("Our reference", payload["payout_id"]),
        Line("It counts as", ENDED[found.mark], was=found.state.replace("_", " ")),
        Line("What shows it", payload["evidence"]),
    ]
    if found.fee is not None:
        lines += [Line("Session or transfer code", found.proof), Line("Paystack's fee", str(found.fee))]
    return lines


KIND = Kind(
    name="withdrawals.mark_payout",
    title="End of a payout, by hand",
    make=Permission.WITHDRAWALS_REQUEST_MARK,
    dry_run=_check,
    execute=_mark,
    describe=_describe,
    summary=lambda payload: f"Count the payout of {_finding(payload).amount} to {payload['name']} as {payload['mark']}",
    facts=lambda payload: Facts(amount=int(payload["units"])),
    touches=lambda payload: frozenset({payload["customer_id"]}),
)
