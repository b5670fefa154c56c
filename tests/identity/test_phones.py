"""Whose phone a number is: one spelling, one owner, five tries, so many messages a day, and no word about others."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from app.core import actor, clock
from app.core.db import db, leave, rows, transaction
from app.identity import errors, phones, queries, rules
from app.identity.models import Code, Phone
from tests.makers import mailbox, people
from tests.makers.sandbox import SandboxProcess

WorkOff = Callable[..., int]
SYSTEM = actor.system("test")


@pytest.fixture
def login_id(inside: Flask) -> str:
    """Somebody whose number waits for its code."""
    return people.customer().login_id


def ask(login_id: str) -> None:
    with transaction(SYSTEM):
        phones.issue_code(login_id)


def confirm(login_id: str, code: str) -> bool:
    with transaction(SYSTEM):
        return phones.confirm(login_id, code=code)


def number_of(login_id: str) -> str:
    leave()
    waiting = queries.waiting_phone(owner=login_id)
    assert waiting is not None
    return queries.number_for_system(waiting.id)


def says(login_id: str, number: str) -> None:
    people.waiting_number(login_id, number)


class TestANumber:
    @pytest.mark.parametrize(
        "typed", ["08031234567", "0803 123 4567", "+2348031234567", " 234-803-123-4567 ", "+234 (0)803 123 4567"]
    )
    def test_has_one_spelling(self, typed: str) -> None:
        assert phones.canonical(typed) == "+2348031234567"

    def test_may_be_of_another_country_that_it_names(self) -> None:
        assert phones.canonical("+44 7911 123456") == "+447911123456"

    @pytest.mark.parametrize(
        "typed", ["", "Ada", "0803", "08031234567890", "+2341234567", "+999123456789", "0803123456x7", "1" * 500]
    )
    def test_that_is_no_mobile_one_is_refused(self, typed: str) -> None:
        with pytest.raises(errors.BadPhone):
            phones.canonical(typed)

    def test_is_shown_by_its_last_digits(self) -> None:
        assert rules.masked_number("+2348031234567") == "•••• 4567"


class TestWhatIsKept:
    def test_is_sealed_and_on_no_record(self, login_id: str, owner_engine: Engine) -> None:
        number = number_of(login_id)
        ask(login_id)
        with owner_engine.connect() as connection:
            for table in ("phones", "codes", "outbox", "tasks", "audit.records"):
                found = connection.execute(
                    text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :digits"),  # noqa: S608 (constants)
                    {"digits": f"%{number[4:]}%"},
                )
                assert found.scalar_one() == 0, table
            masked = text("SELECT after FROM audit.records WHERE table_name = 'phones' AND after ->> 'login_id' = :id")
            record = connection.execute(masked, {"id": login_id}).scalar_one()
        assert (record["number_sealed"], record["number_index"]) == ("[masked]", "[masked]")

    def test_is_found_by_the_number_alone(self, inside: Flask) -> None:
        one, other = people.customer().login_id, people.customer().login_id
        says(other, number_of(one))
        indexes = {
            row.number_index for row in db.session.scalars(select(Phone).where(Phone.login_id.in_([one, other])))
        }
        waiting = [queries.waiting_phone(owner=each) for each in (one, other)]
        assert len({each.number_index for each in waiting if each}) == 1
        assert len({each.number_sealed for each in waiting if each}) == 2
        assert len(indexes) == 2  # (the first number of the other is among them)


class TestACode:
    def test_goes_to_the_phone_and_confirms_it(self, login_id: str, work_off: WorkOff, vendor: SandboxProcess) -> None:
        number = number_of(login_id)
        ask(login_id)
        code = people.newest_phone_code(login_id)
        leave()
        work_off()
        assert len(vendor.texts(number)) == 1
        assert f"your code is {code}." in vendor.texts(number)[0]
        assert confirm(login_id, code)
        assert queries.phones_of(owner=login_id) == (rules.masked_number(number), "")
        assert not confirm(login_id, code)

    def test_has_five_tries(self, login_id: str) -> None:
        ask(login_id)
        assert [confirm(login_id, "000000x") for _ in range(5)] == [False] * 5
        assert not confirm(login_id, people.newest_phone_code(login_id))

    def test_lives_ten_minutes(self, login_id: str) -> None:
        ask(login_id)
        code, moment = people.newest_phone_code(login_id), clock.now()
        with clock.at(moment + timedelta(minutes=10)):
            assert not confirm(login_id, code)
        with clock.at(moment + timedelta(minutes=9)):
            assert confirm(login_id, code)

    def test_of_an_earlier_number_confirms_no_later_one(self, login_id: str) -> None:
        ask(login_id)
        code = people.newest_phone_code(login_id)
        says(login_id, people.phone_number())
        assert not confirm(login_id, code)
        assert queries.counting_phone(owner=login_id) is None

    def test_by_mail_is_none_for_the_phone_and_the_other_way_round(self, login_id: str) -> None:
        mailed = people.newest_code(login_id)
        ask(login_id)
        assert not confirm(login_id, mailed)
        assert people.newest_code(login_id) == mailed

    def test_comes_once_a_minute_and_five_times_a_day(self, login_id: str) -> None:
        moment = clock.now()
        for minute in range(rules.PHONE_CODES_OF_A_LOGIN):
            with clock.at(moment + timedelta(minutes=minute)):
                ask(login_id)
                with pytest.raises(errors.CodesTooFast):
                    ask(login_id)
        says(login_id, people.phone_number())  # another number is no other allowance
        with clock.at(moment + timedelta(hours=23)), pytest.raises(errors.CodesSpent):
            ask(login_id)
        with clock.at(moment + timedelta(hours=25)):
            ask(login_id)

    def test_comes_to_one_number_eight_times_a_day_whoever_asks(
        self, inside: Flask, work_off: WorkOff, vendor: SandboxProcess
    ) -> None:
        number = people.phone_number()
        for _ in range(rules.PHONE_CODES_TO_A_NUMBER + 2):
            login_id = people.customer().login_id
            says(login_id, number)
            ask(login_id)  # the door says nothing of it
        leave()
        work_off()
        assert len(vendor.texts(number)) == rules.PHONE_CODES_TO_A_NUMBER


class TestANumberOfSomebodyElse:
    @pytest.fixture
    def taken(self, inside: Flask) -> str:
        """The number of a customer who confirmed it."""
        owner = people.customer().login_id
        number = number_of(owner)
        people.confirm_phone(owner)
        return number

    def test_is_never_written_to_and_stays_unconfirmed(
        self, taken: str, login_id: str, work_off: WorkOff, vendor: SandboxProcess
    ) -> None:
        before = len(vendor.texts(taken))
        says(login_id, taken)
        ask(login_id)
        code = people.newest_phone_code(login_id)
        leave()
        work_off()
        assert len(vendor.texts(taken)) == before
        assert not confirm(login_id, code)  # not even by who guesses it
        assert queries.counting_phone(owner=login_id) is None

    def test_is_one_persons_when_two_confirm_it_at_once(self, app: Flask, inside: Flask) -> None:
        """Both have looked and found it free; the second waits for the first, and then the code counts as wrong."""
        number, second = people.phone_number(), []
        both = [people.customer().login_id for _ in range(2)]
        for login_id in both:
            says(login_id, number)
            ask(login_id)
        codes = [people.newest_phone_code(login_id) for login_id in both]
        leave()

        def follow() -> None:
            with app.app_context():
                second.append(confirm(both[1], codes[1]))

        other = threading.Thread(target=follow)
        with transaction(SYSTEM):
            assert phones.confirm(both[0], code=codes[0])
            other.start()
            other.join(0.5)
            assert not second, "the other one must wait"
        other.join()
        assert second == [False]
        assert [queries.counting_phone(owner=login_id) is not None for login_id in both] == [True, False]
        told = rows(
            "SELECT count(*) AS n FROM outbox WHERE facts ->> 'login_id' = :id AND name LIKE '%phone_con%'", id=both[1]
        )
        assert told[0].n == 0

    def test_is_nobody_elses_in_the_database_too(self, taken: str, login_id: str) -> None:
        says(login_id, taken)
        waiting = queries.waiting_phone(owner=login_id)
        assert waiting is not None
        with pytest.raises(IntegrityError, match="uq_phones_number_index"), transaction(SYSTEM):
            db.session.get_one(Phone, waiting.id).confirmed_at = clock.now()

    def test_is_free_again_once_its_owner_has_another(self, inside: Flask, login_id: str) -> None:
        owner = people.customer(enrolled=True).login_id
        counting = queries.counting_phone(owner=owner)
        assert counting is not None
        number = queries.number_for_system(counting.id)
        says(owner, people.phone_number())
        says(login_id, number)
        with clock.at(clock.now() + timedelta(minutes=2)):
            ask(owner)
            assert confirm(owner, people.newest_phone_code(owner))
            ask(login_id)
            assert confirm(login_id, people.newest_phone_code(login_id))


class TestAnotherNumber:
    def test_counts_from_its_code_on_and_the_old_one_and_the_mailbox_are_told(
        self, inside: Flask, work_off: WorkOff, vendor: SandboxProcess
    ) -> None:
        owner = people.customer(enrolled=True)
        first, second = queries.counting_phone(owner=owner.login_id), people.phone_number()
        assert first is not None
        old = queries.number_for_system(first.id)
        says(owner.login_id, second)
        leave()
        with clock.at(clock.now() + timedelta(minutes=2)):
            ask(owner.login_id)
            assert queries.phones_of(owner=owner.login_id) == (rules.masked_number(old), rules.masked_number(second))
            assert confirm(owner.login_id, people.newest_phone_code(owner.login_id))
        assert queries.phones_of(owner=owner.login_id) == (rules.masked_number(second), "")
        leave()
        work_off(timedelta(minutes=5))
        assert "has another phone number now" in vendor.texts(old)[0]
        assert not [each for each in vendor.texts(second) if "another phone number" in each]
        assert "Your phone number was changed" in mailbox.subjects_to(owner.email)

    def test_first_confirmed_is_no_change(self, login_id: str) -> None:
        ask(login_id)
        assert confirm(login_id, people.newest_phone_code(login_id))
        found = rows("SELECT name FROM outbox WHERE facts ->> 'login_id' = :id ORDER BY id DESC LIMIT 1", id=login_id)
        assert found[0].name == "identity.phone_confirmed"


def test_codes_of_both_kinds_are_the_same_rows(login_id: str) -> None:
    ask(login_id)
    made = db.session.scalars(select(Code).where(Code.login_id == login_id).order_by(Code.created_at))
    assert [code.phone_id is None for code in made] == [True, False]
