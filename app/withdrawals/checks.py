"""What every withdrawal is checked for, in order: each check says what came of it, in words, with what it was given.

They look and write nothing. What a customer may not do at all was refused at the door; found later it is a result like
any other, and stops the withdrawal. Names of lists and of people are in no result: all who approve read them.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.applications import past
from app.core import clock
from app.core.money import NGN, Money
from app.customers import queries as customers
from app.customers.models import Customer
from app.identification import names
from app.identity import queries as identity
from app.identity import security, visits
from app.ledger import chart
from app.payments import name_requests
from app.payments import queries as payments
from app.payments.models import BankAccount
from app.restrictions import queries as restrictions
from app.restrictions.rules import Way
from app.risk import errors as risk_errors
from app.risk import queries as risk_queries
from app.risk import service as risk
from app.risk.rules import Direction, Rail
from app.risk.service import Intent
from app.screening import queries as screening
from app.screening.rules import Standing
from app.withdrawals import queries, rules
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import Outcome, Result

ONE_DAY = timedelta(days=1)
SHARED_FOR = timedelta(days=30)
# How long each kind of change holds what is asked for after it: the name of its threshold.
CHANGE_HOURS = {security.SIGN_IN: "sign_in_change_hours", security.CONTACT: "contact_change_hours"}
NOT_OF_A_BANK = "A transfer of naira to a bank in Nigeria: this asks nothing of one."


@dataclass(frozen=True)
class Asked:
    """A withdrawal with what most checks look at."""

    withdrawal: Withdrawal
    destination: BankAccount
    customer: Customer
    thresholds: Mapping[str, int]
    uses: int

    @property
    def account(self) -> str:
        """The customer's account in the books."""
        return chart.of_customer(self.customer.id, asset=NGN)

    @property
    def total(self) -> Money:
        """What leaves the wallet."""
        return self.withdrawal.amount + self.withdrawal.fee

    def hours(self, threshold: str) -> timedelta:
        """A threshold that is a time, in hours."""
        return timedelta(hours=self.thresholds[threshold])


@dataclass(frozen=True)
class Found:
    """What one check came to."""

    outcome: Outcome
    words: str
    facts: Mapping[str, Any]
    points: int = 0
    until: datetime | None = None


def run(withdrawal: Withdrawal, *, numbers: Collection[int] | None = None) -> list[Result]:
    """Every check that looks (or those of these numbers), in order."""
    destination = payments.bank_account(withdrawal.bank_account_id, customer_id=withdrawal.customer_id)
    asked = Asked(
        withdrawal,
        destination,
        customers.one_for_operators(withdrawal.customer_id),
        risk_queries.thresholds_without_owner(),
        queries.uses_for_operators([destination.id])[destination.id],
    )
    results = []
    for number, (name, look) in CHECKS.items():
        if numbers is None or number in numbers:
            found = look(asked)
            results.append(
                Result(number, name, found.outcome, found.words, found.facts, min(found.points, 100), found.until)
            )
    return results


def intent(ref: str, *, customer_id: str, amount: Money) -> Intent:
    """What a withdrawal counts against its owner's limits."""
    return Intent(ref, customer_id, Rail.BANK, Direction.OUT, amount)


def _passed(words: str, **facts: Any) -> Found:
    return Found(Outcome.PASS, words, facts)


def _account_state(asked: Asked) -> Found:
    frozen = customers.is_locked(customer_id=asked.customer.id)
    stopped = restrictions.stopped_for_operators(asked.customer.id, way=Way.OUT)
    facts = {"frozen": frozen, "restricted": stopped}
    if frozen or stopped:
        return Found(Outcome.HOLD, "The account lets nothing out at present.", facts)
    return _passed("The account may send.", **facts)


def _limits(asked: Asked) -> Found:
    tier = customers.tier_in_force(owner=asked.customer.id)
    facts = {"tier": str(tier.tier), "counts": str(tier.counts), "amount": str(asked.withdrawal.amount.units)}
    try:
        # (counted when it was asked for, it fits; one that is not counted any more would have to fit anew)
        risk.check(intent(asked.withdrawal.id, customer_id=asked.customer.id, amount=asked.withdrawal.amount))
    except (risk_errors.LimitExceeded, risk_errors.TierTooLow) as refused:
        return Found(Outcome.REFUSE, refused.message, facts | refused.facts)
    left = {
        f"{one.scope.rail}:{one.scope.direction}": {bound: str(units) for bound, units in one.left.items()}
        for one in risk_queries.standings(asked.customer.id, tier=tier.counts)
        if one.scope.covers(intent("", customer_id="", amount=asked.withdrawal.amount).scope)
    }
    return _passed("It fits the limits of its tier, this one counted.", **facts, left=left)


