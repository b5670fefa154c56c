"""Decisions fit on a page, say one sentence in bold, are listed, and name a test that holds them."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.gates.source import fault

FOLDER = "docs/decisions"
LINES = 35
NUMBERED = re.compile(r"(\d{4})-[a-z0-9-]+")
SECTIONS = ("## Context", "## Decision", "## Consequences")
BOLD = re.compile(r"## Decision\n\n\*\*[^*]+\*\*\n", re.DOTALL)
HELD_BY = re.compile(r"^Held by: (.+)$", re.MULTILINE)


def faults(root: Path) -> list[str]:
    """Decisions that are too long, silent, unlisted, or held by nothing."""
    pages = sorted(path for path in (root / FOLDER).glob("*.md") if path.name != "README.md")
    index = root / FOLDER / "README.md"
    listed = index.read_text() if index.exists() else ""
    return [
        fault(f"{FOLDER}/{page.name}", line, sentence)
        for expected, page in enumerate(pages, 1)
        for line, sentence in [*_place(page, expected, listed), *_content(root, page.read_text())]
    ]


def _place(page: Path, expected: int, listed: str) -> Iterator[tuple[int, str]]:
    number = NUMBERED.fullmatch(page.stem)
    if number is None or int(number[1]) != expected:
        yield 1, f"name it {expected:04d}-the-decision.md: decisions are numbered without gaps."
    if f"({page.name})" not in listed:
        yield 1, f"list it in {FOLDER}/README.md."


def _content(root: Path, text: str) -> Iterator[tuple[int, str]]:
    if len(text.splitlines()) > LINES:
        yield LINES, f"{len(text.splitlines())} lines, {LINES} at most: a decision is one page."
    for section in SECTIONS:
        if section not in text:
            yield 1, f"it lacks {section}."
    if not BOLD.search(text):
        yield 1, "say the decision in one bold sentence."
    held = HELD_BY.search(text)
    tests = re.findall(r"`([^`]+)`", held[1]) if held else []
    if not tests:
        yield 1, "name the test that holds it (Held by: `tests/…`)."
    for test in tests:
        if not (root / test).exists():
            yield text.count("\n", 0, text.index("Held by:")) + 1, f"there is no {test}."
