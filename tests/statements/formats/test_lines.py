"""What lines add up to: exactly, in any order, and with the first row that does not follow."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.statements.formats.errors import Unreadable
from app.statements.formats.lines import (
    ZERO,
    Ignored,
    Kind,
    Line,
    Parsed,
    Raw,
    Statement,
    Told,
    chain,
    statements_of,
    total,
)
from app.statements.formats.telling import Telling, told_of

START = datetime(2026, 3, 1, tzinfo=UTC)
AMOUNTS = st.decimals(min_value=-(10**20), max_value=10**20, places=20)


def lines(opening: Decimal, deltas: list[Decimal], *, seconds: int = 0) -> list[Line]:
    """Lines with running balances, all in one second unless they are told apart."""
    found, balance = [], opening
    for row, delta in enumerate(deltas, 1):
        balance = total(iter((balance, delta)))
        at = START + timedelta(seconds=row * seconds)
        found.append(
            Line(
                row=row,
                at=at,
                booked_on=date(2026, 3, 1),
                asset="BTC",
                delta=delta,
                principal=delta,
                balance_after=balance,
                kind=Kind.TRADE,
            )
        )
    return found


class TestChain:
    @given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=12), st.randoms(use_true_random=False))
    def test_finds_opening_and_closing_in_any_order(
        self, opening: Decimal, deltas: list[Decimal], chance: object
    ) -> None:
        told = lines(opening, deltas)
        chance.shuffle(told)  # type: ignore[attr-defined]
        (statement,) = statements_of(told)
        assert statement.ties is True
        assert statement.gaps == ()
        if total(iter(deltas)):
            assert (statement.opening, statement.closing) == (opening, total(iter((opening, *deltas))))

    def test_names_the_row_after_a_missing_one(self) -> None:
        told = lines(Decimal(10), [Decimal(each) for each in (1, 2, 4, 8)], seconds=1)
        (statement,) = statements_of([*told[:1], *told[2:]])
        assert (statement.ties, statement.difference, statement.gaps) == (False, Decimal(2), (3,))

    def test_is_silent_where_a_balance_is_not_told(self) -> None:
        assert chain([]) == (None, None, ())
        (statement,) = statements_of([Ignored(row=1, reason="nothing", asset="BTC")])
        assert (statement.ties, statement.difference, statement.rows_total) == (None, None, 1)


def test_forty_digits_stay() -> None:
    small, large = Decimal("0.0000000000000000000000000000000000000001"), Decimal(10) ** 39
    assert str(total(iter((large, small, -large)))) == str(total(iter((small, ZERO))))


def test_a_file_that_is_newest_first_is_turned() -> None:
    told = lines(Decimal(0), [Decimal(each) for each in (1, 2, 3)], seconds=1)
    (statement,) = statements_of(told[::-1])
    assert [line.row for line in statement.lines] == [1, 2, 3]


def test_raw_is_a_mapping_of_what_was_told() -> None:
    raw = Raw({"a": 0, "b": 1}, ["1", "=2"])
    assert raw == {"a": "1", "b": "=2"}
    assert repr(raw) == "{'a': '1', 'b': '=2'}"


def test_a_row_of_which_nothing_becomes_refuses_its_file() -> None:
    (one,) = lines(Decimal(0), [Decimal(1)])
    sound: list[list[Line] | Told] = [one, [one, one]]
    telling = Telling(format="bank-csv", version=1).over(sound)
    assert [number for number, _ in telling.told] == [1, 1, 1]
    assert (telling.rows_total, telling.rows_lines) == (2, 2)
    with pytest.raises(Unreadable, match="row 3 below the header"):
        list(Telling(format="bank-csv", version=1).over([*sound, []]).told)
    lost = Parsed(format="mt940", version=1, statements=(Statement(lines=(one,)),), rows_total=2)
    with pytest.raises(Unreadable, match="Not each of its rows"):
        list(told_of("mt940", 1, lambda: lost).told)
