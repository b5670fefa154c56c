"""A policy that nobody could satisfy is not asked for: there are people enough for it, beside who asks."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.governance import errors, policies
from app.governance.rules import Leg, Rule
from tests.makers import governed, people


@pytest.fixture
def admin(inside: Flask, owner_engine: Engine) -> Iterator[str]:
    """One of two administrators; there are a compliance manager, a treasurer and finance beside them, and no others."""
    with governed.nobody_else(owner_engine):
        found = [people.operator(role)[0] for role in (Role.ADMIN, Role.ADMIN, Role.COMPLIANCE_MANAGER, Role.TREASURY)]
        people.operator(Role.FINANCE)
        leave()
        yield found[0]


def propose(kind: str, *legs: Leg, by: str) -> None:
    """Ask that a kind need these people."""
    who = actor.operator(by)
    with transaction(who):
        policies.request_change(kind, proposed=[Rule(legs, timedelta(days=3))], reason="x", maker=who.id, actor=who)


ADMIN, MANAGER, TREASURY = (Leg((role,), 1) for role in ("admin", "compliance_manager", "treasury"))


@pytest.mark.parametrize(
    ("kind", "legs"),
    [
        ("governance.policy", (ADMIN, MANAGER)),
        ("staff.roles", (ADMIN,)),
        ("adjustments.journal", (TREASURY,)),
        ("adjustments.journal", (Leg(("treasury", "compliance_manager"), 2),)),
        ("adjustments.journal", (Leg(("admin",), 2),)),  # (who asks is of finance)
        ("customer.recovery", (MANAGER, TREASURY)),
    ],
)
def test_that_people_can_satisfy_is_asked_for(admin: str, kind: str, legs: tuple[Leg, ...]) -> None:
    propose(kind, *legs, by=admin)


@pytest.mark.parametrize(
    ("kind", "legs", "who"),
    [
        ("governance.policy", (Leg(("admin",), 2), MANAGER), "2 of admin"),  # one of the two asks
        ("governance.policy", (ADMIN, Leg(("compliance_manager",), 2)), "2 of compliance manager"),
        ("governance.policy", (MANAGER, MANAGER), "2 of compliance manager"),
        ("adjustments.journal", (Leg(("treasury",), 5),), "5 of treasury"),
        ("adjustments.journal", (Leg(("treasury", "compliance_manager"), 3),), "3 of treasury or compliance manager"),
        ("adjustments.journal", (Leg(("compliance_officer",), 1),), "1 of compliance officer"),
    ],
)
def test_that_people_cannot_satisfy_is_refused(admin: str, kind: str, legs: tuple[Leg, ...], who: str) -> None:
    with pytest.raises(errors.BadPolicy, match=f"There are not {who} beside who asks"):
        propose(kind, *legs, by=admin)
