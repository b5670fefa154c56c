"""People put together what the rules do not, and take apart what is wrong: the breaks always explain the difference."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.core.db import db, leave, rows, transaction
from app.matching import break_queries, by_hand
from app.matching.errors import MatchGone, NotOpen, ReasonMissing, TooFew
from app.statements import queries as source_queries
from app.statements import service as statements
from app.statements.errors import StandsFor
from tests.makers import books
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
_LINES = """
SELECT l.id, m.group_id FROM statement_lines l JOIN statement_sources s ON s.id = l.source_id AND s.name = :source
  LEFT JOIN matches m ON m.line_id = l.id AND m.ended_by IS NULL ORDER BY l.id
"""
_ENTRIES = """
SELECT e.journal_id, e.leg, m.group_id FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id
  LEFT JOIN matches m ON m.journal_id = e.journal_id AND m.leg = e.leg AND m.ended_by IS NULL
 WHERE a.code = :account ORDER BY 1, 2
"""
# Each line and each entry is in a match or in a break, never in both; a group that does not add up has its break.
_LOOSE = """
SELECT count(*) AS n FROM statement_lines l JOIN statement_sources s ON s.id = l.source_id AND s.name = :source
 WHERE (SELECT count(*) FROM matches m WHERE m.line_id = l.id AND m.ended_by IS NULL)
     + (SELECT count(*) FROM breaks b WHERE b.line_id = l.id AND b.closed_by IS NULL) <> 1
"""
_LOOSE_ENTRIES = """
SELECT count(*) AS n FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id AND a.code = :account
 WHERE (SELECT count(*) FROM matches m WHERE m.journal_id = e.journal_id AND m.leg = e.leg AND m.ended_by IS NULL)
     + (SELECT count(*) FROM breaks b WHERE b.journal_id = e.journal_id AND b.leg = e.leg AND b.closed_by IS NULL) <> 1
