"""What stands in the demo's queue of withdrawals: half agreed to, risky, held, cooling off, unpaid, long on its way.

Each is brought about as in life, and then left to the product.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select

from app.clients.paystack import Paystack
from app.core import actor, clock
from app.core.actor import Actor
from app.core.db import db, leave, transaction
from app.core.money import NGN, Money
from app.disputes.models import Dispute
from app.identity import security
from app.identity import service as identity
from app.identity.rules import Audience
from app.identity.service import Device
from app.payments import flows as payments
from app.withdrawals import claims, refused
from app.withdrawals import service as withdrawals
from app.withdrawals.errors import WithdrawalOutOfBounds
from dev import odd_cases
from dev.odd_cases import Vendor

ODD, ENOUGH = Money(NGN, 10_000_00), Money(NGN, 15_000_00)  # what something goes wrong with, and who has it
LARGE, TOO_MUCH = Money(NGN, 600_000_00), Money(NGN, 7_500_000_00)
BEFORE = timedelta(days=2)  # what was added then is a way out by now
ZENITH = "057"
TELEPHONES = (
    "Mozilla/5.0 (Linux; Android 14; TECNO CK7n) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 Version/18.1 Mobile/15E Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36",
)


class Person(Protocol):
    """A customer of the story."""

    id: str
    login_id: str
    bank_account_id: str
    acts: Actor


def come_in(login_id: str, customer_id: str, *, number: int, device: int = 0) -> Actor:
    """The customer on a device of theirs, from an address of theirs: who they act as from now on."""
    name, ip = TELEPHONES[(number + device) % len(TELEPHONES)], f"203.0.{113 + device}.{number % 200 + 1}"
    with transaction(actor.system("demo")):
        session = identity.open_session(login_id, audience=Audience.CUSTOMER, device=Device(name, ip))
    return actor.customer(customer_id, ip=ip, session=session.session_id)


def take(withdrawal_id: str, *, by: str) -> None:
    """Somebody works on it."""
    leave()
    with transaction(actor.operator(by)):
        claims.take(withdrawal_id, operator_id=by)


@dataclass(frozen=True)
class Outgoing:
    """Who asks and who decides, and how the demo reaches the vendor."""

    staff: Mapping[str, str]
    paystack: Paystack
    vendor: Vendor
    available: Callable[[Person], Money]
    agree: Callable[..., None]
    work_off: Callable[[], None]
    at: datetime

    def fill(self, people: Sequence[Person]) -> None:
        """One of each kind, as far as a short story has people who have money."""
        disputed = set(db.session.scalars(select(Dispute.customer_id)))
        leave()
        able = [one for one in people if self.available(one) >= ENOUGH]
        usual = iter([one for one in able if one.id not in disputed])
        for outcome in ("otp", "failed", "pending-forever"):
            for person in _next(usual):
                self.vendor("knobs", {"transfer_outcome": outcome})
                self.agree(self._ask(person, ODD))
                self.work_off()
        self.vendor("knobs", {"transfer_outcome": "success"})
        for person in _next(usual):
            self.agree(sent_back := self._ask(person, ODD))
            self.work_off()
            odd_cases.send_back(sent_back, paystack=self.paystack, vendor=self.vendor)
        for person in _next(usual):  # who have another password since an hour, and come with another telephone
            with clock.at(self.at - timedelta(hours=1)):
                with transaction(actor.customer(person.id)):
                    security.note_change(person.login_id)
                person.acts = come_in(person.login_id, person.id, number=7, device=1)
            self._ask(person, ODD)
        for person in _next(usual):
            held, who = self._to_a_firm(person, ODD), actor.operator(self.staff["officer"])
            self.work_off()
            with transaction(who):
                withdrawals.hold(held, reason="They are to say whose account it is.", owns=None, actor=who)
        for person in (one for one in able if one.id in disputed):  # (what is held for a dispute speaks against them)
            self._to_a_firm(person, self.available(person) - ENOUGH)
            break
        rich = sorted(usual, key=lambda one: -self.available(one).units)
        for person, legs in zip(rich, (1, 0), strict=False):
            self.agree(self._to_a_firm(person, self.available(person) - ENOUGH), legs=legs)
        self.work_off()

    def _ask(self, person: Person, amount: Money, account: str = "") -> str:
        to = account or person.bank_account_id
        with transaction(person.acts):
            return withdrawals.request(person.id, bank_account_id=to, amount=amount, actor=person.acts).id

    def _to_a_firm(self, person: Person, most: Money) -> str:
        """To an account whose bank names a firm; first they tried more than there may be."""
        number = f"31{int(person.acts.ip.rpartition('.')[2]):08d}"
        self.vendor("accounts", {"account_number": number, "account_name": "CITADEL BUILDING MATERIALS LTD"})
        with clock.at(self.at - BEFORE):
            account = payments.add_bank_account(
                person.id, bank_code=ZENITH, account_number=number, paystack=self.paystack, actor=person.acts
            ).id
        with transaction(person.acts):
            why = WithdrawalOutOfBounds()
            refused.note(person.id, amount=TOO_MUCH, bank_account_id=account, refused=why)
        return self._ask(person, max(ODD, min(LARGE, most)), account)


def _next(people: Iterator[Person]) -> list[Person]:
    """The next of them, if there is one."""
    return [one for one in [next(people, None)] if one is not None]
