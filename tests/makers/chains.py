"""Files of wallets on chains: a list of Bitcoin Core's, and exports of Etherscan's."""

import json
from typing import Any

OURS, THEIRS = "0x" + "aB" * 20, "0x" + "cd" * 20
USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
_NORMAL = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress","Value_IN(ETH)",'
    '"Value_OUT(ETH)","CurrentValue @ $2000.5/Eth","TxnFee(ETH)","TxnFee(USD)","Historical $Price/Eth","Status",'
    '"ErrCode","Method"'
)
_INNER = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","ParentTxFrom","ParentTxTo","ParentTxETH_Value",'
    '"From","TxTo","ContractAddress","Value_IN(ETH)","Value_OUT(ETH)","CurrentValue @ $2000.5/Eth",'
    '"Historical $Price/Eth","Status","ErrCode","Type"'
)
_TOKENS = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","TokenValue","USDValueDayOfTx",'
    '"ContractAddress","TokenName","TokenSymbol"'
)
_AT, _WRITTEN = 1772362800, "2026-03-01 11:00:00"


def _table(header: str, rows: list[tuple[object, ...]]) -> bytes:
    return "\n".join([header, *(",".join(f'"{cell}"' for cell in row) for row in rows), ""]).encode()


def transaction(
    txid: str, *, sender: str = OURS, to: str = THEIRS, came: str = "0", went: str = "0", fee: str = "0.00042",
    status: str = "", method: str = "Transfer",
) -> tuple[object, ...]:  # fmt: skip
    """A row of Etherscan's transactions."""
    return (txid, 24_000_001, _AT, _WRITTEN, sender.lower(), to.lower(), "", came, went, "0", fee, "0.84", "2000.5",
            status, "out of gas" if status else "", method)  # fmt: skip


def inner(
    txid: str, *, sender: str = THEIRS, to: str = OURS, came: str = "0", went: str = "0", status: str = "0"
) -> Any:
    """A row of what contracts moved on."""
    return (txid, 24_000_001, _AT, _WRITTEN, OURS, THEIRS, "0", sender, to, "", came, went, "0", "2000.5", status, "",
            "call")  # fmt: skip


def token(txid: str, value: str, *, sender: str = OURS, to: str = THEIRS, contract: str = USDT) -> tuple[object, ...]:
    """A row of Etherscan's token transfers."""
    return (txid, 24_000_001, _AT, _WRITTEN, sender, to, value, "$1", contract, "Tether USD", "USDT")


def etherscan(*rows: tuple[object, ...]) -> bytes:
    """One of the three exports, by how wide its rows are."""
    headers = {each.count('","') + 1: each for each in (_NORMAL, _INNER, _TOKENS)}
    return _table(headers[len(rows[0])], list(rows))


def output(
    txid: str, vout: int, category: str, amount: str, *, fee: str = "", confirmations: int = 120, **more: object
) -> str:
    """A row of Bitcoin Core's list, as the node writes numbers."""
    facts: dict[str, object] = {
        "address": f"bc1q{txid[:8]}{vout}", "category": category, "amount": "@amount", "vout": vout,
        "confirmations": confirmations, "txid": txid, "time": _AT - 60, "timereceived": _AT - 60,
    }  # fmt: skip
    if confirmations > 0:
        facts |= {"blockhash": "00" * 32, "blockheight": 881_235, "blockindex": 7, "blocktime": _AT}
    if fee:
        facts["fee"] = "@fee"
    told = json.dumps(facts | more)
    return told.replace('"@amount"', amount).replace('"@fee"', fee)


def bitcoin(*rows: str, removed: tuple[str, ...] = ()) -> bytes:
    """An answer of `listsinceblock`."""
    listed, gone = ",\n  ".join(rows), ",\n  ".join(removed)
    return f'{{"transactions": [\n  {listed}],\n "removed": [{gone}],\n "lastblock": "{"00" * 32}"}}\n'.encode()


BITCOIN = bitcoin(
    output("aa" * 32, 0, "receive", "0.50000000", label="deposits"),
    output("bb" * 32, 0, "send", "-0.10000000", fee="-0.00001200"),
    output("bb" * 32, 1, "send", "-0.20000000", fee="-0.00001200"),
    output("cc" * 32, 0, "receive", "0.01000000", confirmations=0),
)
ETHERSCAN = etherscan(
    transaction("0x" + "1" * 64, sender=THEIRS, to=OURS, came="1.5"),
    transaction("0x" + "2" * 64, went="0.25"),
    transaction("0x" + "3" * 64, to=USDT, fee="0.0007"),
    transaction("0x" + "4" * 64, went="0.3", status="Error(0)"),
)
