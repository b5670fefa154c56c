"""The posting of adjustments: it is what was asked for."""

from hypothesis import given
from hypothesis import strategies as st

from app.adjustments import postings
from app.core.money import NGN, Money
from app.ledger.journal import credit, debit


@given(st.integers(min_value=1, max_value=10**30))
def test_a_manual_journal_is_its_legs(units: int) -> None:
    legs = (debit("expense:a:NGN", Money(NGN, units)), credit("income:b:NGN", Money(NGN, units)))
    journal = postings.booked(
        ref="grq_1",
        legs=legs,
        reason="why",
        requested_by="op_1",
        approved_by=("op_2", "op_3"),
        effective_at=None,
        corrects=3,
    )
    assert journal.memo["approved_by"] == "op_2, op_3"
    assert (journal.legs, journal.corrects, journal.memo["reason"]) == (legs, 3, "why")
    assert sum(leg.amount.units for leg in journal.legs) == 0
