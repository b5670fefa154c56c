"""A journal is balanced in every asset before it ever reaches the database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import NGN, Asset, Money
from app.ledger import chart
from app.ledger.errors import Unbalanced
from app.ledger.journal import Journal, Leg, credit, debit
from tests.makers.books import kobo, move

SATOSHI = Asset("BTC", 8)


class TestLegs:
    def test_a_debit_is_above_zero_and_a_credit_below(self) -> None:
        assert debit("asset:a:NGN", kobo(5)) == Leg("asset:a:NGN", kobo(5))
        assert credit("asset:a:NGN", kobo(5)) == Leg("asset:a:NGN", kobo(-5))


class TestJournal:
    @given(st.lists(st.integers(-(10**20), 10**20).filter(bool), min_size=1, max_size=8).filter(sum))
    def test_takes_any_legs_that_sum_to_zero(self, units: list[int]) -> None:
        legs = tuple(debit(f"asset:{n}:NGN", kobo(size)) for n, size in enumerate(units))
        journal = Journal("k", "r", (*legs, credit("asset:rest:NGN", kobo(sum(units)))))
        assert sum(leg.amount.units for leg in journal.legs) == 0

    @given(st.integers(-(10**20), 10**20), st.integers(-(10**20), 10**20))
    def test_refuses_legs_that_do_not(self, one: int, other: int) -> None:
        if one == other:
            other += 1
        with pytest.raises(Unbalanced) as refused:
            Journal("k", "r", (debit("asset:a:NGN", kobo(one)), credit("asset:b:NGN", kobo(other))))
        assert refused.value.facts == {"kind": "k", "ref": "r"}

    def test_balances_each_asset_by_itself(self) -> None:
        with pytest.raises(Unbalanced):
            Journal("k", "r", (debit("asset:a:NGN", kobo(5)), credit("asset:b:BTC", Money(SATOSHI, 5))))
        trade = Journal(
            "k",
            "r",
            (
                debit("asset:a:NGN", kobo(5)),
                credit("asset:b:NGN", kobo(5)),
                debit("asset:c:BTC", Money(SATOSHI, 9)),
                credit("asset:d:BTC", Money(SATOSHI, 9)),
            ),
        )
        assert len(trade.legs) == 4

    def test_refuses_an_amount_in_an_account_of_another_asset(self) -> None:
        with pytest.raises(Unbalanced):
            Journal("k", "r", (debit("asset:a:NGN", Money(SATOSHI, 5)), credit("asset:b:BTC", Money(SATOSHI, 5))))

    def test_leaves_legs_of_zero_out(self) -> None:
        legs = (debit("asset:a:NGN", kobo(5)), debit("expense:fee:NGN", kobo(0)), credit("asset:b:NGN", kobo(5)))
        assert [leg.account for leg in Journal("k", "r", legs).legs] == ["asset:a:NGN", "asset:b:NGN"]

    @pytest.mark.parametrize("units", [(), (0,), (0, 0)])
    def test_refuses_to_move_nothing(self, units: tuple[int, ...]) -> None:
        with pytest.raises(Unbalanced):
            Journal("k", "r", tuple(debit("asset:a:NGN", kobo(size)) for size in units))

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(AttributeError):
            move("asset:a:NGN", "asset:b:NGN", 5).kind = "other"  # type: ignore[misc]

    def test_has_a_memo_of_its_own(self) -> None:
        one, other = move("asset:a:NGN", "asset:b:NGN", 5), move("asset:a:NGN", "asset:b:NGN", 5)
        one.memo["note"] = "x"
        assert other.memo == {}


class TestChart:
    def test_writes_codes_as_paths_that_end_in_the_asset(self) -> None:
        assert chart.house(chart.PAYSTACK, asset=NGN) == "asset:paystack:NGN"
        assert chart.of_customer("cus_1", asset=SATOSHI) == "liability:customer:cus_1:BTC"

    def test_says_what_every_account_is_for(self) -> None:
        templates = {value for name, value in vars(chart).items() if name.isupper() and isinstance(value, str)}
        assert set(chart.PURPOSES) == templates
        assert all(purpose.endswith(".") for purpose in chart.PURPOSES.values())
