"""Charts as Plotly figures in JSON; drawn by the browser, which adds theme and colours of text."""

import plotly.graph_objects as go

from reports.overview import Day

DEPOSITS_COLOUR = "#0b8a5f"
WITHDRAWALS_COLOUR = "#8fcfb4"


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
