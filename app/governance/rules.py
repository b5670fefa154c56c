"""What governance decides without looking anything up: states, who is needed, which leg is whose."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.core.machine import Machine, Wait
from app.core.permissions import Permission, Role, granted

REASON_MAX = 500
RULES_MAX = 20
COUNT_MAX = 5
LEGS_MAX = 5  # (what waits is found by an index that has its legs: an entry of it has bounds)
PEOPLE_NEVER = 1_000
TTL_MIN, TTL_MAX = timedelta(hours=1), timedelta(days=30)
DELAY_MAX = timedelta(days=7)


class State(StrEnum):
    """A request, from asking to its end."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    EXECUTED = "executed"
    FAILED = "failed"


S = State
MACHINE = Machine(
    "approval request",
    {
        S.PENDING: frozenset({S.APPROVED, S.DENIED, S.EXPIRED, S.CANCELLED}),
        S.APPROVED: frozenset({S.EXECUTED, S.FAILED, S.PENDING, S.DENIED, S.CANCELLED}),
        S.FAILED: frozenset({S.APPROVED, S.DENIED, S.EXPIRED, S.CANCELLED}),
    },
    waits={
        S.PENDING: Wait(
            TTL_MAX + timedelta(hours=1),
            "admin",
            "The clock ends what nobody decided in time. Look whether that job runs.",
        ),
        S.APPROVED: Wait(
            DELAY_MAX + timedelta(hours=1),
            "admin",
            "A job carries it out. Find it among those that were given up, and retry it.",
        ),
        S.FAILED: Wait(
            timedelta(hours=24),
            "admin",
            "See why it could not be done; then it is tried again, or whoever asked takes it back.",
        ),
    },
)

OPEN = (S.PENDING, S.APPROVED, S.FAILED)
ENDED = (S.EXECUTED, S.DENIED, S.EXPIRED, S.CANCELLED)


@dataclass(frozen=True)
class Leg:
    """So many people who hold one of these roles."""

    roles: tuple[str, ...]
    count: int

    def fits(self, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles may fill it."""
        return not set(self.roles).isdisjoint(roles)

    def as_json(self) -> dict[str, Any]:
        """As it stands in the database."""
        return {"roles": list(self.roles), "count": self.count}


@dataclass(frozen=True)
class Facts:
    """What a request is routed by. An amount in kobo that is not known counts as larger than any."""

    amount: int | None = 0
    risk: str = ""
    target: str = ""


@dataclass(frozen=True)
class Rule:
    """Who is needed when the conditions fit; one that is not stated fits everything.

    One without legs asks nobody, which only what is routed may have; one that `denies` is for what nobody agrees to.
    """

    legs: tuple[Leg, ...]
    ttl: timedelta
    delay: timedelta = timedelta(0)
    amount_over: int | None = None
    risk: str | None = None
    target: str | None = None
    denies: bool = False

    @property
    def people(self) -> int:
        """How many must agree; more than there can be where nobody may."""
        return PEOPLE_NEVER if self.denies else sum(leg.count for leg in self.legs)

    @property
    def unconditional(self) -> bool:
        """Whether it fits everything."""
        return self.amount_over is None and self.risk is None and self.target is None

    def fits(self, facts: Facts) -> bool:
        """Whether the rule is for a request of this kind."""
        over = self.amount_over is None or facts.amount is None or facts.amount > self.amount_over
        return over and self.risk in {None, facts.risk} and self.target in {None, facts.target}

    def as_json(self) -> dict[str, Any]:
        """As it stands in the database."""
        conditions = {"amount_over": self.amount_over, "risk": self.risk, "target": self.target}
        return {
            **{name: value for name, value in conditions.items() if value is not None},
            **({"denies": True} if self.denies else {}),
            "legs": [leg.as_json() for leg in self.legs],
            "ttl_seconds": int(self.ttl.total_seconds()),
            "delay_seconds": int(self.delay.total_seconds()),
        }


def leg_of(written: Mapping[str, Any]) -> Leg:
    """A leg as the database keeps it."""
    return Leg(tuple(written["roles"]), int(written["count"]))


def rule_of(written: Mapping[str, Any]) -> Rule:
    """A rule as the database keeps it."""
    return Rule(
        tuple(leg_of(leg) for leg in written["legs"]),
        timedelta(seconds=int(written["ttl_seconds"])),
        timedelta(seconds=int(written["delay_seconds"])),
        written.get("amount_over"),
        written.get("risk"),
        written.get("target"),
        bool(written.get("denies", False)),
    )


def route(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """The first rule that fits; None means that it cannot be asked for."""
    return next((rule for rule in rules if rule.fits(facts)), None)


def fault_of(rules: Sequence[Rule], *, may_ask_nobody: bool = False) -> str:
    """What is wrong with a policy, in a sentence; empty when nothing is."""
    if not 1 <= len(rules) <= RULES_MAX:
        return f"A policy has 1 to {RULES_MAX} rules."
    faults = [sentence for rule in rules if (sentence := _fault_of_rule(rule))]
    if faults:
        return faults[0]
    if not may_ask_nobody and any(not rule.legs for rule in rules):
        return "Each rule needs somebody's yes."
    if any(rule.unconditional for rule in rules[:-1]):
        return "A rule for everything stands last: nothing comes after it."
    if [rule.people for rule in rules] != sorted((rule.people for rule in rules), reverse=True):
        return "The rules that ask for more people come first."
    return ""


def _fault_of_rule(rule: Rule) -> str:
    known = {str(role) for role in Role}
    if rule.denies and rule.legs:
        return "What nobody may agree to needs nobody's yes."
    if any(not leg.roles or not set(leg.roles) <= known or len(set(leg.roles)) < len(leg.roles) for leg in rule.legs):
        return "Each approval names roles that there are, each once."
    if any(Permission.APPROVALS_DECIDE not in granted([role]) for leg in rule.legs for role in leg.roles):
        return "Each approval names roles that decide on requests."
    if len(rule.legs) > LEGS_MAX or any(not 1 <= leg.count <= COUNT_MAX for leg in rule.legs):
        return f"Each approval is of 1 to {COUNT_MAX} people, and a rule has {LEGS_MAX} approvals at most."
    if not TTL_MIN <= rule.ttl <= TTL_MAX or not timedelta(0) <= rule.delay <= DELAY_MAX:
        return "A request stays open for 1 hour to 30 days, and is delayed by 7 days at most."
    return ""


def open_leg(legs: Sequence[Leg], filled: Sequence[int], roles: Collection[str]) -> int | None:
    """The first leg that somebody with these roles may fill and that is not full; `filled` counts each leg's votes."""
    for place, (leg, count) in enumerate(zip(legs, filled, strict=True)):
        if count < leg.count and leg.fits(roles):
            return place
    return None
