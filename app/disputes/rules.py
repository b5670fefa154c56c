"""What disputes decides without looking anything up: states, Paystack's words for them, when to warn and ask again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.clients.paystack_answers import Dispute as Told
from app.core.machine import Machine, Wait
from app.core.money import NGN

# How long before it counts as accepted people are told that nobody has answered (docs: unanswered, it is refunded).
WARNINGS = (timedelta(hours=4), timedelta(hours=1))
WATCHED_EVERY = timedelta(minutes=30)
LET_GO_AFTER = timedelta(days=2)  # after it was due: unanswered it ends by itself then, and Paystack tells it
WATCHED_AFTER = timedelta(days=60)  # one that people let go: the payer's bank may take weeks
LET_GO_WATCHED_EVERY = timedelta(hours=12)
SWEPT_BACK = timedelta(days=7)
MESSAGES_MAX = 50
TEXT_MAX = 2_000


class State(StrEnum):
    """A dispute from its opening to its end."""

    OPEN = "open"
    ANSWERED = "answered"
    WON = "won"
    LOST = "lost"


S = State
MACHINE = Machine(
    "dispute",
    {
        S.OPEN: frozenset({S.ANSWERED, S.WON, S.LOST}),
        S.ANSWERED: frozenset({S.OPEN, S.WON, S.LOST}),
    },
    waits={
        S.OPEN: Wait(
            timedelta(hours=16),
            "finance",
            "Answer it at Paystack before it is due: unanswered it counts as accepted. Where Paystack never says how it"
            " ended, finance asks on its page that its money be let go.",
        ),
        S.ANSWERED: Wait(
            timedelta(days=45),
            "finance",
            "The payer's bank has not decided: ask Paystack where it is. Where that is never told, finance asks on its"
            " page that its money be let go.",
        ),
    },
)
UNDER_WAY = (S.OPEN, S.ANSWERED)
ENDED = (S.WON, S.LOST)

_ENDS = {"merchant-accepted": S.LOST, "auto-accepted": S.LOST, "declined": S.WON}
# Paystack's words as people read them.
WORDS = {
    "awaiting-merchant-feedback": "it waits for our answer",
    "pending": "it waits for our answer",
    "awaiting-bank-feedback": "the payer's bank decides",
    "merchant-accepted": "we accepted it",
    "auto-accepted": "nobody answered in time",
    "declined": "the payer's bank left us the money",
    "resolved": "it is decided",
}
_LASTS = {"awaiting-merchant-feedback": S.OPEN, "pending": S.OPEN, "awaiting-bank-feedback": S.ANSWERED}


@dataclass(frozen=True)
class Last:
    """What we have of a dispute: our state, and the vendor's last words for it."""

    state: State
    status: str
    resolution: str


def is_news(told: Told, *, heard: Last | None) -> bool:
    """Whether this is more than we have: one that we did not know, that moved on, or that ended otherwise after all."""
    if heard is None:
        return True
    ends_otherwise = heard.state not in ENDED or state_of(told.status, told.resolution) not in {None, heard.state}
    return ends_otherwise and (told.status, told.resolution) != (heard.status, heard.resolution)


def state_of(status: str, resolution: str) -> State | None:
    """Our state for Paystack's words; None for words that do not say how it stands."""
    return _LASTS.get(status) or _ENDS.get(resolution)


def contradiction(*, known: State, told: Told) -> str:
    """Why news of a dispute cannot be true beside what we know; empty when it can."""
    if told.currency not in {None, NGN.code}:
        return f"it is about {told.currency}, not NGN"
    state = state_of(told.status, told.resolution)
    if state is None:
        return f"Paystack says {told.status} ({told.resolution or 'no resolution'}), which says nothing of its end"
    if known in ENDED and state is not known:
        return f"it was {known} here, Paystack says {told.status} {told.resolution}".strip()
    return ""


def let_go_from(due_at: datetime) -> datetime:
    """From when on people may say that it is over."""
    return due_at + LET_GO_AFTER


def warnings_due(due_at: datetime | None, *, at: datetime) -> int:
    """How many of the warnings are due by now."""
    return 0 if due_at is None else sum(at >= due_at - before for before in WARNINGS)


def pause(due_at: datetime | None, *, at: datetime) -> timedelta:
    """How long until it is looked at again: at the next warning, when it is due, or in a while."""
    moments = [] if due_at is None else [*(due_at - before for before in WARNINGS), due_at]
    until = [moment - at for moment in moments if moment > at]
    return min([WATCHED_EVERY, *(wait + timedelta(seconds=5) for wait in until)])


def said(told: Told) -> list[dict[str, str]]:
    """What was said in it, oldest first, as it is kept: bounded, and plain text."""
    return [
        {"by": _plain(each.sender), "at": each.at.isoformat() if each.at else "", "text": _plain(each.body)}
        for each in told.messages[:MESSAGES_MAX]
    ]


def _plain(text: str) -> str:
    """Somebody else's text as the database and a person can take it."""
    shown = text[:TEXT_MAX].encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in shown)
