"""Commands of the house: `flask --app wsgi operators create`; books, audit and accounts have files of theirs."""

import click
from flask import Flask

from app.core import actor
from app.core.db import leave, transaction
from app.core.errors import Refusal
from app.core.permissions import Role
from app.identity import factors
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.rules import Audience
from app.staff import rules as staff_rules
from app.staff import service as staff
from app.web.account_commands import accounts
from app.web.audit_commands import audit
from app.web.command_groups import HouseGroup
from app.web.document_commands import documents
from app.web.ledger_commands import ledger
from app.web.matching_commands import matching
from app.web.retention_commands import retention
from app.web.screening_commands import screening
from app.web.statement_commands import statements

operators = HouseGroup("operators", help="Members of staff.")


def register(app: Flask) -> None:
    """Give the commands to the application."""
    app.cli.add_command(operators)
    app.cli.add_command(accounts)
    app.cli.add_command(ledger)
    app.cli.add_command(audit)
    app.cli.add_command(documents)
    app.cli.add_command(screening)
    app.cli.add_command(retention)
    app.cli.add_command(statements)
    app.cli.add_command(matching)


@operators.command("create")
@click.argument("email")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([str(role) for role in staff_rules.FIRST])
)
@click.password_option()
def create_operator(email: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Make the first operators: two administrators and a compliance manager. They invite everybody else."""
    try:
        with transaction(actor.system("command:operators create")):
            operator_id = staff.begin(name, email=email, password=password, roles=[Role(role) for role in roles])
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(operator_id)


@operators.command("forget-factors")
@click.argument("email")
@click.option("--reason", required=True, help="How you know that it is they who ask.")
def forget_factors(email: str, reason: str) -> None:
    """Let an operator who lost every second factor set up a first one, with their password. Their sessions end."""
    login_id = identity_queries.login_by_address_for_system(identity.canonical(email), audience=Audience.OPERATOR)
    if login_id is None:
        raise click.ClickException("There is no operator with this address.")
    leave()
    with transaction(actor.system("command:operators forget-factors"), reason=reason):
        factors.drop_all(login_id)
    click.echo("They set up a new one at the next sign-in.")
