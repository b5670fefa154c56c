"""What Paystack charged beside its price list, day by day and service by service; and what the books have for it."""

from collections.abc import Iterator

from app.core.money import NGN
from app.settlement import queries
from app.settlement.partner_fees import NAMES
from reports import moved, volumes
from reports.tables import ByAsset, Line, Parameters, Section

FEES = "expense:paystack_fees:%"
BOOKED = 5


def sections(asked: Parameters) -> list[Section]:
    """The comparison, then the bookings."""
    return [
        Section(
            "Fees beside the price list",
            ("Day", "Service", "Number", "Asset", "Amount", "By the list", "Charged", "Charged more", "Another fee"),
            lambda: _compared(asked),
            frozenset({"Number", "Amount", "By the list", "Charged", "Charged more", "Another fee"}),
            note="Charges that were settled, by when they were paid, and transfers that were paid, by when they were"
            " sent; each beside the list that counted then.",
            empty="Paystack charged for nothing in these days.",
        ),
        Section(
            "Paystack's fees in the books",
            ("Day", "Journals of", "Number", "Asset", "Given back", "Booked"),
            lambda: _booked(asked),
            frozenset({"Number", "Given back", "Booked"}),
            note="By when it took effect. A fee is booked with its charge, before it is settled, and less what payers"
            " bore of it: this and the comparison agree over time, not day by day.",
            empty="No fee of Paystack's was booked in these days.",
            tally=lambda: ByAsset("Paystack's fees, by the income statement", BOOKED, {
                code: -amount
                for code, amount in moved.by_the_trial_balance("expense", asked, what="paystack_fees").items()
            }),
        ),
    ]  # fmt: skip


def _compared(asked: Parameters) -> Iterator[Line]:
    for one in queries.fee_days_for_operators(since=asked.since, until=asked.until):
        yield (
            one.day, NAMES[one.service], one.count, NGN.code, one.amount, one.expected, one.told, one.difference,
            one.others,
        )  # fmt: skip


def _booked(asked: Parameters) -> Iterator[Line]:
    for one in moved.on(FEES, asked):
        yield one.day, volumes.name_of(one.kind), one.journals, one.debits.asset.code, one.credits, -one.net
