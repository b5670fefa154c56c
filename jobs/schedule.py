"""What runs when. Each slot of a periodic job is taken by inserting a row: on any number of nodes it runs once."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import DateTime, Text, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core import actor, clock, tasks
from app.core.db import Model, db, leave, rows, transaction
from jobs.handlers import HANDLERS


@dataclass(frozen=True)
class Periodic:
    """A job by the clock: `kind` of work every so many seconds, its limit, and who is asked when it is late."""

    name: str
    kind: str
    every_seconds: int
    limit_seconds: int
    lock: str
    owner: str


SCHEDULE: tuple[Periodic, ...] = (
    Periodic("prices", "market.poll", 10, 45, "slot", "treasury"),
    Periodic("candles", "market.roll", 60, 45, "slot", "treasury"),
    Periodic("what assets are worth to the books", "market.value", 60, 45, "slot", "finance"),
    Periodic("prices of long ago", "market.sweep", 3_600, 540, "slot", "admin"),
    Periodic("what stands still", "cases.watch", 60, 45, "slot", "admin"),
    Periodic("expired approval requests", "governance.expire", 60, 45, "slot", "admin"),
    Periodic("identity checks that nobody answered", "identification.resume", 600, 45, "slot", "compliance_officer"),
    Periodic("charges that nobody told us of", "payments.sweep_charges", 600, 45, "slot", "treasury"),
    Periodic("banks", "payments.refresh_banks", 3_600, 45, "slot", "treasury"),
    Periodic("outflow of the naira rail", "payments.watch_outflow", 60, 45, "slot", "treasury"),
    Periodic("usual outflow of the naira rail", "payments.measure_outflow", 3_600, 45, "slot", "treasury"),
    Periodic("withdrawals that wait together", "withdrawals.send_waiting", 60, 45, "slot", "treasury"),
    Periodic("requests for money that nobody answered", "transfers.expire", 600, 45, "slot", "admin"),
    Periodic("expired holds", "ledger.expire_holds", 60, 45, "slot", "treasury"),
    Periodic("withdrawals that cooled off", "withdrawals.wake", 60, 45, "slot", "compliance_officer"),
    Periodic("withdrawals that nobody decided on", "withdrawals.expire", 600, 45, "slot", "treasury"),
    Periodic("withdrawals that stayed unpaid", "withdrawals.give_up", 60, 45, "slot", "treasury"),
    Periodic("recurring orders that are due", "trading.begin_recurring", 60, 45, "slot", "treasury"),
    Periodic("prices that somebody waits for", "trading.look_at_prices", 60, 45, "slot", "treasury"),
    Periodic("quotes that nobody used", "trading.forget_quotes", 3_600, 45, "slot", "admin"),
    Periodic("what wallets cost", "wallets.keep_costs", 600, 540, "slot", "finance"),
    Periodic("seal", "ledger.seal", 60, 45, "slot", "finance"),
    Periodic("anchor of the seal", "ledger.anchor", 3_600, 45, "slot", "finance"),
    Periodic("proof of the books", "ledger.prove", 600, 540, "slot", "finance"),
    Periodic("proof of the seal", "ledger.verify", 86_400, 540, "slot", "finance"),
    Periodic("key of signed tokens", "identity.rotate_signing_key", 30 * 86_400, 45, "slot", "admin"),
    Periodic("spent codes and links", "identity.forget_spent", 3_600, 45, "slot", "admin"),
    Periodic("recoveries of long ago", "identity.expire_recoveries", 3_600, 45, "slot", "admin"),
    Periodic("safety locks that ran out", "customers.lift_safety_locks", 60, 45, "slot", "admin"),
    Periodic("reviews that are due", "applications.open_reviews", 3_600, 45, "slot", "compliance_manager"),
    Periodic("forgotten applications", "applications.abandon_forgotten", 3_600, 45, "slot", "compliance_manager"),
    Periodic("claims that ran out", "applications.end_claims", 60, 45, "slot", "compliance_manager"),
    Periodic("restrictions whose time is over", "restrictions.expire", 60, 45, "slot", "admin"),
    Periodic("views that ran out", "customers.end_spent_views", 60, 45, "slot", "admin"),
    Periodic("documents left behind", "documents.sweep", 3_600, 540, "slot", "admin"),
    Periodic("documents that wait for long", "notifications.documents_waiting", 21_600, 45, "slot", "admin"),
    Periodic("seal of the audit", "audit.seal", 60, 45, "slot", "admin"),
    Periodic("anchor of the audit's seal", "audit.anchor", 3_600, 45, "slot", "admin"),
    Periodic("proof of the audit's seal", "audit.verify", 86_400, 540, "slot", "auditor"),
    Periodic("partitions", "ledger.partitions", 3_600, 45, "slot", "admin"),
    Periodic("whoever could not be screened", "screening.catch_up", 60, 45, "slot", "compliance_manager"),
    Periodic("lists that nobody loads", "screening.watch_lists", 3_600, 45, "slot", "compliance_manager"),
    Periodic("settlements", "settlement.pull", 3_600, 540, "slot", "finance"),
    Periodic("float", "settlement.read_float", 300, 45, "slot", "treasury"),
    Periodic("our own positions", "exchange.look", 60, 45, "slot", "treasury"),
    Periodic("orders of ours at the venue", "exchange.sweep", 600, 45, "slot", "treasury"),
    Periodic("what the venue holds", "exchange.read_balances", 300, 45, "slot", "treasury"),
    Periodic("results of the days that are over", "exchange.keep_results", 600, 540, "slot", "finance"),
    Periodic("refunds that nobody told of", "payments.sweep_refunds", 900, 45, "slot", "finance"),
    Periodic("disputes that nobody told of", "disputes.sweep", 900, 45, "slot", "finance"),
    Periodic("reports that are due", "reports.begin_due", 300, 45, "slot", "finance"),
    Periodic("report files whose time is over", "reports.sweep", 3_600, 540, "slot", "finance"),
    Periodic("statements that are asked for", "statements.pull_due", 600, 45, "slot", "finance"),
    Periodic("statements that are late", "statements.watch", 21_600, 45, "slot", "finance"),
    Periodic("what statements told that is new", "matching.new", 300, 540, "slot", "finance"),
    Periodic("all that is open in outside accounts", "matching.whole", 86_400, 540, "slot", "finance"),
    Periodic("work on breaks", "breaks.follow", 300, 540, "slot", "finance"),
    Periodic("proof of outside accounts", "closing.prove", 21_600, 540, "slot", "finance"),
    Periodic("daily reconciliation", "reconciliation.daily", 86_400, 45, "slot", "finance"),
)
_FORGET = "SELECT forget_slots(:name, :kind)"  # of more than a week ago, with the work that came of them


class Slot(Model):
    """One run of a periodic job."""

    __tablename__ = "slots"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    slot: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def tick() -> list[str]:
    """Take the present slot of every periodic job that nobody took yet: the names of those taken.

    One look says for most of them that somebody did; the row decides between those who look at the same moment.
    """
    moment = clock.now()
    slots = {one: slot_of(moment, every_seconds=one.every_seconds) for one in SCHEDULE}
    present = [(one.name, slot) for one, slot in slots.items()]
    gone = select(Slot.name).where(tuple_(Slot.name, Slot.slot).in_(present))
    there, taken = set(db.session.scalars(gone)), []
    leave()
    for periodic, slot in slots.items():
        if periodic.name in there:
            continue
        with transaction(actor.system("clock")):
            statement = insert(Slot).values(name=periodic.name, slot=slot, taken_at=moment)
            if db.session.execute(statement.on_conflict_do_nothing().returning(Slot.name)).one_or_none():
                tasks.add(periodic.kind, ref=slot.isoformat(), queue=HANDLERS[periodic.kind].queue)
                rows(_FORGET, name=periodic.name, kind=periodic.kind)
                taken.append(periodic.name)
    return taken


def slot_of(moment: datetime, *, every_seconds: int) -> datetime:
    """The beginning of the slot that a moment falls into, counted from 1970."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % every_seconds, UTC)
