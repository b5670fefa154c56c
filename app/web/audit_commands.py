"""Commands about the audit: `flask --app wsgi audit verify`. Exit codes are those of the commands about the books."""

import sys
from pathlib import Path

import click

from app.audit import seal
from app.web.command_groups import HouseGroup
from app.web.ledger_commands import anchors_of, read

audit = HouseGroup("audit", help="The record of who did what: its seal.")


@audit.command("verify")
@click.option(
    "--anchors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Heads that were kept elsewhere. [default: ANCHOR_FILE, once there is one]",
)
def verify(anchors: Path | None) -> None:
    """Hold every sealed record against the seal, and the seal against its anchors; the first bad one first.

    Exit code 1: a record was altered, added or removed, or a block was.
    """
    kept = anchors_of(seal.CHAIN, anchors)
    with read():
        faults = 0
        for fault in seal.CHAIN.verify(kept):
            faults += 1
            click.echo(f"block {fault.block}: {fault.problem}")
        (blocks, records), waiting = seal.sealed(), seal.CHAIN.waiting()
    if faults:
        click.echo(f"Faults: {faults}, in {blocks} blocks.")
        sys.exit(1)
    held = f"anchors that hold: {len(kept)}; " if kept else ""
    click.echo(f"Verified blocks: {blocks}; records in them: {records}; {held}records not sealed yet: {waiting}.")
