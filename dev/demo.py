"""Commands for a business to look at: `flask --app wsgi demo seed`, `demo sign-ins`. Never in production."""

import os
import sys

import click
from flask import Flask, current_app

from app.core import clock, logs
from app.customers import queries as customers
from app.identity import queries as identity
from app.identity import rules, totp
from app.reconciliation import queries as reconciliation
from app.web.command_groups import HouseGroup
from dev import verified
from dev.business import MAIL, PASSWORD, SECRET, STAFF, Business

demo = HouseGroup("demo", help="A business to look at.")


def register(app: Flask) -> None:
    """Give the commands to the application."""
    app.cli.add_command(demo)


@demo.command("seed")
def seed() -> None:
    """Live through 45 days of business and trading, once. Run again it changes nothing."""
    logs.configure("ERROR")  # thousands of small steps; the lines below tell enough
    if reconciliation.latest_for_operators() is not None:
        click.echo("The demo business is there already.")
        return
    if customers.count_for_operators() or identity.operators_for_operators():
        click.echo("There is a business here already that is no whole demo: forget it with `make reset` first.")
        sys.exit(1)
    settings = current_app.extensions["settings"]
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (flask's way to the object)
    owner_url = os.environ["MIGRATIONS_DATABASE_URL"]
    verified.allow(owner_url)
    try:
        addresses = {"vendor_url": settings.paystack_base_url, "exchange_url": settings.kraken_base_url}
        for line in Business(app, **addresses).live():
            click.echo(line)
    finally:
        verified.allow(owner_url, allowed=False)


@demo.command("sign-ins")
def sign_ins() -> None:
    """Who can sign in to look at it."""
    click.echo(f"password of all: {PASSWORD}")
    click.echo(f"authenticator app of all: {rules.shown_code(SECRET)}, code now: {_code()}, later:")
    click.echo("  var/venv/bin/python -m dev.within python -m flask --app wsgi demo code")
    for name, mailbox, role in STAFF:
        click.echo(f"{mailbox}@{MAIL:<14} {name}, {role.replace('_', ' ')}")
    click.echo(f"customer@{MAIL:<14} Tunde Bakare, customer: holds naira and four coins")
    click.echo(f"newcomer@{MAIL:<14} Amina Yaro, customer since today")
    click.echo("BVN or NIN that belongs to whoever gives it: 2201 and seven digits (docs/identification.md has more)")


@demo.command("code")
def code() -> None:
    """What the authenticator app of everybody in the demo shows now. One person can use it once."""
    click.echo(_code())


def _code() -> str:
    return totp.code(SECRET, step=rules.totp_step(clock.now()))
