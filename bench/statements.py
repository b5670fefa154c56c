"""How long a statement of a million lines takes to import: `make bench-statements`, or `python -m bench.statements`.

The product's own flow, from the bytes of a file to its last line in PostgreSQL, each time in a process of its own whose
memory is told; then a file of the same lines and one more, as exports overlap, which must be as quick. Files are drawn
from a seed. The server keeps every commit through a power cut.
"""

import argparse
import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.assembly import assemble
from app.core import actor
from app.core.db import for_everyone, leave, transaction
from app.statements import flows, service
from bench.servers import Database, Ground, durable_ground

VAR = Path(__file__).resolve().parents[1] / "var"
BENCH = actor.system("bench")
START = datetime(2026, 3, 1, tzinfo=UTC)
GOAL_SECONDS, GOAL_MIB = 20, 1024


@dataclass(frozen=True)
class Found:
    """One import: seconds of the clock and of this process's own work, its memory at most, and what was kept."""

    seconds: float
    own_seconds: float
    mib: float
    lines: int
    added: int
    known: int


def kraken(many: int, chance: random.Random) -> Iterator[str]:
    """Kraken's ledgers: two assets by turns, with running balances."""
    yield "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance"
    balances = {"XXBT": 0, "ZEUR": 0}
    for number in range(many):
        at = START + timedelta(seconds=13 * number)
        asset = "XXBT" if number % 2 else "ZEUR"
        amount, fee = chance.randrange(-(10**12), 10**12), chance.randrange(10**6)
        balances[asset] += amount - fee
        told = ",".join(_digits(each, 10) for each in (amount, fee, balances[asset]))
        ids = f"L{number:06X}-{number * 7919 % 99991:05d}-QWERTY,T{number // 2:07X}-REF"
        yield f"{ids},{at:%Y-%m-%d %H:%M:%S},trade,,currency,{asset},{told}"


def bank(many: int, chance: random.Random) -> Iterator[str]:
    """A bank's CSV: debits and credits apart, a running balance, one row in a hundred like the row before."""
    yield "Trans. Date,Value. Date,Reference,Debits,Credits,Balance,Remarks"
    balance = 10**12
    day = reference = words = ""
    units = 0
    for number in range(many):
        if number % 100 or not number:
            day = f"{START + timedelta(seconds=29 * number):%d/%m/%Y}"
            reference = f"S{number // 2:09d}"
            units = chance.randrange(1, 10**11) * (-1 if number % 3 == 0 else 1)
            words = f"NIP TRANSFER FROM CUSTOMER {chance.randrange(10**6):06d} REF {chance.randrange(10**10):010d}"
        balance += units
        size = f'"{_grouped(abs(units))}"'
        sides = f"{size}," if units < 0 else f",{size}"
        yield f'{day},{day},{reference},{sides},"{_grouped(balance)}",{words}'


def paystack(many: int, chance: random.Random) -> Iterator[str]:
    """Paystack's transactions, the widest of our statements."""
    yield (
        "Reference,Transaction Date,Customer Email,Amount Paid,Paystack Fee,Amount Due,Settlement Date,"
        "Gateway Response,Customer Full Name,Transaction ID,Card Type,Card Bank,Country Code,Currency,Subaccount,"
        "Subaccount Due,Payout ID"
    )
    for number in range(many):
        at = START + timedelta(seconds=11 * number)
        amount = chance.randrange(10_000, 10**8)
        fee = amount * 15 // 1000
        told = ",".join(_digits(each, 2) for each in (amount, fee, amount - fee))
        due = at + timedelta(days=1)
        yield (
            f"dep_{number:014x},{at:%Y-%m-%d %H:%M:%S},user{number % 99991}@example.com,{told},{due:%Y-%m-%d},Approved,"
            f"Test User,{4_000_000_000 + number},visa,Test Bank,NG,NGN,,,{772001 + number // 1000}"
        )


FILES: dict[str, tuple[Callable[[int, random.Random], Iterator[str]], dict[str, object]]] = {
    "kraken-ledgers": (kraken, {}),
    "bank-csv": (bank, {"zone": "Africa/Lagos", "asset": "NGN"}),
    "paystack-transactions": (paystack, {"unit": "major"}),
}


def _digits(units: int, places: int) -> str:
    whole, part = divmod(abs(units), 10**places)
    return f"{'-' if units < 0 else ''}{whole}.{part:0{places}d}"


def _grouped(kobo: int) -> str:
    return f"{'-' if kobo < 0 else ''}{abs(kobo) // 100:,}.{abs(kobo) % 100:02d}"


def write(path: Path, format_name: str, *, many: int) -> None:
    """A file of so many lines, the same ones each time; one of fewer lines is its beginning."""
    lines, _ = FILES[format_name]
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in lines(many, random.Random(1)))  # noqa: S311 (lines, not secrets)


def measure(database: Database, format_name: str, path: Path) -> Found:
    """Import this file in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.statements", "--one", format_name, str(path), database.app_url],
        check=True,
        capture_output=True,
        text=True,
    )
    return Found(**json.loads(told.stdout.splitlines()[-1]))


def measured(ground: Ground, format_name: str, folder: Path, *, many: int) -> tuple[Found, Found]:
    """The first import of so many lines, and one of the same with another line after them."""
    database = ground.books()
    with assemble(database.settings).app_context(), for_everyone():
        with transaction(BENCH):
            service.add_source(format_name, title="Bench", format_name=format_name, settings=FILES[format_name][1])
        leave()
    first, again = folder / "first.csv", folder / "again.csv"
    write(first, format_name, many=many)
    write(again, format_name, many=many + 1)
    found = measure(database, format_name, first), measure(database, format_name, again)
    first.unlink()
    again.unlink()
    return found


def one(format_name: str, path: Path, url: str) -> Found:
    """Import here and now."""
    with assemble(Database(url, url).settings).app_context(), for_everyone():
        began, own = time.monotonic(), time.process_time()
        told, _ = flows.bring(format_name, name=path.name, body=path.read_bytes(), actor=BENCH)
        seconds, own_seconds = time.monotonic() - began, time.process_time() - own
        leave()
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Found(seconds, own_seconds, mib, told.lines_total, told.lines_added, told.lines_known)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.statements", description="Measure importing statements.")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", choices=sorted(FILES), default=sorted(FILES))
    parser.add_argument("--one", nargs=3, metavar=("FORMAT", "FILE", "URL"), help="import in this process: for itself")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(asdict(one(chosen.one[0], Path(chosen.one[1]), chosen.one[2]))))
        return 0
    with durable_ground(VAR) as ground:
        goal = f"goal: {GOAL_SECONDS} s, {GOAL_MIB} MiB"
        print(f"{os.cpu_count()} CPUs, {platform.machine()}; {chosen.lines:,} lines; {goal}")
        print(f"{'seconds':>8} {'own':>8} {'MiB':>6} {'added':>10} {'known':>10}")
        for name in chosen.only:
            for words, each in zip(
                ("first", "again"), measured(ground, name, ground.home, many=chosen.lines), strict=True
            ):
                print(
                    f"{each.seconds:8.1f} {each.own_seconds:8.1f} {each.mib:6.0f} {each.added:10,} {each.known:10,}"
                    f"  {name}, {words}",
                    flush=True,
                )
    print(f"load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
