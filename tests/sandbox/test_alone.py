"""The sandbox stands alone: it knows the product only over the wire."""

import ast
import sys
from pathlib import Path

import sandbox

ALLOWED = sys.stdlib_module_names | {"flask", "werkzeug", "requests", "holidays", "sandbox"}


def test_imports_nothing_of_the_product() -> None:
    imported: set[str] = set()
    for path in Path(sandbox.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    assert imported <= ALLOWED
