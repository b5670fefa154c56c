"""What staff decides without looking anything up."""

import pytest

from app.core.permissions import FORBIDDEN_PAIRS, Role
from app.staff import rules


@pytest.mark.parametrize(
    ("roles", "side"),
    [
        ({"compliance_officer"}, "compliance"),
        ({"compliance_manager", "compliance_officer"}, "compliance"),
        ({"compliance_manager", "support"}, "both"),
        ({"finance", "support"}, "other"),
        (set(), "other"),
    ],
)
def test_a_change_is_somebodys_matter(roles: set[str], side: str) -> None:
    assert rules.side(roles) == side


def test_roles_are_said_in_words() -> None:
    assert rules.in_words(["support", "compliance_officer"]) == "compliance officer, support"
    assert rules.in_words([]) == "none"


def test_who_watches_is_never_lent() -> None:
    assert not {*rules.WATCHERS, Role.ADMIN} & set(rules.LENT)
    assert all(frozenset({watcher, Role.ADMIN}) in FORBIDDEN_PAIRS for watcher in rules.WATCHERS)