def _balance(asked: Asked) -> Found:
    held, needed = queries.held_for_system(asked.withdrawal.hold_id), asked.total
    facts = {"held": str(held.units), "needed": str(needed.units)}
    if held < needed:
        return Found(Outcome.HOLD, f"{held} is held for it, and it takes {needed}.", facts)
    return _passed(f"{needed} is held for it.", **facts)


def _identity_is_fresh(asked: Asked) -> Found:
    due = past.review_due_at(owner=asked.customer.id)
    facts = {"tier": asked.customer.tier, "review_due_at": due.isoformat() if due else None}
    if due is not None and due <= clock.now():
        words = f"Who they are was to be looked at again by {due:%-d %B %Y}."
        return Found(Outcome.REVIEW, words, facts, asked.thresholds["identity_due_points"])
    return _passed("Who they are was looked at in time.", **facts)


def _second_factor(asked: Asked) -> Found:
    since = identity.enrolled_since(owner=asked.customer.login_id)
    phone = identity.counting_phone(owner=asked.customer.login_id)
    facts = {"enrolled_since": since.isoformat() if since else None, "phone_confirmed": phone is not None}
    if since is None or phone is None:
        return Found(Outcome.HOLD, "They have no second factor, or no confirmed phone, any more.", facts)
    return _passed("Asked for with a factor that was proved minutes before.", **facts)


def _destination(asked: Asked) -> Found:
    account = asked.destination
    known = any(bank.code == account.bank_code for bank in payments.banks_without_owner())
    facts = {"bank_code": account.bank_code, "bank_known": known, "removed": account.removed_at is not None}
    if account.removed_at is not None:
        return Found(Outcome.HOLD, "The customer took this account off their list.", facts)
    if not known or not account.recipient_code:
        return Found(Outcome.HOLD, "The rail does not list this bank any more.", facts)
    return _passed("A bank account in naira, which its bank named.", **facts)


def _allow_list(asked: Asked) -> Found:
    added, lock = asked.destination.created_at, asked.hours("new_destination_hours")
    facts = {"added_at": added.isoformat(), "uses": asked.uses}
    if clock.now() < added + lock:
        return Found(Outcome.HOLD, "It was added a short while ago.", facts, until=added + lock)
    words = f"On their list, paid to {asked.uses} times." if asked.uses else "On their list, never paid to yet."
    return _passed(words, **facts)


def _sign_in_changes(asked: Asked) -> Found:
    changes = identity.last_security_changes(owner=asked.customer.login_id)
    facts = {kind: changes[kind].isoformat() if kind in changes else None for kind in CHANGE_HOURS}
    ends = [at + asked.hours(CHANGE_HOURS[kind]) for kind, at in changes.items()]
    until = max(ends, default=None)
    if until is not None and clock.now() < until:
        words = "What opens the account was changed a short while ago: password, phone, address or a factor."
        return Found(Outcome.HOLD, words, facts, until=until)
    return _passed("What opens the account has stayed as it is.", **facts)


def _name(asked: Asked) -> Found:
    match = names.compare(name_requests.given_name(asked.customer.id), asked.destination.account_name)
    facts = {"score": match.score, "needed": asked.thresholds["name_match_percent"]}
    if match.score < asked.thresholds["name_match_percent"]:
        if name_requests.agreed_for_system(asked.destination):
            agreed = {"request": asked.destination.name_request_id}
            return _passed(
                "The name at the bank differs; two people said that the account is theirs.", **facts, **agreed
            )
        words = f"The name at the bank is alike to theirs by {match.score} %."
        return Found(Outcome.REVIEW, words, facts, asked.thresholds["name_differs_points"])
    return _passed("The name at the bank is theirs.", **facts)


def _screening(asked: Asked) -> Found:
    standing = screening.state_for_system(asked.customer.id)
    facts = {"standing": str(standing)}
    if standing in {Standing.MATCH, Standing.HITS}:
        return Found(Outcome.HOLD, "Compliance has a hit to decide on first.", facts)
    if standing in {Standing.UNAVAILABLE, Standing.NEVER}:
        words = "They could not be held against the lists."
        return Found(Outcome.REVIEW, words, facts, asked.thresholds["screening_unavailable_points"])
    if standing == Standing.KNOWN:
        words = "A list of public office names them, and two people said so."
        return Found(Outcome.REVIEW, words, facts, asked.thresholds["screening_known_points"])
    return _passed("On no list.", **facts)


