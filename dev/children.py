"""Start programs so that none outlives the floor: an own process group, a death signal, a stop that is bounded.

Linux sends the death signal when the *thread* that started the child ends, so children are started from the main
thread. Where there is no `setpriv` a killed floor leaves its servers running; the next start ends them.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

LOG_TAIL = 15
LOG_TAIL_AT_START = 40  # a web server wraps the error that matters in its own
POLL_SECONDS = 0.05


class Unavailable(Exception):
    """The floor cannot stand: the text is the one sentence for the person at the terminal."""


class Child:
    """One program: started, watched, stopped. Its output goes to a log file."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.env = env
        self.stop_signal = stop_signal
        self.prefix = prefix
        self.started_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process else None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                # The leash comes after the prefix: Linux forgets a death signal when the user changes.
                [*self.prefix, *leash(self.stop_signal), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                process_group=0,  # Ctrl-C reaches the floor alone, which then stops its children in order
            )
        self.started_at = time.monotonic()

    def ask_to_stop(self) -> None:
        if self.running:
            self._signal(self.stop_signal)

    def stop(self, *, patience: float = 15.0) -> None:
        """Ask, wait at most `patience` seconds, then kill the whole group."""
        self.ask_to_stop()
        self.wait(patience)
        self.kill()

    def wait(self, seconds: float) -> bool:
        """Whether it ended within that time."""
        if self._process is None:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, seconds))
        return not self.running

    def kill(self) -> None:
        """SIGKILL to the group, and the wait that leaves no zombie."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def last_lines(self, count: int = LOG_TAIL) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def leash(number: signal.Signals) -> list[str]:
    """The words before a command that make Linux signal it when its parent dies; none where that cannot be."""
    return ["setpriv", "--pdeathsig", number.name.removeprefix("SIG"), "--"] if _setpriv_leashes() else []


@cache
def _setpriv_leashes() -> bool:
    if sys.platform != "linux" or not shutil.which("setpriv"):
        return False
    trial = ["setpriv", "--pdeathsig", "TERM", "--", "true"]  # busybox has a setpriv that cannot
    return subprocess.run(trial, check=False, capture_output=True).returncode == 0


def wait_until(ready: Callable[[], bool], child: Child, *, seconds: float) -> None:
    """Wait for a child to answer. Raises Unavailable with its last lines when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not child.running:
            raise Unavailable(
                f"{child.name} ended with exit code {child.exit_code}:\n{child.last_lines(LOG_TAIL_AT_START)}"
            )
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{child.name} did not answer within {seconds:.0f} seconds:\n{child.last_lines(LOG_TAIL_AT_START)}"
            )
        time.sleep(POLL_SECONDS)


def end_leftovers(directory: Path, programs: Iterable[str]) -> None:
    """End what a killed floor left running in `directory`: the caller holds its lock, so nobody else owns them.

    Told by name and working directory, never by a process id read from a file: ids are used again.
    """
    left = _working_in(directory, set(programs))
    for number, patience in ((signal.SIGINT, 10.0), (signal.SIGKILL, 10.0)):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while left and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            left = _working_in(directory, set(programs))


def _working_in(directory: Path, programs: set[str]) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):  # empty where there is no /proc; the servers' own locks still hold
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text().strip() in programs and (entry / "cwd").readlink() == directory:
                found.append(int(entry.name))
    return found
