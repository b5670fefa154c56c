"""What cases decide without looking anything up."""

from datetime import timedelta

import pytest

from app.cases import rules
from app.cases.rules import State
from app.core.permissions import Role


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (timedelta(seconds=30), "30 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=24), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=90), "90 days"),
    ],
)
def test_a_limit_is_said_in_whole_units(limit: timedelta, words: str) -> None:
    assert rules.in_words(limit) == words


@pytest.mark.parametrize(
    ("owner", "state", "who"),
    [
        (Role.TREASURY, State.OPEN, {Role.TREASURY}),
        (Role.TREASURY, State.PUT_OFF, {Role.TREASURY}),
        (Role.TREASURY, State.RAISED, {Role.TREASURY, Role.ADMIN}),
        (Role.COMPLIANCE_OFFICER, State.OPEN, {Role.COMPLIANCE_OFFICER}),
        (Role.COMPLIANCE_OFFICER, State.RAISED, {Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER}),
        (Role.ADMIN, State.RAISED, {Role.ADMIN}),
    ],
)
def test_its_owner_acts_and_who_is_senior_once_it_was_raised(owner: Role, state: State, who: set[Role]) -> None:
    assert {role for role in Role if rules.may_work(owner, state=state, roles=[str(role)])} == who


def test_the_queues_of_compliance_are_read_by_who_may() -> None:
    assert not rules.seen(confidential=False) & rules.CONFIDENTIAL
    assert rules.seen(confidential=True) > rules.CONFIDENTIAL
