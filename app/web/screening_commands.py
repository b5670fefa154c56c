"""Commands about the lists that everybody is held against: `flask --app wsgi screening load ofac SDN.CSV`."""

import sys
from pathlib import Path

import click

from app.core import actor
from app.core.errors import Refusal
from app.screening import flows, queries
from app.screening.errors import ListSuspicious
from app.screening.formats import FORMATS
from app.web.command_groups import HouseGroup

FAULTS_SHOWN = 20

screening = HouseGroup("screening", help="Lists of sanctions and of people who hold public office.")


@screening.command("load")
@click.argument("format_", metavar="FORMAT", type=click.Choice(sorted(FORMATS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--code", default="", help="What the list is called here, for a second one of this format.")
@click.option("--title", default="", help="What people read.")
@click.option(
    "--anyway", is_flag=True, help="Take a list that lost a fifth, and remove who is missing though lines are lost."
)
def load(format_: str, file: Path, code: str, title: str, *, anyway: bool) -> None:
    """Put a newer file in the place of a list. Exit code 1: it looked cut short and was not taken; 2: not readable.

    What it added or changed is then held against everybody, by the workers. FORMAT ofac takes SDN.CSV, with ALT.CSV and
    ADD.CSV beside it; Nigeria's list is read in OpenSanctions' shape.
    """
    try:
        loaded = flows.load(
            format_, file, code=code, title=title, anyway=anyway, actor=actor.system("command:screening load")
        )
    except ListSuspicious as refused:
        click.echo(
            f"{refused.message} Entries: {refused.facts['entries']}, before: {refused.facts['before']};"
            f" names: {refused.facts['names']}, before: {refused.facts['names_before']}.",
            err=True,
        )
        sys.exit(1)
    except Refusal as refused:
        click.echo(refused.message, err=True)
        sys.exit(2)
    version = loaded.version
    click.echo(
        f"Entries: {version.entries}; added {version.added}, changed {version.changed}, removed {version.removed}."
        f" Lines that could not be read: {loaded.faults.many}."
    )
    if version.lost_lines:
        click.echo(f"Lines that are lost: {version.lost_lines}. Until they can be read nobody is taken off the list.")
    for line, reason in loaded.faults.kept[:FAULTS_SHOWN]:
        click.echo(f"  line {line}: {reason}")


@screening.command("retire")
@click.argument("code")
@click.confirmation_option(prompt="Nobody is held against it any more, and what is open about it is closed. Go on?")
def retire(code: str) -> None:
    """Search a list no more. Exit code 2: there is no such list. Loading it again brings it back."""
    try:
        click.echo(f"Removed: {flows.retire(code, actor=actor.system('command:screening retire'))}.")
    except Refusal as refused:
        click.echo(refused.message, err=True)
        sys.exit(2)


@screening.command("lists")
def lists() -> None:
    """Each list, with its age and what stands on it."""
    for one in queries.lists_for_operators():
        age = f"{one.list.checked_at:%Y-%m-%d %H:%M}" if one.list.checked_at else "never"
        click.echo(
            f"{one.list.code}  {one.list.live} entries  loaded {age}{'  TOO OLD' if one.stale else ''}"
            f"{'' if one.version else '  RETIRED'}"
        )
