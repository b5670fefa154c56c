"""How prices and shares look: a price of a whole coin, ten-thousandths as a percentage."""

from decimal import ROUND_HALF_EVEN, Decimal

from app.core.money import Asset, Money, parts
from app.web.console.base import bp

SYMBOLS = {"NGN": "₦", "USD": "$"}
PLACES_MIN = 2
DIGITS = 5


@bp.app_template_filter("rate")
def rate(price: Decimal, ticker: str) -> str:
    """A price of one whole coin in a ticker: `₦158,423,110.25`, `0.99981 USDT`; rounded for the eye, never booked."""
    places = PLACES_MIN if not price else max(PLACES_MIN, DIGITS - 1 - price.adjusted())
    text = f"{price.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN):,f}"
    return f"{SYMBOLS[ticker]}{text}" if ticker in SYMBOLS else f"{text} {ticker}"


@bp.app_template_filter("bps")
def share(bps: int) -> str:
    """Ten-thousandths as people say them: `0.5 %`, `-12.25 %`."""
    whole, rest = divmod(abs(bps), 100)
    tail = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{'−' if bps < 0 else ''}{whole:,}{tail} %"


@bp.app_template_filter("amount_of")
def amount_of(asset: Asset, units: int) -> Money:
    """So many smallest units of an asset."""
    return Money(asset, units)


@bp.app_template_filter("whole")
def whole(money: Money) -> str:
    """An amount without what is below the point, cut: `₦158,423,110`. For where it stands large or beside another."""
    return parts(money)[0]  # (only of naira: a coin's ticker stands behind what is below its point)
