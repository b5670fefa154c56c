"""Reads of settlement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from app.core import clock
from app.core.clock import WAT
from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.ledger import balances, chart, statements
from app.risk.rules import Band
from app.settlement import partner_fees, working_days
from app.settlement.models import FloatReading, LateDay, PartnerFee, SettledCharge, Settlement, TopUp
from app.settlement.partner_fees import Service
from app.settlement.rules import SettlementState, TopUpState

LOOKED_BACK = timedelta(days=60)  # and to before the oldest day that is noted as late: what is owed never gets too old

BY_HAND = "adjustments.booked"  # the kind of a journal that one person asked for and another agreed to
BEFORE_DUE = timedelta(days=14)  # past the longest row of holidays

# What we booked to clearing for charges, by the vendor's reference: one journal stands for one charge.
_BOOKED = """
SELECT substr(j.key, 17) AS reference, sum(e.amount) AS units
  FROM ledger.journals j JOIN ledger.entries e ON e.journal_id = j.id
 WHERE j.key = ANY (:keys) AND e.account_id = (SELECT id FROM ledger.accounts WHERE code = :clearing)
 GROUP BY j.key
"""
_CHARGE_KEY = "paystack:charge:"
_ACCOUNT = "SELECT id FROM ledger.accounts WHERE code = :code"
# By the day in Lagos on which they were taken: charges on the clearing account that no settlement has had. The account
# is given by its number: the planner then knows how busy it is (200,000 charges: a tenth of the time).
_OWED = """
SELECT (e.effective_at AT TIME ZONE 'Africa/Lagos')::date AS day, count(*) AS n, sum(e.amount) AS units
  FROM ledger.entries e JOIN ledger.journals j ON j.id = e.journal_id
  LEFT JOIN settled_charges s ON s.reference = substr(j.key, 17)
 WHERE e.account_id = :clearing AND e.booked_at >= :since
   AND j.key LIKE 'paystack:charge:%' AND s.reference IS NULL
 GROUP BY 1 ORDER BY 1
"""
# Transfers that Paystack has taken from the balance and that the books have not, with the fee we expect.
_IN_FLIGHT = """
SELECT coalesce(sum(amount_units + coalesce(fee_units, partner_fee('transfer', amount_units, created_at), 0)), 0)
       AS units
  FROM payouts WHERE state IN ('sent', 'awaiting_otp')
"""
_QUEUED = """
SELECT coalesce(sum(amount_units + coalesce(partner_fee('transfer', amount_units, created_at), 0)), 0) AS units
  FROM withdrawals WHERE state IN ('requested', 'held', 'cooling_off', 'approved', 'unpaid')
"""
_FEE_DAYS = """
SELECT day, service, count(*) AS n, sum(amount_units) AS amount, sum(fees_units) AS told, sum(expected) AS expected,
       count(*) FILTER (WHERE fees_units <> expected) AS other
  FROM (SELECT (paid_at AT TIME ZONE 'Africa/Lagos')::date AS day, service, amount_units, fees_units,
               coalesce(partner_fee(service, amount_units, paid_at), 0) AS expected
          FROM settled_charges WHERE paid_at >= :since AND paid_at < :until
         UNION ALL
        SELECT (created_at AT TIME ZONE 'Africa/Lagos')::date, 'transfer', amount_units, fee_units,
               coalesce(partner_fee('transfer', amount_units, created_at), 0)
          FROM payouts
         WHERE state = 'paid' AND fee_units IS NOT NULL AND created_at >= :since AND created_at < :until) f
 GROUP BY day, service ORDER BY day, service
"""
_LINES = """
SELECT c.reference, c.amount_units, c.fees_units, c.service, c.paid_at, j.id AS journal_id,
       coalesce(partner_fee(c.service, c.amount_units, c.paid_at), 0) AS expected_units,
       c.booked_units IS NULL AS came_late, c.booked_units IS DISTINCT FROM c.amount_units - c.fees_units AS differs
  FROM settled_charges c LEFT JOIN ledger.journals j ON j.key = 'paystack:charge:' || c.reference
 WHERE c.settlement_id = :settlement_id AND c.reference > :after ORDER BY c.reference LIMIT :limit
