"""Replay a month whose truth is known: `make scenario DIR=…`, or `python -m bench.scenario DIR`.

The folder holds `ledger.json` (what the books are to say, and the cut-off), files of outside accounts in any known
format, `chain_balances.json` if there are wallets, and `truth.json` if there is a score to be told. On a scratch
database the ledger is posted as journals, each file is imported by its own importer, the rules are run as of the
cut-off, and what came of every line is printed as JSON in the shape of truth.json, with the tie-out of each account.

A file belongs to the account of the books that has its asset and the first word of its name (kraken_ledgers.csv:
asset:kraken:btc); each wallet in a file of balances is a source of its own. Two files of one name are one account told
twice: the second has to say the same, and is not counted.
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask

from app.assembly import assemble
from app.closing import figures, held
from app.core import actor
from app.core.db import for_everyone, leave, rows, transaction
from app.core.money import Asset, Money
from app.ledger import accounts, posting
from app.ledger.journal import Journal, credit, debit
from app.matching import queries
from app.matching import rules as matching_rules
from app.matching import service as matching
from app.statements import flows, service
from app.statements.formats import bank_csv, reading, registry
from app.statements.formats.lines import Parsed
from app.statements.formats.settings import Settings
from bench.score import score
from bench.servers import Database, durable_ground

VAR = Path(__file__).resolve().parents[1] / "var"
SCENARIO = actor.system("scenario")
NOT_STATEMENTS = {"ledger.json", "truth.json"}
WALLETS = "chain-balances"
FORMATS_FIRST = (".mt940", ".sta", ".xml")  # of two files of one name the one with balances of its own per day counts
LAGOS = "Africa/Lagos"
BY_WORD = {"mt940", "camt053", "bank-csv", "luno-wallet"}  # named after whose account it is, not after the file
DEDUCTIONS = "/deductions"
PAYSTACK = {"paystack-transactions", "paystack-transfers", "paystack-payouts"}
_ASSET = """
WITH made AS (INSERT INTO ledger.assets (code, decimals) VALUES (%(code)s, %(decimals)s))
INSERT INTO ledger.asset_versions (code, version, ticker, name, network, symbol, mark, digits, colour, trade_min_units,
                                   send_min_units, position, open, set_at)
VALUES (%(code)s, 1, split_part(%(code)s, '.', 1), %(code)s, '', '', 'S', 2, '#000000', 1, 1, 100, false, now())
"""
_LINES = """
SELECT l.id, l.row_no, l.external_id, l.refs, l.group_key, l.asset, l.delta, l.kind, l.at, l.raw, m.group_id,
       b.reason, b.amount
  FROM statement_sources s JOIN statement_lines l ON l.source_id = s.id
  LEFT JOIN matches m ON m.line_id = l.id AND m.ended_by IS NULL
  LEFT JOIN breaks b ON b.closed_by IS NULL AND (b.line_id = l.id OR b.group_id = m.group_id)
 WHERE s.name = :source AND l.basis = 'row' ORDER BY l.part, l.row_no, l.id
"""
_IGNORED = """
SELECT r.row_no, r.raw FROM statement_sources s JOIN statement_imports i ON i.source_id = s.id
  JOIN statement_rows r ON r.import_id = i.id AND r.outcome = 'ignored' WHERE s.name = :source ORDER BY r.row_no
"""
_ENTRIES = (
    "SELECT group_id, journal_id, leg FROM matches WHERE journal_id IS NOT NULL AND ended_by IS NULL ORDER BY 2, 3"
)
_TELLERS = """
SELECT a.account, j.kind, s.name, count(*) AS n
  FROM matches e JOIN ledger.journals j ON j.id = e.journal_id
  JOIN matches t ON t.group_id = e.group_id AND t.line_id IS NOT NULL
  JOIN statement_lines l ON l.id = t.line_id JOIN statement_sources s ON s.id = l.source_id
  JOIN statement_accounts a ON a.source_id = l.source_id AND a.asset = l.asset
 WHERE e.ended_by IS NULL AND t.ended_by IS NULL GROUP BY 1, 2, 3 ORDER BY n, s.name DESC
"""
_LEFT = """
SELECT b.account, b.journal_id, b.leg, -b.amount AS amount, j.kind,
       break_reason(b.reason, b.at, c.until, c.covered) AS reason
  FROM breaks b JOIN ledger.journals j ON j.id = b.journal_id
 CROSS JOIN LATERAL matching_coverage(b.account, now()) c
 WHERE b.closed_by IS NULL AND b.journal_id IS NOT NULL ORDER BY 2, 3
