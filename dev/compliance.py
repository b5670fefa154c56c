"""What compliance finds in the demo: accounts frozen or lost, somebody restricted, everybody held against lists."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from app.core import actor, clock
from app.core.db import transaction
from app.customers import requests
from app.customers import service as customers
from app.identity import recovery
from dev.applicants import Person
from dev.restricting import restrict
from dev.screened import screen

DEMO = actor.system("demo")


def look_after_accounts(people: Sequence[tuple[str, str]], *, staff: Mapping[str, str], at: datetime) -> None:
    """One account is frozen and to be thawed, one locked for a day; two customers lost their mailbox."""
    (frozen, _), (locked, _), *lost = people
    officer, support = actor.operator(staff["officer"]), actor.operator(staff["support"])
    with transaction(officer, reason="Reported as stolen."):
        customers.freeze(frozen, reason="Reported as stolen.", actor=officer)
    with transaction(officer):
        requests.request_unfreeze(
            frozen, wanted_by="customer", reason="They have the phone back.", maker=officer.id, actor=officer
        )
    with transaction(support, reason="Somebody else answers the phone."):
        customers.safety_lock(locked, reason="Somebody else answers the phone.", actor=support)
    for (_, email), hours in zip(lost, (80, 20), strict=True):
        with clock.at(at - timedelta(hours=hours)), transaction(DEMO):
            recovery.ask(email, contact=f"new.{email}", actor=DEMO)


def look_into(people: Iterable[Person], *, restricted: str, officer: str, at: datetime) -> None:
    """Restrict one for a day, and search the lists for those who were not searched for yet."""
    restrict(restricted, officer=officer, until=at + timedelta(days=1))
    screen(person.id for person in people)
