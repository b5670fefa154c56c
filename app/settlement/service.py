"""Commands of settlement: note what Paystack says, book what it paid, watch what is late and what the float is."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert

from app.clients.paystack_answers import Charge
from app.clients.paystack_answers import Settlement as Told
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.ledger import balances, chart, posting
from app.payments import payout_queries, suspense
from app.payments.suspense import Trouble
from app.settlement import errors, events, partner_fees, postings, queries, rules
from app.settlement.models import FloatReading, LateDay, SettledCharge, Settlement, TopUp
from app.settlement.rules import Settled, SettlementState, TopUpState

Row = TypeVar("Row", Settlement, TopUp)
_ENDED = frozenset({SettlementState.POSTED, SettlementState.CLOSED})


def ask(*, actor: Actor) -> None:
    """Ask that Paystack's settlements be read now, not only at the next hour."""
    outbox.emit(events.PullAsked(asked_by=str(actor)))


def note(told: Told, *, charges: Sequence[Charge], actor: Actor) -> SettlementState:
    """Keep what Paystack says of a settlement, with its charges once it is paid; one that adds up is booked, once."""
    row = _row_of(told, actor=actor)
    if row.state in _ENDED:
        return SettlementState(row.state)
    _keep(row, told)
    if told.status == rules.PAID:
        _judge(row, told, charges, actor=actor)
    elif told.status == rules.FAILED:
        _set_aside(row, SettlementState.FAILED, trouble="Paystack says that it failed.", actor=actor)
    elif row.state == SettlementState.FAILED:
        row.trouble = ""
        machine.move(row, SettlementState.ANNOUNCED, machine=rules.SETTLEMENT, actor=actor)
    return SettlementState(row.state)


def compare(told: Told, *, actor: Actor) -> None:
    """What was booked stays; where Paystack says something else of it by now, somebody must look, once."""
    row = db.session.scalars(select(Settlement).where(Settlement.vendor_id == told.id)).one()
    if row.state != SettlementState.POSTED:
        return
    words = rules.change_of(_amounts(told), status=told.status, booked=row.amounts)
    if words:
        cause = f"settlement:{row.id}:{told.status}:{told.effective}"
        suspense.suspend(Trouble(cause, "settlement.changed", told.id, words, row.effective), actor=actor)


def close(settlement_id: str, *, note: str, actor: Actor, journal_id: int | None = None) -> None:
    """What does not tie was booked by hand, by this manual journal; without one its charges come by another settlement.

    Raises NotFound, NothingToClose, NoteMissing, NoSuchBooking.
    """
    row = _locked(settlement_id)
    if row.state not in {SettlementState.DIFFERS, SettlementState.FAILED}:
        raise errors.NothingToClose
    if not note:
        raise errors.NoteMissing
    if journal_id is not None:
        if not queries.stands_for_system(journal_id, row):
            raise errors.NoSuchBooking
        row.booked_by = journal_id
        note = f"{note} (journal {journal_id})"
        outbox.emit(events.SettlementBookedByHand(settlement_id=row.id))
    row.note, row.ended_at = note, clock.now()
    machine.move(row, SettlementState.CLOSED, machine=rules.SETTLEMENT, actor=actor, reason=note)


def note_charges(settlement_id: str, *, charges: Sequence[Charge]) -> None:
    """Note what a settlement that was booked by hand is made of; what another one has had stays there."""
    booked = queries.booked_for_system(charge.reference for charge in charges)
    for charge in charges:
        facts = _of(charge, settlement_id=settlement_id, booked=booked.get(charge.reference))
        db.session.execute(insert(SettledCharge).values(**facts).on_conflict_do_nothing())


