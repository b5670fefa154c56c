"""What things cost in naira now and cost over a day: one line a ticker, for pages that look every few seconds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.core import clock
from app.core.db import rows
from app.core.money import ASSETS, NGN, Asset
from app.pricing import queries as pricing
from app.pricing.errors import NoPrice
from app.pricing.queries import Price
from reports import drawings

DAY = timedelta(days=1)
POINTS = 24  # and the one before the first
_TENTH = Decimal("0.1")
# The price at each hour's end: of candles of five minutes the last before it, and none that is older than the hour.
_DAY = """
SELECT p.pair, array_agg(c.close ORDER BY s.at) FILTER (WHERE c.close IS NOT NULL) AS closes,
       bool_or(c.close IS NOT NULL AND s.at = :since) AS whole
  FROM unnest(CAST(:pairs AS text[])) p (pair)
 CROSS JOIN generate_series(CAST(:since AS timestamptz), :until, make_interval(secs => :step)) s (at)
 CROSS JOIN LATERAL (SELECT max(x.starts_at) AS starts_at FROM candles x
                      WHERE x.pair = p.pair AND x.span = '5m'
                        AND x.starts_at <= s.at AND x.starts_at > s.at - make_interval(secs => :step)) n
  JOIN candles c ON c.pair = p.pair AND c.span = '5m' AND c.starts_at = n.starts_at
 GROUP BY p.pair
"""


@dataclass(frozen=True)
class Line:
    """One ticker. `price` is None while there is none, and `why` says why, in words for customers.

    `day` are its prices over the last day, oldest first, the price of now at the end; `whole` says that the first of
    them is a day old, so that its change is that of a day.
    """

    asset: Asset
    price: Price | None
    why: str
    day: tuple[Decimal, ...]
    whole: bool

    @property
    def ticker(self) -> str:
        """What is priced."""
        return self.asset.ticker

    @property
    def spark(self) -> str:
        """The points of its small line."""
        return drawings.spark(self.day)

    @property
    def trend(self) -> str:
        """`up`, `down` or `level` over the day; `level` too where that is not known."""
        return drawings.trend(self.day) if len(self.day) > 1 else "level"

    @property
    def before(self) -> Decimal | None:
        """The price of a day ago."""
        return self.day[0] if self.whole and self.price else None

    @property
    def percent(self) -> Decimal | None:
        """The change over the day in hundredths, to a tenth of one."""
        if self.before is None or self.price is None:
            return None
        return ((self.price.mid / self.before - 1) * 100).quantize(_TENTH)


def tickers() -> list[Asset]:
    """One asset of each ticker that has a price, in the order of lists."""
    found: dict[str, Asset] = {}
    for asset in ASSETS.values():
        found.setdefault(asset.ticker, asset)
    found.pop(NGN.ticker, None)
    return list(found.values())


def board(assets: Collection[Asset] | None = None) -> dict[str, Line]:
    """A line for each, by ticker. One reading of prices and one of candles, however many there are."""
    wanted = {asset.ticker: asset for asset in (tickers() if assets is None else assets) if asset != NGN}
    now, days = pricing.prices(wanted, NGN.ticker), _days(wanted, until=clock.now())
    return {ticker: _line(asset, now[ticker], days.get(ticker)) for ticker, asset in wanted.items()}


def _line(asset: Asset, now: Price | NoPrice, day: tuple[list[Decimal], bool] | None) -> Line:
    closes, whole = day or ([], False)
    if isinstance(now, NoPrice):
        return Line(asset, None, now.message, tuple(closes), whole)
    return Line(asset, now, "", (*closes, now.mid), whole)


def _days(wanted: Collection[str], *, until: datetime) -> dict[str, tuple[list[Decimal], bool]]:
    pairs = [f"{ticker}/{NGN.ticker}" for ticker in wanted]
    step = int(DAY.total_seconds()) // POINTS
    found = rows(_DAY, pairs=pairs, since=until - DAY, until=until, step=step)
    return {row.pair.partition("/")[0]: (row.closes, row.whole) for row in found}
