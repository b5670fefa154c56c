"""Reads of wallets."""

from sqlalchemy import select

from app.core.db import db
from app.core.money import ASSETS
from app.ledger import balances
from app.ledger.balances import BalanceNow
from app.wallets.models import Wallet


def balances_of(*, customer_id: str) -> list[tuple[str, BalanceNow]]:
    """The customer's assets with their balances, in the order of lists; of closed ones those in which something is."""
    held = list(db.session.scalars(select(Wallet).where(Wallet.customer_id == customer_id)))
    now, places = balances.of_all([one.account for one in held]), {code: place for place, code in enumerate(ASSETS)}
    shown = [one for one in held if one.closed_at is None or now[one.account].booked or now[one.account].held]
    return [(one.asset, now[one.account]) for one in sorted(shown, key=lambda one: places.get(one.asset, len(places)))]


def is_open(asset: str, *, customer_id: str) -> bool:
    """Whether the customer has a wallet of this asset that is not closed."""
    mine = select(Wallet.id).where(Wallet.customer_id == customer_id, Wallet.asset == asset, Wallet.closed_at.is_(None))
    return db.session.scalars(mine).one_or_none() is not None
