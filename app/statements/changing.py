"""How a source's files are read, said otherwise once it told of something: only what leaves every line as it was told.

A line is known again by what it says. Read otherwise it would be another one, and the next file that overlaps would
tell it a second time. So a change is tried on all its files first.
"""

from sqlalchemy import text

from app.core.db import db
from app.core.errors import Refusal
from app.statements import continuing, copying, errors, keeping, queries, wallets
from app.statements.formats import registry
from app.statements.formats.settings import Settings
from app.statements.models import Source, StatementFile

TRIED_MAX = 8 * 1024 * 1024  # bytes of files: somebody waits
_STAYS = ("zone", "account")  # (what it covers and begins with hangs on them)
# Rows that were no line may become one: that is why somebody changes it.
_OTHERWISE = """
SELECT t.row_no
  FROM unnest(CAST(:identities AS bytea[]), CAST(:occurrences AS integer[]), CAST(:deltas AS numeric[]),
              CAST(:days AS date[]), CAST(:rows AS integer[])) AS t (identity, occurrence, delta, day, row_no)
 WHERE NOT EXISTS (
       SELECT FROM statement_lines l
        WHERE l.source_id = ANY(:sources) AND l.identity = t.identity AND l.occurrence = t.occurrence
          AND ((l.delta, l.booked_on) = (t.delta, t.day)
               OR EXISTS (SELECT FROM statement_rows r
                           WHERE r.line_id = l.id AND (r.delta, r.booked_on) = (t.delta, t.day))))
   AND NOT EXISTS (SELECT FROM statement_rows r
                    WHERE r.row_no = t.row_no AND (r.outcome = 'ignored' AND r.import_id = ANY(:imports)
                                                   OR r.outcome = 'rejected' AND r.import_id = :latest))
 LIMIT 1
"""


def check(source: Source, before: Settings, now: Settings) -> None:
    """Raises Settled where a line that was told would be another one, and AddressStays for a wallet's address.

    The source must be locked.
    """
    if before.account != now.account and wallets.tells_of_one(source.id):
        raise errors.AddressStays
    if before == now or not queries.has_told_for_operators(source.id):
        return
    for name in _STAYS:
        if getattr(before, name) != getattr(now, name):
            raise errors.Settled(f"Its {name} stays once it told of something. {errors.Settled.message}")
    files = queries.kept_files_for_system(source.id)
    if sum(file.size for file in files) > TRIED_MAX:
        raise errors.Settled(f"It told of more than a change is tried on. {errors.Settled.message}")
    for file in files:
        row = _otherwise(source, file, now)
        if row is not None:
            where = f"row {row} of {file.name}" if row else file.name
            raise errors.Settled(f"Read so, {where} would be told otherwise. {errors.Settled.message}")


def _otherwise(source: Source, file: StatementFile, settings: Settings) -> int | None:
    """The first row found of which another line would be told; 0 where the file cannot be read so."""
    chain = continuing.before(source)
    body = b"".join(keeping.unpack(queries.pieces_for_system(file.id)))
    readings = [told.id for _, told in queries.readings_again_for_operators(file.id) if told is not None]
    imports = [*readings, str(file.import_id)]  # the latest first
    place = {"sources": [source.id, *chain], "imports": imports, "latest": imports[0]}
    try:
        telling = registry.stream(source.format, body, settings)
        continuing.later(chain).of(telling)
        for chunk in copying.chunks_of(telling):
            if not chunk.lines:
                continue
            found = db.session.execute(text(_OTHERWISE), {**place, **chunk.told(), "rows": chunk.row_numbers()})
            if (row := found.scalar()) is not None:
                return int(row)
    except Refusal:
        return 0
    return None
