"""Pages of a list as the vendor cuts them: `page` from 1 or a cursor, `perPage` 50, newest first, between two times.

A cursor names the last row seen, so that rows written meanwhile neither repeat nor hide one, as they do with pages. It
leads forwards only, and on the way back it says "null", a text, as the vendor's own sample does.
"""

import base64
import binascii
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    by_cursor: bool = False
    after: tuple[str | None, int] = (None, 0)

    @property
    def skipped(self) -> int:
        """How many rows stand before this page."""
        return (self.page - 1) * self.per_page

    def window(self) -> dict[str, Any]:
        """The page as named values for LIMIT and OFFSET, and for the row a cursor names."""
        if self.by_cursor:
            # One row more than asked tells whether there is a next page.
            return {"rows": self.per_page + 1, "skipped": 0, "after_at": self.after[0], "after_id": self.after[1]}
        return {"rows": self.per_page, "skipped": self.skipped, "after_at": None, "after_id": 0}

    def meta(self, total: int) -> dict[str, Any]:
        """The offset form of `meta`."""
        pages = -(-total // self.per_page)
        return {
            "total": total, "skipped": self.skipped, "perPage": self.per_page, "page": self.page, "pageCount": pages,
        }  # fmt: skip

    def cut(self, rows: list[sqlite3.Row], total: int) -> tuple[list[sqlite3.Row], dict[str, Any]]:
        """The rows of this page and its meta, in the form that was asked for."""
        if not self.by_cursor:
            return rows, self.meta(total)
        kept = rows[: self.per_page]
        more = _cursor(kept[-1]) if len(rows) > self.per_page else None
        return kept, {"next": more, "previous": "null", "perPage": self.per_page}


def _cursor(row: sqlite3.Row) -> str:
    return base64.urlsafe_b64encode(json.dumps([row["created_at"], row["id"]]).encode()).decode()


def _after(token: str) -> tuple[str | None, int]:
    try:
        at, row_id = json.loads(base64.urlsafe_b64decode(token)) if token else (None, 0)
        return (None if at is None else str(at)), int(row_id)
    except (binascii.Error, UnicodeDecodeError, ValueError, TypeError):
        raise answers.invalid("next is not a cursor of this list") from None


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


def listed(args: Mapping[str, str], *, always: bool = False) -> Page:
    """As `asked`, for a list that also goes by cursor; `always` makes it, whatever was asked for."""
    page = asked(args)
    by_cursor = always or args.get("use_cursor") == "true" or bool(args.get("next"))
    return replace(page, by_cursor=by_cursor, after=_after(args.get("next", "")) if by_cursor else page.after)


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
