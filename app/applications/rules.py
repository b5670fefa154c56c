"""What applications decide without looking anything up: states, which steps a tier asks for, who must decide."""

import calendar
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait
from app.customers.rules import Tier

LEASE = timedelta(minutes=15)  # a claim lasts so long after the last sign of life
ABANDONED_AFTER = timedelta(days=90)
AGE_MIN_YEARS = 18
PROOF_OF_ADDRESS_LIVES = timedelta(days=92)
NOTE_MAX = 2000
CONSENT = "2026-11"  # the wording that a customer agrees to when they hand in; another wording has another name
OWNER_BPS_MIN = 500  # who owns more than 5 % of a business is named


class State(StrEnum):
    """An application, from the first step to the decision."""

    DRAFT = "draft"  # in the customer's hands
    SUBMITTED = "submitted"  # in ours
    ESCALATED = "escalated"  # in ours, for somebody senior
    WAITING = "waiting"  # in the customer's again: something has to be sent again
    PROPOSED = "proposed"  # a decision of two was asked for
    APPROVED = "approved"
    REJECTED = "rejected"
    ABANDONED = "abandoned"  # the customer took it back or let it lie


S = State
_FORGOTTEN = "The clock ends what a customer began and forgot. Where we asked for it, write to them."
_CLAIM = "Claim it, and decide or say what has to be sent again."
MACHINE = Machine(
    "application",
    {
        S.DRAFT: frozenset({S.SUBMITTED, S.ABANDONED}),
        S.SUBMITTED: frozenset({S.WAITING, S.ESCALATED, S.PROPOSED, S.APPROVED}),
        S.ESCALATED: frozenset({S.WAITING, S.SUBMITTED, S.PROPOSED, S.APPROVED}),
        S.WAITING: frozenset({S.SUBMITTED, S.ABANDONED}),
        S.PROPOSED: frozenset({S.APPROVED, S.REJECTED, S.SUBMITTED, S.WAITING}),
    },
    waits={
        S.DRAFT: Wait(ABANDONED_AFTER + timedelta(days=2), "compliance_officer", _FORGOTTEN),
        S.SUBMITTED: Wait(timedelta(hours=72), "compliance_officer", _CLAIM),
        S.ESCALATED: Wait(timedelta(hours=72), "compliance_manager", _CLAIM),
        S.WAITING: Wait(ABANDONED_AFTER + timedelta(days=2), "compliance_officer", _FORGOTTEN),
        S.PROPOSED: Wait(
            timedelta(hours=72), "compliance_manager", "Agree to the decision or deny it, among the approvals."
        ),
    },
)
OPEN = (S.DRAFT, S.SUBMITTED, S.ESCALATED, S.WAITING, S.PROPOSED)
OURS = (S.SUBMITTED, S.ESCALATED)  # somebody on our side can act
THEIRS = (S.DRAFT, S.WAITING)


class About(StrEnum):
    """What brought it up."""

    TIER = "tier"
    REVIEW = "review"
    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"


ASKED_BY_US = (About.REVIEW, About.PHONE)  # nobody takes these back
# What we ask for is done in this time, or nothing goes out until people have looked at it.
OVERDUE_AFTER = {About.REVIEW: timedelta(days=30), About.PHONE: timedelta(days=7)}


class Subject(StrEnum):
    """Whom it is about."""

    PERSON = "person"
    BUSINESS = "business"


class StepState(StrEnum):
    """A step: to be done, done, to be done again."""

    OPEN = "open"
    DONE = "done"
    AGAIN = "again"


STEP_MACHINE = Machine(
    "application step",
    {
        StepState.OPEN: frozenset({StepState.DONE, StepState.AGAIN}),
        StepState.DONE: frozenset({StepState.OPEN, StepState.AGAIN}),
        StepState.AGAIN: frozenset({StepState.DONE}),
    },
    rests=dict.fromkeys(StepState, "the application that it belongs to is watched"),
)


