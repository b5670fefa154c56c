"""A virus scanner that speaks clamd's INSTREAM over TCP, and knows one virus: the one that was made for tests."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.makers.hostile import EICAR


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        if self.rfile.read(len(b"zINSTREAM\0")) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        body = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            body += self.rfile.read(size)
        if b"size limit" in body:
            self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
            return
        self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in body else b"stream: OK\0")


@contextmanager
def clamd() -> Iterator[str]:
    """A scanner that answers: its address."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Line) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
