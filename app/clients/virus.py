"""A virus scanner that speaks clamd's protocol: the file goes there in pieces (INSTREAM), a verdict comes back."""

import socket
import struct
from urllib.parse import urlsplit

from app.clients.http import Silent
from app.core import logs

PORT = 3310
PIECE_BYTES = 64 * 1024
CONNECT_SECONDS, READ_SECONDS = 3, 20
ANSWER_BYTES_MAX = 4096

log = logs.get("clients")


class TooLarge(Exception):
    """The scanner takes no file of this size."""


class Scanner:
    """`url` is `tcp://host:3310` or `unix:///path`."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._socket_path = place.path if place.scheme == "unix" else ""
        self._host, self._port = place.hostname or "", place.port or PORT

    def scan(self, body: bytes) -> str:
        """The name of what was found, nothing when nothing was. Raises TooLarge; Silent: then nobody knows."""
        try:
            with self._connected() as line:
                line.sendall(b"zINSTREAM\0")
                for start in range(0, len(body), PIECE_BYTES):
                    piece = body[start : start + PIECE_BYTES]
                    line.sendall(struct.pack("!I", len(piece)) + piece)
                line.sendall(struct.pack("!I", 0))
                return _verdict(_answer(line))
        except OSError as error:  # (time-outs are among them)
            log.warning("the scanner is silent", extra={"facts": {"error": type(error).__name__}})
            raise Silent from error

    def _connected(self) -> socket.socket:
        if not self._socket_path:
            line = socket.create_connection((self._host, self._port), timeout=CONNECT_SECONDS)
        else:
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(CONNECT_SECONDS)
            try:
                line.connect(self._socket_path)
            except OSError:
                line.close()
                raise
        line.settimeout(READ_SECONDS)
        return line


def _answer(line: socket.socket) -> str:
    heard = b""
    while b"\0" not in heard and len(heard) < ANSWER_BYTES_MAX:
        piece = line.recv(ANSWER_BYTES_MAX)
        if not piece:
            break
        heard += piece
    return heard.partition(b"\0")[0].decode("ascii", "replace").strip()


def _verdict(answer: str) -> str:
    """`stream: OK`, `stream: Eicar-Test-Signature FOUND`; anything else is no verdict."""
    words = answer.partition(": ")[2]
    if words == "OK":
        return ""
    if words.endswith(" FOUND"):
        return words.removesuffix(" FOUND")
    if "size limit exceeded" in answer:
        log.error("the scanner's StreamMaxLength is smaller than the files that we take")
        raise TooLarge
    log.warning("the scanner gives no verdict", extra={"facts": {"answer": answer[:100]}})
    raise Silent
