"""A vendor of the sandbox as a real process beside a test: start it, kill it, start it again at the same address."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar, Self

import requests

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120  # (one that has ended is noticed at once)
TIMEOUT_SECONDS = 15


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ProcessBeside:
    """A process with a book of its own; use it with `with`, or call start() and stop()."""

    health: ClassVar[str]

    def __init__(self, book: Path) -> None:
        self.book = book
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._running: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._session: requests.Session | None = None
        self.timeout_seconds: float = TIMEOUT_SECONDS

    # ------------------------------------------------------------------------------------------ life

    def start(self) -> Self:
        """Start the process and wait until it answers."""
        self.meet()
        self.book.parent.mkdir(parents=True, exist_ok=True)
        self._log = self.book.with_suffix(".log").open("ab")
        self._running = self._launch()
        give_up_at = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._running.poll() is not None or time.monotonic() > give_up_at:
                raise AssertionError(f"the sandbox did not start:\n{self.log}")
            time.sleep(0.02)
        return self

    def meet(self) -> None:
        """Speak to it over connections of one's own: for who was forked from the process that started it."""
        self._session = requests.Session()
        # What the environment says of proxies does not hold for a process on this machine.
        self._session.trust_env = False

    def stop(self) -> None:
        """End it in order (SIGTERM)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Calls reach it and are not heard (SIGSTOP), until it goes on with all of them."""
        assert self._running is not None, "the sandbox is not running"
        self._running.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._running.send_signal(signal.SIGCONT)

    def restart(self) -> Self:
        """Stop it and start it again on the same port and book."""
        self.stop()
        return self.start()

    @property
    def log(self) -> str:
        """What the process has said."""
        path = self.book.with_suffix(".log")
        return path.read_text() if path.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def _send(self, method: str, path: str, **how: Any) -> requests.Response:
        assert self._session is not None, "the sandbox is not running"
        how.setdefault("timeout", self.timeout_seconds)
        return self._session.request(method, f"{self.url}{path}", **how)

    def _answers(self) -> bool:
        try:
            return self._send("GET", self.health, timeout=1).ok
        except requests.RequestException:
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._running is not None:
            self._running.send_signal(how)
            self._running.wait(timeout=TIMEOUT_SECONDS)
        if self._session is not None:
            self._session.close()
        if self._log is not None:
            self._log.close()
        self._running = self._session = self._log = None
