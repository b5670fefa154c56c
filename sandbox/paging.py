"""Pages of a list as the vendor cuts them: `page` from 1, `perPage` 50, newest first, between two times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sandbox import answers
from sandbox.book import iso

PER_PAGE = 50
PER_PAGE_MAX = 100
DIGITS_MAX = 15  # whatever is counted here is far below SQLite's 64 bits


@dataclass(frozen=True, slots=True)
class Page:
    """Which slice was asked for."""

    page: int
    per_page: int

    @property
    def skipped(self) -> int:
        """How many rows stand before this page."""
        return (self.page - 1) * self.per_page

    def window(self) -> dict[str, int]:
        """The page as named values for LIMIT and OFFSET."""
        return {"rows": self.per_page, "skipped": self.skipped}

    def meta(self, total: int) -> dict[str, Any]:
        """The offset form of `meta`."""
        pages = -(-total // self.per_page)
        return {
            "total": total, "skipped": self.skipped, "perPage": self.per_page, "page": self.page, "pageCount": pages,
        }  # fmt: skip


def whole(args: Mapping[str, str], *names: str) -> int | None:
    """The first of `names` that was sent, as a positive whole number; None when none was."""
    for name in names:
        text = args.get(name)
        if text is not None:
            if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX) or int(text) < 1:
                raise answers.invalid(f"{name} should be a positive number")
            return int(text)
    return None


def asked(args: Mapping[str, str]) -> Page:
    """Read the page; the vendor's specification writes per_page where its documentation writes perPage."""
    per_page = whole(args, "perPage", "per_page") or PER_PAGE
    return Page(page=whole(args, "page") or 1, per_page=min(per_page, PER_PAGE_MAX))


def between(args: Mapping[str, str]) -> dict[str, str | None]:
    """`from` and `to` as the book writes times, None where not asked; a bare `to` date means that whole day."""
    return {"from": _edge(args, "from", time.min), "to": _edge(args, "to", time(23, 59, 59, 999000))}


def _edge(args: Mapping[str, str], name: str, time_of_day: time) -> str | None:
    text = args.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise answers.invalid(f"{name} should be an ISO 8601 date") from None
    if len(text) <= len("2026-11-21"):
        moment = datetime.combine(moment.date(), time_of_day)
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
