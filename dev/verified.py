"""Tiers that nobody applied for: for the demo business and for tests, where the owner of the database says so.

The role of the product may raise no tier without an approved application. Here the owner lets it, in one database.
"""

from sqlalchemy import create_engine, pool, text

from app.core import clock, outbox
from app.core.actor import Actor
from app.core.db import db
from app.customers import events
from app.customers.models import Customer, TierChange
from app.customers.rules import Tier

ALLOW = """
SET ROLE bursar_owner;
CREATE OR REPLACE FUNCTION set_tier_for_show(p_customer text, p_tier text) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = public, pg_temp AS 'UPDATE customers SET tier = p_tier WHERE id = p_customer';
REVOKE EXECUTE ON FUNCTION set_tier_for_show FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_tier_for_show TO bursar_app;
"""
FORBID = "SET ROLE bursar_owner; DROP FUNCTION set_tier_for_show"


def allow(owner_url: str, *, allowed: bool = True) -> None:
    """Let the product's role set tiers in this database, or (`allowed` is false) not any more."""
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text(ALLOW if allowed else FORBID))


def set_tier(customer_id: str, tier: Tier, *, actor: Actor) -> None:
    """Have so much of somebody verified; the same tier again changes nothing."""
    customer = db.session.get_one(Customer, customer_id, populate_existing=True)
    was = Tier(customer.tier)
    if was is tier:
        return
    change = TierChange(customer_id=customer_id, was=was, became=tier, actor=str(actor), changed_at=clock.now())
    change.reason = "Documents were looked at."
    db.session.add(change)
    db.session.flush()
    db.session.execute(text("SELECT set_tier_for_show(:customer, :tier)"), {"customer": customer_id, "tier": tier})
    db.session.refresh(customer)
    outbox.emit(events.TierChanged(customer_id=customer_id, was=was, now=tier))
