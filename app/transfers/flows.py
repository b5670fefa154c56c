"""Where one customer's request touches another's rows: the only doors of the portal that do, and only through here.

Row-level security shows a customer's request their own rows alone. What is done here is done for everyone, in a
transaction of its own, by commands that check both sides; what comes back is the customer's own side.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.core import idempotency
from app.core.actor import Actor
from app.core.db import atomically, for_everyone, leave
from app.core.money import Money
from app.ledger import balances, chart
from app.ledger.errors import InsufficientFunds
from app.transfers import queries, service
from app.transfers.errors import OtherRecipient
from app.transfers.queries import Found


@dataclass(frozen=True)
class Review:
    """Whom an amount would reach, and whether a second factor must be proved before."""

    found: Found
    amount: Money
    left: Money
    needs_proof: bool


def find(typed: str) -> Found:
    """Who is found by what was typed; whoever calls this counts how often. Raises NoSuchRecipient."""
    with _everyone():
        return queries.found_for_system(typed)


def review(customer_id: str, *, typed: str, amount: Money) -> Review:
    """Whom it would reach and what stands against it, before it is sent. Raises as `send` would."""
    with _everyone():
        found = queries.found_for_system(typed)
        proof = service.refuse(customer_id, to=found.customer_id, amount=amount)
    return Review(found, amount, _left(customer_id, amount), proof)


def review_request(request_id: str, *, customer_id: str) -> Review:
    """The same for what somebody asks for. Raises NotFound, and as `pay` would."""
    asked = queries.request_of(request_id, customer_id=customer_id)
    with _everyone():
        proof = service.refuse(customer_id, to=asked.customer_id, amount=asked.amount)
    return Review(Found(asked.customer_id, asked.asker_name), asked.amount, _left(customer_id, asked.amount), proof)


def send(
    customer_id: str, *, typed: str, shown: str | None, amount: Money, note: str, proved: bool, key: str, actor: Actor
) -> tuple[str, bool]:
    """Pay whom the words find: the transfer's id, and whether it was sent before with this key.

    `shown` is the name that they agreed to; None asks for none. Raises NoSuchRecipient, OtherRecipient, KeyReused, and
    as `service.send`.
    """

    def deed() -> dict[str, Any]:
        found = queries.found_for_system(typed)
        if shown is not None and shown != found.name:
            raise OtherRecipient
        sent = service.send(customer_id, to=found.customer_id, amount=amount, note=note, proved=proved, actor=actor)
        return {"id": sent.id}

    asked = {"do": "transfer", "to": typed.strip(), "asset": amount.asset.code, "units": amount.units, "note": note}
    answer, replayed = _once(deed, asked, key=key, actor=actor)
    return str(answer["id"]), replayed


def pay(request_id: str, *, customer_id: str, proved: bool, key: str, actor: Actor) -> str:
    """Pay what somebody asks for: the transfer's id. Raises as `service.pay`, and KeyReused."""

    def deed() -> dict[str, Any]:
        return {"id": service.pay(request_id, customer_id=customer_id, proved=proved, actor=actor).id}

    return str(_once(deed, {"do": "pay", "request": request_id}, key=key, actor=actor)[0]["id"])


def ask(customer_id: str, *, typed: str, amount: Money, note: str, key: str, actor: Actor) -> str:
    """Ask whom the words find for money: the request's id. Raises NoSuchRecipient, KeyReused, and as `service.ask`."""

    def deed() -> dict[str, Any]:
        found = queries.found_for_system(typed)
        return {"id": service.ask(customer_id, of=found.customer_id, amount=amount, note=note, actor=actor).id}

    asked = {"do": "ask", "of": typed.strip(), "asset": amount.asset.code, "units": amount.units, "note": note}
    return str(_once(deed, asked, key=key, actor=actor)[0]["id"])


def split(
    customer_id: str, *, among: Sequence[str], bill: Money, with_me: bool, note: str, key: str, actor: Actor
) -> str:
    """Split a bill among those whom the words find: its id. Raises NoSuchRecipient, KeyReused, as `service.split`."""

    def deed() -> dict[str, Any]:
        found = [queries.found_for_system(typed).customer_id for typed in among]
        one, _ = service.split(customer_id, among=found, bill=bill, with_me=with_me, note=note, actor=actor)
        return {"id": one.id}

    asked = {"do": "split", "among": [*among], "asset": bill.asset.code, "units": bill.units, "note": note}
    return str(_once(deed, asked | {"with_me": with_me}, key=key, actor=actor)[0]["id"])


def _left(customer_id: str, amount: Money) -> Money:
    """What remains in the wallet. Raises InsufficientFunds."""
    try:
        available = balances.of(chart.of_customer(customer_id, asset=amount.asset)).available
    except LookupError:
        available = Money(amount.asset, 0)
    if available < amount:
        raise InsufficientFunds(f"You have {available} available.")
    return available - amount


def _once(
    deed: Callable[[], dict[str, Any]], asked: dict[str, Any], *, key: str, actor: Actor
) -> tuple[dict[str, Any], bool]:
    with _everyone():
        return atomically(lambda: idempotency.once(key, actor=actor, request=asked, body=deed), actor=actor)


@contextmanager
def _everyone() -> Iterator[None]:
    """Everybody's rows for the body, the customer's own again after it: each begins with a transaction of its own."""
    leave()
    with for_everyone():
        try:
            yield
        finally:
            leave()
