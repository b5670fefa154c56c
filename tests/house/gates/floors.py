"""The floors hold: import contracts are kept, every room stands on a floor, and no two packages go in a circle."""

import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path

import grimp

from tests.house.gates.source import fault, sources

NOT_A_ROOM = frozenset({"app"})


def broken_contracts(root: Path) -> list[str]:
    """What import-linter reports for the pyproject.toml at `root`; empty when every contract is kept.

    A process of its own, because the graph is built from the packages of that root and not from ours.
    """
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    run = subprocess.run(
        [*command, "--config", "pyproject.toml", "--no-cache", "--no-logo"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if run.returncode == 0 else [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]


def unplaced(root: Path) -> list[str]:
    """Packages and modules directly under app/ that the floors do not name."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract for contract in contracts if contract["id"] == "floors")
    named = {name.strip(" ()") for floor in floors["layers"] for name in floor.split("|")}
    rooms = {".".join(source.module.split(".")[:2]): source.path for source in sources(root, ["app"])}
    return [
        fault(path, 1, f"{room} stands on no floor: name it in the floors of pyproject.toml.")
        for room, path in sorted(rooms.items())
        if room not in named | NOT_A_ROOM
    ]


def circles(graph: grimp.ImportGraph) -> list[str]:
    """Circles between siblings at any depth: where two modules' paths part, need goes one way."""
    needs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            parent, child, other = _parting(importer, imported)
            if parent and child and other:
                needs[parent][child].add(other)
    return [sentence for _, siblings in sorted(needs.items()) for sentence in _circle(siblings)]


def _parting(importer: str, imported: str) -> tuple[str, str, str]:
    """The last package two modules share, and the child of it that each is in (empty when one holds the other)."""
    ours, theirs = importer.split("."), imported.split(".")
    depth = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))))
    return ".".join(ours[:depth]), "".join(ours[depth : depth + 1]), "".join(theirs[depth : depth + 1])


def _circle(siblings: dict[str, set[str]]) -> Iterator[str]:
    try:
        TopologicalSorter(siblings).prepare()
    except CycleError as error:
        yield f"{' -> '.join(reversed(error.args[1]))}: a circle; news travels upwards as an event."
