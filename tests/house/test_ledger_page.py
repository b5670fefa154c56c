"""docs/ledger.md says what the postings do, and leaves none out."""

import inspect
from importlib import import_module
from pathlib import Path

from dev import ledger_page


def test_the_page_is_what_the_postings_say() -> None:
    assert ledger_page.PAGE.read_text() == ledger_page.page(), "run `python -m dev.ledger_page`"


def test_no_posting_is_left_out(root: Path) -> None:
    shown = {example[1] for example in ledger_page.EXAMPLES}
    for path in sorted((root / "app").glob("*/postings.py")):
        module = import_module(f"app.{path.parent.name}.postings")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                assert function in shown, f"{module.__name__}.{name} has no example in dev/ledger_page.py"
