"""Commands of saved cards: keep one that was paid with, remove it. What charges a card is sealed and never shown."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.clients.paystack import Charge
from app.core import clock, crypto, ids, outbox
from app.core.actor import Actor
from app.core.db import db
from app.customers import queries as customers
from app.payments import errors, events, queries
from app.payments.models import SavedCard


def keep(customer_id: str, *, charge: Charge) -> None:
    """Keep the card of a charge that was paid, if Paystack lets it be charged again; the same one is kept once."""
    card = charge.authorization
    if card is None or not card.reusable or charge.channel != "card" or not card.code:
        return
    card_id = ids.new("card")
    statement = insert(SavedCard).values(
        id=card_id,
        customer_id=customer_id,
        code_sealed=crypto.seal(card.code, context=card_id),
        code_index=crypto.blind_index(card.code, kind="card"),
        email=customers.address_for_operators(customer_id),
        brand=card.card_type,
        bank=card.bank,
        last4=card.last4,
        expires_month=_whole(card.exp_month),
        expires_year=_whole(card.exp_year),
        created_at=clock.now(),
    )
    added = db.session.scalar(statement.on_conflict_do_nothing().returning(SavedCard.id))
    if added is not None:
        outbox.emit(events.CardKept(saved_card_id=added, customer_id=customer_id))


def remove(card_id: str, *, customer_id: str, actor: Actor) -> None:  # noqa: ARG001 (the record says who)
    """Charge it never again. Removed before, it stays so. Raises NotFound."""
    queries.saved_card(card_id, customer_id=customer_id, removed=True)
    own = select(SavedCard).filter_by(id=card_id, customer_id=customer_id).with_for_update()
    card = db.session.scalars(own.execution_options(populate_existing=True)).one()
    if card.removed_at is None:
        card.removed_at = clock.now()
        db.session.flush()


def code_for_system(card_id: str) -> tuple[str, str]:
    """What charges a kept card, and the address to charge it under. Raises CardGone."""
    card = db.session.get(SavedCard, card_id, populate_existing=True)
    if card is None or card.removed_at is not None:
        raise errors.CardGone
    return crypto.unseal(card.code_sealed, context=card.id), card.email


def _whole(digits: str | int | None) -> int | None:
    plain = str(digits or "").strip()
    return int(plain) if plain.isascii() and plain.isdigit() else None
