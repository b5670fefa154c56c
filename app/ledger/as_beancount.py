"""The books for beancount: each account opened, each journal a transaction, each balance checked to the unit.

A transaction's date is that of its booking in Africa/Lagos; the exact times are its metadata. A code becomes a name
that beancount takes; no two codes become one, and none the parent of another, whose balance would count both.
"""

import re
from datetime import date

from app.core import money
from app.core.money import ASSETS
from app.ledger.prices import Price
from app.ledger.whole import Account, Booked, Holding, Span, day, instant

CLASSES = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
# What a part of a name may not hold. "--" begins an escape, which no other text becomes.
_LONE_UNDERSCORE = re.compile(r"_(?=[A-Za-z0-9])")
_ESCAPES = str.maketrans({"_": "--u", ".": "--p", "-": "--h"})
_MARK, _ASSET_MARK = "X--c", "X--a"
_STRING = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def head(span: Span) -> str:
    """Options, and the assets."""
    return "\n".join(
        [
            f"; The books {span}, by when it was booked. Dates are days of Africa/Lagos (UTC+1).",
            'option "title" "Bursar"',
            'option "operating_currency" "NGN"',
            *(f"1970-01-01 commodity {commodity(asset)}" for asset in ASSETS),
            "",
        ]
    )


def account(account: Account) -> str:
    """Opened, in one asset, with the code it has in the books."""
    opened = f"{day(account.opened_at)} open {name(account.code)} {commodity(account.asset)}"
    return f'{opened}\n  code: "{account.code}"\n'


def journal(journal: Booked) -> str:
    """A transaction."""
    lines = [
        "",
        f"{day(journal.booked_at)} * {_string(journal.kind)} {_string(journal.ref)}",
        f"  journal_id: {journal.id}",
        f"  kind: {_string(journal.kind)}",
        f"  ref: {_string(journal.ref)}",
        f'  effective_at: "{instant(journal.effective_at)}"',
        f'  booked_at: "{instant(journal.booked_at)}"',
        *(f"  {name(leg.account)}  {_amount(leg.amount)}" for leg in journal.legs),
        "",
    ]
    return "\n".join(lines)


def price(price: Price) -> str:
    """A price; of several on one day beancount takes the last."""
    said = f"{day(price.at)} price {commodity(price.asset)} {price.naira:f} NGN"
    return f'{said}\n  at: "{instant(price.at)}"\n  source: {_string(price.source)}\n'


def closing(holding: Holding, on: date) -> str:
    """A balance, checked without the tolerance of a unit that beancount would allow."""
    asset = holding.balance.asset.code
    return f"{on} balance {name(holding.code)}  {money.plain(holding.balance)} ~ 0 {commodity(asset)}\n"


def name(code: str) -> str:
    """The account's name: `Liabilities:Customer:Cus-01k:NGN` for `liability:customer:cus_01k:NGN`."""
    kind, *parts, asset = code.split(":")
    return ":".join([CLASSES[kind], *map(_part, parts), _asset(asset)])


def commodity(asset: str) -> str:
    """The asset's code, which must begin with a letter here and not end with a point. No code has an underscore."""
    return ("" if asset[0].isalpha() else "X_") + asset + ("_X" if asset[-1] == "." else "")


def _part(text: str) -> str:
    """A part begins with a capital or a digit: `cus_1` becomes `Cus-1`.

    What would look like an asset then, or does not begin with a small letter, is marked and keeps its letters.
    """
    rest = _LONE_UNDERSCORE.sub("\0", text).translate(_ESCAPES).replace("\0", "-")
    if text[0].isdigit():
        return rest
    raised = rest[0].upper() + rest[1:]
    return raised if text[0].islower() and not raised.isupper() else _MARK + rest


def _asset(code: str) -> str:
    """The last part: `USDT-TRC20`."""
    return ("" if code[0].isalpha() else _ASSET_MARK) + code.replace(".", "-")


def _amount(amount: money.Money) -> str:
    return f"{money.plain(amount)} {commodity(amount.asset.code)}"


def _string(text: str) -> str:
    return f'"{text.translate(_STRING)}"'
