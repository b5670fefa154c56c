"""What customers of the demo do between themselves: handles, payments, requests that wait or ended, a split bill."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from app.core import actor, clock
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.money import NGN, Money
from app.transfers import service
from app.transfers.models import MoneyRequest

HANDLE, FRIENDS_HANDLE = "tunde_bakare", "best_friend"


class Person(Protocol):
    """Somebody of the story."""

    @property
    def id(self) -> str:
        """Their customer id."""
        ...


def live(lead: Person, friends: Sequence[Person], *, at: datetime) -> None:
    """A few days of it, up to this moment. What their limits or wallets do not let through does not happen."""
    with clock.at(at - timedelta(days=3)), transaction(actor.customer(lead.id)):
        service.claim_handle(lead.id, typed=HANDLE)
    with clock.at(at - timedelta(days=3)), transaction(actor.customer(friends[0].id)):
        service.claim_handle(friends[0].id, typed=FRIENDS_HANDLE)
    for number, friend in enumerate(friends[:4]):
        begins = at - timedelta(days=2, hours=5 * number)
        with clock.at(begins):
            _send(lead, friend, 2_500 + 750 * number, note=("Suya on Friday", "Taxi", "", "Thank you")[number])
        with clock.at(begins + timedelta(minutes=37)):
            _send(friend, lead, 4_000 + 1_000 * number, note=("My half", "", "For the tickets", "")[number])
    with clock.at(at - timedelta(hours=9)):
        _ask(friends[0], lead, 6_500, note="Aso ebi")
        refused = _ask(lead, friends[1], 12_000, note="Rent of the hall")
    with clock.at(at - timedelta(hours=7)), transaction(who := actor.customer(friends[1].id)), suppress(Refusal):
        if refused is not None:
            service.decline(refused.id, customer_id=friends[1].id, actor=who)
    with clock.at(at - timedelta(hours=2)), transaction(who := actor.customer(lead.id)):
        among, bill = [friend.id for friend in friends[:3]], Money(NGN, 2_200_000)
        service.split(lead.id, among=among, bill=bill, with_me=True, note="Dinner at Yellow Chilli", actor=who)


def _send(one: Person, to: Person, naira: int, *, note: str) -> None:
    with suppress(Refusal), transaction(who := actor.customer(one.id)):
        service.send(one.id, to=to.id, amount=Money(NGN, naira * 100), note=note, proved=True, actor=who)


def _ask(one: Person, of: Person, naira: int, *, note: str) -> MoneyRequest | None:
    with suppress(Refusal), transaction(who := actor.customer(one.id)):
        return service.ask(one.id, of=of.id, amount=Money(NGN, naira * 100), note=note, actor=who)
    return None
