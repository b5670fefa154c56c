"""What withdrawals decides without looking anything up: states, bounds, what checks add up to, what a yes binds."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core.machine import Machine, Wait
from app.core.money import NGN, Money, Rounding, portion
from app.core.permissions import Role
from app.governance.rules import Leg

WITHDRAWAL_MIN = Money(NGN, 100_00)
WITHDRAWAL_MAX = Money(NGN, 5_000_000_00)
POLICY = "withdrawals.send"
SCORE_MAX = 100
PERCENT = 100
BPS_OF_PERCENT = 100
REASON_MAX = 500
QUARTER_DAYS = 90
HOLD_HOURS_MAX = 720
LEASE = timedelta(minutes=15)  # so long somebody has one in hand

# What somebody who got into an account would add to it first is no way out until its owner, who is told by mail, has
# had as long as these thresholds say (hours) to say no.
NEW_FOR = {"second factor": "new_factor_hours", "bank account": "new_destination_hours"}


class State(StrEnum):
    """A withdrawal from request to its end."""

    REQUESTED = "requested"  # it is being checked, or waits for people
    HELD = "held"  # a check stops it until somebody has looked
    COOLING_OFF = "cooling_off"  # a check stops it until a time
    APPROVED = "approved"
    SENDING = "sending"
    UNPAID = "unpaid"  # the rail ended an attempt without payment; the money is still held
    SETTLED = "settled"
    FAILED = "failed"
    RETURNED = "returned"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


S = State
_STOPS = frozenset({S.REJECTED, S.CANCELLED})
MACHINE = Machine(
    "withdrawal",
    {
        # (Settled from where it waits: an attempt that counted as failed was paid, as two people say.)
        S.REQUESTED: _STOPS | {S.APPROVED, S.HELD, S.COOLING_OFF, S.SETTLED},
        S.HELD: _STOPS | {S.REQUESTED, S.APPROVED, S.COOLING_OFF, S.SETTLED},
        S.COOLING_OFF: _STOPS | {S.REQUESTED, S.APPROVED, S.HELD, S.SETTLED},
        # What was approved can still be stopped, until its sending begins; it waits again when somebody who agreed may
        # not agree any more.
        S.APPROVED: _STOPS | {S.SENDING, S.REQUESTED, S.HELD, S.COOLING_OFF, S.SETTLED},
        S.SENDING: frozenset({S.SETTLED, S.UNPAID}),
        S.UNPAID: frozenset({S.APPROVED, S.FAILED, S.CANCELLED, S.SETTLED}),
        # The bank can send back what it had taken.
        S.SETTLED: frozenset({S.RETURNED}),
    },
    waits={
        S.REQUESTED: Wait(timedelta(hours=24), Role.TREASURY, "Approve or reject it; after seven days the clock does."),
        S.HELD: Wait(
            timedelta(hours=24), Role.COMPLIANCE_OFFICER, "Clear up what its checks stop it for, then check it again."
        ),
        S.COOLING_OFF: Wait(
            timedelta(hours=48), Role.COMPLIANCE_OFFICER, "The clock checks it again when its time is over."
        ),
        S.APPROVED: Wait(timedelta(hours=6), Role.TREASURY, "See why it is not sent: a halt, a switch, a restriction."),
        S.SENDING: Wait(timedelta(hours=2), Role.TREASURY, "Ask the rail for its payout, by our reference."),
        S.UNPAID: Wait(
            timedelta(hours=3),
            Role.TREASURY,
            "Try again, or give it back; after two hours the clock does. Where Paystack says that it was paid or is"
            " under way, neither works: finance asks on the payout's page that it count as one or the other, and"
            " treasury agrees.",
        ),
        # (Nothing is awaited: it may still come back, and mostly never does.)
        S.SETTLED: Wait(timedelta(days=36_500), Role.TREASURY, "Nothing: it is paid, and only the bank can undo that."),
    },
)

# What its owner reads of an end; of one that was declined, what was written for them. No other reason is theirs.
NOT_TAKEN = "The bank did not take the payment."
SENT_BACK = "The bank sent it back."
TOLD = {S.FAILED: NOT_TAKEN, S.RETURNED: SENT_BACK}

STOPPED = (S.HELD, S.COOLING_OFF)
WAITING = (S.REQUESTED,)
UNDERWAY = (S.APPROVED, S.SENDING, S.UNPAID)
OPEN = (*WAITING, *STOPPED, *UNDERWAY)
ENDED = (S.SETTLED, S.FAILED, S.RETURNED, S.REJECTED, S.CANCELLED)
CHECKABLE = (S.REQUESTED, S.HELD, S.COOLING_OFF)
CANCELLABLE = tuple(state for state in S if MACHINE.allows(state, S.CANCELLED))


class Duty(StrEnum):
    """Whose somebody's stop is: any of them may end it, and compliance that of treasury too."""

    COMPLIANCE = "compliance"
    TREASURY = "treasury"


