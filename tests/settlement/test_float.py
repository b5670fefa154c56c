"""The float: read, compared, told of once; topped up by two people and booked when it arrives."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.clients.paystack_answers import Transfer
from app.core import actor, clock, ids
from app.core.clock import WAT
from app.core.db import db, leave, transaction
from app.core.money import NGN, Money
from app.core.outbox import Outboxed
from app.core.permissions import Role
from app.payments import payout_queries, payouts
from app.risk.rules import Band
from app.settlement import errors, partner_fees, price_lists, queries, requests, service
from app.settlement.models import TopUp
from app.settlement.partner_fees import Service
from app.settlement.rules import SettlementState, TopUpState
from tests.makers import people, settled
from tests.makers.settled import BANK, FLOAT, SYSTEM

FLOOR = 1_000_000_00


def read(theirs: int) -> list[str]:
    """Note a reading: the events it made."""
    newest = db.session.scalars(select(Outboxed.id).order_by(Outboxed.id.desc()).limit(1)).one_or_none() or 0
    with transaction(SYSTEM):
        service.note_float(theirs)
    leave()
    wanted = select(Outboxed.name).where(Outboxed.id > newest, Outboxed.name.like("settlement.float%"))
    return list(db.session.scalars(wanted.order_by(Outboxed.id)))


class TestReadings:
    def test_low_is_told_when_it_begins(self, inside: Flask) -> None:
        read(FLOOR)
        assert "settlement.float_low" in read(FLOOR - 1)
        assert "settlement.float_low" not in read(FLOOR - 2)
        read(FLOOR)
        assert "settlement.float_low" in read(FLOOR - 1)

    def test_what_waits_for_a_code_has_left_the_balance_there(self, inside: Flask) -> None:
        payout_id, before = ids.new("po"), queries.in_flight_for_system()
        with transaction(SYSTEM):
            payouts.begin(payout_id, amount=Money(NGN, 10_000_00), recipient_code="RCP_x", actor=SYSTEM)
        assert queries.in_flight_for_system() == before  # (nobody knows that Paystack has it)
        transfer = Transfer(payout_id, "otp", 10_000_00, 25_00, "NGN", "TRF_x", clock.now())
        with transaction(SYSTEM):
            payouts.record(payout_id, transfer=transfer, actor=SYSTEM)
        assert queries.in_flight_for_system() - before == 10_025_00

    def test_a_difference_is_told_once_it_stays(self, inside: Flask) -> None:
        agreed = settled.booked(FLOAT) - queries.in_flight_for_system()
        for _ in range(3):
            read(agreed)
        told = [read(agreed + FLOOR * 9) for _ in range(4)]
        assert [each.count("settlement.float_differs") for each in told] == [0, 0, 1, 0]


class TestTopUps:
    def test_is_booked_when_it_shows_and_once(self, inside: Flask) -> None:
        top_up_id, before = settled.top_up(Money(NGN, 7_654_321)), settled.booked(FLOAT)
        for line, took in (("line-1", True), ("line-1", False), ("line-2", False)):
            with transaction(SYSTEM):
                assert service.receive_top_up(top_up_id, vendor_line=line, actor=SYSTEM) is took
        assert settled.booked(FLOAT) - before == 7_654_321
        leave()
        assert db.session.get_one(TopUp, top_up_id).state == TopUpState.ARRIVED

    def test_one_line_is_one_top_up(self, inside: Flask) -> None:
        first, second = settled.top_up(Money(NGN, 2_000_001)), settled.top_up(Money(NGN, 2_000_002))
        with transaction(SYSTEM):
            assert service.receive_top_up(first, vendor_line="line-of-both", actor=SYSTEM)
        with transaction(SYSTEM):
            assert not service.receive_top_up(second, vendor_line="line-of-both", actor=SYSTEM)
            service.abandon_top_up(second, note="not sent", actor=SYSTEM)
        with pytest.raises(errors.TopUpEnded), transaction(SYSTEM):
            service.abandon_top_up(second, note="again", actor=SYSTEM)

    def test_two_of_one_amount_are_not_on_their_way_together(self, inside: Flask) -> None:
        settled.top_up(Money(NGN, 3_000_003))
        maker = people.operator(Role.FINANCE)[0]
        with pytest.raises(errors.TopUpUnderWay), transaction(who := actor.operator(maker)):
            requests.request_top_up(Money(NGN, 3_000_003), reason="x", maker=maker, actor=who)

    def test_no_more_than_the_bank_has(self, inside: Flask) -> None:
        more = Money(NGN, settled.booked(BANK) + 1_000_00)
        maker = people.operator(Role.FINANCE)[0]
        with pytest.raises(errors.TopUpOutOfBounds), transaction(who := actor.operator(maker)):
            requests.request_top_up(more, reason="x", maker=maker, actor=who)

    def test_nobody_tops_up_without_the_other(self, inside: Flask) -> None:
        with pytest.raises(Exception, match="does not agree to this top-up"), transaction(SYSTEM):
            service.agree_top_up(Money(NGN, 1_000_00), request_id="grq_none", actor=SYSTEM)


class TestPrices:
    def test_the_list_in_the_database_is_the_formula(self, inside: Flask) -> None:
        lists = queries.schedules_without_owner()
        assert set(lists) == set(Service)
        for service_, bands in lists.items():
            for amount in (1, 39_100, 249_999, 250_000, 300_000, 500_000, 500_001, 3_000_001, 5_000_001, 99_999_999):
                asked = db.session.scalar(select(db.func.partner_fee(str(service_), amount, db.func.now())))
                assert asked == partner_fees.expected(bands, amount=amount), (service_, amount)

    def test_another_one_counts_from_its_day(self, inside: Flask) -> None:
        was = queries.schedules_without_owner()[Service.DIRECT_DEBIT]
        settled.agree(
            lambda maker, who: price_lists.request(
                Service.DIRECT_DEBIT, [Band(0, 0, 70, cap=90_000)], starts_on=date(2031, 1, 1), reason="x",
                maker=maker, actor=who,
            ),
            by=Role.ADMIN,
        )  # fmt: skip
        assert queries.schedules_without_owner()[Service.DIRECT_DEBIT] == was
        assert [band.bps for bands in queries.lists_to_come_for_operators().values() for band in bands] == [70]

    def test_a_month_is_compared_with_it(self, inside: Flask) -> None:
        moment = datetime(2029, 3, 5, 12, tzinfo=WAT)
        with clock.at(moment):
            charges = [settled.charge(), settled.charge(5_700, fees=52)]  # (the second was charged by another plan)
            assert settled.note(settled.told(charges), charges) is SettlementState.POSTED
        month = {"since": moment - timedelta(days=1), "until": moment + timedelta(days=1)}
        (line,) = queries.fee_lines_for_operators(**month)
        assert (line.count, line.others, line.told.units, line.difference.units) == (2, 1, 17_552, 52 - 86)
        assert [(day.day, day.count) for day in queries.fee_days_for_operators(**month)] == [(moment.date(), 2)]


def test_another_floor_counts_from_its_day(inside: Flask) -> None:
    day, amount = date(2032, 6, 1), people.naira(3_000_000)
    settled.agree(
        lambda maker, who: requests.request_floor(
            amount, target=people.naira(9_000_000), starts_on=day, reason="x", maker=maker, actor=who
        ),
        by=Role.TREASURY,
    )
    assert payout_queries.floor_for_system().floor.units == FLOOR
    assert payout_queries.floor_for_system(at=datetime(2032, 6, 1, 0, 0, 1, tzinfo=WAT)).floor == amount
