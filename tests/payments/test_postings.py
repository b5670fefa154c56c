"""The legs of a deposit and of money in suspense: exact for examples, balanced for any amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.journal import Journal
from app.payments.postings import credited, fee_back, fee_kept, suspended
from tests.makers.books import kobo

CUSTOMER = "liability:customer:cus_1:NGN"
CLEARING = "asset:paystack_clearing:NGN"
FEES = "expense:paystack_fees:NGN"
SUSPENSE = "liability:suspense:NGN"
UNITS = st.integers(1, 10**15)


def legs(journal: Journal) -> dict[str, int]:
    """Units by account; a debit is above zero."""
    assert len({leg.account for leg in journal.legs}) == len(journal.legs)
    return {leg.account: leg.amount.units for leg in journal.legs}


class TestCredited:
    @pytest.mark.parametrize(
        ("intent", "paid", "fees", "moved"),
        [
            (500_000, 500_000, 17_500, {CLEARING: 482_500, FEES: 17_500, CUSTOMER: -500_000}),
            (500_000, 500_000, 0, {CLEARING: 500_000, CUSTOMER: -500_000}),
            (500_000, 517_500, 17_500, {CLEARING: 500_000, CUSTOMER: -500_000}),
            (500_000, 510_000, 17_500, {CLEARING: 492_500, FEES: 7_500, CUSTOMER: -500_000}),
        ],
        ids=["we bear the fee", "there is no fee", "the payer bears the fee", "each bears a part"],
    )
    def test_gives_the_customer_the_whole_intent(
        self, intent: int, paid: int, fees: int, moved: dict[str, int]
    ) -> None:
        journal = credited(ref="dep_1", account=CUSTOMER, intent=kobo(intent), paid=kobo(paid), fees=kobo(fees))
        assert (journal.kind, journal.ref) == ("payments.deposit_credited", "dep_1")
        assert legs(journal) == moved

    @given(UNITS, UNITS, st.integers(0, 10**15))
    def test_balances_and_books_what_reached_our_balance(self, intent: int, paid: int, fees: int) -> None:
        journal = credited(ref="r", account=CUSTOMER, intent=kobo(intent), paid=kobo(paid), fees=kobo(fees))
        moved = legs(journal)
        assert sum(moved.values()) == 0
        assert moved[CUSTOMER] == -intent
        assert moved.get(CLEARING, 0) == paid - fees


class TestSuspended:
    @pytest.mark.parametrize(
        ("paid", "fees", "moved"),
        [
            (500_000, 17_500, {CLEARING: 482_500, FEES: 17_500, SUSPENSE: -500_000}),
            (500_000, 0, {CLEARING: 500_000, SUSPENSE: -500_000}),
            (10_000, 10_000, {FEES: 10_000, SUSPENSE: -10_000}),
        ],
        ids=["with a fee", "there is no fee", "the fee eats it up"],
    )
    def test_is_owed_in_full(self, paid: int, fees: int, moved: dict[str, int]) -> None:
        journal = suspended(ref="sus_1", paid=kobo(paid), fees=kobo(fees))
        assert (journal.kind, journal.ref) == ("payments.charge_suspended", "sus_1")
        assert legs(journal) == moved

    @given(UNITS, st.integers(0, 10**15))
    def test_balances(self, paid: int, fees: int) -> None:
        moved = legs(suspended(ref="r", paid=kobo(paid), fees=kobo(fees)))
        assert sum(moved.values()) == 0
        assert moved[SUSPENSE] == -paid
        assert moved.get(FEES, 0) == fees


class TestPayoutFees:
    def test_are_ours_when_kept_and_come_back_the_other_way_round(self) -> None:
        kept, back = fee_kept(ref="po_1", fee=kobo(25_00)), fee_back(ref="po_1", fee=kobo(25_00))
        assert (kept.kind, back.kind) == ("payments.payout_fee_kept", "payments.payout_fee_back")
        assert legs(kept) == {FEES: 25_00, "asset:paystack:NGN": -25_00}
        assert legs(back) == {account: -units for account, units in legs(kept).items()}
