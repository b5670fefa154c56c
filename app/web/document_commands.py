"""Commands about documents: `flask --app wsgi documents rotate`."""

import click

from app.core import actor
from app.core.db import atomically
from app.documents import service
from app.documents.sealing import Unopened
from app.web.command_groups import HouseGroup

AT_ONCE = 200

documents = HouseGroup("documents", help="What customers sent to prove who they are: its keys.")


@documents.command("rotate")
def rotate() -> None:
    """Re-seal every document under the first of DOCUMENT_KEYS. Stopped in between, it goes on where it was."""
    who, total = actor.system("command:documents rotate"), 0
    try:
        while done := atomically(lambda: service.reseal(limit=AT_ONCE), actor=who):
            total += done
            click.echo(f"{total} files …")
    except Unopened as error:
        raise click.ClickException("A key is missing from DOCUMENT_KEYS, or a row was altered.") from error
    click.echo(f"Under the present key now: {total} files. The others can be taken out of DOCUMENT_KEYS.")
