"""Commands about statements of outside accounts: `flask --app wsgi statements import --source kraken ledgers.csv`."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from app.core import actor
from app.core.db import atomically
from app.core.errors import Refusal
from app.statements import flows, queries, rules, service
from app.statements.formats import registry
from app.statements.models import Import, Part
from app.statements.rules import Days
from app.web.command_groups import HouseGroup

ROWS_SHOWN = 20

statements = HouseGroup("statements", help="What banks, vendors and venues tell of our accounts.")
DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@statements.command("formats")
def formats() -> None:
    """Name every kind of file that can be read, with the settings that it takes."""
    for one in registry.FORMATS.values():
        click.echo(f"{one.name:20} {one.title}" + (f" (takes {', '.join(sorted(one.takes))})" if one.takes else ""))


@statements.command("look")
@click.argument("file", type=FILE)
@click.option(
    "--format", "format_", type=click.Choice(sorted(registry.FORMATS)), help="Without it: what it looks like."
)
@click.option("--settings", default="{}", help="As JSON, as a source has them.")
def look(file: Path, format_: str | None, settings: str) -> None:
    """Say what a file tells and whether it ties, and keep nothing. Exit code 2: it cannot be read."""
    body = file.read_bytes()
    try:
        name = format_ or next((found.name for found in registry.recognised(body)), "")
        if not name:
            click.echo("No format is like this file.", err=True)
            sys.exit(2)
        told = registry.parse(name, body, rules.settings_of(_json(settings)))
    except Refusal as refused:
        _refuse(refused)
    click.echo(f"{registry.FORMATS[told.format].title}: {told.rows_total} rows")
    for note in told.notes:
        click.echo(note)
    for one in told.statements:
        ties = {True: "ties", False: f"does not tie, by {one.difference}", None: "tells no balances"}[one.ties]
        if one.closes_at is not None:
            ties = f"holds {one.closing} at {one.closes_at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{one.account} {one.asset} {one.ref}: {len(one.lines)} lines, {one.moved}; {ties}. {one.untied}")
    for row in told.rejected[:ROWS_SHOWN]:
        click.echo(f"  row {row.row}, {row.column}: {row.reason}")


@statements.command("sources")
def sources() -> None:
    """Name the sources, the accounts that stand for them, and what came last."""
    for one in queries.sources_for_operators():
        click.echo(f"{one.name:20} {one.format:20} {one.title}")
        for asset, account in sorted(queries.accounts_for_operators(one.id).items()):
            click.echo(f"  {asset:18} {account}")
        for latest in queries.imports_for_operators(one.id, limit=1):
            click.echo(f"  last: {latest.name}, {latest.imported_at:%Y-%m-%d %H:%M} UTC, {latest.lines_added} added")


@statements.command("add-source")
@click.argument("name")
@click.option("--title", required=True, help="What people read.")
@click.option("--format", "format_", required=True, type=click.Choice(sorted(registry.FORMATS)))
@click.option("--settings", default="{}", help='As JSON: {"zone": "Africa/Lagos", "asset": "NGN"}.')
@click.option("--account", "pairs", multiple=True, metavar="ASSET=ACCOUNT", help="BTC=asset:venue:kraken:BTC")
def add_source(name: str, title: str, format_: str, settings: str, pairs: tuple[str, ...]) -> None:
    """Add an account that somebody else keeps for us. Exit code 2: it cannot be one."""

    def add() -> None:
        source = service.add_source(name, title=title, format_name=format_, settings=_json(settings))
        for pair in pairs:
            asset, _, account = pair.partition("=")
            service.stand_for(source.id, asset=asset, account=account)

    try:
        atomically(add, actor=actor.system("command:statements add-source"))
    except Refusal as refused:
        _refuse(refused)
    click.echo(f"{name} is there. Bring its files: flask --app wsgi statements import --source {name} FILE")


@statements.command("import")
@click.option("--source", required=True)
@click.option("--from", "first", type=DAY, help="The first day that the file covers, where it does not say itself.")
@click.option("--to", "last", type=DAY, help="The last one. Quiet days are covered, too, once both are said.")
@click.argument("file", type=FILE)
def import_file(source: str, file: Path, first: datetime | None, last: datetime | None) -> None:
    """Read a file and keep what was not told before. Exit code 2: it cannot be read, and nothing of it was kept."""
    who = actor.system("command:statements import")
    if (first is None) != (last is None):
        raise click.UsageError("Say both: --from and --to.")
    said = Days(first.date(), last.date()) if first and last else None
    try:
        told, before = flows.bring(source, name=file.name, body=file.read_bytes(), actor=who, said=said)
    except Refusal as refused:
        _refuse(refused)
    _say(told, seen_before=before)


def _say(told: Import, *, seen_before: bool) -> None:
    if seen_before:
        click.echo(f"This file was read before, on {told.imported_at:%Y-%m-%d %H:%M} UTC. Nothing was added.")
    click.echo(
        f"Rows: {told.rows_total}, of these lines {told.rows_lines}, ignored {told.rows_ignored}, rejected"
        f" {told.rows_rejected}. Lines: {told.lines_total}, of these added {told.lines_added}, known"
        f" {told.lines_known}, restated {told.lines_restated}."
    )
    for note in told.notes:
        click.echo(note)
    for each in queries.said_days_of_import_for_operators(told.id)[:1]:
        click.echo(f"Covers {each.first} to {each.last}, as was said.")
    for part in queries.parts_for_operators(told.id):
        click.echo(f"  {part.account} {part.asset} {part.ref}: {_tie(part)}")
    for row in queries.other_rows_for_operators(told.id, outcomes=("rejected", "restated"), limit=ROWS_SHOWN):
        click.echo(f"  row {row.row_no}: {row.outcome}. {row.reason}")


def _tie(part: Part) -> str:
    if part.untied:
        return part.untied
    if part.closes_at is not None:
        return f"holds {part.closing} at {part.closes_at:%Y-%m-%d %H:%M} UTC"
    if part.difference is None:
        return f"moves {part.moved}; tells no balances"
    return f"{part.opening} + {part.moved} = {part.closing}" + (
        "" if not part.difference else f", but for {part.difference}: the statement does not tie"
    )


def _json(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError as wrong:
        raise click.BadParameter(f"this is no JSON: {wrong}") from wrong
    if not isinstance(found, dict):
        raise click.BadParameter("settings are a JSON object")
    return found


def _refuse(refused: Refusal) -> NoReturn:
    click.echo(refused.message, err=True)
    sys.exit(2)
