"""Commands about retention: `flask --app wsgi retention report`. What is due goes by request, in the console."""

import click

from app.core import clock
from app.retention import service
from app.web.command_groups import HouseGroup

retention = HouseGroup("retention", help="What is kept for how long.")


@retention.command("report")
def report() -> None:
    """Say what is due, rule by rule, and what a legal hold keeps. Nothing is changed."""
    for due in service.plan(at=clock.now()):
        oldest = f", the oldest since {due.oldest:%Y-%m-%d}" if due.oldest else ""
        note = f" ({due.rule.note})" if due.rule.note else ""
        click.echo(f"{due.rule.title}: {due.goes} to {due.rule.action}, {due.held} held{oldest}{note}")
