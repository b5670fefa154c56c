"""What belongs together is found, one by one and in groups; what does not is a break with its reason and its amount."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.core.db import leave, rows
from app.matching import rules, scope
from app.matching.errors import BadRules
from app.matching.rules import STANDARD, Rule, Step
from tests.makers.books import fresh
from tests.makers.matching import BEGAN, Outside

_PAIRS = (
    "SELECT journal_id FROM matches WHERE run_id = :run AND line_id IS NOT NULL AND leg IS NOT NULL ORDER BY line_id"
)
pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def outside() -> Outside:
    """An account that somebody else keeps."""
    return Outside()


def settled(outside: Outside, *, breaks: list[tuple[str, int]], groups: list[tuple[str, int, int]]) -> None:
    """The breaks are these, they explain the difference, and the groups are these."""
    assert outside.breaks == breaks
    assert outside.proof.ties
    assert outside.groups == groups


class TestWhatBelongsTogether:
    def test_by_their_id(self, outside: Outside) -> None:
        (name,) = outside.tell((5_000, "R1"))
        outside.book(5_000, told=name)
        outside.run()
        settled(outside, breaks=[], groups=[("their id", 1, 1)])

    def test_by_our_reference_net_of_fee(self, outside: Outside) -> None:
        ref = fresh("dep")
        outside.book(250_000, ref=ref)
        outside.book(-3_750, ref=ref)
        outside.tell((246_250, ref))
        outside.run()
        settled(outside, breaks=[], groups=[("our reference", 1, 2)])

    def test_many_lines_and_one_entry(self, outside: Outside) -> None:
        ref = fresh("set")
        outside.tell((100, ref), (250, ref), (-30, ref))
        outside.book(320, ref=ref)
        outside.run()
        settled(outside, breaks=[], groups=[("our reference", 3, 1)])

    def test_both_ways_of_what_failed_each_with_its_own(self, outside: Outside) -> None:
        """A withdrawal that came back: same ref, opposite signs, fee apart in the books and given back."""
        ref = fresh("wd")
        outside.tell((-70_000, ref), days=0, fee=9)
        outside.tell((70_000, ref), days=1, fee=-9)
        for kobo, days in ((-70_000, 0), (-9, 0), (70_000, 1), (9, 1)):
            outside.book(kobo, ref=ref, days=days)
        outside.run()
        settled(outside, breaks=[], groups=[("our reference", 1, 2), ("our reference", 1, 2)])

    def test_what_their_own_lines_take_back_unless_we_know_of_it(self, outside: Outside) -> None:
        failed, booked = fresh("wd"), fresh("wd")
        outside.tell((-70_000, failed), (70_000, failed), (-500, booked), (500, booked))
        outside.book(-400, ref=booked)
        outside.run()
        settled(
            outside,
            breaks=[("amount_mismatch", 400)],
            groups=[("taken back by their own line", 2, 0), ("our reference", 2, 1)],
        )

    def test_equal_ones_in_pairs(self, outside: Outside) -> None:
        ref = fresh("twin")
        outside.tell((500, ref), (500, ref))
        outside.book(500, ref=ref)
        outside.book(500, ref=ref)
        outside.run()
        settled(outside, breaks=[], groups=[("our reference", 1, 1), ("our reference", 1, 1)])

    def test_without_any_reference_only_the_one_pair(self, outside: Outside) -> None:
        """Two lines and two entries of one amount: nobody can say which belongs to which."""
        outside.tell((700, ""), (900, ""), (900, ""))
        for kobo in (700, 900, 900):
            outside.book(kobo)
        outside.run()
        assert outside.groups == [("moment and amount", 1, 1)]
        assert sorted(outside.breaks) == [
            ("missing_in_ledger", 900), ("missing_in_ledger", 900), *[("missing_in_statement", -900)] * 2
        ]  # fmt: skip
        assert outside.proof.ties

    def test_not_by_amount_what_has_another_reference(self, outside: Outside) -> None:
        outside.tell((4_200, fresh("theirs")))
        outside.book(4_200, ref=fresh("ours"))
        outside.run()
        settled(outside, breaks=[("missing_in_statement", -4_200), ("missing_in_ledger", 4_200)], groups=[])


class TestWhatIsLeft:
    def test_differs_by_an_amount(self, outside: Outside) -> None:
        ref = fresh("dep")
        outside.tell((98_500, ref))
        outside.book(50_000, ref=ref)
        outside.book(-1_500, ref=ref)
        outside.run()
        settled(outside, breaks=[("amount_mismatch", 50_000)], groups=[("our reference", 1, 2)])

    def test_differs_by_its_fee(self, outside: Outside) -> None:
        ref = fresh("wd")
        outside.tell((-100_000, ref), fee=50)
        outside.book(-100_000, ref=ref)
        outside.book(-20, ref=ref)
        outside.run()
        settled(outside, breaks=[("fee_variance", -30)], groups=[("our reference", 1, 2)])

    def test_differs_by_no_more_than_is_tolerated(self, outside: Outside) -> None:
        """It is a break all the same, of a kind of its own: nothing is explained by being small."""
        outside.tolerates(5)
        for line, entry in ((1_005, 1_000), (2_006, 2_000)):
            outside.tell((line, ref := fresh("dep")))
            outside.book(entry, ref=ref)
        outside.run()
        assert outside.breaks == [("fx_rounding", 5), ("amount_mismatch", 6)]
        assert outside.proof.ties

    def test_was_booked_twice(self, outside: Outside) -> None:
        ref = fresh("dep")
        outside.tell((300, ref))
        outside.book(300, ref=ref)
        outside.book(300, ref=ref)
        outside.run()
        settled(outside, breaks=[("duplicate_entry", -300)], groups=[("our reference", 1, 1)])

    def test_waits_for_its_statement_and_is_missing_when_that_came(self, outside: Outside) -> None:
        outside.tell((1_000, ref := fresh("dep")))
        outside.book(1_000, ref=ref)
        outside.book(2_500, ref=(late := fresh("dep")), days=1)
        outside.book(3_100, days=1)
        outside.run()
        assert outside.breaks == [("timing", -3_100), ("timing", -2_500)]
        outside.tell((2_500, late), days=1)
        outside.run()
        settled(
            outside,
            breaks=[("missing_in_statement", -3_100)],
            groups=[("our reference", 1, 1), ("our reference", 1, 1)],
        )

    def test_is_what_had_happened_by_then(self, outside: Outside) -> None:
        outside.tell((1_000, ref := fresh("dep")))
        outside.tell((2_000, fresh("dep")), days=5)
        outside.book(1_000, ref=ref)
        outside.run(as_of=datetime(2026, 3, 4, tzinfo=UTC))
        assert outside.breaks == []
        outside.run(whole=True)
        assert outside.breaks == [("missing_in_ledger", 2_000)]


class TestMuchThatIsNew:
    @pytest.mark.parametrize(("limit", "kind"), [(scope.NEW_MAX, "open"), (0, "whole")])
    def test_is_put_together_as_little_is(
        self, outside: Outside, monkeypatch: pytest.MonkeyPatch, limit: int, kind: str
    ) -> None:
        """Its first rule takes pairs before anything is copied: of several alike the first and the first."""
        monkeypatch.setattr(scope, "NEW_MAX", limit)  # (twenty thousand are slow to tell)
        ref = fresh("twin")
        outside.tell((500, ref), (500, ref), (500, ref), (700, ref))
        booked = [outside.book(500, ref=ref), outside.book(500, ref=ref)]
        outside.tell((900, ref := fresh("net")))
        outside.book(1_000, ref=ref)
        outside.book(-100, ref=ref)
        run = outside.run(by=STANDARD[2:])
        assert run is not None
        assert run.kind == kind
        settled(
            outside,
            breaks=[("missing_in_ledger", 500), ("missing_in_ledger", 700)],
            groups=[("our reference", 1, 1), ("our reference", 1, 1), ("our reference", 1, 2)],
        )
        assert [row.journal_id for row in rows(_PAIRS, run=run.id)] == booked
        leave()


class TestARun:
    def test_again_finds_nothing_new(self, outside: Outside) -> None:
        outside.tell((1_000, ref := fresh("dep")), (7, fresh("dep")))
        outside.book(1_000, ref=ref)
        assert outside.run() is not None
        before = (outside.breaks, outside.groups)
        assert outside.run() is None
        again = outside.run(whole=True)
        assert again is not None
        assert (again.counts["rules"], again.counts["opened"], again.counts["closed"]) == ([], 0, 0)
        assert (outside.breaks, outside.groups) == before

    def test_tells_who_made_it_and_what_it_found(self, outside: Outside) -> None:
        outside.tell((1_000, ref := fresh("dep")), (7, fresh("dep")))
        outside.book(1_000, ref=ref)
        run = outside.run()
        assert run is not None
        assert run.counts == {
            "rules": [{"rule": "our reference", "groups": 1, "lines": 1, "entries": 1}], "opened": 1, "closed": 0,
            "told": "10.07", "booked": "10.00", "breaks": "0.07", "lines": 2, "open_lines": 1,
        }  # fmt: skip
        (record,) = rows(
            "SELECT actor FROM audit.records WHERE table_name = 'matching_runs' AND row_id = :id AND action = 'insert'",
            id=str(run.id),
        )
        leave()
        assert record.actor == run.made_by == "system:test"


class TestRules:
    def test_are_data(self) -> None:
        assert rules.read(rules.kept(STANDARD)) == STANDARD

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"step": "luck"}, "cannot be read"),
            ({"line": "colour"}, "compares what lines do not have"),
            ({"entry": "second"}, "compares what entries do not have"),
            ({"step": "token", "line": "token", "entry": "token", "pattern": "(a", "entry_pattern": "(a)"}, "pattern"),
            ({"step": "token", "line": "token", "entry": "token", "pattern": "a", "entry_pattern": "(a)"}, "brackets"),
            ({"speed": 1}, "cannot be read"),
        ],
    )
    def test_that_cannot_be_are_refused_with_their_number(self, wrong: dict[str, object], words: str) -> None:
        sound = rules.kept([Rule(name="x", step=Step.KEY, line="ref", entry="ref")])
        with pytest.raises(BadRules, match=f"Rule 1 .*{words}"):
            rules.read([{**sound[0], **wrong}])

    def test_need_names_of_their_own(self) -> None:
        with pytest.raises(BadRules, match="a name each"):
            rules.read(2 * rules.kept(STANDARD[:1]))


def test_a_file_that_was_read_is_matched(app: Flask, outside: Outside, work_off: Callable[..., int]) -> None:
    """From the file to the match without anybody asking."""
    outside.book(500, ref=(ref := fresh("dep")))
    outside.tell((500, ref))
    work_off()
    work_off()
    settled(outside, breaks=[], groups=[("our reference", 1, 1)])


class TestWhatComesLate:
    def test_is_put_to_what_differed_without_it(self, outside: Outside) -> None:
        """The fee is booked a day after the payout: as if both had been there."""
        outside.tell((-10_000, ref := fresh("W")), fee=100)
        outside.book(-10_000, told=ref)
        outside.run()
        assert [reason for reason, _ in outside.breaks] == ["fee_variance"]
        outside.book(-100, told=ref)
        outside.run()
        outside.run(whole=True)
        settled(outside, breaks=[], groups=[("their reference", 1, 2)])

    def test_is_put_to_what_was_taken_back_meanwhile(self, outside: Outside) -> None:
        ref = fresh("W")
        outside.tell((-10_000, ref), (10_000, ref))
        outside.run()
        assert outside.groups == [("taken back by their own line", 2, 0)]
        outside.book(-10_000, told=ref)
        outside.book(10_000, told=ref)
        outside.run()
        outside.run(whole=True)
        assert (outside.breaks, {entries for _, _, entries in outside.groups}) == ([], {1})

    def test_that_changes_nothing_leaves_what_there_is(self, outside: Outside) -> None:
        outside.tell((-10_000, ref := fresh("W")))
        outside.book(-9_000, told=ref)
        outside.run()
        outside.tell((-10_000, fresh("other")))
        outside.run()
        before = outside.open_ids
        outside.run(whole=True)
        assert outside.open_ids == before


class TestAWindow:
    def test_waits_until_its_time_is_over_and_all_is_in_sight(self, outside: Outside) -> None:
        """Their line of the first looks like an entry of yesterday's; tomorrow the one comes that it is of."""
        outside.tell((5_000, ""), days=1)
        theirs = outside.book(5_000, ref=fresh("other"), days=0)
        outside.run(as_of=BEGAN + timedelta(days=1, hours=1))
        assert outside.groups == []
        outside.book(5_000, ref=fresh("ours"), days=2)
        outside.run(whole=True)
        assert (outside.groups, theirs > 0) == ([], True)
        assert outside.proof.ties

    def test_takes_the_only_pair_once_it_is_over(self, outside: Outside) -> None:
        outside.tell((5_000, ""), days=1, covers=4)
        outside.book(5_000, ref=fresh("ours"), days=0)
        outside.run(as_of=BEGAN + timedelta(days=2))
        assert outside.groups == []
        outside.run(whole=True)
        assert outside.groups == [("amount within two days", 1, 1)]

    def test_waits_until_its_days_were_told(self, outside: Outside) -> None:
        """An entry that looks like a line of the day before, while its own is still to be told."""
        outside.tell((5_000, ""), days=0)
        outside.book(5_000, ref=fresh("ours"), days=1)
        outside.run(whole=True)
        assert outside.groups == []
        outside.tell((5_000, ""), days=1, covers=4)
        outside.run(whole=True)
        assert (outside.groups, outside.proof.ties) == ([("moment and amount", 1, 1)], True)
