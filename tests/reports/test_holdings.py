"""Average cost: what comes in adds its cost, what goes out takes its part along, and no kobo is lost on the way."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reports.holdings import Holding, Move

BTC = 10**8


def move(units: int, kobo: int | None, *, sold: bool = True) -> Move:
    return Move("BTC", units, kobo, sold)


def after(*moves: Move) -> Holding:
    found = Holding()
    for move in moves:
        found.take(move)
    return found


class TestCost:
    def test_is_the_average_of_what_was_paid(self) -> None:
        holding = after(move(BTC, 100_00), move(BTC, 300_00))
        assert (holding.units, holding.cost) == (2 * BTC, 400_00)
        assert holding.average(8) == Decimal("200.00")

    def test_goes_out_by_its_part(self) -> None:
        holding = after(move(BTC, 100_00), move(BTC, 300_00), move(-BTC, 250_00))
        assert (holding.units, holding.cost, holding.realised) == (BTC, 200_00, 50_00)

    def test_leaves_the_rest_of_a_kobo_with_what_is_held(self) -> None:
        holding = after(move(3, 10), move(-1, 0))
        assert (holding.cost, holding.realised) == (7, -3)

    def test_is_nothing_once_nothing_is_held(self) -> None:
        holding = after(move(3, 10), move(-3, 10))
        assert (holding.units, holding.cost, holding.average(8)) == (0, 0, None)

    def test_of_what_was_sent_away_is_no_gain_and_no_loss(self) -> None:
        holding = after(move(BTC, 100_00), move(-BTC // 2, 900_00, sold=False))
        assert (holding.cost, holding.realised) == (50_00, 0)

    def test_is_not_known_where_nobody_knew_the_price(self) -> None:
        assert not after(move(BTC, None, sold=False)).known
        assert not after(move(BTC, 1), move(-1, None)).known
        assert after(move(BTC, 1), move(-1, None, sold=False)).known


@given(st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 10**9), st.booleans()), max_size=40))
def test_what_was_paid_is_in_what_is_held_in_gains_or_in_what_was_brought(
    steps: list[tuple[int, int, bool]],
) -> None:
    holding, paid, brought = Holding(), 0, 0
    for units, kobo, buys in steps:
        if buys:
            holding.take(move(units, kobo))
            paid += kobo
        elif holding.units:
            holding.take(move(-min(units, holding.units), kobo))
            brought += kobo
        assert holding.cost >= 0
    assert paid - holding.cost == brought - holding.realised
