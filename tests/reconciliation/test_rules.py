"""Matching two lists: every line of either side gets exactly one verdict, and sums decide."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reconciliation.rules import DEDUCTED, RUN, UNMATCHED, Line, Ours, RunState, Theirs, Verdict, match

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, tzinfo=UTC)


def ours(units: int, *, reference: str = "r", journal_id: int = 1) -> Ours:
    """One entry of ours."""
    return Ours("deposit", reference, units, journal_id, NOON)


def theirs(units: int, *, reference: str = "r", final: bool = True) -> Theirs:
    """One line of theirs."""
    return Theirs("charge", reference, units, LATER, final)


def verdict(our_side: list[Ours], their_side: list[Theirs]) -> Line:
    """The one line that comes of it."""
    (line,) = match(our_side, their_side)
    return line


class TestVerdict:
    @pytest.mark.parametrize(
        ("our_side", "their_side", "expected"),
        [
            ([ours(100)], [theirs(100)], Verdict.MATCHED),
            ([ours(-100)], [theirs(-100)], Verdict.MATCHED),
            ([ours(100), ours(-30)], [theirs(70)], Verdict.MATCHED),
            ([ours(100)], [theirs(100), theirs(100)], Verdict.MATCHED),  # it slipped from one page to the next
            ([ours(100)], [theirs(90, final=False), theirs(100)], Verdict.MATCHED),  # and ended meanwhile
            ([ours(100), ours(-100)], [], Verdict.MATCHED),
            ([], [theirs(0)], Verdict.MATCHED),  # a transfer that failed: both say nothing moved
            ([ours(100)], [theirs(100, final=False)], Verdict.MATCHED),
            ([ours(100)], [theirs(99)], Verdict.AMOUNT_DIFFERS),
            ([ours(100)], [theirs(-100)], Verdict.AMOUNT_DIFFERS),
            ([ours(100)], [theirs(0)], Verdict.AMOUNT_DIFFERS),
            ([ours(100)], [theirs(99, final=False)], Verdict.AMOUNT_DIFFERS),
            ([ours(100), ours(100)], [theirs(100)], Verdict.AMOUNT_DIFFERS),
            ([], [theirs(100)], Verdict.MISSING_HERE),
            ([ours(100)], [], Verdict.MISSING_THERE),
            ([], [theirs(100, final=False)], Verdict.IN_FLIGHT),
            ([], [theirs(0, final=False)], Verdict.IN_FLIGHT),
        ],
        ids=str,
    )
    def test_compares_sums_under_one_reference(
        self, our_side: list[Ours], their_side: list[Theirs], expected: Verdict
    ) -> None:
        assert verdict(our_side, their_side).verdict is expected

    def test_leaves_to_people_what_does_not_match_and_only_that(self) -> None:
        assert set(UNMATCHED) == set(Verdict) - {Verdict.MATCHED, Verdict.IN_FLIGHT}


class TestLine:
    def test_shows_both_sides_and_their_kind_and_time(self) -> None:
        assert verdict([ours(60, journal_id=7), ours(40, journal_id=8)], [theirs(99)]) == Line(
            "charge", "r", Verdict.AMOUNT_DIFFERS, ours=100, theirs=99, journal_id=8, happened_at=LATER
        )

    def test_shows_our_side_alone(self) -> None:
        assert verdict([ours(60, journal_id=7)], []) == Line(
            "deposit", "r", Verdict.MISSING_THERE, ours=60, theirs=None, journal_id=7, happened_at=NOON
        )

    def test_shows_their_side_alone(self) -> None:
        assert verdict([], [theirs(60)]) == Line(
            "charge", "r", Verdict.MISSING_HERE, ours=None, theirs=60, journal_id=None, happened_at=LATER
        )


@pytest.mark.parametrize(
    ("old", "new", "deducted", "expected"),
    [
        (0, -100, 0, Verdict.IN_FLIGHT),
        (-300, -100, -300, Verdict.IN_FLIGHT),
        (-300, -100, -350, Verdict.IN_FLIGHT),
        (-300, -100, -400, Verdict.MATCHED),
        (-300, -100, -200, Verdict.AMOUNT_DIFFERS),  # a hundred of long ago was never deducted
        (-300, 0, 0, Verdict.AMOUNT_DIFFERS),
        (0, -100, -150, Verdict.AMOUNT_DIFFERS),  # more was deducted than payers had back
    ],
)
def test_what_payers_had_back_waits_for_its_settlement_not_for_ever(
    old: int, new: int, deducted: int, expected: Verdict
) -> None:
    entries = [replace(ours(old, reference=DEDUCTED), happened_at=NOON), ours(new, reference=DEDUCTED)]
    entries[1] = replace(entries[1], happened_at=LATER)
    (line,) = match(entries, [theirs(deducted, reference=DEDUCTED)], deducted_since=LATER)
    assert line.verdict is expected


class TestMatch:
    def test_of_nothing_is_nothing(self) -> None:
        assert match([], []) == []

    def test_takes_anything_that_can_be_gone_through_once(self) -> None:
        lines = match(iter([ours(1), ours(2, reference="s")]), iter([theirs(1)]))
        assert {line.reference: line.verdict for line in lines} == {"r": Verdict.MATCHED, "s": Verdict.MISSING_THERE}

    @given(
        st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-9, 9))),
        st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(-9, 9), st.booleans())),
    )
    def test_loses_no_reference_and_no_kobo(
        self, our_side: list[tuple[str, int]], their_side: dict[str, tuple[int, bool]]
    ) -> None:
        lines = match(
            [ours(units, reference=reference) for reference, units in our_side],
            [theirs(units, reference=reference, final=final) for reference, (units, final) in their_side.items()],
        )
        assert sorted(line.reference for line in lines) == sorted({row[0] for row in our_side} | set(their_side))
        assert sum(line.ours or 0 for line in lines) == sum(units for _, units in our_side)
        assert sum(line.theirs or 0 for line in lines) == sum(units for units, _ in their_side.values())
        for line in lines:
            if line.verdict is Verdict.MATCHED:
                assert (line.ours or 0) == (line.theirs or 0)


def test_a_run_ends_once() -> None:
    arrows = {(old, new) for old in RunState for new in RunState if RUN.allows(old, new)}
    assert arrows == {(RunState.RUNNING, RunState.DONE), (RunState.RUNNING, RunState.FAILED)}
