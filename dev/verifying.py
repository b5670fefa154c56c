"""Somebody of the demo business who is about to verify themself."""

from app.applications import service
from app.applications.rules import Subject
from app.core import actor
from app.core.db import transaction
from app.customers.rules import Tier


def begin(customer_id: str) -> None:
    """A business account, every step of it still to be done."""
    who = actor.customer(customer_id)
    with transaction(who):
        service.begin(customer_id, wanted=Tier.T3_PLUS, subject=Subject.BUSINESS, actor=who)
