"""Names and presence: no file called after nothing in particular, none without a promise, none that nobody uses."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from tests.house.gates.source import EVERYTHING, Finding, Source, found_in, matches, sources

BANNED = frozenset({"util", "utils", "helper", "helpers", "common", "misc", "manager", "data", "info", "process"})
VAGUE_SUFFIX = re.compile(r"(Manager|Helpers?|Utils?|Misc|Processor)$")
UNNUMBERED = re.compile(
    r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b(?!\(#\d+\))"
)  # split: the gate reads itself
# They subclass RQ's worker and Python's HTMLParser, whose own methods are called handle_*.
OVERRIDES = ("jobs/worker.py", "tests/makers/forms.py")
# Nobody imports these, and that is right: they are started by name, or (the last) held against the database by a test.
LOADED_BY_NAME = ("migrations/", "config.py", "wsgi.py", "bench/", "tests/", "app/audit/exempt.py")


def faults(root: Path) -> list[str]:
    """Everything badly named, silent, unfinished or unused in the tree at `root`."""
    everything = list(sources(root, EVERYTHING))
    return [
        *found_in(everything, _banned),
        *found_in(everything, _promise),
        *found_in(everything, _unfinished),
        *found_in(everything, _empty_init),
        *found_in(everything, _dead(everything)),
    ]


def _banned(source: Source) -> Iterator[Finding]:
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if part in BANNED:
            yield 1, f"'{part}' says nothing: name it after the noun whose promise it keeps."
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and VAGUE_SUFFIX.search(node.name):
            yield node.lineno, f"{node.name}: name the class after what it is, not that it manages."
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            vague = node.name in BANNED or node.name.startswith(("process_", "handle_"))
            if vague and not matches(source.path, OVERRIDES):
                yield node.lineno, f"{node.name}: use the verb that a teller would say (approve, settle, release)."


def _promise(source: Source) -> Iterator[Finding]:
    if ast.get_docstring(source.tree) is None:
        yield 1, "no module docstring: one sentence of promise, then what surprises."


def _unfinished(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if UNNUMBERED.search(line):
            yield (
                number,
                "unfinished work without a number: finish it, or write it down and give the number in brackets.",
            )


def _empty_init(source: Source) -> Iterator[Finding]:
    if source.stem == "__init__":
        for statement in source.tree.body:
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                yield statement.lineno, "an __init__.py holds its docstring alone: put code into a named file."
                return


def _dead(everything: list[Source]) -> Callable[[Source], Iterator[Finding]]:
    imported = {name for source in everything if not source.path.startswith("tests/") for name in imports(source)}

    def check(source: Source) -> Iterator[Finding]:
        by_name = source.stem in {"__init__", "__main__"} or matches(source.path, LOADED_BY_NAME) or _is_started(source)
        if not by_name and source.module not in imported:
            yield 1, "nobody imports this file (tests do not count): wire it in or delete it."

    return check


def imports(source: Source) -> Iterator[str]:
    """Every module this file may mean by its imports: `from a.b import c` may mean a.b or a.b.c."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = source.module if source.stem == "__init__" else source.module.rpartition(".")[0]
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _is_started(source: Source) -> bool:
    return any(
        isinstance(node, ast.If) and "__name__" in ast.dump(node.test) and "__main__" in ast.dump(node.test)
        for node in source.tree.body
    )
