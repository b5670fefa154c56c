"""The price list, held against every fee the vendor was seen to charge on its standard plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import fees
from tests.sandbox.vectors import load

VECTORS = load("fee_vectors")


@pytest.mark.parametrize("seen", VECTORS["observed_local_standard"], ids=lambda seen: str(seen["amount"]))
def test_charges_what_the_vendor_charged(seen: dict[str, int]) -> None:
    assert fees.local(seen["amount"]) == seen["fees"]


@pytest.mark.parametrize("seen", VECTORS["observed_transfer"], ids=lambda seen: str(seen["amount"]))
def test_charges_what_the_vendor_charged_for_a_transfer(seen: dict[str, int]) -> None:
    assert fees.transfer(seen["amount"]) == seen["fee_charged"]


@pytest.mark.parametrize("seen", VECTORS["observed_dva"], ids=lambda seen: str(seen["amount"]))
def test_charges_what_the_vendor_charged_for_a_dedicated_account(seen: dict[str, int]) -> None:
    assert fees.charge("dedicated_nuban", seen["amount"]) == seen["fees"]


@pytest.mark.parametrize(("net", "fee"), VECTORS["gross_up"]["vectors"])
def test_agrees_with_the_vendors_own_gross_up(net: int, fee: int) -> None:
    # The plugin's rule gives the fee to add so that `net` is left; the vendor then charges that fee on the sum.
    assert fees.local(net + fee) == fee


@pytest.mark.parametrize(
    ("amount", "fee"),
    [(1, 1), (249_999, 3_750), (250_000, 13_750), (12_666_666, 200_000), (10**12, 200_000)],
)
def test_waives_the_flat_part_below_its_limit_and_stops_at_the_cap(amount: int, fee: int) -> None:
    assert fees.charge("card", amount) == fee


@pytest.mark.parametrize(
    ("amount", "fee"), [(1, 1_000), (500_000, 1_000), (500_001, 2_500), (5_000_000, 2_500), (5_000_001, 5_000)]
)
def test_takes_a_transfers_fee_by_its_tier(amount: int, fee: int) -> None:
    assert fees.transfer(amount) == fee


@given(st.integers(min_value=1, max_value=10**13))
def test_never_takes_less_for_more_and_never_a_part_of_a_kobo(amount: int) -> None:
    assert isinstance(fees.local(amount), int)
    assert fees.local(amount) <= fees.local(amount + 1)
    assert fees.dedicated_nuban(amount) <= fees.dedicated_nuban(amount + 1) <= fees.NUBAN_CAP_KOBO
