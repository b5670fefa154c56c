"""Reads of lines, a page at a time, as quick over a million lines as over ten."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.core.db import rows as rows_of
from app.core.errors import Malformed
from app.statements.models import StatementLine

# What has no index (words, amounts) is looked for in so many lines at once: a page says how far it looked, and the next
# goes on from there. So no question takes longer than another, and writing a million lines needs no index of words.
LOOKED_AT = 20_000
_NEWEST, _FIRST_ID = datetime(9999, 12, 31, tzinfo=UTC), 2**62
_OLDEST = datetime(1, 1, 2, tzinfo=UTC)
_ASSETS = """
SELECT DISTINCT p.asset FROM statement_parts p JOIN statement_imports i ON i.id = p.import_id
 WHERE i.source_id = :source ORDER BY 1
"""
# Each asset by the index, then put together: a source of many has no index by time alone.
_FOUND = """
WITH looked AS MATERIALIZED (
    SELECT l.*
      FROM unnest(CAST(:assets AS text[])) AS own (asset)
     CROSS JOIN LATERAL (
           SELECT s.id, s.at, s.delta, s.narration, s.counterparty, s.external_id, s.group_key, s.refs
             FROM statement_lines s
            WHERE s.source_id = :source AND s.asset = own.asset AND s.at >= :since AND s.at < :until
              AND (s.at, s.id) < (:before_at, :before_id)
            ORDER BY s.at DESC, s.id DESC LIMIT :looked) l
     ORDER BY l.at DESC, l.id DESC LIMIT :looked
), fitting AS (
    SELECT l.id, l.at FROM looked l
     WHERE (CAST(:amount AS numeric) IS NULL OR abs(l.delta) = abs(CAST(:amount AS numeric)))
       AND (:words = '' OR position(:words IN lower(concat_ws(' ', l.narration, l.counterparty, l.external_id,
                                                              l.group_key, array_to_string(l.refs, ' ')))) > 0)
     ORDER BY l.at DESC, l.id DESC LIMIT :limit
)
SELECT f.id, f.at, (SELECT count(*) FROM looked) AS many,
       last.at AS last_at, last.id AS last_id
  FROM (SELECT at, id FROM looked ORDER BY at, id LIMIT 1) last LEFT JOIN fitting f ON true
 ORDER BY f.at DESC, f.id DESC
"""


@dataclass(frozen=True)
class Asked:
    """What lines are wanted. `amount` is in whole coins, of either sign."""

    asset: str = ""
    since: datetime | None = None
    until: datetime | None = None
    amount: Decimal | None = None
    words: str = ""

    @property
    def narrow(self) -> bool:
        """Whether lines must be looked at one by one."""
        return self.amount is not None or bool(self.words)


@dataclass(frozen=True)
class Page:
    """Lines, newest first; where the next page begins; and how many lines were looked at, where not all were shown."""

    lines: list[StatementLine]
    older: str
    looked_at: int
    looked_to: datetime | None


def assets_for_operators(source_id: str) -> list[str]:
    """What a source has told of."""
    return [row.asset for row in rows_of(_ASSETS, source=source_id)]


def lines_for_operators(source_id: str, asked: Asked, *, before: str = "", limit: int) -> Page:
    """The lines of a source after a place in their order. Raises Malformed for a place that is none."""
    before_at, before_id = _place(before)
    own = assets_for_operators(source_id)
    found: list[Any] = rows_of(
        _FOUND,
        assets=[asset for asset in own if asked.asset in {"", asset}],
        source=source_id,
        since=asked.since or _OLDEST,
        until=asked.until or _NEWEST,
        before_at=before_at,
        before_id=before_id,
        amount=asked.amount,
        words=asked.words.lower(),
        looked=LOOKED_AT if asked.narrow else limit + 1,
        limit=limit + 1,
    )
    fitting = [row for row in found if row.id is not None]
    shown = fitting[:limit]
    older, looked_to = "", None
    if len(fitting) > limit:
        older = _name(shown[-1].at, shown[-1].id)
    elif found and found[0].many >= LOOKED_AT:
        older, looked_to = _name(found[0].last_at, found[0].last_id), found[0].last_at
    lines = db.session.scalars(select(StatementLine).where(StatementLine.id.in_([row.id for row in shown])))
    by_id = {line.id: line for line in lines}
    return Page([by_id[row.id] for row in shown], older, found[0].many if found else 0, looked_to)


def _name(at: datetime, line_id: int) -> str:
    return f"{at.astimezone(UTC).isoformat()}~{line_id}"


def _place(told: str) -> tuple[datetime, int]:
    if not told:
        return _NEWEST, _FIRST_ID
    at, _, line_id = told.partition("~")
    try:
        return datetime.fromisoformat(at).replace(tzinfo=UTC), int(line_id) % 2**63
    except ValueError as unread:
        raise Malformed("That is no page of lines.") from unread
