"""A vendor that says what a test tells it to: a real HTTP server that keeps what it was asked, and answers in turn."""

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

DRIP_SECONDS = 0.05


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire; `path` still quoted."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    raw: bytes = b""


@dataclass(frozen=True)
class Says:
    """An answer: a body as JSON or as bytes, and how it comes.

    `dropped`: the line is cut instead. `drips`: it comes a byte at a time. `promised`: its length is a lie by so much.
    """

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False
    drips: bool = False
    promised: int = 0

    @property
    def raw(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Vendor:
    """Listens from the moment it is made until it is closed; use it with `with`. The last answer is given for ever."""

    def __init__(self, *answers: Says) -> None:
        self._answers: list[Says] = list(answers)
        self._lock = threading.Lock()
        self.asked: list[Asked] = []
        vendor = self

        class Door(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                says = vendor._note(self, body)
                if says.dropped:
                    self.close_connection = True
                    return
                self.send_response(says.status)
                for name, value in says.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(says.raw) + says.promised))
                self.end_headers()
                self._write(says)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 (the names that http.server looks for)

            def _write(self, says: Says) -> None:
                pieces: Iterable[bytes] = (bytes([one]) for one in says.raw) if says.drips else (says.raw,)
                for piece in pieces:
                    try:
                        self.wfile.write(piece)
                    except OSError:  # (the other side has had enough, which is what the test is about)
                        return
                    if says.drips:
                        time.sleep(DRIP_SECONDS)

            def log_message(self, *_args: Any) -> None:
                """Say nothing: what was asked is in `asked`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def will_say(self, *answers: Says) -> None:
        """Answer with these from now on, and forget what was asked."""
        with self._lock:
            self._answers[:] = answers
            self.asked.clear()

    def close(self) -> None:
        """Stop listening and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _note(self, door: BaseHTTPRequestHandler, body: bytes) -> Says:
        address = urlsplit(door.path)
        headers = {name.lower(): value for name, value in door.headers.items()}
        asked = Asked(
            door.command,
            address.path,
            dict(parse_qsl(address.query, keep_blank_values=True)),
            headers,
            json.loads(body) if headers.get("content-type", "").startswith("application/json") else None,
            body,
        )
        with self._lock:
            self.asked.append(asked)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
