"""Keep children running, and at the end leave nothing behind.

A child that dies is started again after a pause that doubles. On Linux the floor adopts orphans: a worker's work-horse
leads a group of its own, so when its worker is killed it falls to us and is ended and reaped here.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dev.children import Child, Unavailable

LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
STRAY_SECONDS = 5.0
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class _Watched:
    child: Child
    start: Callable[[], None]
    failures: int = 0
    due: float | None = None


@dataclass
class Supervisor:
    """Watches children; `say` speaks to the person at the terminal."""

    say: Callable[[str], None]
    _watched: list[_Watched] = field(default_factory=list)

    def watch(self, child: Child, start: Callable[[], None] | None = None) -> None:
        """Restart this child from now on: through `start` where starting is more than running its command."""
        self._watched.append(_Watched(child, start or child.start))

    def look(self) -> None:
        """One round: start again what died, when its pause is over."""
        for watched in self._watched:
            if watched.child.running:
                if time.monotonic() - watched.child.started_at > STEADY_SECONDS:
                    watched.failures = 0
            elif watched.due is None:
                self._died(watched)
            elif time.monotonic() >= watched.due:
                self._again(watched)
        reap_adopted({watched.child.pid for watched in self._watched})

    def _died(self, watched: _Watched) -> None:
        pause = min(LONGEST_PAUSE, 2.0**watched.failures)
        watched.due = time.monotonic() + pause
        watched.failures += 1
        child = watched.child
        self.say(f"{child.name} ended with exit code {child.exit_code}; it starts again in {pause:.0f} s.")
        self.say(child.last_lines())

    def _again(self, watched: _Watched) -> None:
        watched.due = None
        try:
            watched.start()
        except Unavailable as refusal:
            self.say(str(refusal))  # the next round finds it dead and waits longer


def stop_together(children: Iterable[Child], *, patience: float, hurried: Callable[[], bool]) -> None:
    """Ask all at once, wait for all together, kill what is left; at once when the person asks again."""
    children = list(children)
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + patience
    while any(child.running for child in children) and time.monotonic() < deadline and not hurried():
        time.sleep(0.05)
    for child in children:
        child.kill()


def adopt_orphans() -> None:
    """Make the kernel give us our children's orphans (Linux); elsewhere they go to init and end by themselves."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_adopted(known: set[int]) -> None:
    """Wait for adopted processes that ended. Our own children's exit codes stay for those who started them."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(ChildProcessError):
        peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while (ended := os.waitid(os.P_ALL, 0, peek)) and ended.si_pid not in known:
            os.waitpid(ended.si_pid, 0)


def end_strays(spared: set[int]) -> None:
    """Kill and reap every child that is not spared: what was adopted, and what it leaves in turn."""
    deadline = time.monotonic() + STRAY_SECONDS
    while (strays := _children() - spared) and time.monotonic() < deadline:
        for pid in strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        reap_adopted(spared)
        time.sleep(0.02)


def _children() -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # "pid (name) state parent …": the name may hold spaces and brackets, so count from the last one.
            if int(entry.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(entry.parent.name))
    return found
