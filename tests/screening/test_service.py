"""Holding people against lists, and lists against people: what is found, what is remembered, what is never passed."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.core import clock
from app.core.db import leave
from app.screening import queries, rules
from app.screening.rules import Result
from tests.makers import listed, people
from tests.makers.listed import AList, Listed

QUILL = Listed("q1", "Ebenezer Quillfeather", "Eben Quilfeather", "1961-04-12", "ng", "ZZ1234567")


@pytest.fixture
def owner(inside: Flask) -> people.Customer:
    return people.customer()


@pytest.fixture
def names(inside: Flask, tmp_path: Path) -> AList:
    """A list of this test, on which there is one."""
    made = AList(tmp_path)
    made.load(QUILL)
    return made


class TestScreen:
    def test_finds_whom_a_list_names(self, names: AList, owner: people.Customer) -> None:
        outcome = listed.screened(listed.subject("Ebenezer Quilfeather", owner, born="1961-04-12"))
        assert (outcome.result, len(outcome.hits), outcome.strong) == (Result.HITS, 1, True)
        assert queries.state_for_system(owner.id) == "hits"
        assert queries.hit_for_operators(outcome.hits[0]).entry.entry_ref == "q1"

    def test_passes_who_is_on_none(self, names: AList, owner: people.Customer) -> None:
        outcome = listed.screened(listed.subject("Ngozi Nobodyatall", owner))
        assert (outcome.result, outcome.hits) == (Result.CLEAR, ())
        assert queries.state_for_system(owner.id) == "clear"

    def test_says_never_of_who_was_not_screened(self, names: AList, owner: people.Customer) -> None:
        assert queries.state_for_system(owner.id) == "never"

    def test_a_list_that_is_too_old_is_no_pass(self, names: AList, owner: people.Customer) -> None:
        with clock.at(clock.now() + rules.LIST_AGE_MAX + timedelta(minutes=1)):
            outcome = listed.screened(listed.subject("Ngozi Nobodyatall", owner))
            leave()
            assert (outcome.result, queries.state_for_system(owner.id)) == (Result.UNAVAILABLE, "unavailable")
