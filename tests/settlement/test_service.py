"""Settlements as they are told: booked once, whatever comes twice, late, out of order or not adding up."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import db, for_everyone, leave, transaction
from app.core.money import NGN
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit
from app.settlement import errors, queries, service
from app.settlement.models import LateDay
from app.settlement.rules import SettlementState
from tests.makers import books, settled
from tests.makers.bare import act_as
from tests.makers.settled import BANK, CLEARING, SYSTEM, charge, note, told

FEES = "expense:paystack_fees:NGN"


def by_hand(units: int, *, out_of: str = CLEARING) -> int:
    """A manual journal that books so many kobo to the bank: its number."""
    legs = (debit(BANK, books.kobo(units)), credit(out_of, books.kobo(units)))
    return books.post(Journal("adjustments.booked", books.fresh("adj"), legs)).journal_id


class TestBooking:
    def test_what_was_paid_goes_from_clearing_to_the_bank_once(self, inside: Flask) -> None:
        charges = [charge(), charge(100_000, fees=1_500)]
        said, before = told(charges, deductions=30_000), (settled.booked(BANK), settled.booked(CLEARING))
        assert [note(said, charges) for _ in range(3)] == [SettlementState.POSTED] * 3
        assert settled.booked(BANK) - before[0] == 551_000
        assert settled.booked(CLEARING) - before[1] == -551_000
        row = settled.row(said)
        assert [line.reference for line in queries.lines_for_operators(row.id)] == sorted(c.reference for c in charges)
        assert not any(line.differs or line.came_late for line in queries.lines_for_operators(row.id))

    def test_a_fee_that_is_another_one_by_now_is_our_cost(self, inside: Flask) -> None:
        one = charge()
        dearer = [type(one)(**{**vars(one), "fees": 17_900})]
        before = settled.booked(FEES), settled.booked(CLEARING)
        assert note(told(dearer), dearer) is SettlementState.POSTED
        assert (settled.booked(FEES) - before[0], settled.booked(CLEARING) - before[1]) == (400, -482_500)

    def test_two_that_read_it_at_the_same_moment_book_it_once(self, inside: Flask) -> None:
        charges = [charge()]
        said, before, together = told(charges), settled.booked(BANK), Barrier(2)

        def take() -> None:
            with inside.app_context(), for_everyone():
                together.wait()
                note(said, charges)
                leave()

        both = [Thread(target=take) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert settled.booked(BANK) - before == 482_500

    def test_announced_first_and_paid_later(self, inside: Flask) -> None:
        charges = [charge()]
        said = told(charges, status="pending")
        assert note(said, []) is SettlementState.ANNOUNCED
        assert note(type(said)(**{**vars(said), "status": "success"}), charges) is SettlementState.POSTED
        assert note(said, []) is SettlementState.POSTED  # what was told before comes late

    def test_one_that_failed_is_owed_until_it_is_paid(self, inside: Flask) -> None:
        charges = [charge()]
        said = told(charges, status="failed")
        owed = queries.standing_for_operators().owed
        assert note(said, []) is SettlementState.FAILED
        assert queries.standing_for_operators().owed == owed
        assert note(type(said)(**{**vars(said), "status": "success"}), charges) is SettlementState.POSTED
        assert (owed - queries.standing_for_operators().owed).units == 482_500

    def test_a_charge_that_nobody_knew_is_marked(self, inside: Flask) -> None:
        charges = [charge(known=False)]
        said = told(charges)
        assert note(said, charges) is SettlementState.POSTED
        assert [line.came_late for line in queries.lines_for_operators(settled.row(said).id)] == [True]
        assert "not in our books" in settled.trouble(f"settled:{charges[0].reference}")

    def test_a_charge_that_is_off_by_more_than_a_fee_is_for_people(self, inside: Flask) -> None:
        one, other = charge(), charge()
        grown = [replace(one, amount=600_000), replace(other, fees=17_600)]
        assert note(told(grown), grown) is SettlementState.POSTED
        assert "we had booked ₦4,825.00" in settled.trouble(f"settled:{one.reference}")
        assert settled.trouble(f"settled:{other.reference}") == ""  # that is a fee

    @pytest.mark.parametrize("change", [{"status": "failed"}, {"effective": 1, "deductions": 482_499}])
    def test_one_that_is_told_otherwise_later_stays_booked_and_is_for_people(
        self, inside: Flask, change: dict[str, Any]
    ) -> None:
        charges = [charge()]
        said = told(charges)
        note(said, charges)
        for news in (said, replace(said, **change), replace(said, **change)):
            with transaction(SYSTEM):
                service.compare(news, actor=SYSTEM)
        row = settled.row(said)
        assert (row.state, row.effective.units) == (SettlementState.POSTED, 482_500)
        assert "booked" in settled.trouble(f"settlement:{row.id}:{change.get('status', 'success')}", begins=True)


class TestSettingAside:
    def test_what_does_not_add_up_is_not_booked_until_it_does(self, inside: Flask) -> None:
        charges = [charge(), charge()]
        said, before = told(charges), settled.booked(BANK)
        assert note(said, charges[:1]) is SettlementState.DIFFERS
        assert note(said, charges[:1]) is SettlementState.DIFFERS
        assert (settled.booked(BANK), "do not add up" in settled.row(said).trouble) == (before, True)
        assert note(said, charges) is SettlementState.POSTED
        assert settled.row(said).trouble == ""

    def test_a_charge_is_settled_once(self, inside: Flask) -> None:
        charges = [charge()]
        assert note(told(charges), charges) is SettlementState.POSTED
        again, before = told(charges), settled.booked(BANK)
        assert note(again, charges) is SettlementState.DIFFERS
        assert (settled.booked(BANK), "settled before" in settled.row(again).trouble) == (before, True)

    def test_is_closed_by_hand_and_stays_so(self, inside: Flask) -> None:
        charges = [charge(), charge()]
        said = told(charges)
        note(said, charges[:1])
        settlement_id = settled.row(said).id
        with transaction(SYSTEM):
            service.close(settlement_id, note="booked by journal 1", actor=SYSTEM)
        assert note(said, charges) is SettlementState.CLOSED
        with pytest.raises(errors.NothingToClose), transaction(SYSTEM):
            service.close(settlement_id, note="again", actor=SYSTEM)

    def test_what_people_booked_is_not_owed_any_more(self, inside: Flask) -> None:
        charges, elsewhere = [charge(), charge()], charge()
        assert note(told([elsewhere]), [elsewhere]) is SettlementState.POSTED
        said = told([*charges, elsewhere])
        note(said, [*charges, elsewhere])
        owed = queries.standing_for_operators().owed.units
        booked = by_hand(1_447_500)
        settlement_id = settled.row(said).id
        with transaction(SYSTEM):
            service.close(settlement_id, note="booked", actor=SYSTEM, journal_id=booked)
        for _ in range(2):  # (the job may come twice)
            with transaction(SYSTEM):
                service.note_charges(settlement_id, charges=[*charges, elsewhere])
        assert owed - queries.standing_for_operators().owed.units == 965_000
        assert len(queries.lines_for_operators(settlement_id)) == 2
        assert settled.row(said).note == f"booked (journal {booked})"

    def test_a_journal_that_moves_something_else_stands_for_nothing(self, inside: Flask) -> None:
        charges = [charge(), charge()]
        said = told(charges)
        note(said, charges[:1])
        other = by_hand(965_000, out_of=chart.house(chart.CAPITAL, asset=NGN))
        no_persons = books.post(books.move(BANK, CLEARING, 965_000)).journal_id
        put_back = by_hand(965_000)
        books.reverse(put_back)
        settlement_id = settled.row(said).id
        for journal_id in (other, no_persons, put_back, by_hand(964_999), 2**62):
            with pytest.raises(errors.NoSuchBooking), transaction(SYSTEM):
                service.close(settlement_id, note="booked", actor=SYSTEM, journal_id=journal_id)

    def test_a_journal_stands_for_one_settlement(self, inside: Flask) -> None:
        first, second = ([charge(), charge()] for _ in range(2))
        saids, booked = (told(first), told(second)), by_hand(965_000)
        for said, charges in zip(saids, (first, second), strict=True):
            note(said, charges[:1])
        settlements = [settled.row(said).id for said in saids]
        with transaction(SYSTEM):
            service.close(settlements[0], note="booked", actor=SYSTEM, journal_id=booked)
        with pytest.raises(errors.NoSuchBooking), transaction(SYSTEM):
            service.close(settlements[1], note="booked", actor=SYSTEM, journal_id=booked)
        assert settled.row(saids[1]).state == SettlementState.DIFFERS

    def test_the_database_keeps_what_was_booked(self, inside: Flask, owner_engine: Engine) -> None:
        charges = [charge()]
        said = told(charges)
        note(said, charges)
        with owner_engine.connect() as connection:
            act_as(connection, "system:test")
            with pytest.raises(DBAPIError, match="is booked"):
                connection.execute(text("UPDATE settlements SET note = 'x' WHERE vendor_id = :v"), {"v": said.id})


class TestLateness:
    def test_a_day_is_noted_once_and_ends_when_it_was_paid(self, inside: Flask) -> None:
        taken = clock.now() - timedelta(days=12)
        charges = [charge(at=taken)]
        due = next(day.due_on for day in queries.standing_for_operators().days if day.late)
        with transaction(SYSTEM):
            assert due in service.note_late()
        with transaction(SYSTEM):
            assert due not in service.note_late()
        note(told(charges), charges)
        with transaction(SYSTEM):
            service.note_late()
        leave()
        day = db.session.get(LateDay, due)
        assert day is not None
        assert day.ended_at is not None

    def test_a_day_stays_owed_however_long_ago_it_was(self, inside: Flask) -> None:
        charges = [charge(at=clock.now() - timedelta(days=33))]
        due = next(day.due_on for day in queries.standing_for_operators().days if day.late)
        for later in (timedelta(0), timedelta(days=90)):
            with clock.at(clock.now() + later), transaction(SYSTEM):
                service.note_late()
            leave()
            day = db.session.get(LateDay, due, populate_existing=True)
            assert day is not None
            assert day.ended_at is None
        note(told(charges), charges)

    def test_what_is_due_today_is_not_late(self, inside: Flask) -> None:
        charge()
        assert [day.late for day in queries.standing_for_operators().days][-1] is False
