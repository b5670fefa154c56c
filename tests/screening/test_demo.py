"""The demo's customers have something for compliance to look at."""

from flask import Flask

from app.core.db import leave
from app.screening import queries
from dev import screened
from tests.makers import listed, people


def test_somebody_has_hits_and_somebody_is_clear(inside: Flask) -> None:
    listed.finish_all()
    first, second = people.customer(), people.customer()
    screened.hold_against_lists([first.id, second.id])
    leave()
    assert queries.state_for_system(first.id) == "clear"
    standing = queries.standing_for_operators(second.id)
    assert (standing.state, {each.hit.strong for each in standing.hits}) == ("hits", {True})
    assert {each.entry.list_code for each in standing.hits} >= {"opensanctions", "ofac"}
