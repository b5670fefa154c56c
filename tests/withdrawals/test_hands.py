"""Who has a withdrawal in hand, what was refused at the door, and what has ended, found by spans."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from app.core import clock, machine
from app.core.db import for_everyone, leave, transaction
from app.core.errors import IllegalMove, InvalidAmount, KeyReused, Malformed, NotFound
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.ledger.errors import InsufficientFunds
from app.withdrawals import claims, errors, queue, refused, rows, rules
from app.withdrawals.queue import NOBODY, Narrowed
from app.withdrawals.rules import State
from tests.makers import crowd, people
from tests.makers.people import naira
from tests.makers.waiting import until
from tests.withdrawals.conftest import SYSTEM, Case


def take(withdrawal_id: str, operator_id: str) -> None:
    with transaction(SYSTEM):
        claims.take(withdrawal_id, operator_id=operator_id)


def listed(narrowed: Narrowed) -> set[str]:
    found = queue.page_for_operators(rules.OPEN, oldest_first=False, narrowed=narrowed)
    leave()
    return {one.id for one in found}


class TestInHand:
    def test_is_one_persons_until_they_let_go_or_its_time_is_over(self, case: Case) -> None:
        one, (me, _), (other, _) = case.ask(), people.at_work(Role.TREASURY), people.at_work(Role.TREASURY)
        take(one.id, me)
        take(one.id, me)  # (once more: it lasts longer)
        with pytest.raises(errors.InOtherHands) as refusal:
            take(one.id, other)
        assert refusal.value.facts["by"]
        leave()
        with transaction(SYSTEM):
            claims.let_go(one.id, operator_id=other)
        assert claims.of_for_operators([one.id])[one.id].held_by == me
        leave()
        with clock.at(clock.now() + rules.LEASE + timedelta(seconds=1)):
            take(one.id, other)
            with transaction(SYSTEM):
                claims.let_go(one.id, operator_id=other)
            assert not claims.of_for_operators([one.id])

    def test_is_to_be_had_when_its_time_runs_out_while_one_reaches_for_it(self, inside: Flask, case: Case) -> None:
        """The row is locked by somebody while they reach for it, and its time is over before it is let go."""
        one, (me, _), (other, _) = case.ask(), people.at_work(Role.TREASURY), people.at_work(Role.TREASURY)
        leave()
        with clock.at(clock.now() - rules.LEASE + timedelta(seconds=1.5)):
            take(one.id, other)
        over = claims.of_for_operators([one.id])[one.id].until
        leave()

        def reach() -> None:
            with inside.app_context(), for_everyone():
                take(one.id, me)

        lock = text("SELECT FROM withdrawal_claims WHERE withdrawal_id = :id FOR UPDATE")
        with ThreadPoolExecutor(1) as pool, case.engine.connect() as held, case.engine.connect() as watch:
            held.execute(lock, {"id": one.id})
            reaching = pool.submit(reach)
            crowd.until_it_waits(watch, reaching)
            until(lambda: clock.now() > over)
            held.rollback()
            reaching.result()
        assert claims.of_for_operators([one.id])[one.id].held_by == me

    def test_narrows_the_queue(self, case: Case) -> None:
        one, (me, _) = case.ask(), people.at_work(Role.TREASURY)
        leave()
        assert one.id in listed(Narrowed(hands=NOBODY))
        take(one.id, me)
        assert one.id not in listed(Narrowed(hands=NOBODY))
        assert listed(Narrowed(hands=me)) == {one.id}

    def test_of_many_at_the_same_moment_one_gets_it(self, inside: Flask, case: Case) -> None:
        one, staff = case.ask(), [people.at_work(Role.TREASURY)[0] for _ in range(4)]
        leave()

        def reach(operator_id: str) -> bool:
            with inside.app_context(), for_everyone():
                try:
                    take(one.id, operator_id)
                except errors.InOtherHands:
                    return False
                finally:
                    leave()
                return True

        with ThreadPoolExecutor(len(staff)) as pool:
            assert sorted(pool.map(reach, staff)) == [False, False, False, True]

    def test_is_nothing_of_what_has_ended(self, case: Case) -> None:
        one, (me, _) = case.ask(), people.at_work(Role.TREASURY)
        with transaction(SYSTEM):
            rows.give_back(rows.locked(one.id), State.CANCELLED, actor=SYSTEM)
        with pytest.raises(IllegalMove):
            take(one.id, me)
        leave()
        with pytest.raises(NotFound):
            take("wd_nowhere", me)


class TestRefusedAtTheDoor:
    def test_is_kept_with_why_and_of_so_many_the_first(self, case: Case) -> None:
        why = InsufficientFunds("Too little.")
        with transaction(SYSTEM):
            for number in range(refused.KEPT_IN_DAY + 2):
                account = case.account if number else "ba_of_nobody"
                refused.note(case.owner.id, amount=naira(5), bank_account_id=account, refused=why)
        kept = refused.of_for_operators(case.owner.id, limit=refused.KEPT_IN_DAY + 2)
        assert len(kept) == refused.KEPT_IN_DAY
        assert {(one.amount, one.code, one.words) for one in kept} == {(naira(5), why.code, "Too little.")}
        assert {one.bank_account_id for one in kept[:-1]} == {case.account}
        assert kept[-1].bank_account_id is None
        assert not refused.of_for_operators(case.owner.id, since=clock.now() + timedelta(seconds=1))

    @pytest.mark.parametrize("refusal", [KeyReused(), Malformed(), InvalidAmount()], ids=lambda one: one.code)
    def test_is_no_mistake_of_the_form(self, case: Case, refusal: KeyReused) -> None:
        with transaction(SYSTEM):
            refused.note(case.owner.id, amount=naira(5), bank_account_id=case.account, refused=refusal)
            refused.note(case.owner.id, amount=Money(NGN, 0), bank_account_id=case.account, refused=NotFound())
        assert not refused.of_for_operators(case.owner.id)


class TestWhatHasEnded:
    def test_is_found_in_the_days_it_was_asked_for_in(self, case: Case) -> None:
        ended = [case.ask(), case.ask()]
        open_one = case.ask()
        with transaction(SYSTEM):
            for one in ended:
                row = rows.locked(one.id)
                row.ended_at = clock.now()
                machine.move(row, State.CANCELLED, machine=rules.MACHINE, actor=SYSTEM)
        until = clock.now() + timedelta(minutes=1)

        def found(narrowed: Narrowed = queue.EVERYTHING, **how: object) -> list[str]:
            asked = {"until": until, **how}
            there = queue.ended_for_operators(rules.ENDED, narrowed=narrowed, **asked)  # type: ignore[arg-type]
            leave()
            return [one.id for one in there if one.id in {open_one.id, *(each.id for each in ended)}]

        first, second = (one.id for one in ended)
        assert found() == [second, first]
        assert found(after=second) == [first]
        assert found(Narrowed(state="cancelled", size="small")) == [second, first]
        assert found(Narrowed(state="settled")) == found(Narrowed(size="large")) == found(Narrowed(check="2")) == []
        assert found(until=until - queue.SPAN) == found(until=until + queue.SPAN) == []
        assert (queue.is_older_for_operators(until), queue.is_older_for_operators(until - timedelta(days=9_000))) == (
            True,
            False,
        )
