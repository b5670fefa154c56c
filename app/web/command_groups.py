"""What every command of the house has in common: whoever runs one works for everyone."""

from typing import Any

import click
from flask.cli import AppGroup

from app.core.db import for_everyone


class HouseGroup(AppGroup):
    """A group of commands that see everybody's rows: who may run them is held by who may sign in to the machine."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with for_everyone():
            return super().invoke(ctx)
