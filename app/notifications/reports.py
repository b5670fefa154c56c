"""The words of mails to staff about reports. Pure; no figure stands in them: those are behind the sign-in."""

from datetime import date, datetime

from app.core.clock import WAT
from app.notifications.rules import Words, letter


def report_ready(title: str, *, first: date, last: date, tied: bool, page: str, until: datetime | None) -> Words:
    """A report that is made by itself can be read."""
    days = f"{last:%-d %B %Y}" if first == last else f"{first:%-d %B %Y} to {last:%-d %B %Y}"
    kept = f" It is kept until {until.astimezone(WAT):%-d %B %Y}." if until else ""
    return Words(
        f"{title}, {days}",
        letter(
            f"{title} for {days} is ready.{kept}",
            "Its sums are those of the ledger."
            if tied
            else "Some of its sums are not those of the ledger. Look at which before you use it.",
            f"Sign in to download it: {page}",
        ),
    )
