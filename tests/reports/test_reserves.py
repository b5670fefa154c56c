"""What was told of a place at the end of a day is what was told by then."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from app.closing import sheets
from app.closing.rules import Span
from app.core.clock import WAT
from app.core.db import leave
from app.core.money import NGN, Money
from app.statements.rules import Days
from reports import proof_sheets, reserves
from reports.reserves import Place
from tests.makers.books import fresh
from tests.makers.joining import Both
from tests.makers.matching import Outside

pytestmark = pytest.mark.usefixtures("inside")


def place(outside: Outside, *, at: datetime) -> Place:
    """What is booked and told of it."""
    (found,) = (one for asset in reserves.at(at, asset="NGN") for one in asset.places if one.code == outside.account)
    leave()
    return found


def test_a_list_that_goes_on_into_the_next_day_tells_of_that_one() -> None:
    outside = Outside()
    outside.book(10_000, days=0)
    outside.book(500_000, days=4)
    row = f"{fresh('L')},R0,2026-03-02 09:00:00,deposit,,currency,NGN,100,0,100"
    later = f"{fresh('L')},R1,2026-03-06 09:00:00,deposit,,currency,NGN,5000,0,5100"
    outside.bring([row], covers=Days(date(2026, 3, 2), date(2026, 3, 4)))
    outside.bring([row, later], covers=Days(date(2026, 3, 2), date(2026, 3, 5)))
    before, after = (place(outside, at=datetime(2026, 3, day, tzinfo=WAT)) for day in (6, 7))
    assert [(one.told.amount, one.differs) for one in (before, after) if one.told] == [
        (Decimal(100), Decimal(0)),
        (Decimal(5_100), Decimal(0)),
    ]


def test_accounts_that_are_counted_as_one_are_held_against_what_is_told_of_both() -> None:
    both, at = Both(Outside()), datetime(2026, 3, 6, tzinfo=WAT)
    both.outside.tell((10_000, fresh("x")), covers=3)
    both.book(10_000)
    both.join()
    first = place(both.outside, at=at)
    assert (first.booked.units, first.differs) == (0, Decimal(0))
    (second,) = (one for asset in reserves.at(at, asset="NGN") for one in asset.places if one.code == both.second)
    leave()
    assert (second.untold, second.differs) == (f"told with {both.outside.account}", None)
    both.outside.run()
    sheet = sheets.of(both.outside.account, Span(date(2026, 3, 2), date(2026, 3, 4)))
    lines = {line[0]: line[3] for line in proof_sheets.sides(sheet)}
    leave()
    assert lines[f"Of that on {both.second}"] == lines["Closing, booked"] == Money(NGN, 10_000)
    assert lines[f"Of that on {both.outside.account}"] == lines["Not explained"] == Money(NGN, 0)
