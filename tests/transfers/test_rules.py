"""What transfers decides without looking anything up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import NGN, Asset, Money
from app.transfers import postings, rules

ETHER = Asset("ETH", 18)


class TestAHandle:
    @pytest.mark.parametrize(
        ("typed", "handle"),
        [("@Ada_Obi", "ada_obi"), (" ada9 ", "ada9"), ("ada", "ada"), ("a" * 20, "a" * 20)],
    )
    def test_has_one_spelling(self, typed: str, handle: str) -> None:
        assert rules.clean_handle(typed) == handle

    @pytest.mark.parametrize("typed", ["", "@", "ad", "a" * 21, "9ada", "_ada", "ada obi", "adá", "@@ada", "ada\n1"])
    def test_is_none(self, typed: str) -> None:
        assert rules.clean_handle(typed) is None

    @pytest.mark.parametrize("one", ["adaobi", "ada_obi", "ada0bi", "a_d_a_o_b_i", "4d4obi"])
    def test_looks_like_others(self, one: str) -> None:
        assert rules.looks(one) == rules.looks("adaobi")

    @pytest.mark.parametrize("one", ["help", "h3lp", "cbn", "bursar", "bursar_ng", "the_4dmin", "paystack1", "supp0rt"])
    def test_that_is_the_houses_is_kept(self, one: str) -> None:
        assert rules.is_reserved(one)

    @pytest.mark.parametrize("one", ["bankole", "ada", "helpful_ada", "teamwork9"])
    def test_of_a_person_is_not(self, one: str) -> None:
        assert not rules.is_reserved(one)


class TestWhatIsShown:
    @pytest.mark.parametrize(
        ("name", "shown"),
        [("Ada Obi", "Ada O."), ("Ada Ngozi Obi", "Ada O."), ("Ada", "Ada"), ("Émeka Ölu", "Émeka Ö.")],
    )
    def test_of_a_name_is_enough_to_know_somebody_by(self, name: str, shown: str) -> None:
        assert rules.masked_name(name) == shown

    def test_of_a_note_is_one_line(self) -> None:
        assert rules.clean_note(" For\n lunch \u202e!") == "For lunch !"
        assert rules.clean_note("x" * 140) is not None
        assert rules.clean_note("x" * 141) is None


@given(st.integers(1, 10**25), st.integers(1, 10), st.booleans())
def test_shares_are_the_bill(units: int, others: int, with_me: bool) -> None:  # noqa: FBT001 (hypothesis gives it)
    own, asked = rules.shares(Money(ETHER, units), others=others, with_me=with_me)
    assert own.units + sum(each.units for each in asked) == units
    assert bool(own) or not with_me or units < others + 1
    parts = [each.units for each in asked] + ([own.units] if with_me else [])
    assert max(parts) - min(parts) <= 1
    assert not own or with_me


@given(st.integers(1, 10**30))
def test_what_leaves_the_one_is_with_the_other(units: int) -> None:
    journal = postings.sent(ref="trf_1", sender_id="cus_a", receiver_id="cus_b", amount=Money(NGN, units))
    (out, into) = journal.legs
    assert (out.account, into.account) == ("liability:customer:cus_a:NGN", "liability:customer:cus_b:NGN")
    assert (out.amount.units, into.amount.units) == (units, -units)
