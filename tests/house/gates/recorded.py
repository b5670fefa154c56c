"""Every table is on the record: it bears the trigger `audit_row`, or its exemption gives a reason."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import Connection, text

TRIGGER = "audit_row"
TABLES = text(
    "SELECT c.relname AS table, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = :trigger"
    " AND t.tgenabled = 'A') AS watched"
    " FROM pg_class c"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
)


def tables(connection: Connection) -> dict[str, bool]:
    """The tables of the public schema, and whether each bears the trigger, enabled for every role."""
    return {row.table: row.watched for row in connection.execute(TABLES, {"trigger": TRIGGER})}


def faults(watched: Mapping[str, bool], *, exempt: Mapping[str, str]) -> list[str]:
    """Tables that change unrecorded, exemptions without a reason, and exemptions that are not needed."""
    return [*_unrecorded(watched, exempt), *_stale(watched, exempt)]


def _unrecorded(watched: Mapping[str, bool], exempt: Collection[str]) -> Iterator[str]:
    for table, is_watched in sorted(watched.items()):
        if not is_watched and table not in exempt:
            yield f"{table}: call audit.watch('{table}') in its migration, or give the reason in app/audit/exempt.py."


def _stale(watched: Mapping[str, bool], exempt: Mapping[str, str]) -> Iterator[str]:
    for table, reason in sorted(exempt.items()):
        if len(reason.split()) < 3:
            yield f"{table}: its exemption needs a reason in words."
        if table not in watched:
            yield f"{table}: is exempt and does not exist."
        elif watched[table]:
            yield f"{table}: is exempt and watched all the same; take it off the list."
