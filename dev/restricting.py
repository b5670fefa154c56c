"""A demo business's restrictions: what its customer reads of, what ends soon, a legal hold that is to be lifted."""

from datetime import datetime

from app.core import actor
from app.core.db import transaction
from app.restrictions import requests, service
from app.restrictions.rules import Kind


def restrict(customer_id: str, *, officer: str, until: datetime) -> None:
    """Place them on one customer, and ask that the hold be lifted."""
    who = actor.operator(officer)
    with transaction(who):
        note = "Turnover announced for next month is above the tier. Wants to go to tier 2."
        service.place(customer_id, kind=Kind.NO_TRADE, reason="tier_overrun", note=note, actor=who)
        note = "The document ends this week; a new one is announced."
        expired = "documents_expired"
        service.place(customer_id, kind=Kind.NO_CREDIT, reason=expired, note=note, expires_at=until, actor=who)
        note = "Order FHC/L/CS/112/2026 of the Federal High Court Lagos, served by hand."
        hold = service.place(customer_id, kind=Kind.LEGAL_HOLD, reason="court_order", note=note, actor=who).id
    with transaction(who):
        requests.request_lift(
            hold,
            authority="Federal High Court Lagos, FHC/L/CS/112/2026, order of discharge",
            reason="The order was discharged; the certified copy is in the file.",
            maker=who.id,
            actor=who,
        )
