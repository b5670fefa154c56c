"""What breaks decides without looking anything up: states, when one is due, how much can be booked and where. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any

from app.breaks.errors import BadTerms
from app.core.machine import Machine, Wait
from app.core.money import Asset
from app.core.permissions import Role
from app.ledger import chart

WORDS_MAX = 500
BULK_MAX = 5_000
FILES_MAX = 20
ACCEPTED_MAX = timedelta(days=366)
DEADLINES_MAX = 8
HOURS_MAX = 8_784  # a year
NAIRA_MAX = 10**12
LIMIT_MAX = 10**15  # kobo
NOTED_FIRST = 100  # (of overdue ones, which a notice counts)


class State(StrEnum):
    """The work on a break. `closed`: there is no such break at the moment."""

    OPEN = "open"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class BulkState(StrEnum):
    """One deed for many breaks. `asked`: others must agree first."""

    ASKED = "asked"
    WORKING = "working"
    DONE = "done"
    DROPPED = "dropped"


class Act(StrEnum):
    """What is done to many at once."""

    ASSIGN = "assign"
    COMMENT = "comment"
    ACCEPT = "accept"
    WRITE_OFF = "write_off"
    MERGE = "merge"


GOVERNED = frozenset({Act.ACCEPT, Act.WRITE_OFF})
S, B = State, BulkState
MACHINE = Machine(
    "break",
    {
        S.OPEN: frozenset({S.PROPOSED, S.ACCEPTED, S.CLOSED}),
        S.PROPOSED: frozenset({S.OPEN, S.ACCEPTED, S.CLOSED}),
        S.ACCEPTED: frozenset({S.OPEN, S.CLOSED}),
        S.CLOSED: frozenset({S.OPEN}),
    },
    waits={
        S.OPEN: Wait(
            timedelta(days=31),
            Role.FINANCE,
            "Whoever has it links it, proposes a journal or asks to accept it.",
        ),
        S.PROPOSED: Wait(
            timedelta(days=9), Role.TREASURY, "Treasury agrees or denies; what nobody decides in a week is open again."
        ),
        S.ACCEPTED: Wait(
            ACCEPTED_MAX + timedelta(days=2), Role.FINANCE, "The clock opens it again when its time is over."
        ),
    },
    rests={S.CLOSED: "there is no difference any more; if there is again, the work goes on"},
)
BULK = Machine(
    "bulk of breaks",
    {B.ASKED: frozenset({B.WORKING, B.DROPPED}), B.WORKING: frozenset({B.DONE})},
    waits={
        B.ASKED: Wait(timedelta(days=9), Role.TREASURY, "Treasury agrees or denies; it is dropped after a week."),
        B.WORKING: Wait(timedelta(hours=2), Role.FINANCE, "It goes on by itself; see the jobs that were given up."),
    },
)

# Where the other leg of a difference may go; those that there are in the asset are offered.
OTHERS: dict[str, str] = {
    chart.SUSPENSE: "Suspense: nobody knows yet whose it is",
    chart.BANK_CHARGES: "Bank charges",
    chart.PAYSTACK_FEES: "Paystack's fees",
    chart.VENUE_FEES: "A venue's fees",
    chart.NETWORK_FEES: "What a chain takes",
    chart.ROUNDING: "Rounding and exchange",
    chart.PAYSTACK_CLEARING: "Paystack, not settled yet",
    chart.PAYSTACK: "Our balance at Paystack",
    chart.BANK: "Our bank account",
    chart.OWED_BY_CUSTOMERS: "Owed by customers",
    chart.CAPITAL: "What the owners put in",
}

BANDS: tuple[tuple[str, int, int | None], ...] = (
    ("0–1", 0, 2),
    ("2–3", 2, 4),
    ("4–7", 4, 8),
    ("8–30", 8, 31),
    (">30", 31, None),
)

Terms = Sequence[tuple[Decimal, int]]


def band_of(day: date, *, today: date) -> int:
    """The place in BANDS of what happened on a day."""
    age = max((today - day).days, 0)
    return next(place for place, (_, _, end) in enumerate(BANDS) if end is None or age < end)


def due_at(found_at: datetime, *, worth: Decimal | None, terms: Terms) -> datetime:
    """When a break of so many naira that was found at a time should be closed.

    `terms` are (at least so many naira, hours), the largest first. What has no price is treated as the largest.
    """
    hours = next((hours for least, hours in terms if worth is None or abs(worth) >= least), terms[-1][1])
    return found_at + timedelta(hours=hours)


def check_deadlines(told: Sequence[tuple[int, int]]) -> None:
    """Deadlines as (at least so many naira, hours), the largest first. Raises BadTerms."""
    if len({naira for naira, _ in told}) < len(told):
        raise BadTerms("An amount is there twice.")
    if not told or told[-1][0] != 0 or len(told) > DEADLINES_MAX:
        raise BadTerms(f"Say when a break of any amount is due (from ₦0), and at most {DEADLINES_MAX} deadlines.")
    if not all(0 < hours <= HOURS_MAX for _, hours in told) or told[0][0] > NAIRA_MAX:
        raise BadTerms("A deadline is an hour at least and a year at most.")
    if any(larger[1] > smaller[1] for larger, smaller in pairwise(told)):
        raise BadTerms("What is worth more cannot be given longer than what is worth less.")


def units(amount: Decimal, *, asset: Asset) -> int:
    """How many smallest units of the books a difference is, rounded towards zero: what is left stays a break."""
    return int(amount.scaleb(asset.decimals).to_integral_value(ROUND_DOWN))


def is_small(amount: Decimal, *, asset: Asset) -> bool:
    """Whether a difference is less than the smallest unit of the books, which no journal can have."""
    return bool(amount) and not units(amount, asset=asset)


def kobo(worth: Decimal) -> int:
    """So many naira in kobo, without its sign, rounded up: nothing slips under a limit."""
    return int(abs(worth).scaleb(2).to_integral_value(ROUND_CEILING))


def subject_of(one: Any) -> str:
    """What a case hangs on. It outlives the break: a run that ends one and opens another keeps it."""
    if one.import_id is not None:
        return f"row:{one.row_id}" if one.row_id is not None else f"sheet:{one.import_id}.{one.part}"
    if one.line_id is not None:
        return f"line:{one.line_id}"
    return f"match:{one.group_id}" if one.journal_id is None else f"entry:{one.journal_id}.{one.leg}"


def is_good_expiry(until: date, *, today: date) -> bool:
    """Whether a break may be accepted until a day."""
    return today < until <= today + ACCEPTED_MAX
