"""How prices look: naira for a whole one, with as many digits as say something; changes; ages that tick."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from flask import Flask

from app.core import clock
from app.core.clock import WAT
from app.core.money import Money, format_money, parts, plain
from app.ledger.assets import ticker_last
from app.trading.models import Dealt
from app.trading.rules import Side
from app.web.filters import shown_parts

_LARGE = 100_000  # from here on kobo say nothing
_SHORT = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))
_SHORT_PLACES = 2
_SIGNIFICANT = 4
_STEPS = ((60, "min"), (24, "h"))
_MINUTE = 60


def register(app: Flask) -> None:
    """Give the filters to every template."""
    app.jinja_env.filters.update(
        coins=coins,
        coins_in_full=coins_in_full,
        price=price,
        amount=amount,
        axis=axis,
        percent=percent,
        age=age,
        plain_amount=plain,
        value_of=value_of,
        clock_time=clock_time,
        clock_seconds=clock_seconds,
        short_day=short_day,
    )


def coins(money: Money) -> str:
    """`0.041309 ETH`: a coin's amount with the digits that are shown, cut and never rounded up, and its ticker last."""
    return ticker_last(money, *shown_parts(money))


def coins_in_full(money: Money) -> str:
    """The same with every digit; money that has a sign of its own is written as always: `₦1,250.00`."""
    return format_money(money) if money.asset.symbol else ticker_last(money, *parts(money))


def price(naira: Decimal) -> str:
    """`₦149,958,880`, `₦1,614.94`, `₦0.003012`."""
    return f"₦{amount(naira)}"


def amount(value: Decimal) -> str:
    """The same without the sign: `149,958,880`, `1,614.94`, `0.003012`."""
    size = abs(value)
    if size >= _LARGE:
        places = 0
    elif size >= 1 or not size:
        places = 2
    else:
        places = _SIGNIFICANT - 1 - size.adjusted()
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"


def axis(rows: Sequence[Decimal]) -> list[str]:
    """Round values beside a chart, where there is little room: `₦149.9m`, `₦1,486`. Exact, so that no two are alike."""
    for size, letter in _SHORT:
        places = _places([row / size for row in rows])
        if max(map(abs, rows)) >= size and places <= _SHORT_PLACES:
            return [_beside(row / size, places, letter) for row in rows]
    return [_beside(row, _places(rows), "") for row in rows]


def percent(hundredths: Decimal) -> str:
    """`+1.2 %`, `−0.6 %`, `0.0 %`."""
    sign = "+" if hundredths > 0 else "−" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths):f} %"


def age(moment: datetime) -> str:
    """`12 s ago`, `4 min ago`: how old a price is; a script counts on."""
    seconds = max(int((clock.now() - moment).total_seconds()), 0)
    if seconds < _MINUTE:
        return f"{seconds} s ago"
    size = seconds // _MINUTE
    for most, unit in _STEPS:
        if size < most:
            return f"{size} {unit} ago"
        size //= most
    return f"{size} d ago"


def value_of(deal: Dealt) -> Money:
    """What the coin of a quote or an order was worth at the market price, in the deal's money."""
    kept = deal.spread + deal.fee + deal.rounding
    return deal.get + kept if deal.side == Side.SELL else deal.give - kept


def clock_time(moment: datetime) -> str:
    """`14:05`, in Lagos."""
    return moment.astimezone(WAT).strftime("%H:%M")


def clock_seconds(moment: datetime) -> str:
    """`14:05:12 WAT`."""
    return moment.astimezone(WAT).strftime("%H:%M:%S WAT")


def short_day(moment: datetime) -> str:
    """`22 Nov`, in Lagos; with its year where that is another."""
    day = moment.astimezone(WAT)
    return day.strftime("%-d %b" if day.year == clock.now().astimezone(WAT).year else "%-d %b %Y")


def _places(values: Sequence[Decimal]) -> int:
    """How many digits below the point say all of them exactly."""
    return max(0, *(-int(value.normalize().as_tuple().exponent) for value in values))


def _beside(value: Decimal, places: int, letter: str) -> str:
    sign = "−" if value < 0 else ""
    return f"{sign}₦{abs(value):,.{places}f}{letter}" if value else "₦0"
