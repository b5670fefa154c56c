"""Rules are tried on a copy and change nothing; they count once another agreed, and so does a larger tolerance."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app.core.db import leave, rows, transaction
from app.governance.rules import State
from app.matching import queries, trials
from app.matching.errors import BadRules, NothingToMatch
from app.matching.models import Trial
from app.matching.rules import STANDARD, Rule, Step
from app.statements import queries as sources
from app.statements import service as statements
from app.statements.errors import MoreNeedsTwo
from tests.makers import ruled
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
BY_ID = Rule(name="their id", step=Step.KEY, line="id", entry="told")
WEEK = Rule(name="amount within a week", step=Step.AMOUNT, line="line", entry="entry", bare=False,
            before_seconds=7 * 86_400, after_seconds=7 * 86_400)  # fmt: skip


def looked_at(trial_id: int) -> Trial:
    found = trials.one_for_operators(trial_id)
    leave()
    return found


@pytest.fixture
def outside() -> Outside:
    """A pair that a reference puts together, and a line and an entry that only their amount does, days apart."""
    made = Outside()
    made.tell((500, ref := fresh("dep")), covers=14)
    made.book(500, ref=ref)
    made.tell((700, fresh("theirs")), days=4)
    made.book(700, ref=fresh("ours"), days=1)
    made.run()
    return made


def test_what_rules_would_gain_and_lose_is_told_and_nothing_changes(outside: Outside) -> None:
    before = (outside.breaks, outside.groups, outside.proof)
    gained = looked_at(ruled.tried(outside.account, *STANDARD, WEEK)).result
    assert gained is not None
    assert (gained["same"], gained["gained"], gained["lost"], gained["changed"]) == (1, 1, 0, 0)
    (found,) = gained["samples"]["gained"]
    assert (found["rule"], found["lines"], found["entries"]) == (WEEK.name, 1, 1)
    assert Decimal(found["told"]) == 7
    assert {each["reason"]: (each["n_then"], each["n_now"]) for each in gained["breaks"]} == {
        "missing_in_ledger": (1, 0), "missing_in_statement": (1, 0)
    }  # fmt: skip
    lost = looked_at(ruled.tried(outside.account, BY_ID)).result
    assert lost is not None
    assert (lost["same"], lost["gained"], lost["lost"]) == (0, 0, 1)
    assert (outside.breaks, outside.groups, outside.proof) == before
    assert outside.run() is None


def test_the_sum_of_the_breaks_stays_whatever_rules_are_tried(outside: Outside) -> None:
    """Also beside breaks of people's matches and of statements, which are copied."""
    outside.bring([f"{fresh('L')},{fresh('R')},2026-03-20 09:00:00,deposit,,currency,NGN,1,0,900"])
    for number in range(3):
        outside.book(1_100 + number, ref=fresh("ours"), days=2)
    outside.run()
    assert "sequence_gap" in dict(outside.breaks)
    for told in ((BY_ID,), (WEEK,), STANDARD):
        result = looked_at(ruled.tried(outside.account, *told)).result
        assert result is not None
        assert sum(Decimal(each["sum_now"]) for each in result["breaks"]) == outside.proof.difference


def test_what_would_be_put_together_otherwise_is_told(outside: Outside) -> None:
    outside.book(500, ref=fresh("other"))
    twins = Rule(name="amount", step=Step.AMOUNT, line="line", entry="ref", bare=False, after_seconds=0)
    outside.tell((500, fresh("x")))
    outside.book(1_000, ref=(ref := fresh("set")))
    outside.tell((400, ref), (600, ref))
    outside.run()
    assert ("our reference", 2, 1) in outside.groups
    changed = looked_at(ruled.tried(outside.account, twins, *STANDARD)).result
    assert changed is not None
    assert changed["changed"] + changed["lost"] + changed["same"] == len(outside.groups)


def test_rules_that_cannot_be_are_refused_before_they_are_tried_or_asked_for(outside: Outside) -> None:
    odd = Rule(name="odd", step=Step.TOKEN, line="token", entry="token", pattern="(?P<a>x)", entry_pattern="(x)")
    with pytest.raises(BadRules, match="PostgreSQL cannot read"), transaction(TEST):
        trials.ask(outside.account, [odd], actor=TEST)
    with pytest.raises(BadRules, match="PostgreSQL cannot read"):
        ruled.ask_rules(outside.account, odd)
    with pytest.raises(NothingToMatch), transaction(TEST):
        trials.ask(outside.other, STANDARD, actor=TEST)
    with pytest.raises(BadRules), transaction(TEST):
        trials.ask(outside.account, [], actor=TEST)


def test_a_trial_is_made_without_anybody_waiting(app: Flask, outside: Outside, work_off: Callable[..., int]) -> None:
    with transaction(TEST):
        trial_id = trials.ask(outside.account, STANDARD, actor=TEST).id
    leave()
    work_off()
    work_off()
    assert (looked_at(trial_id).result or {})["same"] == 1


def test_rules_count_once_another_agreed(outside: Outside) -> None:
    asked = ruled.ask_rules(outside.account, *STANDARD, WEEK)
    assert queries.rules_for_operators(outside.account) == (STANDARD, 0)
    leave()
    ruled.agree(asked)
    assert queries.rules_for_operators(outside.account) == ((*STANDARD, WEEK), 1)
    leave()
    outside.run(whole=True)
    assert (outside.breaks, outside.proof.ties) == ([], True)
    with pytest.raises(BadRules, match="count now"):
        ruled.ask_rules(outside.account, *STANDARD, WEEK)
    leave()
    one, other = (ruled.ask_rules(outside.account, *told) for told in (STANDARD, STANDARD[:2]))
    ruled.agree(one)
    ruled.agree(other)  # (written on the version before)
    assert queries.own_version_for_operators(outside.account) == 2
    assert rows("SELECT state FROM approval_requests WHERE id = :id", id=other.id)[0].state == State.FAILED
    leave()


def test_nobody_sets_rules_or_a_larger_tolerance_alone(outside: Outside) -> None:
    with pytest.raises(DBAPIError, match=r"does not set these rules|null value"), transaction(TEST):
        trials.take_into_use(outside.account, [], version=1, reason="x", set_by="me", request_id="grq_none")
    source = sources.source_for_operators(outside.source)
    leave()
    with pytest.raises(MoreNeedsTwo), transaction(TEST):
        statements.stand_for(source.id, asset="NGN", account=outside.account, tolerance=Decimal("0.01"))
    with pytest.raises(DBAPIError, match="does not set this tolerance"), transaction(TEST):
        statements.tolerate(source.id, asset="NGN", tolerance=Decimal(1), request_id="grq_none")
    outside.tolerates(500)
    with transaction(TEST):  # (less is nobody else's matter)
        statements.stand_for(source.id, asset="NGN", account=outside.account, tolerance=Decimal(1))
    leave()
    assert sources.tolerance_for_system(source.id, "NGN") == 1
    leave()
