"""Matching, pure: our entries and their lines in, verdicts out. Amounts in kobo, positive when money comes to us."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait


class Verdict(StrEnum):
    """What became of a line."""

    MATCHED = "matched"
    AMOUNT_DIFFERS = "amount_differs"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    IN_FLIGHT = "in_flight"


class RunState(StrEnum):
    """A run from its start to its end."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


RUN_LIMIT = timedelta(minutes=15)  # a run that takes longer has lost its worker
RUN = Machine(
    "reconciliation",
    {RunState.RUNNING: frozenset({RunState.DONE, RunState.FAILED})},
    waits={
        RunState.RUNNING: Wait(
            2 * RUN_LIMIT, "finance", "It has lost its worker. Start another run: that ends this one."
        )
    },
)

GRACE = timedelta(minutes=2)  # news this young may still be on its way to us

DEDUCTED_WITHIN = timedelta(days=14)  # settlements come each working day, and holidays are fewer in a row
LONG_AGO = datetime.min.replace(tzinfo=UTC)

# Sums that Paystack tells as sums: what refunds and disputes took of settlements, and what they took of the balance.
DEDUCTED = "deducted from settlements"
FROM_BALANCE = "refunds and disputes from the balance"

UNMATCHED = (Verdict.AMOUNT_DIFFERS, Verdict.MISSING_HERE, Verdict.MISSING_THERE)


@dataclass(frozen=True)
class Ours:
    """One entry of our account: the vendor's reference it is about."""

    kind: str
    reference: str
    units: int
    journal_id: int
    happened_at: datetime


@dataclass(frozen=True)
class Theirs:
    """One line of the vendor's list. `final` is false while it may still change."""

    kind: str
    reference: str
    units: int
    happened_at: datetime | None
    final: bool = True


@dataclass(frozen=True)
class Line:
    """One line of the result."""

    kind: str
    reference: str
    verdict: Verdict
    ours: int | None
    theirs: int | None
    journal_id: int | None
    happened_at: datetime | None


def match(ours: Iterable[Ours], theirs: Iterable[Theirs], *, deducted_since: datetime = LONG_AGO) -> list[Line]:
    """Compare the two sides by reference. Entries of ours under one reference count as their sum.

    What payers had back since `deducted_since` may still be on its way to being deducted; what they had before may not.
    A vendor's line whose sum is zero and that we have nothing for (a transfer that failed) is matched: both say nothing
    moved. One that may still change, and that we wait for, is in flight.
    """
    booked: dict[str, list[Ours]] = defaultdict(list)
    for entry in ours:
        booked[entry.reference].append(entry)
    # A line that slips from one page of a list to the next while it is read comes twice: it is one line.
    listed = {line.reference: line for line in theirs}
    return [
        _line(reference, booked.get(reference, []), listed.get(reference), deducted_since)
        for reference in [*listed, *(booked.keys() - listed.keys())]
    ]


def _line(reference: str, ours: list[Ours], theirs: Theirs | None, deducted_since: datetime) -> Line:
    on_its_way = sum(entry.units for entry in ours if entry.happened_at >= deducted_since)
    our_sum, their_sum = sum(entry.units for entry in ours), theirs.units if theirs else 0
    if theirs and not theirs.final and not ours:
        verdict = Verdict.IN_FLIGHT
    elif our_sum == their_sum:
        verdict = Verdict.MATCHED
    elif reference == DEDUCTED and on_its_way <= our_sum - their_sum < 0:
        verdict = Verdict.IN_FLIGHT  # paid out to payers, and waits for the settlement that it is taken from
    elif not theirs:
        verdict = Verdict.MISSING_THERE
    elif not ours:
        verdict = Verdict.MISSING_HERE
    else:
        verdict = Verdict.AMOUNT_DIFFERS
    return Line(
        kind=theirs.kind if theirs else ours[0].kind,
        reference=reference,
        verdict=verdict,
        ours=our_sum if ours else None,
        theirs=their_sum if theirs else None,
        journal_id=ours[-1].journal_id if ours else None,
        happened_at=theirs.happened_at if theirs else ours[0].happened_at,
    )
