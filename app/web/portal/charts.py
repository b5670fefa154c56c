"""The curve of what a customer's wallets were worth, for the two pages that show it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.core import clock
from app.core.money import Money
from app.web.figures import percent, price
from reports import drawings, portfolio
from reports.drawings import Drawing


@dataclass(frozen=True)
class Span:
    """How far back a curve goes, and in how many steps."""

    name: str
    words: str
    back: timedelta
    steps: int


SPANS = {
    "1d": Span("1 day", "over the last day", timedelta(days=1), 24),
    "1w": Span("1 week", "over the last week", timedelta(weeks=1), 28),
    "1m": Span("1 month", "over the last month", timedelta(days=30), 30),
    "1y": Span("1 year", "over the last year", timedelta(days=364), 52),
}


@dataclass(frozen=True)
class Curve:
    """The picture, the same in words, and the numbers."""

    drawing: Drawing
    words: str
    points: list[tuple[datetime, Decimal]]

    @property
    def short(self) -> bool:
        """Whether it is of hours, so that times of day say more than days."""
        return self.points[-1][0] - self.points[0][0] < timedelta(days=3)


def of_worth(span: str, *, customer_id: str, now: Money) -> Curve | None:
    """What all wallets were worth; None before there were two times at which there was something and a price."""
    known, moment, began = SPANS[span], clock.now(), portfolio.began(customer_id=customer_id)
    if began is None:
        return None
    back = min(known.back, moment - began)  # (before the first money there is nothing to draw)
    moments = [moment - back * step // known.steps for step in range(known.steps, 0, -1)]
    found = portfolio.history(moments, customer_id=customer_id)
    points = [*found, (moment, Decimal(now.units).scaleb(-2))]
    drawing = drawings.curve(points)
    if drawing is None:
        return None
    first, last = points[0][1], points[-1][1]
    change = f", {percent(((last / first - 1) * 100).quantize(Decimal('0.1')))}" if first else ""
    return Curve(drawing, f"What you have, {known.words}: from {price(first)} to {price(last)}{change}.", points)