def _exposure(_asked: Asked) -> Found:
    return _passed(NOT_OF_A_BANK, rail="bank")


def _travel_rule(asked: Asked) -> Found:
    return _passed(NOT_OF_A_BANK, rail="bank", beneficiary_named=bool(asked.destination.account_name))


def _disputes(asked: Asked) -> Found:
    held = queries.disputed_for_system(asked.account)
    if held.units:
        words = f"{held} of the account is held for a dispute."
        return Found(Outcome.REVIEW, words, {"held": str(held.units)}, asked.thresholds["dispute_points"])
    return _passed("Nothing of the account is held for a dispute.", held="0")


def _funding_age(asked: Asked) -> Found:
    fresh = payments.credited_since(clock.now() - ONE_DAY, customer_id=asked.customer.id)
    return _passed("Only coins wait for money to age: this goes to a bank.", rail="bank", day_old=str(fresh.units))


def _speed(asked: Asked) -> Found:
    limits, units = asked.thresholds, asked.withdrawal.amount.units
    business = past.is_business(owner=asked.customer.id)
    low, high = rules.reported(limits, business=business)
    seen = queries.past_for_system(asked.withdrawal, low=low, high=high)
    window = timedelta(minutes=limits["pass_through_minutes"])
    came = payments.credited_since(clock.now() - window, customer_id=asked.customer.id).units
    last = queries.last_moved_for_system(asked.account, before=asked.withdrawal.created_at)
    lately = clock.now() - SHARED_FOR
    speed = rules.Speed(
        units=units,
        in_hour=seen.in_hour,
        in_day=seen.in_day,
        day_units=seen.day_units,
        paid_count=seen.paid_count,
        paid_units=seen.paid_units,
        near_bound=seen.near_bound,
        came_units=came,
        age=asked.withdrawal.created_at - asked.customer.created_at,
        quiet_for=asked.withdrawal.created_at - last if last else None,
        sharers=payments.sharers_for_system(asked.destination, since=lately),
        close_days=risk_queries.close_days_for_system(
            asked.customer.id,
            tier=customers.tier_in_force(owner=asked.customer.id).counts,
            scope=intent("", customer_id="", amount=asked.withdrawal.amount).scope,
            percent=limits["hugging_percent"],
        ),
        taken_over=_is_taken_over(asked),
        business=business,
    )
    hits = rules.speed_hits(speed, limits)
    facts = {"rules": [hit.rule for hit in hits], **speed.as_json()}
    if not hits:
        return _passed("Nothing unusual in how much and how often.", **facts)
    return Found(Outcome.REVIEW, " ".join(hit.words for hit in hits), facts, sum(hit.points for hit in hits))


def _is_taken_over(asked: Asked) -> bool:
    """Whether somebody came with a new device, and changed what opens the account, shortly before they asked."""
    since = asked.withdrawal.created_at - asked.hours("takeover_hours")
    changes = identity.last_security_changes(owner=asked.customer.login_id)
    changed = any(at > since for at in changes.values())
    return changed and visits.has_new_device_for_system(asked.customer.login_id, since=since)


def _liquidity(asked: Asked) -> Found:
    there, needed = queries.payout_float_for_system(), asked.withdrawal.amount
    facts = {"float": str(there.units), "needed": str(needed.units)}
    if there < needed:
        return Found(Outcome.REVIEW, f"The payout float is {there}: it waits in line until that is topped up.", facts)
    return _passed("The payout float covers it.", **facts)


Look = Callable[[Asked], Found]
CHECKS: dict[int, tuple[str, Look]] = {
    1: ("Account state", _account_state),
    2: ("Tier and limits", _limits),
    3: ("Balance and hold", _balance),
    4: ("Identity looked at in time", _identity_is_fresh),
    5: ("Second factor", _second_factor),
    6: ("Destination", _destination),
    7: ("Customer's own list", _allow_list),
    8: ("Changes of sign-in", _sign_in_changes),
    9: ("Name at the bank", _name),
    10: ("Sanctions and public office", _screening),
    11: ("On-chain exposure", _exposure),
    12: ("Travel rule", _travel_rule),
    13: ("Disputes", _disputes),
    14: ("Age of the money", _funding_age),
    15: ("Speed and patterns", _speed),
    16: ("Payout float", _liquidity),
}
POLICY_NUMBER, POLICY_NAME = 17, "Approval policy"
AGAIN_NUMBER, AGAIN_NAME = 18, "Looked at again before sending"
AGAIN = (1, 3, 10, 16)
LISTS = 10
KEPT = frozenset({LISTS})  # what only those may read who read what the lists say
