"""Sizes: how long a file, a function or a template may be, and what the ground may hold.

A budget is a wall to notice, not to climb: what does not fit is cut by verb or by reader, never moved to a helper file.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.house.gates.source import EVERYTHING, PRODUCT, Finding, Source, fault, found_in, functions, sources

FILE_LINES = 400
TEST_FILE_LINES = 600
CONFTEST_LINES = 150
FUNCTION_LINES = 70
PARAMETERS = 5
TEMPLATE_LINES = 200
MEDIAN_LINES = 120
CORE_LINES = 1300  # (but for its table of permissions, which grows with the rooms)
CORE_FILES = frozenset(
    [
        "__init__",
        "db",
        "money",
        "clock",
        "ids",
        "errors",
        "machine",
        "actor",
        "permissions",
        "outbox",
        "inbox",
        "idempotency",
        "crypto",
        "logs",
        "tasks",
    ]
)


def faults(root: Path) -> list[str]:
    """Everything over budget in the tree at `root`."""
    everything = list(sources(root, EVERYTHING))
    product = [source for source in everything if source.path.startswith(tuple(f"{top}/" for top in PRODUCT))]
    return [
        *found_in(everything, _file),
        *found_in(everything, _functions),
        *found_in((source for source in everything if not source.path.startswith("tests/")), _parameters),
        *_templates(root),
        *_median(product),
        *_core(source for source in product if source.path.startswith("app/core/")),
    ]


def _length(source: Source) -> int:
    return len(source.text.splitlines())


def _file(source: Source) -> Iterator[Finding]:
    budget = FILE_LINES
    if source.path.startswith("tests/"):
        budget = CONFTEST_LINES if source.stem == "conftest" else TEST_FILE_LINES
    if _length(source) > budget:
        yield budget, f"{_length(source)} lines, {budget} at most: cut it by what it does (service/approve.py)."


def _functions(source: Source) -> Iterator[Finding]:
    for function in functions(source):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            yield function.lineno, f"{function.name} has {lines} lines, {FUNCTION_LINES} at most: name its steps."


def _parameters(source: Source) -> Iterator[Finding]:
    for function in functions(source):
        names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > PARAMETERS:
            sentence = (
                f"{function.name} takes {count} by position, {PARAMETERS} at most: make the later ones keyword-only."
            )
            yield function.lineno, sentence


def _templates(root: Path) -> Iterator[str]:
    for template in sorted(path for top in ("app", "sandbox") for path in (root / top).rglob("*.html")):
        lines = len(template.read_text().splitlines())
        if lines > TEMPLATE_LINES and "node_modules" not in template.parts:
            path = template.relative_to(root).as_posix()
            yield fault(path, TEMPLATE_LINES, f"{lines} lines, {TEMPLATE_LINES} at most: lift a part into a macro.")


def _median(product: list[Source]) -> Iterator[str]:
    lengths = [_length(source) for source in product if source.stem != "__init__"]
    if lengths and median(lengths) > MEDIAN_LINES:
        yield fault(
            "app", 1, f"the median file has {median(lengths):.0f} lines, {MEDIAN_LINES} at most: cut the longest."
        )


def _core(core: Iterator[Source]) -> Iterator[str]:
    total = 0
    for source in core:
        total += 0 if source.stem == "permissions" else _length(source)
        if source.path != f"app/core/{source.stem}.py" or source.stem not in CORE_FILES:
            yield fault(source.path, 1, "the list of core's files is closed: this belongs to the room that needs it.")
    if total > CORE_LINES:
        yield fault("app/core", 1, f"{total} lines, {CORE_LINES} at most: the ground has learnt a domain; move it up.")
