"""`python -m bench`: start a durable server of its own, measure, print one table. `--help` names what can be chosen."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import batch, hordak_peer, hot, reads, sealing, single, table
from bench.rounds import Pace
from bench.servers import Ground, durable_ground
from bench.table import Line

SUBJECTS: dict[str, Callable[[Ground, Pace], list[Line]]] = {
    "single": single.measure,
    "hordak": hordak_peer.measure,
    "hot": hot.measure,
    "batch": batch.measure,
    "sealing": sealing.measure,
    "reads": reads.measure,
}
VAR = Path(__file__).resolve().parents[1] / "var"


def main() -> int:
    """Measure what was asked for; how far it is goes to stderr."""
    chosen = _arguments()
    pace = Pace(rounds=chosen.rounds, seconds=chosen.seconds, entries=tuple(sorted(chosen.entries)))
    lines: list[Line] = []
    with durable_ground(VAR) as on:
        told = ", ".join(f"{name} {value}" for name, value in on.told().items())
        for name in chosen.only:
            began = time.monotonic()
            print(f"{name} …", end=" ", file=sys.stderr, flush=True)
            lines += SUBJECTS[name](on, pace)
            print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            on.drop()
    print(f"{os.cpu_count()} CPUs, {platform.machine()}; PostgreSQL: {told}")
    print(f"Medians of {pace.rounds} interleaved rounds, with their range; a turn of sessions is {pace.seconds:g} s.\n")
    print(table.render(lines))
    return 0


def _arguments() -> argparse.Namespace:
    usual = Pace()
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the books beside peers and floors.")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="turns of each contender (%(default)s)")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="length of a turn (%(default)s)")
    parser.add_argument(
        "--only", nargs="+", choices=SUBJECTS, default=list(SUBJECTS), metavar="NAME", help="of: " + " ".join(SUBJECTS)
    )
    parser.add_argument(
        "--entries", nargs="+", type=int, default=usual.entries, help="sizes of the books that are read"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
