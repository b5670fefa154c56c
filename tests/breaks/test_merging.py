"""Several breaks made one, whatever they are about: exact sums, what is less than a unit of the books among them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.breaks import board, bulk, errors, queries, rules, service
from app.breaks.board import Sought
from app.breaks.bulk import Deed
from app.breaks.rules import Act
from app.core import actor
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.matching import by_hand
from app.matching.errors import NotOpen, ReasonMissing, TooFew, TooMuch
from jobs import breaks as jobs
from jobs.work import Work
from tests.makers import broken, people
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
OTHER = "expense:bank_charges:NGN"


def tell(outside: Outside, *amounts: str, ref: str = "") -> None:
    """A file of lines of so many naira, with more decimals than the books keep."""
    balance, found = Decimal(0), []
    for amount in amounts:
        balance += Decimal(amount)
        found.append(f"{fresh('L')},{ref or fresh('R')},2026-03-02 09:00:00,deposit,,currency,NGN,{amount},0,{balance}")
    outside.bring(found)
    outside.run()


def merge(outside: Outside, breaks: list[int], reason: str = "One rounding.") -> int:
    with transaction(TEST):
        group = service.merge(breaks, account=outside.account, reason=reason, actor=TEST)
    leave()
    return group


def amounts(outside: Outside) -> list[Decimal]:
    found = rows("SELECT amount FROM breaks WHERE account = :a AND closed_by IS NULL ORDER BY 1", a=outside.account)
    leave()
    return [row.amount.normalize() for row in found]


def test_what_is_less_than_a_unit_is_booked_once_it_comes_to_one_and_the_rest_stays() -> None:
    outside = Outside()
    tell(outside, "0.004", "0.003", "0.0045")
    with pytest.raises(errors.TooSmall):
        broken.journal(broken.numbers(outside)[0], OTHER)
    leave()
    assert board.small_for_operators(outside.account).breaks == 3
    group = merge(outside, broken.numbers(outside))
    assert (amounts(outside), outside.proof.ties) == ([Decimal("0.0115")], True)
    (whole,) = broken.numbers(outside)
    assert broken.trail(whole) == ["opened", "linked"]
    broken.known_for(outside, days=9)
    assert broken.agree(broken.journal(whole, OTHER)) == "executed"
    assert (amounts(outside), outside.proof.ties) == ([Decimal("0.0015")], True)
    (rest,) = rows("SELECT found_at, now() - found_at AS age FROM breaks WHERE account = :a AND closed_by IS NULL",
                   a=outside.account)  # fmt: skip
    leave()
    assert rest.age > timedelta(days=8)  # (what is left is known since then)
    outside.run(whole=True)
    assert (amounts(outside), outside.proof.ties) == ([Decimal("0.0015")], True)
    ended = rows("SELECT bool_and(ended_by IS NOT NULL) AS ended FROM matches WHERE group_id = :g", g=group)[0].ended
    leave()
    assert ended


def test_a_match_that_differs_and_the_line_that_takes_it_back_close_each_other() -> None:
    outside, ref = Outside(), fresh("dep")
    outside.tell((1_000, ref), (-50, fresh("fee")))
    outside.book(950, ref=ref)
    outside.run()
    assert outside.breaks == [("missing_in_ledger", -50), ("amount_mismatch", 50)]
    both = {row.id: row for row in board.ids_for_operators(outside.account, Sought(), limit=9)}
    leave()
    line, match = sorted(both, key=lambda number: both[number].amount)
    with transaction(TEST):
        service.comment(match, words="It is their fee.", actor=TEST)
        group = service.link(match, others=[line], reason="Their fee.", actor=TEST)
    leave()
    assert (outside.breaks, outside.groups, outside.proof.ties) == ([], [("by hand", 2, 1)], True)
    assert broken.trail(match) == ["opened", "comment", "linked", "closed"]
    outside.run(whole=True)
    assert outside.breaks == []
    with transaction(TEST):
        service.take_apart(group, reason="It was not.", actor=TEST)
    leave()
    assert (len(outside.breaks), outside.proof.ties) == (3, True)


def test_matches_are_merged_with_matches_and_nothing_of_them_is_lost() -> None:
    outside, refs = Outside(), [fresh("dep") for _ in range(3)]
    for number, ref in enumerate(refs):
        tell(outside, f"10.00{number + 1}", f"0.00{number + 1}", ref=ref)
        outside.book(1_000, ref=ref)
    outside.run(whole=True)
    assert amounts(outside) == [Decimal("0.002"), Decimal("0.004"), Decimal("0.006")]
    merge(outside, broken.numbers(outside))
    assert (amounts(outside), outside.groups) == ([Decimal("0.012")], [("by hand", 6, 3)])
    assert outside.proof.ties


def test_it_says_of_what_and_why_and_takes_only_what_is_open() -> None:
    outside, other = Outside.differing(), Outside.differing()
    own = broken.numbers(outside)
    for breaks, reason, refusal in (
        (own[:1] * 2, "x", TooFew), (own, " ", ReasonMissing), ([own[0], *broken.numbers(other)], "x", NotOpen),
    ):  # fmt: skip
        with pytest.raises(refusal):
            merge(outside, breaks, reason)
        leave()
    merge(outside, own)
    with pytest.raises(NotOpen):
        merge(outside, own)


def test_more_than_a_match_is_made_of_is_refused_in_words() -> None:
    outside, ref = Outside(), fresh("batch")
    tell(outside, *["0.001"] * (by_hand.LARGE + 1), ref=ref)
    outside.book(1_000, ref=ref)
    outside.run(whole=True)
    tell(outside, "0.002")
    with pytest.raises(TooMuch, match="more than 10,000 lines and entries"):
        merge(outside, broken.numbers(outside))
    leave()
    assert outside.proof.ties


def asked(outside: Outside, sought: Sought) -> str:
    """A bulk by which all that fit are merged."""
    maker, _ = people.newcomer(Role.FINANCE)
    with transaction(who := actor.operator(maker)):
        found = bulk.chosen_for_operators(outside.account, sought)
        deed, seen = Deed(Act.MERGE, "Fractions."), (len(found.rows), found.amount)
        return bulk.ask(outside.account, sought, deed, scope="small", seen=seen, maker=maker, actor=who).id


def carried_out(bulk_id: str) -> dict[str, int]:
    leave()
    jobs.carry_out(Work("x", bulk_id, {"bulk_id": bulk_id}, None, TEST))  # type: ignore[arg-type]
    leave()
    found = queries.outcomes_for_operators(bulk_id)
    leave()
    return found


def results(bulk_id: str) -> list[Any]:
    found = queries.rows_for_operators(bulk_id, limit=9)
    leave()
    return found


def test_all_below_a_unit_are_merged_at_once_but_for_what_is_asked_about() -> None:
    outside = Outside.differing()
    tell(outside, "0.004", "-0.003", "0.009", "0.02", "0.005")
    made = asked(outside, Sought(view="small"))
    small = {row.id: row.amount for row in board.ids_for_operators(outside.account, Sought(view="small"), limit=9)}
    leave()
    assert sorted(map(str, small.values())) == ["-0.003", "0.004", "0.005", "0.009"]
    accepted = next(number for number, amount in small.items() if amount == Decimal("0.005"))
    assert broken.agree(broken.acceptance(accepted)) == "executed"
    assert carried_out(made) == {"failed": 3, "ineligible": 1}  # (another sum than was shown)
    assert next(row.why for row in results(made) if row.outcome == "failed").startswith("1 of them changed meanwhile")
    waits = broken.acceptance(next(number for number, amount in small.items() if amount == Decimal("0.009")))
    with pytest.raises(errors.UnderWay, match="about 2 of these"):
        asked(outside, Sought(these=tuple(small)))
    leave()
    tell(outside, "0.009")
    only = asked(outside, Sought(view="small"))
    assert carried_out(only) == {"done": 3}
    assert broken.agree(waits) == "executed"
    assert amounts(outside) == [
        Decimal(-9),
        Decimal("0.005"),
        Decimal("0.009"),
        Decimal("0.01"),
        Decimal("0.02"),
        Decimal(10),
    ]
    assert outside.proof.ties
    with pytest.raises(errors.NothingChosen):
        asked(outside, Sought(view="small"))
    leave()


def test_what_one_match_cannot_be_made_of_is_left_out_of_all_below_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_hand, "LARGE", 6)  # (few rows reach what ten thousand would)
    monkeypatch.setattr(rules, "BULK_MAX", 4)  # (and five thousand)
    outside = Outside()
    tell(outside, *["0.001"] * 6)
    with pytest.raises(errors.TooMany):
        asked(outside, Sought(view="all"))
    leave()
    assert carried_out(asked(outside, Sought(view="small"))) == {"done": 4}
    merge(outside, broken.numbers(outside))
    tell(outside, "0.001", "0.001")
    found = bulk.chosen_for_operators(outside.account, Sought(view="small"))
    assert (len(found.rows), found.amount, found.large, found.others) == (2, Decimal("0.002"), 1, False)
    leave()
    assert carried_out(asked(outside, Sought(view="small"))) == {"done": 2}
    assert sorted(group[1] for group in outside.groups) == [2, 6]
    found = bulk.chosen_for_operators(outside.account, Sought(view="small"))  # (no two fit: all, to be looked at)
    assert (len(found.rows), found.large) == (2, 0)
    leave()
    with pytest.raises(TooMuch):
        asked(outside, Sought(view="small"))
    leave()


def test_of_a_bulk_nothing_is_merged_that_is_about_a_statement_or_alone() -> None:
    outside = Outside.differing()
    outside.bring([f"{fresh('L')},{fresh('R')},2026-03-04 09:00:00,deposit,,currency,NGN,10,0,900"])
    outside.run()
    with pytest.raises(errors.OfStatement):
        asked(outside, Sought())
    leave()
    with pytest.raises(TooFew):
        asked(outside, Sought(these=(broken.numbers(outside)[0],)))
    leave()
