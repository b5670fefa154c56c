"""Commands of wallets."""

from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids
from app.core.db import db
from app.core.money import Asset
from app.ledger import accounts, chart
from app.wallets.models import Wallet


def open_wallet(customer_id: str, *, asset: Asset) -> None:
    """Give a customer a wallet, with an account that may not go below zero. Doing it again changes nothing."""
    account = chart.of_customer(customer_id, asset=asset)
    accounts.open_account(account, asset=asset, floor_units=0)
    statement = insert(Wallet).values(
        id=ids.new("wal"), customer_id=customer_id, asset=asset.code, account=account, created_at=clock.now()
    )
    db.session.execute(statement.on_conflict_do_nothing())
