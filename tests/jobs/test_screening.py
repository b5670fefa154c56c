"""Work of screening as workers do it: a list that was loaded is held against everybody without anybody asking."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.applications import queries as applications
from app.applications import service, standing
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.notifications import queries as kept
from app.restrictions import service as restrictions
from app.restrictions.errors import Restricted
from app.restrictions.rules import Way
from app.screening import queries
from app.screening.rules import LIST_AGE_WARNED
from jobs import applications as jobs_of_applications
from jobs import notifications, screening
from jobs import restrictions as jobs_of_restrictions
from jobs.hears import HEARS
from jobs.work import Work
from tests.makers import applicants, listed, people
from tests.makers.listed import AList, Listed, word


def test_a_list_is_held_against_everybody(inside: Flask, tmp_path: Path) -> None:
    owner, names, name = people.customer(), AList(tmp_path), f"{word()} {word()}"
    names.load(Listed("other", f"{word()} {word()}"))
    listed.screened(listed.subject(name, owner))
    version = names.load(Listed("other", f"{word()} {word()}"), Listed("one", name), screen=False)
    assert version.finished_at is None
    assert HEARS["screening.list_loaded"] == ("screening.rescreen",)
    do(inside, screening.rescreen, version.id)
    assert queries.version_for_operators(version.id).finished_at is not None
    assert queries.state_for_system(owner.id) == "hits"


def test_who_could_not_be_screened_is_tried_again(inside: Flask, tmp_path: Path) -> None:
    AList(tmp_path).load(Listed("other", f"{word()} {word()}"))
    do(inside, screening.catch_up, "slot")
    assert queries.due_for_system(limit=1) == []


def test_who_waited_for_a_list_is_told_once_it_is_held(inside: Flask, tmp_path: Path) -> None:
    application = applicants.submitted(today=date.today().isoformat())  # noqa: DTZ011
    version = AList(tmp_path).load(Listed("late", f"{word()} {word()}"), screen=False)
    with transaction(listed.SYSTEM):
        standing.refresh(service.locked(application.id))
    assert applications.one_for_operators(application.id).screening == "unavailable"
    listed.finish(version.id)
    assert rows("SELECT FROM outbox WHERE name = 'screening.list_held' AND subject = :id", id=version.id)
    leave()
    do(inside, jobs_of_applications.note_lists, version.id)
    assert applications.one_for_operators(application.id).screening == "clear"


def test_who_watches_is_told_of_a_list_that_nobody_loads(inside: Flask, tmp_path: Path) -> None:
    _, watcher = people.operator(Role.COMPLIANCE_MANAGER)
    names = AList(tmp_path)
    names.load(Listed("one", f"{word()} {word()}"))
    with clock.at(clock.now() + LIST_AGE_WARNED + timedelta(minutes=1)):
        do(inside, screening.watch_lists, "slot")
    do(inside, notifications.list_aged, names.code)
    told = [mail.subject for mail in kept.kept_for_operators(limit=500) if mail.to == watcher]
    leave()
    assert told == [f"The list List {names.code} is not loaded any more"]


class TestHold:
    def test_is_asked_for_by_hits_and_matches(self) -> None:
        assert all("restrictions.hold" in HEARS[name] for name in ("screening.hit_found", "screening.matched"))

    def test_a_strong_hit_stops_the_account_once(self, inside: Flask) -> None:
        owner = people.customer()
        for hit_id in (listed.open_hit(owner), listed.open_hit(owner)):
            hold(inside, hit_id)
            hold(inside, hit_id)
        assert kinds_on(owner) == ["no_debit"]
        with pytest.raises(Restricted), transaction(owner.actor):
            restrictions.refuse(owner.id, way=Way.OUT)

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
    do(app, jobs_of_restrictions.hold, hit_id)


def do(app: Flask, job: Callable[[Work], object], subject: str) -> None:
    """One piece of work."""
    assert job(Work("test", subject, {}, app.extensions["clients"], actor.system("test"))) is None
    leave()


def kinds_on(owner: people.Customer) -> list[str]:
    """What stands on an account, and why: a list alone."""
    leave()
    found = rows("SELECT kind, reason, state FROM restrictions WHERE customer_id = :o ORDER BY kind", o=owner.id)
    leave()
    assert {(row.reason, row.state) for row in found} <= {("listed", "placed")}
    return [row.kind for row in found]
