"""Commands about documents: `flask --app wsgi documents rotate`."""

from functools import partial

import click

from app.core import actor
from app.core.db import atomically
from app.documents import queries, sealing, service
from app.web.command_groups import HouseGroup

documents = HouseGroup("documents", help="What customers sent to prove who they are: its keys.")


@documents.command("rotate")
@click.option("--batch", type=click.IntRange(min=1), default=200, show_default=True, help="Files in one transaction.")
def rotate(batch: int) -> None:
    """Re-seal every document under the first of DOCUMENT_KEYS. Stopped in between, it goes on where it was."""
    who, total, stuck = actor.system("command:documents rotate"), 0, 0
    place: service.Place | None = ("", 0)
    while place is not None:
        some = atomically(partial(service.reseal, after=place, limit=batch), actor=who)
        total, stuck, place = total + some.done, stuck + len(some.stuck), some.last
        for line in some.stuck:
            click.echo(line, err=True)
        if some.done:
            click.echo(f"{total} files …")
    click.echo(f"Under the present key now: {total} files.")
    if stuck:
        raise click.ClickException(
            f"{stuck} files do not open: keep all keys, and see docs/operators/document-keys.md."
        )
    if queries.sealed_otherwise_for_system(sealing.present_key()):
        raise click.ClickException("Files came in under another key meanwhile. Restart every worker, and run it again.")
    click.echo("The other keys can be taken out of DOCUMENT_KEYS.")
