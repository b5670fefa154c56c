"""Work of screening as workers do it: a list that was loaded is held against everybody without anybody asking."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from app.applications import queries as applications
from app.core import actor
from app.core.db import leave, rows, transaction
from app.customers.rules import Tier
from app.restrictions import service as restrictions
from app.restrictions.errors import Restricted
from app.restrictions.rules import Way
from app.screening import queries
from jobs import restrictions as jobs_of_restrictions
from jobs import screening
from jobs.work import Work
from tests.makers import applicants, listed, people
from tests.makers.listed import AList, Listed, word

WorkOff = Callable[..., int]


def test_a_list_is_held_against_everybody(inside: Flask, tmp_path: Path, work_off: WorkOff) -> None:
    owner, names, name = people.customer(), AList(tmp_path), f"{word()} {word()}"
    names.load(Listed("other", f"{word()} {word()}"))
    listed.screened(listed.subject(name, owner))
    version = names.load(Listed("other", f"{word()} {word()}"), Listed("one", name), screen=False)
    assert version.finished_at is None
    work_off()
    leave()
    assert queries.version_for_operators(version.id).finished_at is not None
    assert queries.state_for_system(owner.id) == "hits"


def test_who_could_not_be_screened_is_tried_again(inside: Flask, tmp_path: Path) -> None:
    AList(tmp_path).load(Listed("other", f"{word()} {word()}"))
    clients, by = inside.extensions["clients"], actor.system("test")
    assert screening.catch_up(Work("test", "slot", {}, clients, by)) is None
    leave()
    assert queries.due_for_system(limit=1) == []


def test_who_waited_for_a_list_is_told_once_it_is_held(inside: Flask, tmp_path: Path, work_off: WorkOff) -> None:
    owner, names, before = people.customer(tier=Tier.T0), AList(tmp_path), Listed("other", f"{word()} {word()}")
    names.load(before)
    names.load(before, Listed("late", f"{word()} {word()}"), screen=False)
    application = applicants.submitted(owner, today=date.today().isoformat())  # noqa: DTZ011
    assert application.screening == "unavailable"
    work_off()
    leave()
    assert applications.one_for_operators(application.id).screening == "clear"


class TestHold:
    def test_a_strong_hit_stops_the_account_once(self, inside: Flask, tmp_path: Path, work_off: WorkOff) -> None:
        owner, name = people.customer(), f"{word()} {word()}"
        listed.one_at_least()
        listed.screened(listed.subject(name, owner, born="1961-04-12"))
        AList(tmp_path).load(Listed("one", name, birth_date="1961-04-12"), screen=False)
        work_off()
        assert kinds_on(owner) == ["no_debit"]
        with pytest.raises(Restricted), transaction(owner.actor):
            restrictions.refuse(owner.id, way=Way.OUT)
        (hit_id,) = [row.id for row in rows("SELECT id FROM screening_hits WHERE customer_id = :o", o=owner.id)]
        hold(inside, hit_id)
        assert kinds_on(owner) == ["no_debit"]

    def test_a_name_alone_or_an_office_stops_nothing(self, inside: Flask) -> None:
        owner = people.customer()
        for hit_id in (listed.open_hit(owner, born=""), listed.open_hit(owner, topic="pep")):
            hold(inside, hit_id)
        assert kinds_on(owner) == []

    def test_a_match_freezes_it(self, inside: Flask) -> None:
        owner = people.customer()
        hit_id = listed.open_hit(owner)
        hold(inside, hit_id)
        listed.matched(hit_id)
        hold(inside, hit_id)
        assert kinds_on(owner) == ["legal_hold", "no_debit"]


def hold(app: Flask, hit_id: str) -> None:
    """The work that a hit asks for."""
    work = Work("test", hit_id, {}, app.extensions["clients"], actor.system("restrictions.hold"))
    assert jobs_of_restrictions.hold(work) is None
    leave()


def kinds_on(owner: people.Customer) -> list[str]:
    """What stands on an account, and why: a list alone."""
    leave()
    found = rows("SELECT kind, reason, state FROM restrictions WHERE customer_id = :o ORDER BY kind", o=owner.id)
    leave()
    assert {(row.reason, row.state) for row in found} <= {("listed", "placed")}
    return [row.kind for row in found]
