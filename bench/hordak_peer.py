"""Single posting beside django-hordak, which keeps books in PostgreSQL through Django.

It is installed into an environment of its own, var/venv-bench, on the first run; where that cannot be, the table
says so.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from bench import pgbench, table
from bench.books import POST, open_books
from bench.crowd import ROOT, crowd
from bench.rounds import Pace, interleave
from bench.servers import Ground
from bench.table import Line

REQUIREMENTS = ROOT / "requirements-bench.txt"
VENV = ROOT / "var" / "venv-bench"
ACCOUNTS_MAX = 1_000  # its trigger on accounts makes opening them slow; what is measured is moving money
GOAL = 15.0
_MODULE = "bench.peers.hordak"
_OURS, _PEER = "ledger.post", "django-hordak transfer_to"


class Missing(Exception):
    """The peer cannot be had here: the text says why."""


def measure(on: Ground, pace: Pace) -> list[Line]:
    """Our posting in SQL beside theirs in Python, which is the only door they have."""
    what = f"single posting in SQL, {pace.clients} clients"
    try:
        python = str(environment())
    except Missing as why:
        return [Line(what, None, GOAL, "x", at_most=False, ours=str(why), beside=_PEER)]
    books, theirs = open_books(on, accounts=pace.accounts), on.empty()
    peer = [python, "-m", _MODULE]
    accounts = str(min(ACCOUNTS_MAX, pace.accounts))
    subprocess.run([*peer, "make", accounts], cwd=ROOT, env=theirs.environment, check=True)
    with crowd([*peer, "serve"], size=pace.clients, environment=theirs.environment) as sessions:
        figures = interleave(
            {
                _OURS: lambda: pgbench.rate(
                    books, POST, clients=pace.clients, seconds=pace.seconds, accounts=pace.accounts
                ),
                _PEER: lambda: sessions.rate(pace.seconds),
            },
            rounds=pace.rounds,
        )
    return [table.at_least(GOAL, what, figures, ours=_OURS, beside=_PEER)]


def environment() -> Path:
    """The Python of an environment that holds what the requirement file pins. Raises Missing."""
    python, stamp = VENV / "bin" / "python", VENV / ".requirements.sha256"
    pinned = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == pinned and python.exists():
        return python
    print(f"Installing the pinned packages of {REQUIREMENTS.name} …", file=sys.stderr, flush=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-input"]
    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)
        subprocess.run(
            [*pip, "--disable-pip-version-check", "-r", str(REQUIREMENTS)], check=True, capture_output=True, text=True
        )
    except (subprocess.CalledProcessError, OSError) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()
        raise Missing(f"could not be installed: {said[-1][:80]}") from error
    stamp.write_text(pinned)
    return python