"""


@dataclass(frozen=True)
class Owed:
    """What is to be settled on one day."""

    due_on: date
    charges: int
    amount: Money
    late: bool


@dataclass(frozen=True)
class Standing:
    """What Paystack owes us, and how much of it is late; beside it, the account. `rest` is what no charge explains."""

    days: list[Owed]
    clearing: Money

    @property
    def owed(self) -> Money:
        """All of it."""
        return sum((day.amount for day in self.days), Money(NGN, 0))

    @property
    def late(self) -> Money:
        """What was to be here by now."""
        return sum((day.amount for day in self.days if day.late), Money(NGN, 0))

    @property
    def rest(self) -> Money:
        """Refunds and disputes that wait to be deducted (below nothing), or what somebody must look into."""
        return self.clearing - self.owed


@dataclass(frozen=True)
class FeeLine:
    """What one service cost in a time, beside the price list."""

    service: Service
    count: int
    told: Money
    expected: Money
    others: int

    @property
    def difference(self) -> Money:
        """What it cost more than the list says."""
        return self.told - self.expected


@dataclass(frozen=True)
class FeeDay(FeeLine):
    """What one service cost on one day in Lagos."""

    day: date
    amount: Money


@dataclass(frozen=True)
class Line:
    """One charge of a settlement, for the page."""

    reference: str
    service: Service
    amount: Money
    fees: Money
    expected: Money
    paid_at: datetime
    journal_id: int | None
    came_late: bool
    differs: bool


def booked_for_system(references: Iterable[str]) -> dict[str, int]:
    """What stands booked to clearing for each of these charges, in kobo; those we do not know are not in it."""
    keys = [_CHARGE_KEY + reference for reference in references]
    return {row.reference: int(row.units) for row in rows(_BOOKED, keys=keys, clearing=_clearing())}


def settled_elsewhere_for_system(references: Iterable[str]) -> list[str]:
    """Those of these charges that a settlement has had."""
    wanted = select(SettledCharge.reference).where(SettledCharge.reference.in_(list(references)))
    return list(db.session.scalars(wanted))


def stands_for_system(journal_id: int, settlement: Settlement) -> bool:
    """Whether people booked a settlement by this journal: what Paystack owes us is less by its total.

    No journal stands for two, and none that was reversed for any.
    """
    try:
        header, legs = statements.journal(journal_id)
    except LookupError:
        return False
    taken = -sum(int(leg.amount) for leg in legs if leg.code == _clearing())
    by_hand = header.kind == BY_HAND and header.reversed_by is None
    another = db.session.scalar(select(Settlement.id).where(Settlement.booked_by == journal_id))
    return by_hand and taken > 0 and taken == int(settlement.total_units) and another is None


def standing_for_operators() -> Standing:
    """What is owed by the day it is due, as of now."""
    today = clock.now().astimezone(WAT).date()
    found: dict[date, tuple[int, int]] = {}
    clearing = rows(_ACCOUNT, code=_clearing())
    for row in rows(_OWED, clearing=clearing[0].id, since=_owed_since()) if clearing else []:
        due = working_days.after(row.day)
        count, units = found.get(due, (0, 0))
        found[due] = (count + row.n, units + int(row.units))
    days = [Owed(due, count, Money(NGN, units), due < today) for due, (count, units) in sorted(found.items())]
    return Standing(days, balances.of(_clearing()).booked)


def settlements_for_operators(
    *, states: tuple[SettlementState, ...], before: str | None = None, limit: int = 25
) -> list[Settlement]:
    """Settlements in these states, newest first, those before an id."""
    wanted = select(Settlement).where(Settlement.state.in_(states))
    if before:
        wanted = wanted.where(Settlement.id < before)
    return list(db.session.scalars(wanted.order_by(Settlement.id.desc()).limit(limit)))


def settlement_counts_for_operators() -> dict[str, int]:
    """How many settlements stand in each state."""
    counted = select(Settlement.state, func.count().label("n")).group_by(Settlement.state)
    return {row.state: row.n for row in db.session.execute(counted)}


def settlement_for_operators(settlement_id: str) -> Settlement:
    """One settlement. Raises NotFound."""
    found = db.session.get(Settlement, settlement_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def lines_for_operators(settlement_id: str, *, after: str = "", limit: int = 50) -> list[Line]:
    """The charges of a settlement that was booked, by reference."""
    return [
        Line(
            reference=row.reference,
            service=Service(row.service),
            amount=Money(NGN, int(row.amount_units)),
            fees=Money(NGN, int(row.fees_units)),
            expected=Money(NGN, int(row.expected_units)),
            paid_at=row.paid_at,
            journal_id=row.journal_id,
            came_late=row.came_late,
            differs=row.differs and not row.came_late,
        )
        for row in rows(_LINES, settlement_id=settlement_id, after=after, limit=limit)
    ]


def known_for_system(vendor_ids: Iterable[str]) -> dict[str, str]:
    """The states of those of the vendor's settlements that we have."""
    wanted = select(Settlement.vendor_id, Settlement.state).where(Settlement.vendor_id.in_(list(vendor_ids)))
    return {row.vendor_id: row.state for row in db.session.execute(wanted)}


def oldest_open_for_system() -> date | None:
    """The day of the oldest settlement that has not ended."""
    open_ = (SettlementState.ANNOUNCED, SettlementState.DIFFERS, SettlementState.FAILED)
    return db.session.scalar(select(func.min(Settlement.settled_on)).where(Settlement.state.in_(open_)))


