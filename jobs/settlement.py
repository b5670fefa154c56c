"""Work of settlement: reading what Paystack paid and holds, and telling of what is not as it should be."""

from datetime import date, timedelta

from app.cases import service as cases
from app.core.db import atomically
from app.core.permissions import Role
from app.notifications import money
from app.settlement import flows, queries
from jobs.notifications import tell_holders
from jobs.work import Work, until_it_answers

ASK_PAYSTACK = "Ask Paystack where it is. It is booked by itself once Paystack tells of it; then close the case."
TOP_IT_UP = "Have finance ask for a top-up, agree to it, send it from the bank; close the case when it has arrived."
COMPARE_IT = "Run a reconciliation, follow the lines that do not match, and close the case with what you found."
BOTH = (Role.FINANCE, Role.TREASURY)


def pull(work: Work) -> timedelta | None:
    """Read Paystack's settlements, book what was paid, note what is late."""
    flows.pull(paystack=work.clients.paystack, actor=work.actor)
    return None


@until_it_answers
def note_charges(work: Work) -> timedelta | None:
    """A settlement was booked by hand: its charges are owed no more."""
    flows.note_charges(work.subject, paystack=work.clients.paystack, actor=work.actor)
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
    _open(work, "settlement_late", day.due_on.isoformat(), owner=Role.FINANCE, way_out=ASK_PAYSTACK,
          words=f"Paystack was to pay {day.owed} to our bank by {day.due_on:%-d %B %Y}, and has not.")  # fmt: skip
    words = money.settlement_late(day.due_on, owed=day.owed, page=f"{work.console_url}/console/settlements")
    return tell_holders(work, words, roles=BOTH)


def tell_float_low(work: Work) -> timedelta | None:
    """Transfers may soon wait for money: treasury and finance are told."""
    reading = queries.reading_for_system(int(work.subject))
    _open(work, "float_low", "the float", owner=Role.TREASURY, way_out=TOP_IT_UP,
          words=f"The balance that withdrawals are paid from fell below its floor of {reading.floor}.")  # fmt: skip
    words = money.float_low(reading.theirs, floor=reading.floor, page=f"{work.console_url}/console/settlements/float")
    return tell_holders(work, words, roles=BOTH)


def tell_float_differs(work: Work) -> timedelta | None:
    """Paystack's balance and ours part: finance is told."""
    reading = queries.reading_for_system(int(work.subject))
    _open(work, "float_differs", "the float", owner=Role.FINANCE, way_out=COMPARE_IT,
          words="The balance at Paystack stays another one than the books and what is under way say.")  # fmt: skip
    words = money.float_differs(reading.unexplained, page=f"{work.console_url}/console/settlements/float")
    return tell_holders(work, words, roles=(Role.FINANCE,))


def _open(work: Work, kind: str, subject: str, *, owner: Role, words: str, way_out: str) -> None:
    """A case for it, once while one stands: a mail is read and forgotten."""
    atomically(
        lambda: cases.open(kind, subject, owner=owner, words=words, way_out=way_out, actor=work.actor),
        actor=work.actor,
    )
