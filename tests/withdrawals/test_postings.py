"""The legs of a withdrawal paid and of one that came back: exact for examples, balanced for any amounts."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.journal import Journal
from app.payments.postings import fee_back
from app.withdrawals.postings import returned, settled
from tests.makers.books import kobo

CUSTOMER = "liability:customer:cus_1:NGN"
PAYSTACK = "asset:paystack:NGN"
VENDOR_FEES = "expense:paystack_fees:NGN"
OUR_FEES = "income:withdrawal_fees:NGN"
UNITS = st.integers(1, 10**15)
FEE = st.integers(0, 10**6)


def legs(journal: Journal) -> dict[str, int]:
    """Units by account; a debit is above zero."""
    assert len({leg.account for leg in journal.legs}) == len(journal.legs)
    return {leg.account: leg.amount.units for leg in journal.legs}


class TestSettled:
    @pytest.mark.parametrize(
        ("fee", "vendor_fee", "moved"),
        [
            (
                25_00,
                25_00,
                {CUSTOMER: 1_025_00, VENDOR_FEES: 25_00, PAYSTACK: -1_025_00, OUR_FEES: -25_00},
            ),
            (50_00, 25_00, {CUSTOMER: 1_050_00, VENDOR_FEES: 25_00, PAYSTACK: -1_025_00, OUR_FEES: -50_00}),
            (0, 25_00, {CUSTOMER: 1_000_00, VENDOR_FEES: 25_00, PAYSTACK: -1_025_00}),
            (25_00, 0, {CUSTOMER: 1_025_00, PAYSTACK: -1_000_00, OUR_FEES: -25_00}),
            (0, 0, {CUSTOMER: 1_000_00, PAYSTACK: -1_000_00}),
        ],
        ids=["at cost", "with a profit", "free for the customer", "the vendor takes nothing", "without fees"],
    )
    def test_takes_amount_and_fee_from_the_customer(self, fee: int, vendor_fee: int, moved: dict[str, int]) -> None:
        journal = settled(
            ref="wd_1", account=CUSTOMER, amount=kobo(1_000_00), fee=kobo(fee), vendor_fee=kobo(vendor_fee)
        )
        assert (journal.kind, journal.ref) == ("withdrawals.settled", "wd_1")
        assert legs(journal) == moved

    @given(UNITS, FEE, FEE)
    def test_balances(self, amount: int, fee: int, vendor_fee: int) -> None:
        journal = settled(ref="r", account=CUSTOMER, amount=kobo(amount), fee=kobo(fee), vendor_fee=kobo(vendor_fee))
        moved = legs(journal)
        assert sum(moved.values()) == 0
        assert moved[CUSTOMER] == amount + fee  # exactly what was held
        assert moved[PAYSTACK] == -(amount + vendor_fee)


class TestReturned:
    def test_gives_everything_back(self) -> None:
        journal = returned(ref="wd_1", account=CUSTOMER, amount=kobo(1_000_00), fee=kobo(50_00))
        assert (journal.kind, journal.ref) == ("withdrawals.returned", "wd_1")
        assert legs(journal) == {PAYSTACK: 1_000_00, OUR_FEES: 50_00, CUSTOMER: -1_050_00}

    @given(UNITS, FEE, UNITS)
    def test_and_a_fee_given_back_is_settled_the_other_way_round(self, amount: int, fee: int, vendor_fee: int) -> None:
        moved = {"account": CUSTOMER}
        there = legs(settled(ref="r", amount=kobo(amount), fee=kobo(fee), vendor_fee=kobo(vendor_fee), **moved))
        back = Counter(legs(returned(ref="r", amount=kobo(amount), fee=kobo(fee), **moved)))
        back.update(legs(fee_back(ref="p", fee=kobo(vendor_fee))))
        assert back == {account: -units for account, units in there.items()}
