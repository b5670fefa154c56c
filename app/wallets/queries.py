"""Reads of wallets."""

from sqlalchemy import select

from app.core.db import db
from app.ledger import balances
from app.ledger.balances import BalanceNow
from app.wallets.models import Wallet


def balances_of(*, customer_id: str) -> list[tuple[str, BalanceNow]]:
    """The customer's assets with their balances, by asset code."""
    held = select(Wallet).where(Wallet.customer_id == customer_id).order_by(Wallet.asset)
    return [(wallet.asset, balances.of(wallet.account)) for wallet in db.session.scalars(held)]
