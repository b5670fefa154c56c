r"""The books for hledger: accounts under their codes, a transaction per journal, balances asserted at the end.

A transaction's date is that of its booking in Africa/Lagos; the exact times are tags. The text is ASCII, so that it is
read under any locale: other characters, and those that mean something in a comment, are written `\u{2028}`.
"""

from datetime import date

from app.core import money
from app.core.money import ASSETS, Money
from app.ledger.prices import Price
from app.ledger.whole import Account, Booked, Holding, Span, day, instant

TYPES = {"asset": "A", "liability": "L", "equity": "E", "income": "R", "expense": "X"}
_PLAIN = frozenset(" _.-/@#+=~")


def head(span: Span) -> str:
    """How numbers are written, and the assets."""
    return "\n".join(
        [
            f"; The books {span}, by when it was booked. Dates are days of Africa/Lagos (UTC+1).",
            "decimal-mark .",
            *(f"commodity 1000.{'0' * asset.decimals} {commodity(asset.code)}" for asset in ASSETS.values()),
            "",
        ]
    )


def account(account: Account) -> str:
    """Declared, with its type."""
    return f"account {account.code}  ; type:{TYPES[account.code.partition(':')[0]]}\n"


def journal(journal: Booked) -> str:
    """A transaction; its code is the journal's id."""
    kind, ref = _text(journal.kind), _text(journal.ref)
    lines = [
        "",
        f"{day(journal.booked_at)} * ({journal.id}) {kind} | {ref}",
        f"    ; journal_id:{journal.id}",
        f"    ; kind:{kind}",
        f"    ; ref:{ref}",
        f"    ; effective_at:{instant(journal.effective_at)}",
        f"    ; booked_at:{instant(journal.booked_at)}",
        *(f"    {leg.account}  {_amount(leg.amount)}" for leg in journal.legs),
        "",
    ]
    return "\n".join(lines)


def price(price: Price) -> str:
    """A price; of several on one day hledger takes the last."""
    worth = f"P {day(price.at)} {commodity(price.asset)} {price.naira:f} NGN"
    return f"{worth}  ; {instant(price.at)} {_text(price.source)}\n"


def closing(holding: Holding, on: date) -> str:
    """A posting of nothing that asserts the balance, and that the account holds no other asset."""
    nothing = _amount(Money(holding.balance.asset, 0))
    return f"\n{on} * balance\n    {holding.code}  {nothing} == {_amount(holding.balance)}\n"


def commodity(asset: str) -> str:
    """The asset's code, in quotes where it is more than letters: `"USDT.TRC20"`."""
    return asset if asset.isalpha() else f'"{asset}"'


def _amount(amount: Money) -> str:
    return f"{money.plain(amount)} {commodity(amount.asset.code)}"


def _text(text: str) -> str:
    return "".join(
        char if char in _PLAIN or (char.isascii() and char.isalnum()) else f"\\u{{{ord(char):x}}}" for char in text
    )
