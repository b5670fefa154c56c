"""Manual journals: tried dry when they are asked for, booked once others agreed, exactly as asked."""

from datetime import date, timedelta

import pytest
from flask import Flask

from app.adjustments import errors, service
from app.adjustments.rules import Content
from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.core.money import NGN
from app.core.permissions import Role
from app.governance import flows, queries
from app.governance import service as governance
from app.governance.errors import Related
from app.governance.models import Request
from app.governance.rules import State
from app.identity import service as identity
from app.ledger import balances, chart, statements
from app.ledger.errors import AccountBlocked, InsufficientFunds, NoSuchJournal, NoSuchTime, Unbalanced
from app.ledger.journal import Leg
from tests.makers import books, people


class Desk:
    """Two people and two accounts."""

    def __init__(self) -> None:
        self.asker, self.other = people.operator(Role.FINANCE)[0], people.operator(Role.TREASURY)[0]
        self.debited, self.credited = books.account("expense"), books.account("income")

    def content(self, units: int = 500, **more: object) -> Content:
        """A journal that balances."""
        legs = (Leg(self.debited, books.kobo(units)), Leg(self.credited, books.kobo(-units)))
        return Content(**{"legs": legs, "reason": "A fee was booked twice.", **more})  # type: ignore[arg-type]

    def ask(self, content: Content | None = None) -> Request:
        """Ask, in a transaction of its own."""
        with transaction(actor.operator(self.asker)):
            return service.request(content or self.content(), operator_id=self.asker, actor=actor.operator(self.asker))

    def approve(self, asked: Request, *, by: str = "", shown: str = "") -> State:
        """Approve, as the other one or as `by`."""
        who = actor.operator(by or self.other)
        with transaction(who):
            return governance.approve(asked.id, operator_id=who.id, shown=shown or asked.payload_hash, actor=who)

    def book(self, asked: Request) -> int:
        """Approve it and have it carried out: the journal's number."""
        self.approve(asked)
        flows.carry_out(asked.id, actor=actor.system("test"))
        now = self.now(asked)
        assert now.state == State.EXECUTED, now.result
        return int(now.result)

    def now(self, asked: Request) -> Request:
        """The request as it stands."""
        leave()
        return queries.one_for_operators(asked.id).request


@pytest.fixture
def desk(inside: Flask) -> Desk:
    return Desk()


class TestRequest:
    def test_books_nothing(self, desk: Desk) -> None:
        asked = desk.ask()
        assert desk.now(asked).state == State.PENDING
        assert statements.journals_of(asked.id) == []

    def test_leaves_no_trace_of_having_been_tried(self, desk: Desk) -> None:
        desk.ask()
        leave()
        assert balances.of(desk.debited).booked == books.kobo(0)
        assert statements.journals_of("dry run") == []

    def test_refuses_what_the_books_would_refuse(self, desk: Desk) -> None:
        owner = books.wallet(100)
        with pytest.raises(InsufficientFunds):
            desk.ask(desk.content(legs=(Leg(owner, books.kobo(500)), Leg(desk.credited, books.kobo(-500)))))

    def test_of_much_asks_two_people(self, desk: Desk) -> None:
        assert [leg.count for leg in desk.ask(desk.content(5_000_000_000)).needs] == [1]
        assert [leg.count for leg in desk.ask(desk.content(5_000_000_001)).needs] == [2]

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
    def test_needs_a_reason(self, desk: Desk, reason: str) -> None:
        with pytest.raises(errors.ReasonMissing):
            desk.ask(desk.content(reason=reason))

    def test_refuses_what_does_not_balance(self, desk: Desk) -> None:
        one_sided = (Leg(desk.debited, books.kobo(5)), Leg(desk.credited, books.kobo(-4)))
        for legs in (one_sided, one_sided[:1], ()):
            with pytest.raises(Unbalanced):
                desk.ask(desk.content(legs=legs))

    def test_refuses_accounts_that_are_not_there_or_closed(self, desk: Desk) -> None:
        closed = books.account()
        books.close(closed)
        for code in ("asset:nowhere:NGN", closed):
            with pytest.raises(AccountBlocked):
                desk.ask(desk.content(legs=(Leg(code, books.kobo(5)), Leg(desk.credited, books.kobo(-5)))))

    def test_refuses_to_correct_nothing_and_days_to_come(self, desk: Desk) -> None:
        with pytest.raises(NoSuchJournal):
            desk.ask(desk.content(corrects=999_999_999))
        with pytest.raises(errors.NotHappenedYet):
            desk.ask(desk.content(effective_on=(clock.now() + timedelta(days=2)).date()))

    def test_refuses_days_before_the_books_know_any(self, desk: Desk) -> None:
        with pytest.raises(NoSuchTime):
            desk.ask(desk.content(effective_on=date(1899, 12, 31)))

    def test_refuses_very_many_lines(self, desk: Desk) -> None:
        with pytest.raises(errors.TooManyLines):
            desk.ask(desk.content(legs=desk.content().legs * 11))


