"""Deadlines and limits of breaks: they count when treasury has agreed, as a whole, and what counted before stays."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.breaks import errors, queries, terms
from app.core import actor
from app.core.db import db, leave, transaction
from app.core.permissions import Role
from tests.makers import broken, people

pytestmark = pytest.mark.usefixtures("inside")


def ask(deadlines: list[tuple[int, int]], limit: int) -> str:
    return broken.asked(
        lambda maker: terms.request(
            deadlines, {"finance": limit}, reason="We are slower.", maker=maker, actor=actor.operator(maker)
        )
    )


@pytest.fixture
def as_before(inside: Flask) -> Iterator[None]:
    """What counts for every other test counts again afterwards."""
    before = queries.begun_terms_for_operators()
    deadlines, limit = [(naira, hours) for naira, hours in before.deadlines], int(before.limits["finance"])
    leave()
    yield
    assert broken.agree(ask(deadlines, limit)) == "executed"


@pytest.mark.usefixtures("as_before")
def test_they_count_once_treasury_agreed_and_the_version_before_stays() -> None:
    before = queries.begun_terms_for_operators()
    leave()
    asked, late = ask([(5_000, 12), (0, 36)], 7_00), ask([(0, 40)], 8_00)
    assert queries.begun_terms_for_operators().version == before.version
    leave()
    assert broken.agree(asked) == "executed"
    assert queries.terms_for_operators() == [(Decimal(5_000), 12), (Decimal(0), 36)]
    assert queries.write_off_limits_for_operators() == {"finance": 7_00}
    leave()
    assert broken.agree(late) == "failed"  # (it was written on a version that does not count any more)
    kept = {one.version: one.deadlines for one in queries.versions_of_terms_for_operators(limit=99)}
    assert kept[before.version] == before.deadlines
    leave()


@pytest.mark.parametrize(
    ("deadlines", "limit"),
    [
        ([], 1),
        ([(10, 24)], 1),  # nothing is due that is worth less
        ([(10, 48), (0, 24)], 1),  # what is worth more would be due later
        ([(0, 24), (0, 24)], 1),
        ([(0, 0)], 1),
        ([(0, 8_785)], 1),
        ([(0, 24)], 10**15 + 1),
    ],
)
def test_what_makes_no_sense_is_not_asked_for(deadlines: list[tuple[int, int]], limit: int) -> None:
    with pytest.raises(errors.BadTerms):
        ask(deadlines, limit)
    leave()


def test_the_database_takes_none_that_nobody_agreed_to() -> None:
    maker, _ = people.newcomer(Role.FINANCE)
    request_id = ask([(0, 48)], 9_00)
    sneaked = (
        "INSERT INTO break_terms (version, deadlines, limits, starts_at, request_id)"
        " SELECT max(version) + 1, '[[0, 48]]', '{\"finance\": \"900\"}', now(), :asked FROM break_terms"
    )
    with pytest.raises(DBAPIError), transaction(actor.operator(maker)):
        db.session.execute(text(sneaked), {"asked": request_id})
    leave()