def late_days_for_system() -> list[LateDay]:
    """The days that were noted as late and are not over."""
    return list(db.session.scalars(select(LateDay).where(LateDay.ended_at.is_(None)).order_by(LateDay.due_on)))


def late_day_for_system(due_on: date) -> LateDay | None:
    """What was noted of a day."""
    return db.session.get(LateDay, due_on)


def in_flight_for_system() -> int:
    """What transfers under way have taken from Paystack's balance and not yet from ours, in kobo, with their fees."""
    return int(rows(_IN_FLIGHT)[0].units)


def queued_for_system() -> int:
    """What withdrawals that are asked for and not yet handed over will take from the balance, in kobo, with fees."""
    return int(rows(_QUEUED)[0].units)


def readings_for_operators(*, before: int | None = None, limit: int = 25) -> list[FloatReading]:
    """Readings of the float, newest first."""
    wanted = select(FloatReading).order_by(FloatReading.id.desc()).limit(limit)
    return list(db.session.scalars(wanted.where(FloatReading.id < before) if before else wanted))


def reading_for_system(reading_id: int) -> FloatReading:
    """One reading. Raises NotFound."""
    found = db.session.get(FloatReading, reading_id)
    if found is None:
        raise NotFound
    return found


def top_ups_for_operators(*, limit: int = 20) -> list[TopUp]:
    """The newest top-ups."""
    return list(db.session.scalars(select(TopUp).order_by(TopUp.id.desc()).limit(limit)))


def agreed_top_ups_for_system() -> list[TopUp]:
    """Those that are on their way, oldest first."""
    return list(db.session.scalars(select(TopUp).where(TopUp.state == TopUpState.AGREED).order_by(TopUp.id)))


def bank_for_operators() -> Money:
    """What our bank account has, by the books."""
    return balances.of(chart.house(chart.BANK, asset=NGN)).booked


def schedules_without_owner(*, at: datetime | None = None) -> dict[Service, list[Band]]:
    """The price list that counts at a moment (now)."""
    moment = at or clock.now()
    listed: dict[Service, dict[datetime, list[Band]]] = {}
    for fee in db.session.scalars(select(PartnerFee).where(PartnerFee.starts_at <= moment)):
        listed.setdefault(Service(fee.service), {}).setdefault(fee.starts_at, []).append(fee.band)
    return {service: sorted(lists[max(lists)], key=lambda band: band.over) for service, lists in sorted(listed.items())}


def lists_to_come_for_operators() -> dict[tuple[Service, datetime], list[Band]]:
    """The price lists that begin later."""
    coming: dict[tuple[Service, datetime], list[Band]] = {}
    wanted = select(PartnerFee).where(PartnerFee.starts_at > clock.now())
    for fee in db.session.scalars(wanted.order_by(PartnerFee.starts_at, PartnerFee.over_units)):
        coming.setdefault((Service(fee.service), fee.starts_at), []).append(fee.band)
    return coming


def expected_fee_without_owner(service: Service, *, amount: Money) -> Money:
    """What Paystack will charge for an amount, by its list."""
    bands = schedules_without_owner().get(service, [])
    return Money(amount.asset, partner_fees.expected(bands, amount=amount.units))


def fee_lines_for_operators(*, since: datetime, until: datetime) -> list[FeeLine]:
    """What Paystack's services cost in a time, beside what its list says: charges that were settled, transfers paid."""
    found = fee_days_for_operators(since=since, until=until)
    services = sorted({line.service for line in found})
    return [_fee_line([line for line in found if line.service is service]) for service in services]


def fee_days_for_operators(*, since: datetime, until: datetime) -> list[FeeDay]:
    """The same, day by day."""
    return [
        FeeDay(
            service=Service(row.service),
            count=row.n,
            told=Money(NGN, int(row.told)),
            expected=Money(NGN, int(row.expected)),
            others=row.other,
            day=row.day,
            amount=Money(NGN, int(row.amount)),
        )
        for row in rows(_FEE_DAYS, since=since, until=until)
    ]


def _fee_line(day_lines: list[FeeDay]) -> FeeLine:
    nothing = Money(NGN, 0)
    return FeeLine(
        service=day_lines[0].service,
        count=sum(line.count for line in day_lines),
        told=sum((line.told for line in day_lines), nothing),
        expected=sum((line.expected for line in day_lines), nothing),
        others=sum(line.others for line in day_lines),
    )


def _owed_since() -> datetime:
    """From when charges are looked through for those that are owed; a noted day was taken before the holidays to it."""
    oldest = db.session.scalar(select(func.min(LateDay.due_on)).where(LateDay.ended_at.is_(None)))
    usual = clock.now() - LOOKED_BACK
    return usual if oldest is None else min(usual, datetime.combine(oldest, time(), WAT) - BEFORE_DUE)


def _clearing() -> str:
    return chart.house(chart.PAYSTACK_CLEARING, asset=NGN)
