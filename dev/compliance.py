"""What compliance finds in the demo: somebody restricted, everybody held against the lists."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dev.restricting import restrict
from dev.screened import hold_against_lists


def look_into(customer_ids: Iterable[str], *, newcomer: str, officer: str, at: datetime) -> None:
    """Restrict the newcomer for a day, and search the lists for all of them."""
    restrict(newcomer, officer=officer, until=at + timedelta(days=1))
    hold_against_lists(customer_ids)