"""


@dataclass
class Told:
    """A file and the source that it was imported as."""

    path: Path
    source: str
    format: str
    parsed: Parsed
    settings: dict[str, Any] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What the truth calls the source."""
        return self.word if self.format in BY_WORD else self.path.name

    @property
    def word(self) -> str:
        """The first word of its name."""
        return re.split(r"[_.-]", self.path.stem)[0]


@dataclass
class Books:
    """What the folder's ledger became: our account for each of its accounts, its entry for each journal's leg."""

    cutoff: datetime
    accounts: dict[str, str] = field(default_factory=dict)
    entries: dict[tuple[int, int], str] = field(default_factory=dict)

    def account(self, word: str, asset: str) -> str | None:
        """The account of the books that a file of this first word tells of."""
        for name, code in self.accounts.items():
            parts = name.lower().split(":")
            if word in parts and parts[-1].replace("-", ".") == asset.lower().replace("-", "."):
                return code
        return None


def replay(app: Flask, database: Database, folder: Path) -> dict[str, Any]:
    """Post, import, match: what came of it. The database holds nothing else."""
    with app.app_context(), for_everyone():
        books = post(database, json.loads((folder / "ledger.json").read_text()))
        told, wallets = [*bring(folder, books)], [*bring_wallets(folder, books)]
        for account in sorted({code for one in told for code in one.accounts.values()}):
            with transaction(SCENARIO):
                matching.run(
                    account, rules=matching_rules.STANDARD, version=0, as_of=books.cutoff, whole=False, why="",
                    actor=SCENARIO,
                )  # fmt: skip
            leave()
        found, legs = lines_of(told, books)
        answer = {
            "statement_lines": found,
            "ledger_only": ledger_only(told, books),
            "other_legs": legs,
            "tie_out": tie_out(told, books) | on_chain(wallets, books),
            "summary": dict(Counter(one["expect"] for one in found)),
            "cutoff": books.cutoff.isoformat().replace("+00:00", "Z"),
        }
        leave()
    return answer


def post(database: Database, ledger: dict[str, Any]) -> Books:
    """The ledger's entries as journals: those of one journal together, what they lack from a third account."""
    books = Books(cutoff=datetime.fromisoformat(ledger["cutoff"]))
    entries = ledger["entries"]
    places: dict[str, int] = defaultdict(int)
    for entry in entries:
        exponent = Decimal(entry["amount"]).as_tuple().exponent
        places[entry["asset"]] = max(places[entry["asset"]], -int(exponent))
    assets = {name: Asset(f"{re.sub('[^A-Z0-9]', '', name.upper())[:10]}.{n}", n) for name, n in places.items()}
    with closing(database.connect()) as session, session.cursor() as cursor:
        for asset in assets.values():
            cursor.execute(_ASSET, {"code": asset.code, "decimals": asset.decimals})
    by_journal: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        by_journal[entry["journal_id"]].append(entry)
        name = entry["account"]
        if name not in books.accounts:
            books.accounts[name] = f"asset:scenario:{name.replace(':', '.')}:{assets[entry['asset']].code}"
            with transaction(SCENARIO):
                for code in (books.accounts[name], f"equity:scenario:{assets[entry['asset']].code}"):
                    accounts.open_account(code, asset=assets[entry["asset"]], floor_units=None)
    for name, own in by_journal.items():
        legs = []
        for entry in own:
            asset = assets[entry["asset"]]
            amount = Money(asset, int(Decimal(entry["amount"]).scaleb(asset.decimals)))
            legs += [debit(books.accounts[entry["account"]], amount), credit(f"equity:scenario:{asset.code}", amount)]
        journal = Journal(
            f"scenario.{own[0]['kind']}",
            own[0]["external_ref"] or name,
            tuple(legs),
            effective_at=datetime.fromisoformat(own[0]["occurred_at"]),
        )
        with transaction(SCENARIO):
            journal_id = posting.post(journal, key=f"scenario:{name}").journal_id
        for number, entry in enumerate(own):
            books.entries[journal_id, 2 * number + 1] = entry["entry_id"]
    leave()
    return books


