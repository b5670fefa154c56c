"""`make run` from a path with a space: it starts all, restarts what falls, stops all, and keeps its data."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dev import environment, sockets
from tests.dev import stand_in
from tests.dev.test_embedded import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="what is left behind is counted in /proc"),
]
UP = "Bursar is running"


class Checkout:
    """A checkout of the stand-in product, and its floor."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = environment.any_free_port()
        stand_in.build(root)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The floor, up; killed at the end where a test did not stop it."""
        with self.start() as floor:
            try:
                assert wait_until(lambda: UP in self.said() or floor.poll() is not None, seconds=60)
                assert floor.poll() is None, self.said()
                yield floor
            finally:
                floor.kill()
                for pid in self.processes():  # what a killed floor cannot end
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def start(self) -> subprocess.Popen[bytes]:
        with (self.root / "said").open("wb") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "dev.run"],
                cwd=self.root,
                env={**os.environ, "PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return (self.root / "said").read_text()

    def page(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
            return str(answer.read().decode())

    def processes(self) -> dict[int, str]:
        """Everything that works in this checkout, by id."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "cwd").readlink().is_relative_to(self.root):
                    found[int(entry.name)] = (entry / "cmdline").read_text()
            except OSError:
                continue
        return found


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    root = tmp_path / "a checkout"
    yield Checkout(root)
    sockets.forget(root / "var" / "dev")
    shutil.rmtree(root, ignore_errors=True)


def test_starts_serves_restarts_stops_and_keeps(checkout: Checkout) -> None:
    with checkout.running() as floor:
        assert checkout.page() == "bursar_web 1"
        assert "ada@example.com" in checkout.said()
        assert wait_until((checkout.root / "ticks").exists)
        assert "clock ended with exit code 1; it starts again in 1 s." in checkout.said()

        second = subprocess.run([sys.executable, "-m", "dev.run"], check=False, cwd=checkout.root, capture_output=True)
        assert second.returncode == 1
        assert b"Bursar is already running here at http://localhost:" in second.stderr

        floor.send_signal(signal.SIGINT)
        assert wait_until(lambda: "Stopping" in checkout.said())
        floor.send_signal(signal.SIGINT)  # again: do not wait for the worker that will not hear
        assert floor.wait(20) == 0
    assert checkout.processes() == {}

    with checkout.running() as floor:
        assert checkout.page() == "bursar_web 1"  # not seeded twice
        floor.send_signal(signal.SIGKILL)
        floor.wait()
    # The death signal reaches the servers and every process but the one that ignores it, and the work-horses.
    assert wait_until(lambda: not any("postgres" in one or "valkey" in one for one in checkout.processes().values()))


def test_says_in_one_sentence_what_is_missing(checkout: Checkout) -> None:
    (checkout.root / "wsgi.py").write_text("import nothing_of_this_name\n")
    with checkout.start() as floor:
        assert floor.wait(60) == 1
    assert "web ended with exit code" in checkout.said()
    assert "nothing_of_this_name" in checkout.said()
    assert checkout.processes() == {}
