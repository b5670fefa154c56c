"""Charts as Plotly figures in JSON; drawn by the browser, which adds theme and colours of text."""

from collections.abc import Mapping, Sequence
from datetime import date

import plotly.graph_objects as go

from app.core.money import Money
from reports.overview import Day
from reports.results import Made

DEPOSITS_COLOUR = "#0b8a5f"
WITHDRAWALS_COLOUR = "#8fcfb4"
RESULT_COLOUR = "#7c8783"
MARKED_DAYS_MAX = 62
# Each has its own, whatever else is in the chart; none is red, which would say that something is wrong.
SERIES_COLOURS = ("#0b8a5f", "#b08328", "#4a7fb5", "#9586b8", "#7c8783", "#8fcfb4")
MADE_OF_COLOURS = {"Realised": "#0b8a5f", "Spread and fees": "#b08328", "Venue fees": "#4a7fb5", "Other": "#9586b8"}


def volume(days: list[Day]) -> str:
    """Deposits and withdrawals per day, in millions of naira.

    A chart's numbers are for the eye: the divisions here are the only ones on money that are not exact.
    """
    names = [day.day for day in days]
    figure = go.Figure(layout={"template": "none", "barmode": "group", "bargap": 0.35})
    for label, colour, units in (
        ("Deposits", DEPOSITS_COLOUR, [day.deposits.units for day in days]),
        ("Withdrawals", WITHDRAWALS_COLOUR, [day.withdrawals.units for day in days]),
    ):
        millions = [value / 100_000_000 for value in units]
        figure.add_bar(
            name=label,
            x=names,
            y=millions,
            marker={"color": colour},
            hovertemplate="₦%{y:.2f}m<extra>" + label + "</extra>",
        )
    return str(figure.to_json())


def results(days: Mapping[date, Made]) -> str:
    """What each day's result is made of, in thousands of naira: what was gained or lost, earned and spent; and the sum.

    A chart's numbers are for the eye, as above.
    """
    names = [day.isoformat() for day in days]
    figure = go.Figure(layout={"template": "none", "barmode": "relative", "bargap": 0.35})
    for label, units in (
        ("Realised", [made.realised.units for made in days.values()]),
        ("Spread and fees", [(made.spread + made.fees + made.rounding).units for made in days.values()]),
        ("Venue fees", [-made.venue_fees.units for made in days.values()]),
        ("Other", [made.other.units for made in days.values()]),
    ):
        if any(units):
            hover = "₦%{y:,.1f}k<extra>" + label + "</extra>"
            colour = {"color": MADE_OF_COLOURS[label]}
            thousands = [kobo / 100_000 for kobo in units]
            figure.add_bar(name=label, x=names, y=thousands, marker=colour, hovertemplate=hover)
    figure.add_scatter(
        name="Result",
        x=names,
        y=[made.result.units / 100_000 for made in days.values()],
        mode="lines+markers" if len(names) <= MARKED_DAYS_MAX else "lines",
        line={"color": RESULT_COLOUR, "width": 2},
        hovertemplate="₦%{y:,.1f}k<extra>Result</extra>",
    )
    return str(figure.to_json())


def stacked(days: Sequence[date], series: Mapping[str, Mapping[date, Money]]) -> str:
    """Naira by day, one upon another, in thousands. A chart's numbers are for the eye, as above."""
    return _bars(days, series, mode="relative")


def beside(days: Sequence[date], series: Mapping[str, Mapping[date, Money]]) -> str:
    """Naira by day, one beside another, in thousands. A chart's numbers are for the eye, as above."""
    return _bars(days, series, mode="group")


def _bars(days: Sequence[date], series: Mapping[str, Mapping[date, Money]], *, mode: str) -> str:
    figure = go.Figure(layout={"template": "none", "barmode": mode, "bargap": 0.35})
    names = [day.isoformat() for day in days]
    for place, (label, found) in enumerate(series.items()):
        thousands = [found[day].units / 100_000 if day in found else 0 for day in days]
        hover = "₦%{y:,.1f}k<extra>" + label + "</extra>"
        colour = {"color": SERIES_COLOURS[place % len(SERIES_COLOURS)]}
        figure.add_bar(name=label, x=names, y=thousands, marker=colour, hovertemplate=hover)
    return str(figure.to_json())
