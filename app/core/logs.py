"""Logs as JSON lines: time, level, logger, message, request id, and extras. Secrets and personal data are masked here.

Extras are passed as `extra={"facts": {...}}`; what looks like a secret by its key, or like an e-mail address, a bearer
token or a long number by its shape, is masked wherever it stands, in messages and tracebacks too.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")

MASK = "[masked]"
_SECRET_KEY = re.compile(
    r"pass|secret|token|code|cookie|authorization|signature|(?<![a-z])(?:bvn|nin)(?![a-z])|account_number|phone|mail",
    re.IGNORECASE,
)
_SECRET_SHAPES = re.compile(
    r"sk_(?:test|live)_\w+"  # vendor keys
    r"|(?i:bearer)\s+[\w.~+/=-]+"
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"  # e-mail addresses
    r"|(?<![\w-])\+?\d{10,}(?![\w-])"  # account, card, BVN, NIN, phone numbers
)
_LINE_BREAKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})  # (JSON leaves these bare)
_NUMBER_SAYS_LITTLE = 10**9  # from ten digits on it may be somebody's number


class JsonLines(logging.Formatter):
    """One JSON object per record; a forged line break in a value cannot begin a second one."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        facts = getattr(record, "facts", None)
        if facts:
            line["facts"] = {key: MASK if _SECRET_KEY.search(key) else _plain(value) for key, value in facts.items()}
        if record.exc_info:
            line["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False).translate(_LINE_BREAKS)


def masked(text: str) -> str:
    """The text without what looks like a secret or a person's data."""
    return _SECRET_SHAPES.sub(MASK, text)


@contextmanager
def during(request: str) -> Iterator[None]:
    """Tie every line of the body to one request or job."""
    token = request_id.set(request)
    try:
        yield
    finally:
        request_id.reset(token)


def configure(level: str) -> None:
    """Send every logger's lines to standard error."""
    line_writer = logging.StreamHandler(sys.stderr)
    line_writer.setFormatter(JsonLines())
    logging.root.handlers[:] = [line_writer]
    logging.root.setLevel(level)


def get(name: str) -> logging.Logger:
    """A logger by its room's name."""
    return logging.getLogger(name)


def _plain(value: Any) -> Any:
    small = isinstance(value, int) and abs(value) < _NUMBER_SAYS_LITTLE
    return value if small or value is None else masked(str(value))