def note_late() -> list[date]:
    """Note the days on which we were to be paid and were not, and tell once of each: those that are new."""
    owed = {day.due_on: day for day in queries.standing_for_operators().days if day.late}
    for noted in queries.late_days_for_system():
        if noted.due_on not in owed:
            noted.ended_at = clock.now()
    fresh = []
    for due_on, day in owed.items():
        statement = insert(LateDay).values(due_on=due_on, owed_units=day.amount.units, noted_at=clock.now())
        if db.session.scalar(statement.on_conflict_do_nothing().returning(LateDay.due_on)) is not None:
            outbox.emit(events.SettlementLate(due_on=due_on.isoformat()))
            fresh.append(due_on)
    return fresh


def note_float(theirs: int, *, taken: int = 0) -> FloatReading:
    """Keep the balance as Paystack told it beside the books; tell when it begins to be low, or to differ for good.

    `taken` from it are so many kobo for refunds that are not booked yet.
    """
    before = queries.readings_for_operators(limit=rules.READINGS_THAT_MATTER - 1)
    reading = FloatReading(
        theirs_units=Decimal(theirs),
        ours_units=Decimal(balances.of(chart.house(chart.PAYSTACK, asset=NGN)).booked.units),
        in_flight_units=Decimal(queries.in_flight_for_system() + taken),
        floor_units=payout_queries.floor_for_system().floor_units,
        low=False,
        differs=False,
        read_at=clock.now(),
    )
    reading.low = reading.theirs < reading.floor
    reading.differs = len(before) == rules.READINGS_THAT_MATTER - 1 and all(
        one.unexplained for one in (reading, *before)
    )
    db.session.add(reading)
    db.session.flush()
    if reading.low and not (before and before[0].low):
        outbox.emit(events.FloatLow(reading_id=reading.id))
    if reading.differs and not before[0].differs:
        outbox.emit(events.FloatDiffers(reading_id=reading.id))
    return reading


def agree_top_up(amount: Money, *, request_id: str, actor: Actor) -> TopUp:
    """Two people agreed: treasury sends it at the bank. The database asks for the approved request."""
    top_up = TopUp(
        id=ids.new("top"),
        amount_units=Decimal(amount.units),
        request_id=request_id,
        state=TopUpState.AGREED,
        created_at=clock.now(),
    )
    machine.begin(top_up, machine=rules.TOP_UP, actor=actor)
    return top_up


def receive_top_up(top_up_id: str, *, vendor_line: str, actor: Actor) -> bool:
    """Paystack's balance shows it under this line: book it. False when it had ended or the line was another's."""
    top_up = _locked_top_up(top_up_id)
    taken = db.session.scalar(select(TopUp.id).where(TopUp.vendor_line == vendor_line))
    if top_up.state != TopUpState.AGREED or taken is not None:
        return False
    journal = postings.topped_up(ref=top_up.id, amount=top_up.amount, told=vendor_line)
    posted = posting.post(journal, key=f"topup:{top_up.id}")
    top_up.vendor_line, top_up.journal_id, top_up.ended_at = vendor_line, posted.journal_id, clock.now()
    machine.move(top_up, TopUpState.ARRIVED, machine=rules.TOP_UP, actor=actor)
    return True


def abandon_top_up(top_up_id: str, *, note: str, actor: Actor) -> None:
    """Nobody sent it. Raises NotFound, TopUpEnded, NoteMissing."""
    top_up = _locked_top_up(top_up_id)
    if top_up.state != TopUpState.AGREED:
        raise errors.TopUpEnded
    if not note:
        raise errors.NoteMissing
    top_up.note, top_up.ended_at = note, clock.now()
    machine.move(top_up, TopUpState.ABANDONED, machine=rules.TOP_UP, actor=actor, reason=note)


