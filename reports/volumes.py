"""Volumes: what came into and went out of customers' wallets, by day and by what it was for."""

from collections.abc import Iterator

from app.core.money import NGN, zero
from reports import charts, moved
from reports.overview import Day
from reports.tables import ByAsset, Line, Parameters, Section

CUSTOMERS = "liability:customer:%"
KINDS = {
    "payments.deposit_credited": "Deposits",
    "payments.deposit_placed": "Deposits, placed from suspense",
    "withdrawals.settled": "Withdrawals, with their fees",
    "withdrawals.returned": "Withdrawals sent back by the bank",
    "trading.bought": "Orders, bought",
    "trading.sold": "Orders, sold",
    "trading.swapped": "Orders, swapped",
    "transfers.sent": "Transfers between customers",
    "payments.refund_asked": "Refunds to payers",
    "payments.refund_failed": "Refunds that failed",
    "disputes.lost": "Disputes lost",
    "adjustments.booked": "Manual journals",
}
CHANGE = 6


def sections(asked: Parameters) -> list[Section]:
    """One: a line for each sort of movement on each day, in each asset."""
    return [
        Section(
            "Volumes",
            ("Day", "Movement", "Asset", "Number", "Into wallets", "Out of wallets", "Change"),
            lambda: _lines(asked),
            frozenset({"Number", "Into wallets", "Out of wallets", "Change"}),
            note="From the legs of journals on customers' accounts, by when they took effect.",
            empty="Nothing moved on customers' wallets in these days.",
            tally=lambda: ByAsset(
                "Change of what customers are owed, by the trial balance",
                CHANGE,
                moved.by_the_trial_balance("liability", asked, what="customer"),
            ),
        )
    ]


def chart(asked: Parameters) -> str:
    """What was paid in and taken out on each day, in naira."""
    found = {day: [zero(NGN), zero(NGN)] for day in asked.days}
    for one in moved.on(CUSTOMERS, asked):
        if one.net.asset == NGN and one.kind == "payments.deposit_credited":
            found[one.day][0] += one.credits
        elif one.net.asset == NGN and one.kind == "withdrawals.settled":
            found[one.day][1] += one.debits
    return charts.volume([Day(day.isoformat(), paid_in, taken) for day, (paid_in, taken) in found.items()])


def _lines(asked: Parameters) -> Iterator[Line]:
    for one in moved.on(CUSTOMERS, asked):
        yield (
            one.day, name_of(one.kind), one.net.asset.code, one.journals, one.credits, one.debits, one.net,
        )  # fmt: skip


def name_of(kind: str) -> str:
    """A sort of journal as people call it."""
    return KINDS.get(kind, kind.replace(".", ": ").replace("_", " ").capitalize())
