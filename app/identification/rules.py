"""What decides by itself: shapes of numbers, the states of a check, and the verdict on what was given and found.

Whatever is not a clear match is looked at by people; nothing that is missing or unknown passes.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from app.core.machine import Machine, Wait
from app.identification import names

ASKS_A_DAY = 5  # of one kind: who guesses numbers has few tries
ATTEMPTS_MAX = 6
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800))  # after the nth attempt in vain
WAITS_MAX = timedelta(hours=24)  # for an answer that comes by webhook
SELF = "self"
NAME_MAX = 200
_ELEVEN = re.compile(r"[0-9]{11}", re.ASCII)
_TEN = re.compile(r"[0-9]{10}", re.ASCII)
_BVN = re.compile(r"[0-9]{11,12}", re.ASCII)  # (Paystack's own test number has twelve)
_LEGAL_FORMS = re.compile(r"\b(?:limited|ltd|plc|and)\b\.?|&", re.IGNORECASE)  # say nothing of which company it is
_COMPANY = re.compile(r"(RC|BN|IT)?[0-9]{3,8}", re.ASCII)


class Kind(StrEnum):
    """What the number is."""

    BVN = "bvn"
    NIN = "nin"
    BANK_ACCOUNT = "bank_account"
    COMPANY = "company"


class Provider(StrEnum):
    """Who answers: the registry at once, Paystack by webhook, Paystack's look-up of a bank account's name."""

    REGISTRY = "registry"
    PAYSTACK = "paystack"
    RESOLVE = "paystack_resolve"


class CheckState(StrEnum):
    """`unavailable`: nobody answered; it may be asked again, and an answer that comes late still counts."""

    ASKED = "asked"
    ANSWERED = "answered"
    UNAVAILABLE = "unavailable"


class Verdict(StrEnum):
    """`review` is people's to decide."""

    MATCH = "match"
    REVIEW = "review"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"


class Dates(StrEnum):
    """How the birth dates stand to each other."""

    SAME = "same"
    SWAPPED = "swapped"
    NEAR = "near"  # one of day, month and year is another
    DIFFERENT = "different"
    UNKNOWN = "unknown"


CHECK = Machine(
    "identity check",
    {
        CheckState.ASKED: frozenset({CheckState.ANSWERED, CheckState.UNAVAILABLE}),
        CheckState.UNAVAILABLE: frozenset({CheckState.ASKED, CheckState.ANSWERED}),
        CheckState.ANSWERED: frozenset(),
    },
    waits={
        CheckState.ASKED: Wait(
            WAITS_MAX + timedelta(hours=2),
            "compliance_officer",
            "The clock asks again by itself. Look whether that job runs and the register answers.",
        ),
        CheckState.UNAVAILABLE: Wait(
            timedelta(hours=48), "compliance_officer", "Have it looked up again, on the page of the application."
        ),
    },
)
SAID = {
    # (alike: that people have to look may mean that the number is another customer's already)
    Verdict.MATCH: "We have what we need",
    Verdict.REVIEW: "We have what we need",
    Verdict.MISMATCH: "What you gave does not agree with what is registered",
    Verdict.NOT_FOUND: "Nothing is registered under this number",
}
# Of a failed identification at Paystack: what may pass, and what is a no.
TRY_AGAIN = "Account couldn't be resolved. Please try again"
DISAGREES = frozenset({"Account name or BVN is incorrect", "Account number or BVN is incorrect"})


@dataclass(frozen=True)
class Given:
    """What somebody says of themselves (or of a director, or a company). The last three are for a bank account."""

    name: str
    birth_date: date | None = None
    bank_code: str = ""
    bvn: str = ""
    email: str = ""

    def facts(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self) | {"birth_date": self.birth_date.isoformat() if self.birth_date else None}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Given":
        """From what `facts` made."""
        born = facts["birth_date"]
        return cls(**{**facts, "birth_date": date.fromisoformat(born) if born else None})

    @property
    def first_and_last(self) -> tuple[str, str]:
        """The name as vendors ask for it: what comes first, and the last word."""
        first, _, last = self.name.strip().rpartition(" ")
        return first.strip(), last


def speaks_of(given: Given, *, name: str, birth_date: date | None) -> bool:
    """Whether a check that was made of this still says something of whoever has this name and birth date now."""
    return (given.name, given.birth_date) == (name, birth_date)


@dataclass(frozen=True)
class Judgement:
    """The verdict, how alike the names are (0 to 100), and what led there, ready for JSON."""

    verdict: Verdict
    score: int | None
    explanation: dict[str, Any]


def canonical(kind: Kind, number: str) -> str | None:
    """One spelling per number; None for what is no number of this kind."""
    plain = re.sub(r"[\s-]", "", number).upper()
    if kind is Kind.COMPANY:
        found = _COMPANY.fullmatch(plain)
        return None if not found else plain if found.group(1) else f"RC{plain}"
    return plain if (_TEN if kind is Kind.BANK_ACCOUNT else _ELEVEN).fullmatch(plain) else None


def bank_proof_is_whole(given: Given) -> bool:
    """Whether Paystack can be asked with this."""
    return all(given.first_and_last) and bool(given.bank_code and given.email) and bool(_BVN.fullmatch(given.bvn))


def judge(kind: Kind, given: Given, *, found_name: str, found_birth_date: date | None) -> Judgement:
    """Compare what was given with what was found. A person's birth date has to agree as well as the name."""
    written = (given.name, found_name)
    if kind is Kind.COMPANY:
        written = (_LEGAL_FORMS.sub(" ", given.name), _LEGAL_FORMS.sub(" ", found_name))
    alike = names.compare(*written)
    verdict = {"match": Verdict.MATCH, "review": Verdict.REVIEW, "differs": Verdict.MISMATCH}[alike.verdict]
    explanation: dict[str, Any] = {"names": alike.verdict, "pairs": [asdict(pair) for pair in alike.pairs]}
    if kind in {Kind.BVN, Kind.NIN}:
        dates = compare_dates(given.birth_date, found_birth_date)
        explanation["birth_date"] = dates
        if dates is Dates.DIFFERENT:
            verdict = Verdict.MISMATCH
        elif dates is not Dates.SAME and verdict is Verdict.MATCH:
            verdict = Verdict.REVIEW
    return Judgement(verdict, alike.score, explanation)


def compare_dates(given: date | None, found: date | None) -> Dates:
    """How two birth dates stand to each other."""
    if given is None or found is None:
        return Dates.UNKNOWN
    if given == found:
        return Dates.SAME
    if (given.year, given.month, given.day) == (found.year, found.day, found.month):
        return Dates.SWAPPED
    other = sum((given.year != found.year, given.month != found.month, given.day != found.day))
    return Dates.NEAR if other == 1 else Dates.DIFFERENT


def pause_after(attempt: int) -> timedelta | None:
    """How long until the next attempt; None when this was the last."""
    return None if attempt >= ATTEMPTS_MAX else PAUSES[min(attempt, len(PAUSES)) - 1]


def starred(number: str) -> str:
    """As Paystack's events show a number: `123*****456`."""
    return f"{number[:3]}{'*' * (len(number) - 6)}{number[-3:]}"