def _row_of(told: Told, *, actor: Actor) -> Settlement:
    """The settlement's row, locked; a new one begins as announced, and two that meet write it once."""
    fresh = {"id": ids.new("set"), "vendor_id": told.id, "state": SettlementState.ANNOUNCED, "seen_at": clock.now()}
    added = db.session.scalar(
        insert(Settlement)
        .values(**fresh, **_facts(told), trouble="", note="")
        .on_conflict_do_nothing(index_elements=["vendor_id"])
        .returning(Settlement.id)
    )
    row = db.session.scalars(
        select(Settlement)
        .where(Settlement.vendor_id == told.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if added is not None:
        machine.begin(row, machine=rules.SETTLEMENT, actor=actor)
    return row


def _facts(told: Told) -> dict[str, object]:
    return {
        "vendor_status": told.status,
        "settled_on": told.settled_on,
        "gross_units": Decimal(told.gross),
        "fees_units": Decimal(told.fees),
        "total_units": Decimal(told.total),
        "deducted_units": Decimal(_deducted(told)),
        "effective_units": Decimal(told.effective),
    }


def _amounts(told: Told) -> rules.Told:
    return rules.Told(told.gross, told.fees, told.total, _deducted(told), told.effective)


def _deducted(told: Told) -> int:
    return abs(told.deductions)  # no sample has one: it may be told with its sign


def _keep(row: Settlement, told: Told) -> None:
    for name, fact in _facts(told).items():
        setattr(row, name, fact)


def _judge(row: Settlement, told: Told, charges: Sequence[Charge], *, actor: Actor) -> None:
    references = [charge.reference for charge in charges]
    booked = queries.booked_for_system(references)
    lines = [Settled(charge.reference, charge.amount, charge.fees, booked.get(charge.reference)) for charge in charges]
    trouble = rules.trouble_of(_amounts(told), lines) or _settled_before(references)
    if trouble:
        _set_aside(row, SettlementState.DIFFERS, trouble=trouble, actor=actor)
        return
    for charge, line in zip(charges, lines, strict=True):
        db.session.add(SettledCharge(**_of(charge, settlement_id=row.id, booked=line.booked)))
        if words := rules.words_of(line):
            amount = Money(NGN, charge.amount)
            cause = f"settled:{charge.reference}"
            suspense.suspend(Trouble(cause, "settlement.charge", charge.reference, words, amount), actor=actor)
    journal = postings.settled(
        ref=row.id,
        total=Money(NGN, told.total),
        more_fees=Money(NGN, sum(line.fee_difference for line in lines)),
        deducted=row.deducted,
        effective=row.effective,
        told=row.vendor_id,
    )
    row.trouble, row.ended_at = "", clock.now()
    row.journal_id = posting.post(journal, key=f"settlement:{row.id}").journal_id
    machine.move(row, SettlementState.POSTED, machine=rules.SETTLEMENT, actor=actor)
    outbox.emit(events.SettlementPosted(settlement_id=row.id))


def _settled_before(references: Sequence[str]) -> str:
    elsewhere = queries.settled_elsewhere_for_system(references)
    return f"{len(elsewhere)} of its charges were settled before: {elsewhere[0]} is one." if elsewhere else ""


def _set_aside(row: Settlement, to: SettlementState, *, trouble: str, actor: Actor) -> None:
    """Nothing is booked; told once, not at each look."""
    row.trouble = trouble
    if row.state != to:
        machine.move(row, to, machine=rules.SETTLEMENT, actor=actor, reason=trouble)
        outbox.emit(events.SettlementDiffers(settlement_id=row.id))


def _of(charge: Charge, *, settlement_id: str, booked: int | None) -> dict[str, object]:
    return {
        "reference": charge.reference,
        "settlement_id": settlement_id,
        "amount_units": Decimal(charge.amount),
        "fees_units": Decimal(charge.fees),
        "booked_units": None if booked is None else Decimal(booked),
        "service": partner_fees.service_of(charge.channel, country=_country(charge)),
        "paid_at": charge.paid_at or clock.now(),
    }


def _country(charge: Charge) -> str:
    return charge.authorization.country if charge.authorization else ""


def _locked(settlement_id: str) -> Settlement:
    return _found(select(Settlement).where(Settlement.id == settlement_id))


def _locked_top_up(top_up_id: str) -> TopUp:
    return _found(select(TopUp).where(TopUp.id == top_up_id))


def _found(wanted: Select[Row]) -> Row:
    row = db.session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return row
