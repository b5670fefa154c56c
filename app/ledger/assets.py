"""Assets as rows: what there is, how it looks, from what amount on it is traded and sent.

How an asset looks is kept by each process: at most `FRESH_SECONDS` old where a page or a task begins (`freshen`), and
read anew for a code that is not known, so a new one needs no restart. What decides (`terms`) is read each time.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import logs
from app.core.db import db, in_transaction, leave, rows
from app.core.money import NGN, Asset, Money, parts
from app.ledger import accounts, chart
from app.ledger.errors import NoSuchAsset
from app.ledger.refusals import refused

FRESH_SECONDS = 60
_NEWEST = """
SELECT DISTINCT ON (a.code) a.decimals, v.* FROM ledger.assets a JOIN ledger.asset_versions v ON v.code = a.code
 WHERE a.code = :code OR CAST(:code AS text) IS NULL ORDER BY a.code, v.version DESC
"""

log = logs.get("assets")


@dataclass(frozen=True)
class Terms:
    """What holds for an asset now: the least that is traded and sent, its place in lists, whether it may be traded."""

    asset: Asset
    trade_min: Money
    send_min: Money
    position: int
    open: bool
    version: int


@dataclass
class _Kept:
    """What this process knows, and since when (seconds that only go up)."""

    assets: Mapping[str, Asset] = field(default_factory=dict)
    read_at: int | None = None


_kept = _Kept()


def terms(code: str) -> Terms:
    """What holds for this asset. Raises NoSuchAsset."""
    found = rows(_NEWEST, code=code)
    if not found:
        raise NoSuchAsset
    return _terms(found[0])


def all_terms() -> list[Terms]:
    """What holds for each, in the order of lists."""
    return sorted(map(_terms, rows(_NEWEST, code=None)), key=lambda one: (one.position, one.asset.code))


def known(code: str | None) -> Mapping[str, Asset]:
    """What this process knows, read anew when it does not know this one, or nothing yet."""
    if not _kept.assets or (code is not None and code not in _kept.assets):
        read()
    return _kept.assets


def read() -> None:
    """Read them all again: for what lists every asset there is, and must not miss one."""
    found = {one.asset.code: one.asset for one in all_terms()}
    _kept.assets, _kept.read_at = found, int(time.monotonic())


def freshen(*, seconds: int = FRESH_SECONDS) -> None:
    """Read again what is older than a page or a task may show. Called where one begins, before anything is read."""
    if in_transaction() or _kept.read_at is None or time.monotonic() - _kept.read_at < seconds:
        return
    try:
        read()
    except DBAPIError as error:  # what is kept is shown a while longer: who needs the database says that it is away
        _kept.read_at = int(time.monotonic())
        log.warning("assets were not read", exc_info=error)
    leave()  # (whose rows may be seen is said later, for a transaction that begins later)


def in_words(money: Money) -> str:
    """An amount in a sentence: `₦1,250.00`, `0.0005 BTC`, `9,000 USDT (TRON)`; every digit, but noughts at the end."""
    asset = money.asset
    where = f" ({asset.network})" if asset.network and asset.code != asset.ticker else ""
    return f"{money}" if asset.symbol else f"{ticker_last(money, *parts(money))}{where}"


def ticker_last(money: Money, whole: str, tail: str) -> str:
    """What `core.money.parts` wrote, as coins are written: `−0.0005 BTC`."""
    sign, digits = "−" if money.units < 0 else "", whole.rpartition(" ")[2]
    return f"{sign}{digits}{tail.rstrip('0').rstrip('.')} {money.asset.ticker or money.asset.code}"


def set_by(request_id: str) -> None:
    """Write what an approved request says of an asset: a new one, or another version. The database looks at it too."""
    with refused():
        db.session.execute(text("SELECT ledger.set_asset(:request)"), {"request": request_id})


def open_house_accounts(asset: Asset) -> None:
    """Open what the house keeps in every asset; what is there stays."""
    for template, hot in chart.IN_EVERY_ASSET.items():
        accounts.open_account(chart.house(template, asset=asset), asset=asset, floor_units=None, hot=hot)


def _terms(row: Any) -> Terms:
    asset = _asset(row)
    return Terms(
        asset,
        Money(asset, int(row.trade_min_units)),
        Money(asset, int(row.send_min_units)),
        row.position,
        row.open,
        row.version,
    )


def _asset(row: Any) -> Asset:
    """Naira is itself: it is known without a database, and looks the same everywhere."""
    if row.code == NGN.code:
        return NGN
    return Asset(
        row.code,
        row.decimals,
        row.symbol,
        row.ticker,
        row.name,
        row.network,
        min(row.digits, row.decimals),
        row.colour,
        row.mark,
    )
