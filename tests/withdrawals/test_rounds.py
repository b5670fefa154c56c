"""Rounds that the clock and events ask for: whom they let go on, and that one that fails keeps no other."""

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.clients.http import Refused, Silent, Unreadable
from app.core import actor
from app.core.db import leave, transaction
from app.core.errors import IllegalMove
from app.core.permissions import Role
from app.screening import deciding
from app.withdrawals import errors, queries, rounds, service
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import State
from jobs import withdrawal_rounds
from jobs.work import Work
from tests.makers import governed, listed, people
from tests.withdrawals.conftest import SYSTEM, Case


def state(asked: Withdrawal) -> str:
    leave()
    found = queries.one_for_operators(asked.id).state
    leave()
    return found


def work(app: Flask, **facts: object) -> Work:
    leave()
    return Work("test", "", facts, app.extensions["clients"], SYSTEM)


def held_by_somebody(asked: Withdrawal, *, hours: str = "") -> None:
    leave()
    with transaction(who := actor.operator(people.operator(Role.COMPLIANCE_OFFICER)[0])):
        service.hold(asked.id, reason="A call is on its way.", hours=hours, owns=None, actor=who)


class TestNewsOfTheLists:
    def test_lets_on_what_the_lists_stopped_and_not_what_a_person_holds(self, inside: Flask, case: Case) -> None:
        case.paid_before()
        mine = case.ask()
        assert mine.state == State.APPROVED  # (nobody's yes is asked for)
        held_by_somebody(mine)
        hit = listed.open_hit(case.owner, born="")
        theirs, taken = case.ask(), case.ask()
        assert theirs.state == taken.state == State.HELD
        held_by_somebody(taken, hours="5")
        held_by_somebody(taken)  # (from then on no check alone stops it, whatever the newest round said)
        with transaction(who := actor.operator(people.operator(Role.COMPLIANCE_OFFICER)[0])):
            deciding.clear(hit, reason="Somebody else.", shown=listed.content(hit), actor=who, operator_id=who.id)
        withdrawal_rounds.look_again(work(inside, customer_id=case.owner.id))
        assert (state(theirs), state(mine), state(taken)) == (State.APPROVED, State.HELD, State.HELD)
        with pytest.raises(IllegalMove), transaction(SYSTEM):  # (nor where somebody took it a moment ago)
            rounds.look_again(taken.id, actor=SYSTEM)


class TestTheClock:
    def test_passes_over_the_one_that_fails_and_says_so(self) -> None:
        seen = []

        def deed(one: str) -> None:
            seen.append(one)
            if one == "second":
                raise LookupError(one)

        with pytest.raises(LookupError):
            withdrawal_rounds.each(["first", "second", "third"], deed)
        assert seen == ["first", "second", "third"]

    def test_asks_a_vendor_that_is_away_for_one_and_comes_again(self) -> None:
        seen = []

        def deed(one: str) -> None:
            seen.append(one)
            raise Silent

        withdrawal_rounds.each(["first", "second"], deed)
        assert seen == ["first"]

    @pytest.mark.parametrize("error", [Unreadable(), Refused(400, "x", "Not this one.")])
    def test_passes_over_the_one_of_which_nobody_can_read_the_answer(self, error: Exception) -> None:
        seen = []

        def deed(one: str) -> None:
            seen.append(one)
            raise error

        with pytest.raises(type(error)):
            withdrawal_rounds.each(["first", "second"], deed)
        assert seen == ["first", "second"]


def test_what_compliance_holds_is_held_whoever_comes_and_whatever_becomes_of_the_holder(
    owner_engine: Engine, case: Case
) -> None:
    mine = case.ask()
    officer, who = people.operator(Role.COMPLIANCE_OFFICER)[0], actor.operator(people.operator(Role.TREASURY)[0])
    leave()
    with transaction(act := actor.operator(officer)):
        service.hold(mine.id, reason="A call is on its way.", owns=None, actor=act)
    governed.set_roles(owner_engine, officer, Role.AUDITOR)
    for deed in (
        partial(service.hold, reason="For a moment.", hours="1"),
        partial(service.reject, reason="No."),
        partial(service.release_hold, note="It is fine."),
    ):
        with pytest.raises(errors.NotYourHold), transaction(who):
            deed(mine.id, owns=None, actor=who)
    assert state(mine) == State.HELD