def bring(folder: Path, books: Books) -> Iterator[Told]:
    """Import every file of the folder that some format knows, as a source of its own."""
    chosen: dict[str, Told] = {}
    for path in sorted(folder.iterdir(), key=lambda path: (path.stem, path.suffix not in FORMATS_FIRST, path.name)):
        if path.name in NOT_STATEMENTS or path.is_dir():
            continue
        if recognised(path) == WALLETS:
            continue
        told = look(path)
        if told is None:
            print(f"{path.name}: no format is like it.", file=sys.stderr)
        elif path.stem in chosen:
            same = movements(told.parsed) == movements(chosen[path.stem].parsed)
            says = "says the same as" if same else "DIFFERS from"
            print(f"{path.name}: {says} {chosen[path.stem].path.name}.", file=sys.stderr)
        else:
            chosen[path.stem] = told
    for told in chosen.values():
        keep(told, books)
        yield told


def bring_wallets(folder: Path, books: Books) -> Iterator[Told]:
    """Import every file of balances of wallets, once for each address in it."""
    for path in sorted(folder.iterdir()):
        if path.name in NOT_STATEMENTS or path.is_dir() or recognised(path) != WALLETS:
            continue
        addresses = dict.fromkeys(one["address"] for one in json.loads(path.read_bytes()))
        for number, address in enumerate(addresses, 1):
            parsed = registry.parse(WALLETS, path.read_bytes(), Settings(account=address))
            told = Told(path, f"{path.stem.lower().replace('_', '-')}-{number}", WALLETS, parsed, {"account": address})
            keep(told, books)
            yield told


def recognised(path: Path) -> str:
    """The name of the format that a file is likeliest of; empty where none knows it."""
    return next((one.name for one in registry.recognised(path.read_bytes())), "")


def look(path: Path) -> Told | None:
    """What a file is, read with what is usual for it; None where no format knows it."""
    body, name = path.read_bytes(), recognised(path)
    if not name:
        return None
    settings: dict[str, Any] = {}
    if name in {"mt940", "bank-csv"}:
        settings = {"zone": LAGOS, "asset": "NGN"}
    if name == "bank-csv":
        settings["profile"] = bank_csv.proposed(reading.open_file(body))
    parsed = registry.parse(name, body, Settings(**settings))
    source = re.sub(r"[^a-z0-9-]", "-", path.stem.lower())[:40]
    return Told(path, source, name, parsed, settings)


def movements(parsed: Parsed) -> list[tuple[str, str, Decimal]]:
    """What a file says moved, day by day."""
    return sorted((str(line.booked_on), line.asset, line.delta) for line in parsed.lines)


def keep(told: Told, books: Books) -> None:
    """Import one file for real."""
    settings = dict(told.settings)
    if "profile" in settings:
        settings["profile"] = vars(settings["profile"])
    with transaction(SCENARIO):
        source = service.add_source(told.source, title=told.path.name, format_name=told.format, settings=settings)
        for asset in sorted({one.asset for one in told.parsed.statements if one.lines or one.closes_at}):
            account = books.account(told.word, asset)
            if account:
                service.stand_for(source.id, asset=asset, account=account)
                told.accounts[asset] = account
    leave()
    flows.bring(told.source, name=told.path.name, body=told.path.read_bytes(), actor=SCENARIO)
    leave()


