"""How values look: money, times, sizes. Times are West Africa Time; the exact UTC time is in each element's title."""

from datetime import datetime
from decimal import Decimal

from flask import Flask, g

from app.closing import rules
from app.core import clock
from app.core.clock import WAT
from app.core.money import ASSETS, NGN, Money, format_money, parts

_STEPS = ((60, "min"), (24, "h"), (7, "d"))


def register(app: Flask) -> None:
    """Give the filters to every template."""
    app.jinja_env.filters.update(
        money=format_money,
        kobo=kobo,
        exact=exact,
        money_parts=shown_parts,
        money_in_full=format_money,
        asset=ASSETS.__getitem__,
        wat=wat,
        wat_day=wat_day,
        ago=ago,
        words=words,
        bank_number=bank_number,
        bank_line=bank_line,
        masked_email=masked_email,
    )


def kobo(units: int) -> str:
    """Kobo as naira: `₦1,250.00`."""
    return format_money(Money(NGN, units))


def exact(amount: Decimal | str) -> str:
    """Whole coins of any asset, exact: `1,250.00`, `0.424985`."""
    return rules.shown(Decimal(amount), places=2)


def shown_parts(money: Money) -> tuple[str, str]:
    """An amount as `core.money.parts` writes it, cut to the digits that its asset is shown with.

    It is cut, never rounded up: a page does not show more than there is. What would vanish stays whole.
    """
    cut = max(money.asset.decimals - money.asset.digits, 0)
    whole, tail = parts(money)
    if money.asset.symbol == "" and money.asset.ticker:
        whole = whole.replace(money.asset.code, money.asset.ticker, 1)  # its network stands beside it
    if not cut or (money.units and abs(money.units) < 10**cut):
        return whole, tail.rstrip("0") if cut else tail
    return whole, tail[:-cut].removesuffix(".")


def wat(moment: datetime) -> str:
    """`21 Nov 2026, 10:48 WAT`."""
    return moment.astimezone(WAT).strftime("%-d %b %Y, %H:%M WAT")


def wat_day(moment: datetime) -> str:
    """`Saturday 21 November 2026`."""
    return moment.astimezone(WAT).strftime("%A %-d %B %Y")


def ago(moment: datetime) -> str:
    """`just now`, `4 min ago`, `3 h ago`, `2 d ago`, then the day."""
    seconds = int((clock.now() - moment).total_seconds())
    if seconds < 60:  # noqa: PLR2004 (a minute)
        return "just now"
    amount = seconds // 60
    for size, unit in _STEPS:
        if amount < size:
            return f"{amount} {unit} ago"
        amount //= size
    return moment.astimezone(WAT).strftime("%-d %b %Y")


def words(state: str) -> str:
    """A state as people say it: `awaiting_payment` → `awaiting payment`."""
    return state.replace("_", " ")


def bank_number(number: str) -> str:
    """A bank account number, masked but for its last four digits; all of it where somebody else looks."""
    return "••••••••••" if "view_as" in g else f"•••••• {number[-4:]}"


def bank_line(text: str) -> str:
    """A bank and the end of an account number; the bank alone where somebody else looks."""
    return text.partition(" ••")[0] if "view_as" in g else text


def masked_email(address: str) -> str:
    """An e-mail address by its first letter and its domain."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}•••@{domain}"