class Step(StrEnum):
    """One thing that a customer shows."""

    CONTACT = "contact"  # address and phone, each confirmed by a code
    PROFILE = "profile"
    BVN = "bvn"
    NIN = "nin"
    SELFIE = "selfie"
    BANK = "bank"
    DOCUMENT = "document"
    ADDRESS = "address"
    FUNDS = "funds"
    COMPANY = "company"
    PEOPLE = "people"


# Which files a step takes: slot → whether it must be there.
SLOTS: dict[Step, dict[str, bool]] = {
    Step.SELFIE: {"selfie": True},
    Step.DOCUMENT: {"front": True, "back": False},
    Step.ADDRESS: {"proof": True},
    Step.FUNDS: {"evidence": True, "more": False},
    Step.COMPANY: {"certificate": True, "status_report": False},
    Step.PEOPLE: {"resolution": False},
}
# What a file of a slot is to the documents' room.
PURPOSES = {
    "selfie": "selfie",
    "front": "id_front",
    "back": "id_back",
    "proof": "proof_of_address",
    "evidence": "source_of_funds",
    "more": "source_of_funds",
    "certificate": "company_registration",
    "status_report": "company_registration",
    "resolution": "other",
}

# What each tier asks for beyond the one before. A BVN or a NIN is enough for the first; the second asks for both.
_BEYOND: dict[Tier, tuple[Step, ...]] = {
    Tier.T1: (Step.CONTACT, Step.PROFILE, Step.BVN, Step.SELFIE),
    Tier.T2: (Step.NIN, Step.BANK, Step.DOCUMENT),
    Tier.T3: (Step.ADDRESS, Step.FUNDS),
    Tier.T3_PLUS: (),
}
_OF_A_BUSINESS = (Step.COMPANY, Step.PEOPLE)
OF_A_PHONE = (Step.CONTACT, Step.SELFIE)
_AGAIN: dict[About, tuple[Step, ...]] = {
    About.NAME: (Step.PROFILE, Step.BVN, Step.NIN, Step.DOCUMENT),
    About.ADDRESS: (Step.PROFILE, Step.ADDRESS),
    About.PHONE: OF_A_PHONE,
}
PHONE_CHANGED = "phone_changed"  # why a step has to be done again
_REVIEWED = {Step.CONTACT, Step.PROFILE, Step.BVN, Step.NIN, Step.DOCUMENT, Step.ADDRESS, Step.FUNDS} | {
    *_OF_A_BUSINESS
}

# What stands in one step is compared with what stands in another: when that is written anew, it is looked at anew.
COMPARED_WITH: dict[Step, tuple[Step, ...]] = {
    Step.BVN: (Step.PROFILE,),
    Step.NIN: (Step.PROFILE,),
    Step.BANK: (Step.PROFILE,),
    Step.DOCUMENT: (Step.PROFILE,),
    Step.ADDRESS: (Step.PROFILE,),
    Step.SELFIE: (Step.DOCUMENT,),
}
NUMBERED = (Step.BVN, Step.NIN, Step.BANK, Step.COMPANY)  # steps of which a register, or a bank, says whose they are

REVIEW_AGAIN_MONTHS = {"low": 36, "medium": 24, "high": 12}
# How long a review should take; the customer is told, and the queue shows what is late.
DUE: dict[Tier, timedelta] = {
    Tier.T1: timedelta(hours=4),
    Tier.T2: timedelta(hours=24),
    Tier.T3: timedelta(hours=48),
    Tier.T3_PLUS: timedelta(hours=72),
}
LADDER = (Tier.T0, Tier.T1, Tier.T2, Tier.T3, Tier.T3_PLUS)


def above(tier: Tier, other: Tier) -> bool:
    """Whether one tier is higher than another."""
    return LADDER.index(tier) > LADDER.index(other)