def lines_of(told: list[Told], books: Books) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What came of each line (or group that the truth names as one), and of legs that the truth names nowhere."""
    by_group: dict[int, list[str]] = defaultdict(list)
    for row in rows(_ENTRIES):
        by_group[row.group_id].append(books.entries[row.journal_id, row.leg])
    found: list[dict[str, Any]] = []
    legs: list[dict[str, Any]] = []
    for one in told:
        labelled: dict[str, list[Any]] = defaultdict(list)
        own = rows(_LINES, source=one.source)
        for number, row in enumerate(own, 1):
            labelled[label(one.format, row, number, own)].append(row)
        for name, group in labelled.items():
            verdict = judged(one, name, group, by_group)
            (legs if name.endswith(DEDUCTIONS) else found).append(verdict)
        if one.format == "luno-wallet":
            for row in rows(_IGNORED, source=one.source):
                verdict = {"expect": "IGNORE", "ledger_entries": [], "reason": "available-only", "delta": None}
                found.append({"source": one.label, "line": f"row {row.raw['Row']}", **verdict})
    return found, legs


def label(name: str, row: Any, number: int, own: list[Any]) -> str:
    """What the truth calls a line."""
    if name in {"paystack-transactions", "paystack-transfers"}:
        return str(row.refs[0])
    if name == "luno-wallet":
        return f"row {row.raw['Row']}"
    if name == "binance-history" and row.group_key and "/trade/" in row.group_key:
        fills = sum(other.group_key == row.group_key and other.kind == "fee" for other in own)
        return f"group {row.at:%Y-%m-%d %H:%M:%S} ({fills} fills)"
    if name == "binance-history":
        return "dust" if "/dust/" in (row.group_key or "") else str(row.raw["Operation"])
    return str(row.external_id or f"#{number}")


def judged(one: Told, name: str, group: list[Any], by_group: dict[int, list[str]]) -> dict[str, Any]:
    """One line as truth.json has it."""
    entries = sorted({entry for row in group if row.group_id for entry in by_group[row.group_id]})
    broken = [row for row in group if row.reason]
    amount = sum((row.amount for row in broken), Decimal(0)) if len({row.asset for row in broken}) == 1 else None
    return {
        "source": one.label,
        "line": name,
        "expect": "BREAK" if broken else "MATCH",
        "ledger_entries": entries,
        "reason": broken[0].reason.upper() if broken else None,
        "delta": None if amount is None else f"{amount.normalize():f}",
    }


def ledger_only(told: list[Told], books: Books) -> list[dict[str, Any]]:
    """Entries that no line tells of, under the file of their account that tells most often of their kind."""
    files = {(code, ""): one.label for one in reversed(told) for code in one.accounts.values()}
    labels = {one.source: one.label for one in told}
    files |= {(row.account, row.kind): labels[row.name] for row in rows(_TELLERS)}  # (the last is the most frequent)
    return [
        {
            "entry": books.entries[row.journal_id, row.leg],
            "source": files.get((row.account, row.kind)) or files[row.account, ""],
            "reason": row.reason.upper(),
            "delta": f"{row.amount:f}",
        }
        for row in rows(_LEFT)
    ]


def tie_out(told: list[Told], books: Books) -> dict[str, Any]:
    """Of each account: opening, movements and closing as told; and told less booked beside the sum of its breaks."""
    found: dict[str, Any] = defaultdict(dict)
    for one in told:
        for asset in {part.asset for part in one.parsed.statements}:
            parts = [part for part in one.parsed.statements if part.asset == asset]
            rows_told = sum(part.rows_total for part in parts) if one.format == "luno-wallet" else None
            said = found[one.word if one.format not in PAYSTACK else one.path.name][asset] = {
                "movements": f"{sum((part.moved for part in parts), Decimal(0)):f}",
                "lines": rows_told or sum(len(part.lines) for part in parts),
            }
            if parts[0].opening is not None and parts[-1].closing is not None:
                said |= {"opening": f"{parts[0].opening:f}", "closing": f"{parts[-1].closing:f}"}
    for account in sorted({code for one in told for code in one.accounts.values()}):
        sums = queries.proof_for_operators(account)
        if account in {books.accounts.get(name) for name in books.accounts if "paystack" in name}:
            found["paystack_ledger_balance"] = f"{sums.booked:f}"
        found["proof"][account] = {
            "told": f"{sums.told:f}",
            "booked": f"{sums.booked:f}",
            "breaks": f"{sums.breaks:f}",
            "ties": sums.ties,
        }
    return dict(found)


def on_chain(told: list[Told], books: Books) -> dict[str, Any]:
    """Of each asset in wallets of our own: what the node says, and what the books had at that moment."""
    found: dict[str, Any] = defaultdict(dict)
    for one in told:
        for asset, code in one.accounts.items():
            row = held.told_by_node(code, since=datetime.fromtimestamp(0, UTC), until=books.cutoff)
            if row is not None:
                sums = row.told, figures.booked_at(code, row.closes_at)
                name = next(each.ignored[0].raw["asset"] for each in one.parsed.statements if each.asset == asset)
                figure = dict(zip(("chain", "ledger", "drift"), (*sums, sums[0] - sums[1]), strict=True))
                found[one.word][name] = {what: f"{amount.normalize():f}" for what, amount in figure.items()}
    return found


def main() -> int:
    """Replay one folder on a database that is gone afterwards."""
    parser = argparse.ArgumentParser(prog="python -m bench.scenario", description=__doc__)
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    with durable_ground(VAR) as on:
        database = on.books()
        answer = replay(assemble(database.settings), database, chosen.folder)
        on.drop()
    truth = chosen.folder / "truth.json"
    if truth.exists():
        answer["score"] = score(answer, json.loads(truth.read_text()))
    json.dump(answer, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
