"""Money is exact: where it is counted there is no float, no float literal and no division that leaves whole numbers."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.gates.source import Finding, Source, found_in, matches, sources

MONEY_ROOMS = (
    "app/core/money.py",
    "app/ledger/",
    "app/payments/",
    "app/withdrawals/",
    "app/wallets/",
    "app/reconciliation/",
    "**/rules.py",
    "**/postings.py",
)


def faults(root: Path) -> list[str]:
    """Every inexact number in the rooms that count money."""
    return found_in((source for source in sources(root) if matches(source.path, MONEY_ROOMS)), _inexact)


def _inexact(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"{node.value} is a float: write units (kobo) or basis points as a whole number."
        elif isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "float: money is an int of its smallest unit, or a Decimal on its way out of PostgreSQL."
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "'/' makes a float: use core.money.portion or allocate, which say where the rest goes."
        elif isinstance(node, ast.Name) and node.id == "round":
            yield node.lineno, "round() rounds half to even: use core.money with a stated Rounding."
