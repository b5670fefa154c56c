"""What finance takes out of the demo's books: a pack of yesterday, customers' balances, and a pack every morning."""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import transaction
from app.exports import service
from reports import catalogue
from reports.catalogue import Rhythm

FILES = (("finance-pack", "pdf"), ("revenue", "xlsx"), ("customer-balances", "csv"))


def report(finance: str, auditor: str, *, work_off: Callable[[], None], at: datetime) -> None:
    """Files that are ready, and a schedule whose readers are told."""
    who, today = actor.operator(finance), at.astimezone(WAT).date()
    yesterday = (today - timedelta(days=1)).isoformat()
    with clock.at(at - timedelta(minutes=40)), transaction(who):
        for name, format_ in FILES:
            asked = catalogue.asked(catalogue.one(name), {"to": yesterday})
            service.ask(name, parameters=asked.written(), format_=format_, actor=who)
    work_off()
    with clock.at(at - timedelta(minutes=30)), transaction(who):
        service.schedule(
            "finance-pack",
            options={},
            format_="pdf",
            rhythm=Rhythm.DAILY,
            next_on=catalogue.next_day(Rhythm.DAILY, today),
            readers=[finance, auditor],
            actor=who,
        )
