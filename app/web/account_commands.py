"""Commands about accounts: `flask --app wsgi accounts disable`, `enable`, `end-sessions`; each says why."""

import click

from app.core import actor
from app.core.db import leave, transaction
from app.identity import queries, sessions
from app.identity import service as identity
from app.identity.errors import BadEmail
from app.identity.rules import Audience
from app.web.command_groups import HouseGroup

accounts = HouseGroup("accounts", help="Accounts of customers and operators, by their address.")
_AUDIENCES = click.Choice([str(audience) for audience in Audience])


@accounts.command("disable")
@click.argument("audience", type=_AUDIENCES)
@click.argument("email")
@click.option("--reason", required=True, help="Why, for the record.")
def disable(audience: str, email: str, reason: str) -> None:
    """Shut an account out: its sessions end, and no password, link or key opens it."""
    login_id = _login(email, audience)
    with transaction(actor.system("command:accounts disable"), reason=reason):
        sessions.shut_out(login_id)
    click.echo("The account is disabled, and nobody is signed in to it.")


@accounts.command("enable")
@click.argument("audience", type=_AUDIENCES)
@click.argument("email")
@click.option("--reason", required=True, help="Why, for the record.")
def enable(audience: str, email: str, reason: str) -> None:
    """Let an account in again."""
    login_id = _login(email, audience)
    with transaction(actor.system("command:accounts enable"), reason=reason):
        sessions.let_in_again(login_id)
    click.echo("They can sign in again.")


@accounts.command("end-sessions")
@click.argument("audience", type=_AUDIENCES, required=False)
@click.argument("email", required=False)
@click.option("--everybody", is_flag=True, help="Of all accounts, in place of one.")
@click.option("--reason", required=True, help="Why, for the record.")
def end_sessions(audience: str | None, email: str | None, reason: str, *, everybody: bool) -> None:
    """Sign an account out everywhere, or everybody."""
    if everybody == bool(audience and email):
        raise click.UsageError("Name one account, or say --everybody.")
    who = actor.system("command:accounts end-sessions")
    if everybody:
        with transaction(who, reason=reason):
            ended = sessions.end_everybodys()
        click.echo(f"Sessions ended: {ended}.")
        return
    login_id = _login(str(email), str(audience))
    with transaction(who, reason=reason):
        sessions.end_all(login_id)
    click.echo("They are signed out everywhere.")


def _login(email: str, audience: str) -> str:
    try:
        found = queries.login_by_address_for_system(identity.canonical(email), audience=Audience(audience))
    except BadEmail as refused:
        raise click.ClickException(refused.message) from refused
    if found is None:
        raise click.ClickException(f"There is no {audience} with this address.")
    leave()
    return found
