"""What the papers say is what the code does: settings and events are listed in docs/, neither more nor less."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.gates.source import Source, fault, first_column, sources

READERS = (
    "config.py",
    "migrations/migrate.py",
    "sandbox/settings.py",
    "sandbox/exchange/settings.py",
)  # the only files that look at the environment
ENVIRONMENT_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")


def settings_faults(root: Path) -> list[str]:
    """Names that the programs read from their environment, against docs/settings.md."""
    readers = list(sources(root, READERS))
    read = {name: (source.path, line) for source in readers for name, line in _environment(source)}
    return list(_differences(root, read, "docs/settings.md"))


def events_faults(root: Path) -> list[str]:
    """The rooms' events against docs/events.md."""
    return list(_differences(root, event_names(root), "docs/events.md"))


def event_names(root: Path) -> dict[str, tuple[str, int]]:
    """Every event's name, with the file and line of its class in a room's events.py."""
    found = {}
    for source in sources(root, ["app"]):
        if source.stem == "events" or "/events/" in source.path:
            for node in source.nodes:
                if isinstance(node, ast.ClassDef):
                    for name, line in _own_name(node):
                        found[name] = (source.path, line)
    return found


def _own_name(event: ast.ClassDef) -> Iterator[tuple[str, int]]:
    for statement in event.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if any(getattr(target, "id", "") == "name" for target in targets) and isinstance(value, ast.Constant):
            yield str(value.value), event.lineno


def _environment(source: Source) -> Iterator[tuple[str, int]]:
    """Constants that look like NAMES where a call (its first text) or a subscript asks for them."""
    for node in source.nodes:
        asked = node.args if isinstance(node, ast.Call) else [node.slice] if isinstance(node, ast.Subscript) else []
        texts = [each for each in asked if isinstance(each, ast.Constant) and isinstance(each.value, str)][:1]
        for text in texts:
            if ENVIRONMENT_NAME.fullmatch(str(text.value)):
                yield str(text.value), text.lineno


def _differences(root: Path, code: dict[str, tuple[str, int]], document: str) -> Iterator[str]:
    page = root / document
    if not page.exists():
        yield fault(document, 1, "this page is missing: list every name in the first column of a table, in backticks.")
        return
    listed: dict[str, int] = {}
    for name, line in first_column(page.read_text(), r"[\w.]+"):
        if name in listed:
            yield fault(document, line, f"{name} stands on line {listed[name]} already: say all of it there.")
        listed.setdefault(name, line)
    for name in sorted(code.keys() - listed.keys()):
        yield fault(*code[name], f"{name} is not in {document}: document it there.")
    for name in sorted(listed.keys() - code.keys()):
        yield fault(document, listed[name], f"the code knows no {name}: take the row out.")