"""


def lines(outside: Outside) -> list[tuple[int, int | None]]:
    """Each line with the group that it is in."""
    found = rows(_LINES, source=outside.source)
    leave()
    return [(row.id, row.group_id) for row in found]


def entries(outside: Outside) -> list[tuple[int, int, int | None]]:
    """Each entry with the group that it is in."""
    found = rows(_ENTRIES, account=outside.account)
    leave()
    return [(row.journal_id, row.leg, row.group_id) for row in found]


def link(outside: Outside, some: list[int], others: list[tuple[int, int]], reason: str = "They wrote so.") -> int:
    """Put together by hand: the group."""
    with transaction(TEST):
        _, group = by_hand.link(outside.account, lines=some, entries=others, reason=reason, actor=TEST)
    leave()
    return group


def end(group: int, reason: str = "It was another's.") -> None:
    """Take apart."""
    with transaction(TEST):
        by_hand.end(group, reason=reason, actor=TEST)
    leave()


@pytest.fixture
def outside() -> Outside:
    """A line and an entry that no rule puts together."""
    return Outside.differing()


def test_what_is_linked_is_matched_and_its_difference_is_a_break(outside: Outside) -> None:
    ((line, _),), ((journal, leg, _),) = lines(outside), entries(outside)
    group = link(outside, [line], [(journal, leg)])
    assert outside.breaks == [("amount_mismatch", 100)]
    assert outside.proof.ties
    end(group)
    assert outside.breaks == [("missing_in_statement", -900), ("missing_in_ledger", 1_000)]
    assert outside.proof.ties
    with pytest.raises(MatchGone):
        end(group)


def test_what_was_taken_apart_is_not_put_together_again_by_a_look_at_what_is_new(outside: Outside) -> None:
    ref = fresh("dep")
    outside.tell((70, ref))
    outside.book(70, ref=ref)
    outside.run()
    (group,) = {group for _, group in lines(outside) if group}
    end(group)
    assert outside.run() is None


def test_nothing_is_matched_twice(outside: Outside) -> None:
    ((line, _),), ((journal, leg, _),) = lines(outside), entries(outside)
    link(outside, [line], [(journal, leg)])
    with pytest.raises(NotOpen):
        link(outside, [line], [(journal, leg)])
    leave()
    with pytest.raises(IntegrityError, match="uq_matches_line"), transaction(TEST):
        db.session.execute(
            text(
                "INSERT INTO matches (group_id, run_id, rule, confidence, line_id)"
                " SELECT group_id + 1, run_id, rule, 1, line_id FROM matches WHERE line_id = :line"
            ),
            {"line": line},
        )


def test_of_another_account_nothing_is_taken(outside: Outside) -> None:
    other = Outside()
    other.tell((5, fresh("x")))
    other.run()
    with pytest.raises(NotOpen):
        link(outside, [lines(other)[0][0]], [entries(outside)[0][:2]])


def test_says_why_and_of_what(outside: Outside) -> None:
    line = lines(outside)[0][0]
    with pytest.raises(TooFew):
        link(outside, [line], [])
    with pytest.raises(TooFew):
        link(outside, [line, line], [])
    with pytest.raises(ReasonMissing):
        link(outside, [line], [entries(outside)[0][:2]], reason="  ")


STEP = st.one_of(
    st.tuples(st.just("tell"), st.integers(-5, 5), st.integers(0, 4)),
    st.tuples(st.just("book"), st.integers(-5, 5), st.integers(0, 4)),
    st.tuples(st.just("run"), st.booleans()),
    st.tuples(st.just("link"), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("end"), st.integers(0, 9)),
)


def act(outside: Outside, step: tuple[object, ...]) -> None:
    """One thing that happens; what cannot be does nothing."""
    name, *given_ = step
    if name in {"tell", "book"}:
        kobo, ref = given_
        if kobo:
            ref_ = f"{outside.source}-{ref}" if ref else ""
            outside.tell((int(str(kobo)), ref_)) if name == "tell" else outside.book(int(str(kobo)), ref=ref_)
    elif name == "run":
        outside.run(whole=bool(given_[0]))
    elif name == "link":
        free = [line for line, group in lines(outside) if not group]
        open_ = [(journal, leg) for journal, leg, group in entries(outside) if not group]
        if free and open_:
            link(outside, [free[int(str(given_[0])) % len(free)]], [open_[int(str(given_[1])) % len(open_)]])
    else:
        groups = sorted({group for _, group in lines(outside) if group})
        if groups:
            end(groups[int(str(given_[0])) % len(groups)])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=4, max_size=14))
def test_in_whatever_order_the_breaks_explain_the_difference(steps: list[tuple[object, ...]]) -> None:
    outside = Outside()
    for step in steps:
        act(outside, step)
    outside.run()
    assert outside.proof.ties, outside.proof
    (loose,) = rows(_LOOSE, source=outside.source)
    (loose_entries,) = rows(_LOOSE_ENTRIES, account=outside.account)
    leave()
    assert (loose.n, loose_entries.n) == (0, 0)


def test_lines_that_were_held_against_an_account_stay_with_it() -> None:
    outside, other = Outside(), books.account("asset")
    source = source_queries.source_for_operators(outside.source)
    leave()
    with transaction(TEST):  # (nothing was told yet)
        statements.stand_for(source.id, asset="NGN", account=other)
        statements.stand_for(source.id, asset="NGN", account=outside.account)
    outside.tell((500, "R1"))
    outside.run()
    with pytest.raises(StandsFor), transaction(TEST):
        statements.stand_for(source.id, asset="NGN", account=other)
    assert outside.proof.ties


def test_what_was_taken_apart_is_matched_again_whatever_number_its_match_had(owner_engine: Engine) -> None:
    """Numbers of matches are given out in blocks, so an older one may be the greater."""
    outside = Outside()
    outside.book(700, told="R7")
    outside.tell((700, "R7"))
    outside.run()
    (own,) = rows(_LINES, source=outside.source)
    leave()
    with transaction(TEST):
        by_hand.end(own.group_id, reason="Not the same.", actor=TEST)
    leave()
    with owner_engine.begin() as connection:
        connection.execute(
            text("UPDATE matches SET group_id = group_id + 1000000 WHERE group_id = :own"), {"own": own.group_id}
        )
    (first,) = outside.tell((500, ""))  # (an earlier pass finds something)
    outside.book(500, told=first)
    outside.run(whole=True)
    assert (len(outside.groups), outside.breaks) == (2, [])


def test_what_takes_back_a_match_is_the_nearest_in_time_before_and_after() -> None:
    outside, ref = Outside(), fresh("dep")
    outside.tell((1_000, ref), days=10)
    outside.book(950, ref=ref, days=10)
    for day in (*range(9), *range(11, 20)):
        outside.book(50, days=day)
    outside.run(whole=True)
    match = next(one for one in break_queries.shown_for_operators(outside.open_ids) if one.group_id)
    found = [(one.at - match.at).days for one in break_queries.candidates_for_operators(match)]
    leave()
    assert [abs(days) for days in found] == [1, 2, 2, 3, 3, 4, 4, 5]
    assert set(found) >= {1, -2, 2, -3, 3, -4, 4}
