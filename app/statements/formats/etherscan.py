"""Etherscan's exports of one address, and those of BscScan, which are the same with another coin: CSV.

Three files of one wallet, of which a source takes any: transactions (the coin, and what each cost), what contracts
moved on (`internal`), and token transfers. Columns as in files that readers in public projects take, BittyTax's among
them: `Txhash` became `Transaction Hash`, `DateTime` `DateTime (UTC)`, a token's `Value` `TokenValue`. The address is
the source's account. Who sends pays, also for what failed: that moves nothing else. A token's fee stands with the
transactions, in the coin. Anybody may call a token USDT: its contract says which it is, and one that is not known has
its contract for a name. A transaction is known by its hash; inner moves and tokens have no number within theirs, so
they are known by what they say.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.statements.formats import cells, formats
from app.statements.formats.chain_balances import same_address
from app.statements.formats.errors import Unreadable
from app.statements.formats.formats import Format
from app.statements.formats.lines import ZERO, Kind, Line, Told, negative
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        Column("txid", ("txhash", "transaction hash")),
        Column("unix", ("unixtimestamp",)),
        Column("from"),
        Column("to", ("to", "txto")),
        Column("block", ("blockno",), needed=False),
        Column("contract", ("contractaddress",), needed=False),
        Column("in", ("value in(eth)", "value in(bnb)"), needed=False),
        Column("out", ("value out(eth)", "value out(bnb)"), needed=False),
        Column("fee", ("txnfee(eth)", "txnfee(bnb)"), needed=False),
        Column("status", needed=False),
        Column("method", needed=False),
        Column("inner", ("parenttxfrom",), needed=False),
        Column("value", ("tokenvalue", "value"), needed=False),
        Column("token", ("tokenname",), needed=False),
        Column("symbol", ("tokensymbol",), needed=False),
    )
)
HEADERS = (
    (
        "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
        "CurrentValue @ $0/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method"
    ),
    (
        "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),ParentTxFrom,ParentTxTo,ParentTxETH_Value,From,TxTo,"
        "ContractAddress,Value_IN(ETH),Value_OUT(ETH),CurrentValue @ $0/Eth,Historical $Price/Eth,Status,ErrCode,Type"
    ),
    (
        "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,USDValueDayOfTx,ContractAddress,"
        "TokenName,TokenSymbol"
    ),
)
# The contracts of the tokens that we keep, on Ethereum and on BNB Smart Chain.
TOKENS = {
    "0xdac17f958d2ee523a2206206994597c13d831ec7": "USDT.ERC20",
    "0x55d398326f99059ff775485246999027b3197955": "USDT.BEP20",
}
_CONTRACT = re.compile(r"0x[0-9a-f]{40}")
_INNER_WELL = {"", "0"}  # of an inner move; of a transaction nothing is said where it went well
NARRATION_MAX = 200  # (whoever makes a token names it)
_FAILED = "error"
_AMOUNTS = {"in": "Value_IN(ETH)", "out": "Value_OUT(ETH)", "fee": "TxnFee(ETH)"}  # of all but tokens


def tell(row: Row, settings: Settings) -> Told | list[Line]:
    """One row of any of the three."""
    if not settings.account:
        raise Unreadable("say at the source whose address it is.", column="the setting account")
    if "value" in row.at and "symbol" in row.at:
        return _token(row, settings)
    for name, their in _AMOUNTS.items():
        if name not in row.at and not (name == "fee" and "inner" in row.at):
            raise Unreadable("the file has no such column.", row=row.number, column=their)
    return _inner(row, settings) if "inner" in row.at else _transaction(row, settings)


def _transaction(row: Row, settings: Settings) -> Told | list[Line]:
    place, (sent, received) = formats.place(settings.account, _coin(row)), _ways(row, settings)
    came, went, fee, status = row.number_of("in"), row.number_of("out"), row.number_of("fee"), row.text("status")
    if not sent and not received:
        return formats.ignored(row, "of another address than the source's", **place)
    if status and not status.lower().startswith(_FAILED):
        return formats.rejected(row, "status", f"{status[:80]!r} is not known", **place)
    if min(came, went, fee) < 0 or (came and not received) or (went and not sent):
        return formats.rejected(row, "in" if came else "out", "what came and went is not as from and to say", **place)
    moved = ZERO if status or (sent and received) else came - went
    lines = [*_moved(row, settings, moved, external_id=row.text("txid"), **place)]
    if sent and fee:
        lines += _moved(row, settings, negative(fee), external_id=f"{row.text('txid')}:fee", kind=Kind.FEE, **place)
    return lines or formats.ignored(row, "it failed" if status else "it moves nothing", **place)


def _inner(row: Row, settings: Settings) -> Told | list[Line]:
    place, (sent, received) = formats.place(settings.account, _coin(row)), _ways(row, settings)
    came, went = row.number_of("in"), row.number_of("out")
    if not sent and not received:
        return formats.ignored(row, "of another address than the source's", **place)
    if row.text("status") not in _INNER_WELL:
        return formats.ignored(row, "it failed", **place)
    if min(came, went) < 0 or (came and not received) or (went and not sent):
        return formats.rejected(row, "in" if came else "out", "what came and went is not as from and to say", **place)
    moved = ZERO if sent and received else came - went
    return [*_moved(row, settings, moved, **place)] or formats.ignored(row, "it moves nothing", **place)


def _token(row: Row, settings: Settings) -> Told | list[Line]:
    contract, amount = row.needed("contract").lower(), row.number_of("value")
    if not _CONTRACT.fullmatch(contract):
        raise row.wrong("contract", "this is no address of a contract.")
    if amount < 0:
        raise row.wrong("value", "an amount is not below zero.")
    place, (sent, received) = formats.place(settings.account, TOKENS.get(contract, contract)), _ways(row, settings)
    if not sent and not received:
        return formats.ignored(row, "of another address than the source's", **place)
    moved = ZERO if sent and received else (amount if received else negative(amount))
    return [*_moved(row, settings, moved, **place)] or formats.ignored(row, "it moves nothing", **place)


def _moved(
    row: Row, settings: Settings, amount: Decimal, *, kind: Kind | None = None, external_id: str = "", **place: Any
) -> Iterator[Line]:
    if not amount:
        return
    at, booked_on = _when(row, settings)
    txid, received = row.needed("txid"), amount > 0
    yield Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=amount,
        principal=amount,
        fee_asset=place["asset"],
        kind=kind or (Kind.DEPOSIT if received else Kind.WITHDRAWAL),
        external_id=external_id,
        group=txid,
        refs=(txid,),
        counterparty="" if kind else row.text("from" if received else "to"),
        narration=" ".join(filter(None, (row.text("method"), row.text("symbol"), row.text("token"))))[:NARRATION_MAX],
        raw=row.raw,
        **place,
    )


def _when(row: Row, settings: Settings) -> tuple[datetime, date]:
    """The block's time, and the day of it where the source's days begin: a chain has none."""
    at, _ = row.moment("unix", settings, told=cells.written(row.needed("unix")))
    return at, at.astimezone(settings.tz()).date()


def _ways(row: Row, settings: Settings) -> tuple[bool, bool]:
    """Whether it is from us, and whether it is to us. (A contract that is made has no address to be sent to.)"""
    return same_address(row.needed("from"), settings.account), same_address(row.text("to"), settings.account)


def _coin(row: Row) -> str:
    return re.sub(r".*\(|\).*", "", row.header("in")).upper()


ETHERSCAN: Format = formats.tabular(
    name="etherscan",
    title="Etherscan and BscScan, one address",
    headers=HEADERS,
    layout=LAYOUT,
    tell=tell,
    tells_all=False,
    of_chain=True,
    takes=("account", "zone"),
)
