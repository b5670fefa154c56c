"""Commands about what outside accounts and the books differ by: `flask --app wsgi matching run`."""

import sys
from typing import NoReturn

import click

from app.core import actor, clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.matching import by_hand, queries, service
from app.matching.models import Run
from app.web.command_groups import HouseGroup

matching = HouseGroup("matching", help="Statements held against the books.")
ACCOUNT = click.argument("account")
REASON = click.option("--reason", required=True, help="For whoever closes the month.")
ENTRY = 2  # journal and leg


@matching.command("run")
@click.argument("accounts", nargs=-1)
@click.option("--whole", is_flag=True, help="Everything that is open, not only what has to do with what is new.")
def run(accounts: tuple[str, ...], *, whole: bool) -> None:
    """Match what is open in these accounts of the books, or in all that a source stands for."""
    who = actor.system("command:matching run")

    def match(account: str) -> dict[str, object] | None:
        rules, version = queries.rules_for_operators(account)
        made = service.run(
            account, rules=rules, version=version, as_of=clock.now(), whole=whole, why="asked for", actor=who
        )
        return None if made is None else dict(made.counts)

    try:
        for account in accounts or queries.accounts_for_system():
            counts = atomically(lambda account=account: match(account), actor=who)  # type: ignore[misc]
            click.echo(f"{account}: {'nothing new' if counts is None else told(counts)}")
    except Refusal as refused:
        _refuse(refused)


@matching.command("proof")
@click.argument("accounts", nargs=-1)
def proof(accounts: tuple[str, ...]) -> None:
    """Hold told less booked against the sum of the open breaks. Exit code 1: somewhere it is another number."""
    untied = 0
    for account in accounts or queries.accounts_for_system():
        sums = queries.proof_for_operators(account)
        untied += not sums.ties
        word = "ties" if sums.ties else "DOES NOT TIE"
        click.echo(f"{account}: told {sums.told}, booked {sums.booked}, breaks {sums.breaks}: {word}")
    sys.exit(1 if untied else 0)


@matching.command("link")
@ACCOUNT
@click.option("--line", "lines", type=int, multiple=True, help="Number of a statement's line.")
@click.option("--entry", "entries", multiple=True, metavar="JOURNAL.LEG", help="An entry of the books.")
@REASON
def link(account: str, lines: tuple[int, ...], entries: tuple[str, ...], reason: str) -> None:
    """Say that lines and entries belong together. Exit code 2: they cannot."""
    who = actor.system("command:matching link")
    named = [_entry(one) for one in entries]

    def put_together() -> int:
        return by_hand.link(account, lines=lines, entries=named, reason=reason, actor=who)[1]

    try:
        click.echo(f"match {atomically(put_together, actor=who)}")
    except Refusal as refused:
        _refuse(refused)


@matching.command("end")
@click.argument("match", type=int)
@REASON
def end(match: int, reason: str) -> None:
    """Take a match apart. Exit code 2: it was ended already."""
    who = actor.system("command:matching end")

    def take_apart() -> Run:
        return by_hand.end(match, reason=reason, actor=who)

    try:
        atomically(take_apart, actor=who)
    except Refusal as refused:
        _refuse(refused)
    click.echo("ended")


def told(counts: dict[str, object]) -> str:
    """What a run found, in one line."""
    rules = counts.get("rules")
    found = [f"{one['rule']} {one['groups']}" for one in rules] if isinstance(rules, list) else []
    return ", ".join((*found, f"{counts.get('opened')} breaks opened", f"{counts.get('closed')} closed"))


def _entry(told: str) -> tuple[int, int]:
    parts = told.split(".")
    if len(parts) != ENTRY or not all(part.isdecimal() for part in parts):
        click.echo(f"{told} is no entry: give its journal and its leg, as 812.1.", err=True)
        sys.exit(2)
    return int(parts[0]), int(parts[1])


def _refuse(refused: Refusal) -> NoReturn:
    click.echo(refused.message, err=True)
    sys.exit(2)
