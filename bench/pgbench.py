"""PostgreSQL's own load program: sessions that send one script again and again, with prepared statements."""

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

from bench.servers import Database
from dev.postgres import binaries

_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def rate(database: Database, script: str, *, clients: int, seconds: float, **numbers: int) -> float:
    """Transactions per second of `clients` sessions. The script sees `numbers`, `:stamp` (of this run) and `:n` (0).

    `builtin:NAME` as script is one of pgbench's own. Raises RuntimeError with what it said when a transaction failed.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        builtin = script.removeprefix("builtin:") if script.startswith("builtin:") else None
        which = [f"--builtin={builtin}"] if builtin else [f"--file={file.name}"]
        told = {"stamp": time.time_ns(), "n": 0, **numbers}
        return _run(
            database,
            *which,
            *([] if builtin else [f"--define={name}={value}" for name, value in told.items()]),
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={clients}",
            f"--jobs={min(clients, os.cpu_count() or 1)}",
            f"--time={max(1, round(seconds))}",
        )


def make_tables(database: Database, *, scale: int) -> None:
    """Fill pgbench's own tables."""
    _run(database, "--initialize", "--quiet", f"--scale={scale}")


def _run(database: Database, *arguments: str) -> float:
    command = [str(Path(binaries()) / "pgbench"), *arguments]
    run = subprocess.run(command, env=database.environment, check=False, capture_output=True, text=True)
    found = _RATE.search(run.stdout)
    if run.returncode != 0 or (found is None and "--initialize" not in arguments):
        raise RuntimeError(f"pgbench failed: {run.stdout}{run.stderr}")
    return float(found[1]) if found else 0.0
