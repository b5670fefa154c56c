"""Work of transfers: which mail tells of which event, and what the clock ends."""

from datetime import timedelta

from app.core import clock
from app.core.db import atomically
from app.customers import queries as customers
from app.notifications import transfers as words
from app.notifications.rules import Words
from app.transfers import queries, service
from app.transfers.rules import State
from jobs.notifications import tell
from jobs.work import Work, each


def sent(work: Work) -> timedelta | None:
    """To who sent it."""
    one = queries.one_for_system(work.subject)
    page = f"{work.public_url}/transfers/{one.id}"
    told = words.sent(one.amount, to=one.receiver_name, note=one.note, page=page)
    return _tell(work, one.customer_id, told)


def received(work: Work) -> timedelta | None:
    """To who has it now."""
    one = queries.one_for_system(work.subject)
    page = f"{work.public_url}/transfers/{one.id}"
    return _tell(work, one.receiver_id, words.received(one.amount, by=one.sender_name, note=one.note, page=page))


def asked(work: Work) -> timedelta | None:
    """To who is asked, unless it has ended already."""
    one = queries.request_for_system(work.subject)
    if one.state != State.ASKED:
        return None
    told = words.asked(
        one.amount,
        by=one.asker_name,
        note=one.note,
        page=f"{work.public_url}/transfers/requests",
        until=one.expires_at.astimezone(clock.WAT),
        again=bool(work.facts["reminder"]),
    )
    return _tell(work, one.payer_id, told)


def request_ended(work: Work) -> timedelta | None:
    """To the other of the two; when nobody answered, to who asked."""
    one = queries.request_for_system(work.subject)
    if work.facts["state"] == State.CANCELLED:
        return _tell(work, one.payer_id, words.taken_back(one.amount, by=one.asker_name))
    return _tell(work, one.customer_id, words.not_paid(one.amount, by=one.payer_name, state=work.facts["state"]))


def found_as(work: Work) -> timedelta | None:
    """A security notice."""
    return _tell(work, work.facts["customer_id"], words.found_as(work.subject))


def expire(work: Work) -> timedelta | None:
    """End the requests that nobody answered in time, each for itself."""
    moment = clock.now()
    each(
        queries.due_for_system(at=moment),
        lambda one: atomically(lambda: service.expire(one, at=moment, actor=work.actor), actor=work.actor),
    )
    return None


def _tell(work: Work, customer_id: str, told: Words) -> timedelta | None:
    return tell(work, login_id=customers.login_for_system(customer_id), words=told)
