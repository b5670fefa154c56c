"""Has a file read in the locked room, and believes the answer only so far."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.core import logs
from app.documents import rules
from app.documents.rules import Kind

ROOM = Path(__file__).with_name("locked_room.py")
SECONDS_MAX = 14
ANSWER_BYTES_MAX = 48 * 1024 * 1024
HEAD_BYTES_MAX = 64 * 1024
LOOK_AGAIN_SECONDS = 0.01
EDGE_MAX = 4000
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM}  # our deadline, a machine without memory, one that is switched off
_BEGINS = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}

log = logs.get("documents")


class Broken(Exception):
    """The reader did not come back with an answer: it died, was killed, or said what cannot be."""


class Unlocked(Exception):
    """The kernel does not hold the room's door here, so nothing was read."""


@dataclass(frozen=True)
class Page:
    """A page made anew. `digest` is of its pixels; `likeness` is nearly the same for nearly the same picture."""

    body: bytes
    media_type: str
    width: int
    height: int
    digest: bytes
    likeness: int


@dataclass(frozen=True)
class Answer:
    """What became of a file: its pages, or why it is refused; and what that took."""

    pages: tuple[Page, ...]
    refused: str
    seconds: float = 0.0
    peak_kib: int = 0


def read(body: bytes, *, kind: Kind, seconds_max: float = SECONDS_MAX) -> Answer:
    """Read one file. Raises Broken, Unlocked."""
    return _asked(body, b"", kind, kind, seconds_max)


def mark(body: bytes, *, kind: Kind, words: str) -> bytes:
    """A page that was made anew as a PNG, with these words across it. Raises Broken, Unlocked."""
    answer = _asked(body, words.encode() or b" ", kind, Kind.PNG, SECONDS_MAX)
    if answer.refused:
        raise Broken
    return answer.pages[0].body


def _asked(body: bytes, words: bytes, kind: Kind, comes_as: Kind, seconds_max: float) -> Answer:
    began = time.monotonic()
    with ExitStack() as stack:
        given, answer = stack.enter_context(_memory()), stack.enter_context(_memory())
        given.write(body + words)
        given.seek(0)
        child = subprocess.Popen(  # noqa: S603 (our own program, and numbers)
            [sys.executable, "-I", "-B", str(ROOM), kind, *map(str, (len(body), rules.PIXELS_MAX, rules.PAGES_MAX))],
            stdin=given,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )
        code, peak = _ended(child, began + seconds_max)
        seconds = time.monotonic() - began
        if code != 0:
            log.warning("a reader died", extra={"facts": {"kind": kind, "code": code, "peak_kib": peak}})
            return Answer((), _why_died(code), seconds, peak)
        answer.seek(0)
        pages, refused = _believed(answer.read(ANSWER_BYTES_MAX + 1), comes_as)
    return Answer(pages, refused, seconds, peak)


def _why_died(code: int) -> str:
    """Why the file is refused whose reader died of it. Raises Broken when it was somebody else's doing."""
    if code >= 0 or -code in _FROM_OUTSIDE:
        raise Broken
    return rules.TOO_MUCH if -code == signal.SIGXCPU else rules.UNREADABLE


def _ended(child: subprocess.Popen[bytes], deadline: float) -> tuple[int, int]:
    """How the reader ended, and the most memory it had (KiB). At the deadline it is killed, and when we are to end."""
    try:
        while time.monotonic() <= deadline:
            if ended := _reaped(child, os.WNOHANG):
                return ended
            time.sleep(LOOK_AGAIN_SECONDS)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself in this moment
                os.killpg(child.pid, signal.SIGKILL)
            killed = _reaped(child, 0)
    assert killed is not None  # noqa: S101 (whoever is waited for without a bound has ended)
    return killed


def _reaped(child: subprocess.Popen[bytes], how: int) -> tuple[int, int] | None:
    pid, status, used = os.wait4(child.pid, how)
    if not pid:
        return None
    child.returncode = os.waitstatus_to_exitcode(status)  # (it is gone: nobody may wait for it again)
    return child.returncode, used.ru_maxrss


def _believed(answer: bytes, kind: Kind) -> tuple[tuple[Page, ...], str]:
    """The answer, if it is one that an honest reader gives. Raises Broken, Unlocked."""
    head, _, rest = answer.partition(b"\n")
    try:
        if len(answer) > ANSWER_BYTES_MAX or len(head) > HEAD_BYTES_MAX:
            raise Broken
        told = json.loads(head)
        if told.get("refused") == "unlocked":
            raise Unlocked
        if refused := told.get("refused"):
            return (), refused if refused in rules.REASONS else rules.UNREADABLE
        pages, start = [], 0
        for each in told["pages"]:
            pages.append(_page(each, rest[start : start + each["size"]], kind))
            start += each["size"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Broken from error
    if start != len(rest) or not 1 <= len(pages) <= (rules.PAGES_MAX if kind is Kind.PDF else 1):
        raise Broken
    return tuple(pages), ""


def _page(told: dict[str, int | str], body: bytes, kind: Kind) -> Page:
    media_type = rules.MEDIA_TYPES[Kind.PNG if kind is Kind.PNG else Kind.JPEG]
    page = Page(
        body=body,
        media_type=media_type,
        width=int(told["width"]),
        height=int(told["height"]),
        digest=bytes.fromhex(str(told["digest"])),
        likeness=int(told["likeness"]),
    )
    sound = (
        body.startswith(_BEGINS[media_type])
        and min(page.width, page.height) > 0
        and max(page.width, page.height) <= EDGE_MAX
        and len(page.digest) == 32  # noqa: PLR2004 (SHA-256)
        and -(2**63) <= page.likeness < 2**63
    )
    if not sound:
        raise Broken
    return page


@contextlib.contextmanager
def _memory() -> Iterator[BinaryIO]:
    """A file that is on no disk; where the system has none, one without a name."""
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create("document"), "w+b") as file:
            yield file
    else:
        with tempfile.TemporaryFile(buffering=0) as file:
            yield file  # type: ignore[misc]
