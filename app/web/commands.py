"""Commands of the house for its operators: `flask --app wsgi operators add`, `books proof`."""

import sys

import click
from flask import Flask
from flask.cli import AppGroup

from app.core import actor
from app.core.db import transaction
from app.core.permissions import Role
from app.identity import service as identity
from app.ledger import proof

operators = AppGroup("operators", help="Members of staff.")
books = AppGroup("books", help="The ledger.")


def register(app: Flask) -> None:
    """Give the commands to the application."""
    app.cli.add_command(operators)
    app.cli.add_command(books)


@operators.command("add")
@click.argument("email")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([str(role) for role in Role]))
@click.password_option()
def add_operator(email: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Add an operator with one or more roles."""
    with transaction(actor.system("command:operators add")):
        operator_id = identity.hire(name, email=email, password=password, roles=[Role(role) for role in roles])
    click.echo(operator_id)


@books.command("proof")
def prove_books() -> None:
    """Run every invariant of the books; exit code 1 when one is broken."""
    broken = proof.broken()
    for name, found in broken.items():
        click.echo(f"BROKEN {name}: {', '.join(found)}")
    click.echo(f"{len(proof.INVARIANTS) - len(broken)} of {len(proof.INVARIANTS)} invariants hold")
    sys.exit(1 if broken else 0)
