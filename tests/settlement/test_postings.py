"""Every movement sums to nothing, for drawn amounts, and moves the accounts it says."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from app.core.money import NGN, Money
from app.ledger.journal import Journal
from app.settlement import postings

BANK, CLEARING, FEES = "asset:bank:NGN", "asset:paystack_clearing:NGN", "expense:paystack_fees:NGN"


def legs(journal: Journal) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for leg in journal.legs:
        sums[leg.account] += leg.amount.units
    return dict(sums)


def kobo(units: int) -> Money:
    return Money(NGN, units)


@given(total=st.integers(1, 10**13), part=st.floats(0, 1), more=st.integers(-(10**6), 10**6))
def test_a_settlement_takes_from_clearing_what_came_and_what_it_cost(total: int, part: float, more: int) -> None:
    deducted = int(total * part)
    journal = postings.settled(
        ref="set", total=kobo(total), more_fees=kobo(more), deducted=kobo(deducted), effective=kobo(total - deducted)
    )
    moved = legs(journal)
    assert sum(moved.values()) == 0
    assert moved.get(BANK, 0) == total - deducted
    assert moved.get(FEES, 0) == more
    assert moved.get(CLEARING, 0) == deducted - total - more


def test_deductions_stand_in_a_leg_of_their_own() -> None:
    journal = postings.settled(ref="set", total=kobo(1_000), more_fees=kobo(5), deducted=kobo(200), effective=kobo(800))
    assert [(leg.account, leg.amount.units) for leg in journal.legs] == [
        (BANK, 800), (FEES, 5), (CLEARING, 200), (CLEARING, -1_005),
    ]  # fmt: skip


@given(units=st.integers(1, 10**13))
def test_a_top_up_goes_from_the_bank_into_the_balance(units: int) -> None:
    assert legs(postings.topped_up(ref="top", amount=kobo(units))) == {"asset:paystack:NGN": units, BANK: -units}
