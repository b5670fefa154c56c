"""Reading back what was asked for: the day that it begins on, and each line beside what it replaces."""

from collections.abc import Mapping
from datetime import datetime

from app.core.clock import WAT
from app.governance.kinds import Line, Payload


def starts_at(payload: Payload) -> datetime:
    """When what is asked for from a day on begins: at midnight in Lagos of its `starts_on`."""
    return datetime.fromisoformat(payload["starts_on"]).replace(tzinfo=WAT)


def begins(payload: Payload) -> Line:
    """The same as whoever decides reads it."""
    return Line("Begins", f"{starts_at(payload):%-d %B %Y}")


def beside(now: Mapping[str, str], was: Mapping[str, str], *, without: str | None = None) -> list[Line]:
    """A line for each label, with what it replaces where that is another; what was not there before was `without`."""
    old = {label: was.get(label, without) for label in now}
    return [Line(label, value, was=old[label] if old[label] != value else None) for label, value in now.items()]
