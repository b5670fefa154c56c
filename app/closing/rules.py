"""What a sheet is signed for, when a day's proof waits, and when a checklist lets a month be closed. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.core.clock import WAT
from app.core.machine import Machine, Wait
from app.core.permissions import Role

DAYS_MAX = 366
YEAR_MIN = 2000
REASON_MAX = 300
NOT_CLOSED = "month_not_closed"  # the case of a month that nobody books into, and that was not closed
ONE_DAY = timedelta(days=1)


class SignRole(StrEnum):
    """In what part somebody signs a sheet."""

    PREPARED = "prepared"
    REVIEWED = "reviewed"


class DayState(StrEnum):
    """How an account's day stands."""

    UNTOLD = "untold"  # not every source has told of it
    HOLDS = "holds"
    FAILS = "fails"


D = DayState
DAY = Machine(
    "proof of a day",
    {D.UNTOLD: frozenset({D.HOLDS, D.FAILS}), D.HOLDS: frozenset({D.FAILS, D.UNTOLD}),
     D.FAILS: frozenset({D.HOLDS, D.UNTOLD})},
    waits={
        D.FAILS: Wait(
            timedelta(hours=1),
            Role.FINANCE,
            "Open the day's sheet: the invariant that fails names its first row. It is proved anew every morning.",
        )
    },
    rests={
        D.UNTOLD: "the source's coverage says what is late; the day is proved when its statement came",
        D.HOLDS: "nothing waits: it is proved, and proved anew when its figures change",
    },
)  # fmt: skip


class Light(StrEnum):
    """How a line of a checklist stands: it lets close, it lets close with a reason, it does not."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


_RANK = {Light.GREEN: 0, Light.AMBER: 1, Light.RED: 2}


@dataclass(frozen=True)
class Check:
    """One line of a checklist: what was looked at, what was found in numbers, and where its rows are.

    `place` names a door of the console and what it is given.
    """

    name: str
    title: str
    light: Light
    said: str
    place: tuple[str, Mapping[str, str]] = ("", {})

    def written(self) -> dict[str, str]:
        """As a request and a closing keep it."""
        return {"name": self.name, "title": self.title, "light": str(self.light), "said": self.said}


@dataclass(frozen=True)
class Span:
    """Whole days of Lagos, both of them in it."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """The moment with which the first day begins."""
        return datetime.combine(self.first, time(), WAT)

    @property
    def until(self) -> datetime:
        """The moment with which the day after the last one begins."""
        return datetime.combine(self.last + ONE_DAY, time(), WAT)

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + number * ONE_DAY for number in range((self.last - self.first).days + 1)]


def month_of(day: date) -> Span:
    """The month that a day is in."""
    first = day.replace(day=1)
    return Span(first, (first + timedelta(days=32)).replace(day=1) - ONE_DAY)


def digest_of(figures: Any) -> bytes:
    """SHA-256 of figures as they are written, whatever order their names are in."""
    return sha256(json.dumps(figures, sort_keys=True, separators=(",", ":")).encode()).digest()


def written(amount: Decimal) -> str:
    """A number as it stands in figures: no exponent, no zeros at its end."""
    plain = f"{amount:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in {"-0", ""} else plain


def shown(amount: Decimal, *, places: int) -> str:
    """A number as people read it: in thousands, with so many decimals or as many as it has."""
    whole, _, rest = written(amount).partition(".")
    rest = rest.ljust(places, "0")
    return f"{'-' if whole.startswith('-') else ''}{abs(int(whole)):,}{'.' if rest else ''}{rest}"


def counted(count: int, what: str, many: str = "") -> str:
    """So many of something, as people say it."""
    return f"{count:,} {what if count == 1 else many or f'{what}s'}"


def blocking(checks: Iterable[Check]) -> list[Check]:
    """Those that keep a month from being closed."""
    return [one for one in checks if one.light is Light.RED]


def without_reason(checks: Iterable[Check], reasons: Mapping[str, str]) -> list[Check]:
    """Those that may be closed over only with a reason, and have none."""
    return [one for one in checks if one.light is Light.AMBER and not reasons.get(one.name, "").strip()]


def worse(now: Iterable[Check], then: Iterable[Mapping[str, str]], reasons: Mapping[str, str]) -> list[Check]:
    """Lines that stand worse than they stood when others agreed, or that nobody spoke of then.

    What is amber now and was amber then is as bad, whatever its number: it must not say of more than it did.
    """
    before = {each["name"]: each for each in then}
    found = []
    for one in now:
        was = before.get(one.name)
        rank = _RANK[Light(was["light"])] if was else 0
        more = was is not None and one.light is Light.AMBER and one.said != was["said"]
        if one.light is Light.RED or _RANK[one.light] > rank or more or without_reason([one], reasons):
            found.append(one)
    return found
