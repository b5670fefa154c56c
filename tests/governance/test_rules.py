"""What governance decides without looking anything up: routing, what a policy may be, whose leg it is."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from app.governance import rules
from app.governance.rules import ENDED, MACHINE, OPEN, Facts, Leg, Rule, State

DAY = timedelta(days=1)
ONE, TWO = Leg(("treasury",), 1), Leg(("treasury",), 2)
LARGE, ANY = Rule((TWO,), DAY, amount_over=1_000), Rule((ONE,), DAY)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (Facts(amount=1_001), LARGE),
        (Facts(amount=1_000), ANY),
        (Facts(amount=None), LARGE),  # what is not known counts as larger than any
        (Facts(), ANY),
    ],
)
def test_the_first_rule_that_fits_counts(facts: Facts, found: Rule) -> None:
    assert rules.route([LARGE, ANY], facts) == found


def test_a_rule_fits_by_risk_and_target_too() -> None:
    risky, about = replace(ANY, risk="high"), replace(ANY, target="compliance")
    assert rules.route([risky, about], Facts(risk="high")) == risky
    assert rules.route([risky, about], Facts(target="compliance")) == about


def test_what_no_rule_fits_is_not_routed() -> None:
    assert rules.route([LARGE, replace(ANY, target="x")], Facts(target="y")) is None
    assert rules.route([], Facts()) is None


@pytest.mark.parametrize("rule", [LARGE, ANY, replace(ANY, risk="high", target="x", delay=DAY)])
def test_a_rule_is_kept_to_the_letter(rule: Rule) -> None:
    assert rules.rule_of(json.loads(json.dumps(rule.as_json()))) == rule


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        ([], "1 to 20 rules"),
        ([ANY] * 21, "1 to 20 rules"),
        ([replace(ANY, legs=())], "somebody's yes"),
        ([replace(ANY, legs=(Leg((), 1),))], "roles that there are"),
        ([replace(ANY, legs=(Leg(("root",), 1),))], "roles that there are"),
        *(
            ([replace(ANY, legs=(Leg((role, "admin"), 1),))], "that decide")
            for role in ("support", "finance", "auditor")
        ),
        ([replace(ANY, legs=(Leg(("admin", "admin"), 1),))], "each once"),
        ([replace(ANY, legs=(ONE,) * 6)], "5 approvals at most"),
        ([replace(ANY, legs=(Leg(("admin",), 0),))], "1 to 5 people"),
        ([replace(ANY, legs=(Leg(("admin",), 6),))], "1 to 5 people"),
        ([replace(ANY, ttl=timedelta(minutes=59))], "1 hour to 30 days"),
        ([replace(ANY, ttl=timedelta(days=31))], "1 hour to 30 days"),
        ([replace(ANY, delay=timedelta(days=8))], "7 days at most"),
        ([replace(ANY, delay=-DAY)], "7 days at most"),
        ([replace(ANY, legs=(TWO,)), ANY], "stands last"),
        ([replace(LARGE, legs=(ONE,)), replace(ANY, legs=(TWO,))], "more people come first"),
    ],
)
def test_what_is_no_policy_is_named(policy: list[Rule], fault: str) -> None:
    assert fault in rules.fault_of(policy)


def test_a_policy_is_one() -> None:
    assert rules.fault_of([LARGE, ANY]) == ""
    assert rules.fault_of([LARGE]) == ""


@pytest.mark.parametrize(
    ("filled", "roles", "place"),
    [
        ([0, 0], ["treasury"], 0),
        ([2, 0], ["treasury"], None),
        ([2, 0], ["treasury", "admin"], 1),
        ([0, 0], ["admin"], 1),
        ([2, 1], ["treasury", "admin"], None),
        ([0, 0], ["support"], None),
        ([0, 0], [], None),
    ],
)
def test_a_leg_is_open_to_who_holds_its_role_until_it_is_full(
    filled: list[int], roles: list[str], place: int | None
) -> None:
    assert rules.open_leg([TWO, Leg(("admin",), 1)], filled, roles) == place


def test_every_state_is_open_or_an_end() -> None:
    assert {state for state in State if MACHINE.is_final(state)} == set(ENDED)
    assert set(State) == {*OPEN, *ENDED}
    assert not set(OPEN) & set(ENDED)
