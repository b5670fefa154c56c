"""Commands about the books: `flask --app wsgi ledger export`, `trial-balance`, `profit-and-loss`, `verify`, …

Each reads one snapshot of the whole books. Exit code 1 says that the books are not sound, 2 that the
command could not be carried out.
"""

import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO

import click
from flask import current_app
from sqlalchemy.exc import OperationalError

from app.audit.chain import Chain
from app.core import clock
from app.core.clock import WAT
from app.core.db import whole_books
from app.core.money import plain
from app.ledger import export, proof, seal, trial, whole
from app.web.command_groups import HouseGroup
from reports import pnl, revenue

LAST_YEAR = 9998  # the day after its last one is still a date
EXAMPLE = "2026-11-21 or 2026-11-21T10:00:00+01:00"
TICK = timedelta(microseconds=1)  # PostgreSQL's clock counts these

ledger = HouseGroup("ledger", help="The books: read, proved, given to other readers.")


class CannotDo(click.ClickException):
    """One sentence, exit code 2."""

    exit_code = 2


@ledger.command("export")
@click.option("--format", "format_", required=True, type=click.Choice([str(each) for each in export.Format]))
@click.option(
    "--from",
    "since",
    metavar="DATE_OR_TIME",
    help="What was booked from then on; what was there before is an opening balance.",
)
@click.option(
    "--to",
    "until",
    metavar="DATE_OR_TIME",
    help="What was booked before then; a date counts to its end. Without it: all there is.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; without it, standard output.")
def export_books(format_: str, since: str | None, until: str | None, output: Path | None) -> None:
    """Write the books for another reader, streaming: beancount, hledger or csv.

    A time needs its zone (2026-11-21T10:00:00+01:00). A date alone is a day of West Africa Time: --from its beginning,
    --to its end. Csv has a row per leg, debit positive; opening balances are rows of journal 0.
    """
    span = whole.Span(_beginning("--from", since), _end("--to", until))
    if span.since and span.until and span.since >= span.until:
        raise CannotDo("--from must be before --to.")
    with read(), _opened(output) as file:
        for piece in export.export(export.Format(format_), span):
            file.write(piece)


@ledger.command("trial-balance")
@click.option(
    "--at", "moment", metavar="DATE_OR_TIME", help="What was booked by then; a date counts to its end. Without it: now."
)
@click.option("--basis", type=click.Choice([str(each) for each in trial.Basis]), default="booked", show_default=True)
@click.option("--format", "format_", type=click.Choice(["csv"]), default="csv", show_default=True)
def trial_balance(moment: str | None, basis: str, format_: str) -> None:
    """Write the balance of each account, debit positive: account, asset, balance.

    A time needs its zone (2026-11-21T10:00:00+01:00); a date alone is a day of West Africa Time, to its end. With
    --basis effective: what had taken effect by then, whenever it was booked.
    """
    del format_  # (there is one so far)
    at = _last("--at", moment)
    if at is None and basis == trial.Basis.EFFECTIVE:
        at = clock.now()
    with read(), _opened(None) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("account", "asset", "balance"))
        for line in trial.trial_balance(at, basis=trial.Basis(basis), each_customer=True):
            table.writerow((line.code, line.asset, plain(line.balance)))


@ledger.command("profit-and-loss")
@click.option(
    "--from", "since", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="The first day that is listed."
)
@click.option(
    "--to",
    "until",
    metavar="DATE_OR_TIME",
    help="What took effect before then; a date counts to its end. Without it: now.",
)
def profit_and_loss(since: datetime | None, until: str | None) -> None:
    """Write what each day earned, spent and gained by asset, in naira, and what our positions cost and are worth.

    Costs are averages. `python -m dev.pnl_from_beancount` writes the same from an export alone.
    """
    with read(), _opened(None) as file:
        told = pnl.report(since=since.date() if since else pnl.BEGINNING, until=_end("--to", until), anew=True)
        file.writelines(f"{line}\n" for line in pnl.written(told))


@ledger.command("revenue")
@click.option("--from", "since", required=True, metavar="DATE_OR_TIME", help="From then on.")
@click.option("--to", "until", required=True, metavar="DATE_OR_TIME", help="Before then; a date counts to its end.")
def revenue_of_orders(since: str, until: str) -> None:
    """What orders earned, as csv: spread, fees and rounding by day, asset and side, from the books alone."""
    begins, ends = _beginning("--from", since) or clock.now(), _end("--to", until) or clock.now()
    with read(), _opened(None) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("day", "asset", "side", "spread", "fees", "rounding", "total", "orders"))
        for line in revenue.earned(since=begins, until=ends):
            amounts = (plain(each) for each in (line.spread, line.fees, line.rounding, line.total))
            table.writerow((line.day.isoformat(), line.asset.code, line.side, *amounts, line.orders))