class TestApprove:
    def test_books_exactly_that(self, desk: Desk) -> None:
        first = books.post(books.move(desk.debited, desk.credited, 100)).journal_id
        day = (clock.now().astimezone(WAT) - timedelta(days=3)).date()
        asked = desk.ask(desk.content(700, corrects=first, effective_on=day))
        number = desk.book(asked)
        header, legs = statements.journal(number)
        assert (header.kind, header.ref, header.key) == ("adjustments.booked", asked.id, f"adjustment:{asked.id}")
        assert header.corrects == first
        assert header.effective_at.astimezone(WAT).date() == day
        assert header.memo == {"reason": asked.reason, "requested_by": desk.asker, "approved_by": desk.other}
        assert [(leg.code, int(leg.amount)) for leg in legs] == [(desk.debited, 700), (desk.credited, -700)]

    def test_books_once_however_often_it_is_carried_out(self, desk: Desk) -> None:
        asked = desk.ask()
        desk.book(asked)
        flows.carry_out(asked.id, actor=actor.system("test"))
        leave()
        assert balances.of(desk.credited).booked == books.kobo(500)

    def test_says_so_when_the_books_refuse_meanwhile_and_can_be_tried_again(self, desk: Desk) -> None:
        asked = desk.ask()
        desk.approve(asked)
        books.restrict(desk.debited, debits=True)
        flows.carry_out(asked.id, actor=actor.system("test"))
        assert desk.now(asked).state == State.FAILED
        assert "frozen" in desk.now(asked).result
        books.restrict(desk.debited)
        with transaction(actor.operator(desk.asker)):
            governance.retry(asked.id, operator_id=desk.asker, actor=actor.operator(desk.asker))
        flows.carry_out(asked.id, actor=actor.system("test"))
        assert desk.now(asked).state == State.EXECUTED
        assert balances.of(desk.credited).booked == books.kobo(500)

    def test_looks_at_each_line_again(self, desk: Desk) -> None:
        """What was tried when it was asked for is tried when it is booked, and said in the same words."""
        asked = desk.ask()
        desk.approve(asked)
        books.close(desk.debited)
        flows.carry_out(asked.id, actor=actor.system("test"))
        assert desk.now(asked).state == State.FAILED
        assert desk.now(asked).result == f"The account {desk.debited} is closed."


class TestOnesOwnMoney:
    def test_is_for_others(self, desk: Desk) -> None:
        """Neither to ask for nor to decide, for whoever is that customer privately."""
        me = people.customer()
        account = chart.of_customer(me.id, asset=NGN)
        content = desk.content(legs=(Leg(desk.debited, books.kobo(5)), Leg(account, books.kobo(-5))))
        for role in (Role.FINANCE, Role.TREASURY):
            with transaction(people.COMMAND):
                mine = identity.hire("Me", email=me.email, password=people.PASSWORD, roles=[role])
            who = actor.operator(mine)
            asked = desk.ask(content)
            if role is Role.FINANCE:
                with pytest.raises(Related), transaction(who):
                    service.request(content, operator_id=mine, actor=who)
            else:
                with pytest.raises(Related):
                    desk.approve(asked, by=mine)
                with pytest.raises(Related), transaction(who):
                    governance.deny(asked.id, operator_id=mine, reason="no", actor=who)
            assert desk.book(asked)
            me = people.customer()
            account = chart.of_customer(me.id, asset=NGN)
            content = desk.content(legs=(Leg(desk.debited, books.kobo(5)), Leg(account, books.kobo(-5))))
