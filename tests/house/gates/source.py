"""The project's Python as the gates see it: parsed once, addressed by its path from the root."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

PRODUCT = ("app", "jobs", "reports")
EVERYTHING = (*PRODUCT, "migrations", "dev", "sandbox", "bench", "tests", "config.py", "wsgi.py")

Finding = tuple[int, str]  # a line, and a sentence on what to do instead


@dataclass(frozen=True)
class Source:
    """One Python file. `path` is relative to the root, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file; do not change it."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file."""
        return list(ast.walk(self.tree))

    @property
    def module(self) -> str:
        """The name it is imported by: `app/core/db.py` is `app.core.db`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return Path(self.path).stem


def sources(root: Path, tops: Iterable[str] = PRODUCT) -> Iterator[Source]:
    """Every Python file under these folders (or the files themselves), in order; caches and hidden folders left out."""
    for top in tops:
        start = root / top
        files = [start] if start.suffix == ".py" and start.exists() else sorted(start.rglob("*.py"))
        for file in files:
            path = file.relative_to(root)
            if not any(part.startswith((".", "__pycache__", "node_modules")) for part in path.parts):
                yield Source(path.as_posix(), file.read_text())


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether `path` is under one of the patterns: `app/web/` is a folder, `**/flows.py` that file anywhere."""
    return any(
        (pattern.endswith("/") and path.startswith(pattern))
        or (pattern.startswith("**/") and f"/{path}".endswith(pattern[2:]))
        or path == pattern
        for pattern in patterns
    )


def called(node: ast.AST | None) -> str:
    """The last name of what is called: `commit` for `session.commit()`; empty for what is not a call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of the file."""
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def fault(path: str, line: int, sentence: str) -> str:
    """One fault as an editor can jump to it."""
    return f"{path}:{line}: {sentence}"


def found_in(files: Iterable[Source], check: Callable[[Source], Iterable[Finding]]) -> list[str]:
    """The faults of one check over many files."""
    return [fault(file.path, line, sentence) for file in files for line, sentence in check(file)]


def first_column(text: str, pattern: str) -> list[tuple[str, int]]:
    """Names in backticks at the start of a Markdown table's rows, with their line: what a document documents."""
    row = re.compile(rf"\|\s*`({pattern})`")
    hits = ((number, row.match(line)) for number, line in enumerate(text.splitlines(), 1))
    return [(hit[1], number) for number, hit in hits if hit]