@ledger.command("verify")
@click.option(
    "--anchors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Heads that were kept elsewhere. [default: ANCHOR_FILE, once there is one]",
)
def verify(anchors: Path | None) -> None:
    """Hold every sealed journal against the seal, and the seal against its anchors; the first bad one first.

    A file of anchors has a block's number and hash on each line, as the anchors keep them. Exit code 1: altered.
    """
    kept = anchors_of(seal.CHAIN, anchors)
    with read():
        faults = 0
        for fault in seal.verify(kept):
            faults += 1
            click.echo(f"block {fault.block}: {fault.problem}")
        (blocks, journals), waiting = whole.sealed(), seal.unsealed()
    if faults:
        click.echo(f"Faults: {faults}, in {blocks} blocks.")
        sys.exit(1)
    held = f"anchors that hold: {len(kept)}; " if kept else ""
    click.echo(f"Verified blocks: {blocks}; journals in them: {journals}; {held}journals not sealed yet: {waiting}.")


@ledger.command("check")
def check() -> None:
    """Run every invariant of the books over every row. Exit code 1: one is broken, by the rows that are named."""
    with read():
        broken = proof.broken()
    for name in proof.INVARIANTS:
        click.echo(f"BROKEN  {name}: {', '.join(broken[name])}" if name in broken else f"ok      {name}")
    click.echo(f"{len(proof.INVARIANTS) - len(broken)} of {len(proof.INVARIANTS)} invariants hold")
    sys.exit(1 if broken else 0)


@contextmanager
def read() -> Iterator[None]:
    """All of it as it is now; CannotDo when the database does not answer."""
    try:
        with whole_books():
            yield
    except OperationalError as error:
        said = str(error.orig).partition("\n")[0]
        raise CannotDo(f"The database does not answer as it should: {said}") from error


@contextmanager
def _opened(path: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that takes its place when it is whole. Raises CannotDo."""
    try:
        if path is None:
            with click.open_file("-", "w", encoding="utf-8") as file:
                yield file
        elif path.exists() and not path.is_file():  # a pipe or a device: nothing to put in its place
            with path.open("w", encoding="utf-8") as file:
                yield file
        else:
            with _replacing(path) as file:
                yield file
    except BrokenPipeError:
        raise  # whoever read it has had enough
    except OSError as error:
        raise CannotDo(f"{path or 'Standard output'} cannot be written: {error.strerror or error}.") from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[str]]:
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def anchors_of(chain: Chain, given: Path | None) -> dict[int, str]:
    """The anchored heads of a chain, from the file that was named or our own. Raises CannotDo."""
    path = given or _own_anchors()
    if path is None:
        return {}
    try:
        with path.open(encoding="ascii") as lines:
            return chain.read_anchors(lines)
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise CannotDo(f"{path} is no list of anchors: on each line a block's number and its one hash.") from error


def _own_anchors() -> Path | None:
    path = Path(current_app.extensions["settings"].anchor_file or os.devnull)
    return path if path.is_file() else None


def _beginning(option: str, text: str | None) -> datetime | None:
    """A moment; of a date the day's beginning in West Africa Time. Raises CannotDo."""
    return _moment(option, text)[0]


def _end(option: str, text: str | None) -> datetime | None:
    """A moment; of a date the first moment after the day. Raises CannotDo."""
    return _moment(option, text)[1]


def _last(option: str, text: str | None) -> datetime | None:
    """A moment; of a date the day's last. Raises CannotDo."""
    moment, end = _moment(option, text)
    return moment if moment == end else end and end - TICK


def _moment(option: str, text: str | None) -> tuple[datetime | None, datetime | None]:
    """A moment, twice; of a date where its day begins and where the next one does."""
    if text is None:
        return None, None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CannotDo(f"{option} {text} is no date and no time: write {EXAMPLE}.") from error
    if not 1 < moment.year <= LAST_YEAR:
        raise CannotDo(f"{option} {text} is too far away.")
    if _is_date(text):
        moment = moment.replace(tzinfo=WAT)
        return moment, moment + timedelta(days=1)
    if moment.tzinfo is None:
        raise CannotDo(f"{option} {text} does not say its time zone: write {EXAMPLE}.")
    return moment, moment


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
