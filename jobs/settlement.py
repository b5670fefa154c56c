"""Work of settlement: reading what Paystack paid and holds, and telling of what is not as it should be."""

from datetime import date, timedelta

from app.core.permissions import Role
from app.notifications import money
from app.settlement import flows, queries
from jobs.notifications import tell_holders
from jobs.work import Work

BOTH = (Role.FINANCE, Role.TREASURY)


def pull(work: Work) -> timedelta | None:
    """Read Paystack's settlements, book what was paid, note what is late."""
    flows.pull(paystack=work.clients.paystack, actor=work.actor)
    return None


def read_float(work: Work) -> timedelta | None:
    """Read the balance that transfers are paid from, and book the top-ups that came."""
    flows.read_float(paystack=work.clients.paystack, actor=work.actor)
    return None


def tell_differs(work: Work) -> timedelta | None:
    """A settlement does not add up, or failed: finance is told."""
    settlement = queries.settlement_for_operators(work.subject)
    page = f"{work.console_url}/console/settlements/{settlement.id}"
    words = money.settlement_differs(settlement.effective, trouble=settlement.trouble, page=page)
    return tell_holders(work, words, roles=(Role.FINANCE,))


def tell_late(work: Work) -> timedelta | None:
    """A settlement did not come: finance and treasury are told, unless it has come by now."""
    day = queries.late_day_for_system(date.fromisoformat(work.subject))
    if day is None or day.ended_at is not None:
        return None
    words = money.settlement_late(day.due_on, owed=day.owed, page=f"{work.console_url}/console/settlements")
    return tell_holders(work, words, roles=BOTH)


def tell_float_low(work: Work) -> timedelta | None:
    """Transfers may soon wait for money: treasury and finance are told."""
    reading = queries.reading_for_system(int(work.subject))
    words = money.float_low(reading.theirs, floor=reading.floor, page=f"{work.console_url}/console/settlements/float")
    return tell_holders(work, words, roles=BOTH)


def tell_float_differs(work: Work) -> timedelta | None:
    """Paystack's balance and ours part: finance is told."""
    reading = queries.reading_for_system(int(work.subject))
    words = money.float_differs(reading.unexplained, page=f"{work.console_url}/console/settlements/float")
    return tell_holders(work, words, roles=(Role.FINANCE,))
