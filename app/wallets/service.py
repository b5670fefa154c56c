"""Commands of wallets: open one, close one that is empty, open it again. The account in the books stays the same.

And what its content cost is kept beside it, for pages that cannot read years of journals.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids
from app.core.db import db
from app.core.money import NGN, Asset
from app.ledger import accounts, assets, balances, chart
from app.wallets import errors
from app.wallets.models import Wallet, WalletCost


def open_wallet(customer_id: str, *, asset: Asset) -> None:
    """Give a customer a wallet, with an account that may not go below zero. Doing it again changes nothing.

    One that was closed is open again.
    """
    account = chart.of_customer(customer_id, asset=asset)
    accounts.open_account(account, asset=asset, floor_units=0)
    made = insert(Wallet).values(
        id=ids.new("wal"), customer_id=customer_id, asset=asset.code, account=account, created_at=clock.now()
    )
    db.session.execute(made.on_conflict_do_nothing())
    closed = (Wallet.customer_id == customer_id) & (Wallet.asset == asset.code) & Wallet.closed_at.is_not(None)
    db.session.execute(update(Wallet).where(closed).values(closed_at=None))


def open_own(customer_id: str, *, code: str) -> None:
    """A customer opens a wallet. Raises NoSuchAsset, NotOffered for what is closed for trading."""
    terms = assets.terms(code)
    if not terms.open:
        raise errors.NotOffered
    open_wallet(customer_id, asset=terms.asset)


def close_own(customer_id: str, *, code: str) -> None:
    """A customer closes a wallet. Closed before, it stays so.

    Money may come in at the same moment: `balances_of` shows a closed wallet while something is in it.
    Raises NoSuchWallet, NairaStays, WalletNotEmpty.
    """
    if code == NGN.code:
        raise errors.NairaStays
    mine = select(Wallet).where(Wallet.customer_id == customer_id, Wallet.asset == code).with_for_update()
    wallet = db.session.scalars(mine).one_or_none()
    if wallet is None:
        raise errors.NoSuchWallet
    now = balances.of(wallet.account)
    if now.booked or now.held:
        raise errors.WalletNotEmpty
    wallet.closed_at = wallet.closed_at or clock.now()
    db.session.flush()


def keep_cost(
    wallet_id: str, *, since: int, seq: int, booked_at: datetime, units: int, cost: int, realised: int, known: bool
) -> bool:
    """Keep what a wallet's content cost (kobo) up to its entry `seq`: False where somebody was there since `since`."""
    owner = select(Wallet.customer_id).where(Wallet.id == wallet_id).scalar_subquery()
    told = {
        "seq": seq,
        "booked_at": booked_at,
        "units": units,
        "cost_kobo": cost,
        "realised_kobo": realised,
        "known": known,
    }
    kept = insert(WalletCost).values(wallet_id=wallet_id, customer_id=owner, **told)
    kept = kept.on_conflict_do_update(index_elements=["wallet_id"], set_=told, where=WalletCost.seq == since)
    return db.session.execute(kept.returning(WalletCost.wallet_id)).one_or_none() is not None
