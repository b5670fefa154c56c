"""Manual journals: two people, exactly what was shown, once; and the database holds to it by itself."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.adjustments import errors, queries, service
from app.adjustments.models import JournalRequest
from app.adjustments.rules import Content, State
from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import db, leave, sqlstate, transaction
from app.core.errors import IllegalMove, NotFound
from app.core.money import NGN
from app.core.permissions import Role
from app.ledger import accounts, balances, statements
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

    def ask(self, content: Content | None = None) -> JournalRequest:
        """Ask, in a transaction of its own."""
        with transaction(actor.operator(self.asker)):
            return service.request(
                content or self.content(), operator_id=self.asker, owns=None, actor=actor.operator(self.asker)
            )

    def approve(self, asked: JournalRequest, *, by: str = "", content_hash: str = "") -> int:
        """Approve, as the other one or as `by`."""
        who = by or self.other
        with transaction(actor.operator(who)):
            shown = content_hash or asked.content_hash
            return service.approve(asked.id, operator_id=who, content_hash=shown, owns=None, actor=actor.operator(who))

    def now(self, asked: JournalRequest) -> JournalRequest:
        """The request as it stands."""
        leave()
        return queries.one_for_operators(asked.id)


@pytest.fixture
def desk(inside: Flask) -> Desk:
    return Desk()


class TestRequest:
    def test_books_nothing(self, desk: Desk) -> None:
        asked = desk.ask()
        assert desk.now(asked).state == State.REQUESTED
        assert statements.journals_of(asked.id) == []

    def test_is_listed_page_by_page_newest_first(self, desk: Desk) -> None:
        older, newer = desk.ask(), desk.ask()
        page = queries.list_for_operators([State.REQUESTED], limit=1)
        assert [one.id for one in page] == [newer.id]
        assert queries.list_for_operators([State.REQUESTED], before=newer.id, limit=1)[0].id == older.id

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
        number = desk.approve(asked)
        header, legs = statements.journal(number)
        assert (header.kind, header.ref, header.key) == ("adjustments.booked", asked.id, f"adjustment:{asked.id}")
        assert (header.actor, header.corrects) == (f"operator:{desk.other}", first)
        assert header.effective_at.astimezone(WAT).date() == day
        assert header.memo == {"reason": asked.reason, "requested_by": desk.asker}
        assert [(leg.code, int(leg.amount)) for leg in legs] == [(desk.debited, 700), (desk.credited, -700)]
        now = desk.now(asked)
        assert (now.state, now.journal_id, now.decided_by) == (State.BOOKED, number, desk.other)

    def test_is_another_persons(self, desk: Desk) -> None:
        asked = desk.ask()
        with pytest.raises(errors.OwnRequest):
            desk.approve(asked, by=desk.asker)
        assert desk.now(asked).state == State.REQUESTED

    def test_is_once(self, desk: Desk) -> None:
        asked = desk.ask()
        desk.approve(asked)
        with pytest.raises(IllegalMove):
            desk.approve(asked, by=people.operator(Role.TREASURY)[0])
        assert balances.of(desk.credited).booked == books.kobo(500)

    def test_is_of_what_was_shown(self, desk: Desk, owner_engine: Engine) -> None:
        asked = desk.ask()
        with pytest.raises(errors.ContentChanged):
            desk.approve(asked, content_hash="something else")
        with owner_engine.begin() as connection:
            connection.execute(text("ALTER TABLE journal_requests DISABLE TRIGGER own_name"))
            connection.execute(text("SELECT set_config('bursar.actor', 'system:tamper', true)"))
            connection.execute(text("UPDATE journal_requests SET reason = 'x' WHERE id = :id"), {"id": asked.id})
            connection.execute(text("ALTER TABLE journal_requests ENABLE TRIGGER own_name"))
        with pytest.raises(errors.ContentChanged):
            desk.approve(asked)

    def test_leaves_the_request_when_the_books_refuse(self, desk: Desk) -> None:
        owner = books.wallet(100)
        asked = desk.ask(desk.content(legs=(Leg(owner, books.kobo(500)), Leg(desk.credited, books.kobo(-500)))))
        with pytest.raises(InsufficientFunds):
            desk.approve(asked)
        assert desk.now(asked).state == State.REQUESTED


class TestOnesOwnMoney:
    def test_is_for_others(self, desk: Desk) -> None:
        """Neither to ask for nor to decide, whichever leg it is."""
        me = "cus_me"
        with transaction(actor.system("test")):
            accounts.open_account(mine := f"liability:customer:{me}:NGN", asset=NGN, floor_units=0)
        content = desk.content(legs=(Leg(desk.debited, books.kobo(5)), Leg(mine, books.kobo(-5))))
        asker, other = actor.operator(desk.asker), actor.operator(desk.other)
        with pytest.raises(errors.OwnAccount), transaction(asker):
            service.request(content, operator_id=asker.id, owns=me, actor=asker)
        asked = desk.ask(content)
        with pytest.raises(errors.OwnAccount), transaction(other):
            service.approve(asked.id, operator_id=other.id, content_hash=asked.content_hash, owns=me, actor=other)
        with pytest.raises(errors.OwnAccount), transaction(other):
            service.reject(asked.id, operator_id=other.id, reason="no", owns=me, actor=other)
        with transaction(other):
            service.approve(asked.id, operator_id=other.id, content_hash=asked.content_hash, owns="cus_m", actor=other)


class TestTheEnd:
    def test_a_rejection_is_another_persons_and_has_a_reason(self, desk: Desk) -> None:
        asked = desk.ask()
        for who, reason, refusal in ((desk.asker, "no", errors.OwnRequest), (desk.other, " ", errors.ReasonMissing)):
            with pytest.raises(refusal), transaction(actor.operator(who)):
                service.reject(asked.id, operator_id=who, reason=reason, owns=None, actor=actor.operator(who))
        with transaction(actor.operator(desk.other)):
            service.reject(
                asked.id, operator_id=desk.other, reason="wrong account", owns=None, actor=actor.operator(desk.other)
            )
        assert desk.now(asked).state == State.REJECTED
        with pytest.raises(IllegalMove):
            desk.approve(asked)

    def test_only_who_asked_withdraws(self, desk: Desk) -> None:
        asked = desk.ask()
        with pytest.raises(errors.NotYourRequest), transaction(actor.operator(desk.other)):
            service.withdraw(asked.id, operator_id=desk.other, actor=actor.operator(desk.other))
        with transaction(actor.operator(desk.asker)):
            service.withdraw(asked.id, operator_id=desk.asker, actor=actor.operator(desk.asker))
        assert desk.now(asked).state == State.WITHDRAWN
        with pytest.raises(NotFound), transaction(actor.operator(desk.asker)):
            service.withdraw("jrq_nothing", operator_id=desk.asker, actor=actor.operator(desk.asker))


BOOKED = (
    "UPDATE journal_requests SET state = 'booked', decided_by = :by, decided_at = now(), journal_id = 1 WHERE id = :id"
)


class TestTheDatabase:
    def refused(self, statement: str, *, who: actor.Actor, **parameters: object) -> str:
        """The code with which it says no."""
        with pytest.raises(DBAPIError) as refusal, transaction(who):
            db.session.execute(text(statement), parameters)
        return sqlstate(refusal.value)

    def test_refuses_a_self_approval(self, desk: Desk) -> None:
        asked = desk.ask()
        who = actor.operator(desk.asker)
        assert self.refused(BOOKED, who=who, id=asked.id, by=desk.asker) == "23514"

    def test_refuses_another_ones_name(self, desk: Desk) -> None:
        asked = desk.ask()
        for who in (actor.operator(desk.asker), actor.system("test"), actor.customer(desk.other)):
            assert self.refused(BOOKED, who=who, id=asked.id, by=desk.other) == "BU003"
        with pytest.raises(DBAPIError) as refusal, transaction(actor.system("test")):
            service.request(desk.content(), operator_id=desk.asker, owns=None, actor=actor.system("test"))
        assert sqlstate(refusal.value) == "BU003"

    def test_refuses_to_begin_with_the_end(self, desk: Desk) -> None:
        born = (
            "INSERT INTO journal_requests (id, legs, reason, content_hash, requested_by, state, decided_by, journal_id,"
            " created_at, decided_at) VALUES ('jrq_born', '[]', 'x', '', :asker, 'booked', :other, 1, now(), now())"
        )
        for who in (desk.asker, desk.other):
            found = self.refused(born, who=actor.operator(who), asker=desk.asker, other=desk.other)
            assert found == "BU003"

    def test_refuses_to_change_what_was_asked_or_decided(self, desk: Desk) -> None:
        asked = desk.ask()
        who = actor.operator(desk.other)
        for change in (
            "legs = '[]'",
            "reason = 'x'",
            "requested_by = 'op_x'",
            "content_hash = ''",
            "effective_on = NULL",
        ):
            statement = f"UPDATE journal_requests SET {change} WHERE id = :id"  # noqa: S608 (the cases above)
            assert self.refused(statement, who=who, id=asked.id) == "42501", change
        assert self.refused("DELETE FROM journal_requests WHERE id = :id", who=who, id=asked.id) == "42501"
        desk.approve(asked)
        back = "UPDATE journal_requests SET state = 'withdrawn', decided_by = :by, journal_id = NULL WHERE id = :id"
        assert self.refused(back, who=who, id=asked.id, by=desk.other) == "23001"

    def test_records_who_asked_and_who_decided(self, desk: Desk) -> None:
        asked = desk.ask()
        desk.approve(asked)
        found = db.session.execute(
            text("SELECT actor FROM audit.records WHERE table_name = 'journal_requests' AND row_id = :id ORDER BY id"),
            {"id": asked.id},
        )
        assert [row.actor for row in found] == [f"operator:{desk.asker}", f"operator:{desk.other}"]
