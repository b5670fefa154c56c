"""Kraken's ledgers.csv, each generation of its header: one row per asset moved, so nothing is told twice.

The balance of a row is the one before plus amount less fee, in the asset of the row; times are UTC. A deposit or
withdrawal that was pending has a twin without id and balance: not a movement. A withdrawal that failed comes back
under the same refid with the fee below zero. Refids differ by case alone. Some people blank the ids before they hand a
file on; such rows have a balance and no id, and count. Trades.csv is another file: it estimates fees and lacks what
was bought by card. The API tells the same rows under the same ids, and times as seconds since 1970.
"""

import re

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Told
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        Column("txid", ("txid", "id")),
        *(Column(name) for name in ("refid", "time", "type", "aclass", "asset", "amount", "fee", "balance")),
        *(Column(name, needed=False) for name in ("subtype", "wallet", "subclass", "amountusd", "feeusd")),
        *(Column(name, needed=False) for name in ("balanceusd", "feecurrency")),
    )
)
HEADERS = (
    "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance",
    "txid,refid,time,type,subtype,aclass,asset,wallet,amount,fee,balance",
    "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance",
    "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance,amountusd",
    "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance,amountusd,feeusd,balanceusd,feecurrency",
)
KINDS = {
    "deposit": Kind.DEPOSIT,
    "withdrawal": Kind.WITHDRAWAL,
    "trade": Kind.TRADE,
    "spend": Kind.TRADE,
    "receive": Kind.TRADE,
    "margin": Kind.TRADE,
    "settled": Kind.TRADE,
    "rollover": Kind.FEE,
    "transfer": Kind.TRANSFER,
    "staking": Kind.REWARD,
    "earn": Kind.REWARD,
    "reward": Kind.REWARD,
    "adjustment": Kind.ADJUSTMENT,
}
# DOT.S is staked, EUR.M and EUR.HOLD are kept apart, DOT28.S and ETH03.S are bonded for days: one asset, many wallets.
_APART = re.compile(r"(?P<asset>[A-Z0-9]+?)(?P<kept>(?:[0-9]{2})?\.(?:S|M|P|F|B|HOLD))")
_MAIN = "spot / main"  # what older files and the API, which name no wallet, tell of
_BACK = {("deposit", -1): Kind.REVERSAL, ("withdrawal", 1): Kind.REVERSAL}


def tell(row: Row, settings: Settings) -> Told:
    """One row of the ledgers."""
    code, told = row.needed("asset"), row.needed("type").lower()
    apart = _APART.fullmatch(code)
    asset = cells.ticker(apart["asset"] if apart else code)
    refid, subtype, wallet = row.text("refid"), row.text("subtype"), row.text("wallet")
    account = asset + apart["kept"] if apart else asset  # (XXBT and XBT are one)
    place = formats.place(account if wallet in {"", _MAIN} else f"{account} {wallet}", asset)
    txid, amount, fee = row.text("txid"), row.number_of("amount"), row.number_of("fee", empty=ZERO)
    balance, (at, booked_on) = row.maybe("balance"), row.moment("time", settings, told=cells.written(row.text("time")))
    if told not in KINDS:
        return formats.rejected(row, "type", f"type {told} is not known", **place)
    if balance is None:
        if not txid:
            return formats.ignored(row, "the pending twin of another row", **place)
        return formats.rejected(row, "balance", "a row with an id and no balance", **place)
    if fee and cells.ticker(row.text("feecurrency") or code) not in {cells.ticker(code), asset}:
        return formats.rejected(row, "feecurrency", "a fee in another asset than the row's", **place)
    sign = (amount > 0) - (amount < 0)
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=EXACT.subtract(amount, fee),
        principal=amount,
        fee=fee,
        fee_asset=asset,
        balance_after=balance,
        kind=_BACK.get((told, sign), KINDS[told]),
        external_id=txid,
        group=refid,
        refs=(refid,) if refid else (),
        narration=f"{told} {subtype}" if subtype else told,
        raw=row.raw,
        **place,
    )


KRAKEN: Format = formats.tabular(
    name="kraken-ledgers", title="Kraken ledgers", version=2, headers=HEADERS, layout=LAYOUT, tell=tell, api=True
)
