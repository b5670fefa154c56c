"""Accounts: opened, frozen in a direction, given another floor, closed. Each act leaves an audit record."""

from sqlalchemy import text

from app.core.db import db
from app.core.money import Asset
from app.ledger.refusals import refused

STRIPES_OF_A_HOT_ACCOUNT = 32  # docs/decisions/0014


def open_account(code: str, *, asset: Asset, floor_units: int | None, hot: bool = False) -> None:
    """Open an account; opening it again in the same way changes nothing.

    `floor_units` is the least that may be available: 0 no overdraft, below 0 an overdraft limit, None no floor. `hot`
    is for a house account that very many movements touch: they do not queue for it; it can have no floor and no holds.
    Raises AccountExists when it exists in another way, AccountUnfit.
    """
    with refused():
        db.session.execute(
            text("SELECT ledger.open_account(:code, :asset, :floor, :stripes)"),
            {
                "code": code,
                "asset": asset.code,
                "floor": floor_units,
                "stripes": STRIPES_OF_A_HOT_ACCOUNT if hot else 1,
            },
        )


def freeze(code: str, *, debits: bool, credits_: bool) -> None:
    """Say which directions are frozen: both, one, or none to thaw it. Raises AccountBlocked for an unknown account."""
    _do("SELECT ledger.restrict(:code, :debits, :credits)", code=code, debits=debits, credits=credits_)


def set_floor(code: str, *, floor_units: int | None) -> None:
    """Change the least that may be available. Raises InsufficientFunds when less is, AccountBlocked, AccountUnfit."""
    _do("SELECT ledger.set_floor(:code, :floor)", code=code, floor=floor_units)


def close(code: str) -> None:
    """Close an account for good. Raises AccountUnfit while anything is in it or held, AccountBlocked."""
    _do("SELECT ledger.close_account(:code)", code=code)


def _do(statement: str, **arguments: object) -> None:
    with refused():
        db.session.execute(text(statement), arguments)