def needs(tier: Tier, *, subject: Subject = Subject.PERSON) -> tuple[Step, ...]:
    """Everything that a tier rests on, in the order in which it is asked for."""
    steps = tuple(step for each in LADDER[1 : LADDER.index(tier) + 1] for step in _BEYOND[each])
    return (*steps, *_OF_A_BUSINESS) if subject is Subject.BUSINESS else steps


def counted(tier: Tier, *, subject: Subject = Subject.PERSON) -> tuple[Step, ...]:
    """The steps that a decision on a tier is about: what it needs, and for the first either number."""
    steps = needs(tier, subject=subject)
    return (*steps, Step.NIN) if tier is Tier.T1 else steps


def missing(tier: Tier, *, shown: Collection[str], subject: Subject = Subject.PERSON) -> tuple[Step, ...]:
    """What a tier rests on and was not shown. For the first either number does."""
    either = {Step.BVN} if tier is Tier.T1 and Step.NIN in shown else set()
    return tuple(step for step in needs(tier, subject=subject) if step not in shown and step not in either)


def asked(
    about: About,
    *,
    wanted: Tier,
    shown: Collection[str],
    subject: Subject = Subject.PERSON,
    number: Step = Step.BVN,
) -> tuple[Step, ...]:
    """The steps of a new application; for a tier, what was `shown` and approved before is not asked for again.

    For the first tier one number is enough: the `number` that the customer chose, later the one that was shown. A new
    name is looked up under the numbers anew, and stands in a document whatever the tier. A business shows itself anew.
    """
    everything = needs(wanted, subject=subject)
    if about is About.NAME and Step.DOCUMENT not in everything:
        everything = (*everything, Step.DOCUMENT)
    if wanted is Tier.T1:
        if about is not About.TIER and Step.NIN in shown and Step.BVN not in shown:
            number = Step.NIN
        everything = tuple(number if step is Step.BVN else step for step in everything)
    if about is About.TIER:
        return tuple(step for step in everything if step not in shown or step in _OF_A_BUSINESS)
    return tuple(step for step in everything if step in _AGAIN.get(about, _REVIEWED))


def needs_two(tier: Tier, *, pep: bool, screening: str, identity: str) -> bool:
    """Whether one person may not approve alone.

    The highest tiers, who holds public office, who was on a list; a register's no, and a number that is another's.
    """
    return above(tier, Tier.T2) or pep or screening != "clear" or identity in {"mismatch", "shared"}


def risk_of(tier: Tier, *, pep: bool, screening: str) -> str:
    """How closely to look, and how soon again: `low`, `medium` or `high`."""
    if pep or screening not in {"clear", "unscreened"} or tier is Tier.T3_PLUS:
        return "high"
    return "medium" if tier is Tier.T3 else "low"


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; the 28th for a 29th of February that is not there."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def months_later(moment: datetime, months: int) -> datetime:
    """So many months on, on the same day of the month or its last."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def may_write(state: str, *, step_state: str, done_at: datetime | None, queued_at: datetime) -> bool:
    """Whether the customer may write a step: all in a draft, and later those that were sent back in this round.

    What they have done again stays theirs until they hand it in: it was done after it came back to them.
    """
    if state == State.DRAFT:
        return True
    return state == State.WAITING and (step_state != StepState.DONE or bool(done_at and done_at > queued_at))


def stands(answered_at: datetime, *, step: Step, done_at: Mapping[str, datetime | None]) -> bool:
    """Whether an answer holds: nothing that it was about was written since. `done_at`: of each step there is."""
    about = [done_at[each] for each in (step, *COMPARED_WITH.get(step, ())) if each in done_at]
    return all(moment is not None and answered_at >= moment for moment in about)


def done(states: Iterable[str]) -> bool:
    """Whether every step is done, and there is one: of nothing that was shown nothing can be said."""
    every = list(states)
    return bool(every) and all(state == StepState.DONE for state in every)
