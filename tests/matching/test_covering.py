"""What adds up to an amount is proposed where it is the only such set among few; it is put together by people alone."""

from decimal import Decimal

import pytest

from app.core.db import leave, rows
from app.matching import break_queries
from app.matching.covering import CANDIDATES_MAX, covering
from tests.makers.books import fresh
from tests.makers.matching import Outside


def of(*kobo: int) -> dict[int, Decimal]:
    return {number: Decimal(each).scaleb(-2) for number, each in enumerate(kobo)}


@pytest.mark.parametrize(
    ("wanted", "amounts", "found"),
    [
        ("6.00", (100, 200, 300), (0, 1, 2)),
        ("3.00", (100, 200, 450), (0, 1)),
        ("3.00", (100, 200, 150, 150), ()),  # two sets of two
        ("3.00", (300,), ()),  # one alone is a candidate of its own
        ("3.00", (500, -200), ()),  # what goes the other way is another movement
        ("-3.00", (-100, -200), (0, 1)),
        ("0", (100, -100), ()),
        ("2.00", (100,) * (CANDIDATES_MAX + 1), ()),
    ],
)
def test_the_only_smallest_set(wanted: str, amounts: tuple[int, ...], found: tuple[int, ...]) -> None:
    assert covering(Decimal(wanted), of(*amounts)) == found


@pytest.mark.usefixtures("inside")
def test_a_set_is_proposed_and_never_put_together_by_itself() -> None:
    outside = Outside()
    outside.tell((6_000, fresh("theirs")))
    for kobo in (1_000, 2_000, 3_000, 777):
        outside.book(kobo, ref=fresh("ours"))
    outside.run()
    outside.run(whole=True)
    assert outside.groups == []
    (line,) = rows(
        "SELECT id FROM breaks WHERE account = :a AND line_id IS NOT NULL AND closed_by IS NULL", a=outside.account
    )
    proposed = break_queries.covering_for_operators(break_queries.one_for_operators(line.id))
    assert sorted(each.amount for each in proposed) == [-30, -20, -10]
    leave()
    assert (outside.groups, len(outside.breaks)) == ([], 5)