class Outcome(StrEnum):
    """What came of one check, the worst last."""

    PASS = "pass"  # noqa: S105 (no password)
    REVIEW = "review"  # somebody looks before it goes
    HOLD = "hold"  # it waits
    REFUSE = "refuse"  # it is not possible


class Band(StrEnum):
    """How much speaks against it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Target(StrEnum):
    """Whether its destination was paid to before, and nothing asks for a look."""

    KNOWN = "known"
    NEW = "new"


class Size(StrEnum):
    """How much it is, as a queue is narrowed."""

    SMALL = "small"  # up to NGN 100,000
    MIDDLE = "middle"
    LARGE = "large"  # more than NGN 1,000,000


_SIZES = {Size.SMALL: (0, 100_000_00), Size.MIDDLE: (100_000_00, 1_000_000_00), Size.LARGE: (1_000_000_00, None)}


def bounds_of(size: Size) -> tuple[int, int | None]:
    """More than how much and up to how much (kobo; None: any amount) is of this size."""
    return _SIZES[size]


@dataclass(frozen=True)
class Result:
    """One check: what came of it, in words that staff read, with what it was given (plain JSON)."""

    number: int
    name: str
    outcome: Outcome
    words: str
    facts: Mapping[str, Any]
    points: int = 0
    until: datetime | None = None  # of a hold that the clock ends


@dataclass(frozen=True)
class Weighed:
    """What a round of checks adds up to."""

    score: int
    band: Band
    stopped: tuple[Result, ...]
    looks: bool  # something asks that a person looks

    @property
    def cools_until(self) -> datetime | None:
        """When the clock checks again, where nothing but time stops it."""
        times = [one.until for one in self.stopped]
        known = [each for each in times if each is not None]
        return max(known) if known and len(known) == len(times) else None


def weigh(results: Sequence[Result], *, medium: int, high: int) -> Weighed:
    """The score of a round, 0 to 100, its band, and what stops it."""
    score = min(sum(one.points for one in results), SCORE_MAX)
    band = Band.HIGH if score >= high else Band.MEDIUM if score >= medium else Band.LOW
    stopped = tuple(one for one in results if one.outcome in {Outcome.HOLD, Outcome.REFUSE})
    return Weighed(score, band, stopped, any(one.outcome is not Outcome.PASS for one in results))


@dataclass(frozen=True)
class Speed:
    """How much somebody withdraws, how often and how fast, beside what they did before (amounts in kobo)."""

    units: int
    in_hour: int
    in_day: int
    day_units: int
    paid_count: int
    paid_units: int
    near_bound: int
    came_units: int  # what deposits brought within the time of the rule on what passes through
    age: timedelta  # of the account
    quiet_for: timedelta | None  # since something last moved; None: nothing ever did
    sharers: int  # customers who have the destination on their list
    close_days: int = 0  # of the last seven, those on which they used nearly all that a day allows
    taken_over: bool = False  # a device never seen before, and a change of what opens the account
    business: bool = False  # the account is that of one: more of its amounts go without a report

    def as_json(self) -> dict[str, Any]:
        """As it is kept beside the result."""
        return {
            "in_hour": self.in_hour,
            "in_day": self.in_day,
            "day_units": str(self.day_units),
            "paid_count": self.paid_count,
            "paid_units": str(self.paid_units),
            "near_bound": self.near_bound,
            "came_units": str(self.came_units),
            "age_days": self.age.days,
            "quiet_days": self.quiet_for.days if self.quiet_for else None,
            "sharers": self.sharers,
            "close_days": self.close_days,
            "new_device_and_change": self.taken_over,
            "business": self.business,
        }


@dataclass(frozen=True)
class Hit:
    """A rule on patterns that fits."""

    rule: str
    points: int
    words: str


def reported(bounds: Mapping[str, int], *, business: bool) -> tuple[int, int]:
    """What is just below what is reported of money going out, and what is reported, from which amount on (kobo)."""
    whose = "structuring_company" if business else "structuring"
    return bounds[f"{whose}_low"], bounds[f"{whose}_high"]


def speed_hits(seen: Speed, bounds: Mapping[str, int]) -> list[Hit]:
    """Which of the rules on patterns fit, by the thresholds of their time."""
    days = QUARTER_DAYS
    often = seen.in_hour >= bounds["hour_count"] or seen.in_day >= bounds["day_count"]
    outflow = seen.day_units + seen.units
    unlike = (
        seen.paid_count >= bounds["outflow_history_count"]
        and outflow > bounds["outflow_min"]
        and outflow * days > bounds["outflow_times_mean"] * seen.paid_units
    )
    low, high = reported(bounds, business=seen.business)
    near = low <= seen.units < high
    split = seen.in_day + 1 >= bounds["structuring_count"] and outflow > high and seen.units < high
    passes = seen.units >= bounds["pass_through_min"] and (
        seen.came_units > 0 and seen.units * PERCENT >= seen.came_units * bounds["pass_through_percent"]
    )
    young = seen.age < timedelta(days=bounds["new_account_days"]) and seen.units > bounds["new_account_amount"]
    woken = seen.quiet_for is not None and seen.quiet_for >= timedelta(days=bounds["dormant_days"])
    fits_ = (
        (often, "V1", "count_points", "Many withdrawals in a short time."),
        (unlike, "V2", "outflow_points", "Much more in a day than they are used to."),
        (
            (near and seen.near_bound + 1 >= bounds["structuring_count"]) or split,
            "S2" if seen.business else "S1",
            "structuring_points",
            "Several amounts kept below what is reported.",
        ),
        (
            seen.close_days >= bounds["hugging_days"],
            "V3",
            "hugging_points",
            "Day after day close to the limit of a day.",
        ),
        (
            seen.taken_over,
            "A1",
            "takeover_points",
            "A device never seen before, and a change of what opens the account.",
        ),
        (passes, "P1", "pass_through_points", "Most of what came a moment ago goes out again."),
        (young, "N1", "new_account_points", "A new account, and a large amount."),
        (woken and seen.units > bounds["dormant_amount"], "P4", "dormant_points", "The account was quiet for long."),
        (
            seen.sharers >= bounds["destination_shared_customers"],
            "D2",
            "destination_shared_points",
            "Several customers have this account on their lists.",
        ),
    )
    return [Hit(rule, bounds[points], words) for fits_it, rule, points, words in fits_ if fits_it]


def target(*, uses: int, looks: bool) -> Target:
    """What is routed as known: paid to before, and with nothing that asks for a look."""
    return Target.KNOWN if uses and not looks else Target.NEW


def is_large(amount: Money, *, payout_float: Money, percent: int) -> bool:
    """Whether it is more than this part of what payouts are paid from, and so counts as larger than any amount."""
    if payout_float.units <= 0:
        return True
    part, _ = portion(payout_float, bps=percent * BPS_OF_PERCENT, rounding=Rounding.DOWN)
    return amount > part


def fits(amount: Money) -> bool:
    """Whether a withdrawal of this size is taken."""
    return WITHDRAWAL_MIN <= amount <= WITHDRAWAL_MAX


def attempt_id(payout_id: str, attempts: int) -> str:
    """The reference of an attempt: the first has the withdrawal's own, later ones are numbered."""
    return payout_id if attempts <= 1 else f"{payout_id}-{attempts}"


def first_attempt_id(attempt: str) -> str:
    """The reference of the first attempt of the withdrawal that an attempt is for."""
    return attempt.split("-", 1)[0]


@dataclass(frozen=True)
class Content:
    """What an approval is bound to: who, how much, to which account, what was found, and by whom it is agreed to."""

    withdrawal_id: str
    customer_id: str
    amount: Money
    fee: Money
    bank_code: str
    account_number: str
    recipient_code: str
    round_no: int
    score: int
    legs: tuple[Leg, ...]
    delay_seconds: int

    @property
    def hash(self) -> str:
        """A change of anything is another hash (SHA-256, hex)."""
        written = [
            self.withdrawal_id,
            self.customer_id,
            self.amount.asset.code,
            self.amount.units,
            self.fee.units,
            self.bank_code,
            self.account_number,
            self.recipient_code,
            self.round_no,
            self.score,
            [leg.as_json() for leg in self.legs],
            self.delay_seconds,
        ]
        return hashlib.sha256(json.dumps(written).encode()).hexdigest()
