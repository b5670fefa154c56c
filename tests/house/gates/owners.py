"""Whose rows: a room's read names the owner it reads for, or says in its name that it reads for everyone.

The unsafe way is the longer one to write, and a customer's face may not take it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.gates.source import Finding, Source, found_in, matches, sources

OWNERS = frozenset({"owner", "customer_id", "customer"})
SAID = re.compile(r"(^|_)(for_operators|for_system|without_owner)(_|$)")
NOT_FOR_CUSTOMERS = re.compile(r"(^|_)(for_operators|for_system)(_|$)")
# Rooms whose rows are nobody's: prices are the same for all. A test holds that they keep no customer's row.
NOBODYS = ("app/market/", "app/pricing/")
CUSTOMER_FACES = ("app/web/portal/", "app/web/api/")


def faults(root: Path) -> list[str]:
    """Reads without an owner, and customers' faces that read for everyone."""
    rooms = [source for source in sources(root, ["app"]) if not source.path.startswith(("app/web/", "app/core/"))]
    of_somebody = [source for source in rooms if not source.path.startswith(NOBODYS)]
    reads = [source for source in of_somebody if source.stem == "queries" or "/queries/" in source.path]
    faces = [source for source in sources(root, ["app"]) if matches(source.path, CUSTOMER_FACES)]
    return [*found_in(reads, _unowned), *found_in(faces, _reads_for_everyone)]


def _unowned(source: Source) -> Iterator[Finding]:
    for read in source.tree.body:
        if not isinstance(read, ast.FunctionDef) or read.name.startswith("_") or SAID.search(read.name):
            continue
        arguments = [*read.args.posonlyargs, *read.args.args, *read.args.kwonlyargs]
        owners = OWNERS & {argument.arg for argument in arguments}
        used = {node.id for node in ast.walk(read) if isinstance(node, ast.Name)}
        if not owners:
            yield (
                read.lineno,
                f"{read.name} has no owner: take customer_id= or owner=, or end its name in _for_operators.",
            )
        elif not owners & used:
            yield read.lineno, f"{read.name} takes an owner and never looks at it: filter by it."


def _reads_for_everyone(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        if NOT_FOR_CUSTOMERS.search(name):
            yield node.lineno, f"{name} in a customer's face: use the read that takes the owner."
