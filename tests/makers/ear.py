"""A merchant's ear: a real HTTP server on a free port that notes every event it hears and can refuse some."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

WAIT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Heard:
    """One delivery as it came over the wire."""

    body: bytes
    signature: str | None

    @property
    def event(self) -> str:
        """The event's name."""
        return str(json.loads(self.body)["event"])

    @property
    def content(self) -> dict[str, Any]:
        """The event's `data`."""
        content: dict[str, Any] = json.loads(self.body)["data"]
        return content


class Ear:
    """Listens from the moment it is made until it is closed; use it with `with`."""

    def __init__(self) -> None:
        self._heard: list[Heard] = []
        self._answers: list[int] = []
        self._meeting: threading.Barrier | None = None
        self._news = threading.Condition()
        ear = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if not ear._met():
                    self.send_error(503)
                    return
                self.send_response(ear._note(Heard(body, self.headers.get("x-paystack-signature"))))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Say nothing: what was heard is in `heard`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where to send events."""
        return f"http://127.0.0.1:{self._server.server_port}/callbacks/paystack"

    @property
    def heard(self) -> list[Heard]:
        """Everything heard so far, in order."""
        with self._news:
            return list(self._heard)

    def answer_next(self, *statuses: int) -> None:
        """Answer the next deliveries with these statuses; 200 after that."""
        with self._news:
            self._answers.extend(statuses)

    def hear_together(self, count: int) -> None:
        """From now on a delivery is answered when so many are being made at the same moment, and refused otherwise."""
        self._meeting = threading.Barrier(count, timeout=WAIT_SECONDS)

    def _met(self) -> bool:
        try:
            if self._meeting is not None:
                self._meeting.wait()
        except threading.BrokenBarrierError:
            return False
        return True

    def wait_for(self, count: int) -> list[Heard]:
        """Wait until at least `count` deliveries were heard; AssertionError when they do not come."""
        with self._news:
            came = self._news.wait_for(lambda: len(self._heard) >= count, timeout=WAIT_SECONDS)
            assert came, f"heard {len(self._heard)} deliveries of {count} in {WAIT_SECONDS} s"
            return list(self._heard)

    def forget(self) -> None:
        """Start from silence."""
        self._meeting = None
        with self._news:
            self._heard.clear()
            self._answers.clear()

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

    def _note(self, heard: Heard) -> int:
        with self._news:
            self._heard.append(heard)
            self._news.notify_all()
            return self._answers.pop(0) if self._answers else 200
