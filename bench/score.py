"""What came of a scenario held against its truth."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

FIGURES = {"opening", "movements", "closing", "ledger", "chain", "drift"}


def score(answer: dict[str, Any], truth: dict[str, Any]) -> dict[str, Any]:
    """How many lines of the truth were met, and which were not."""
    ours = {(one["source"], one["line"]): one for one in answer["statement_lines"]}
    wrong = []
    for wanted in truth["statement_lines"]:
        got = ours.pop((wanted["source"], wanted["line"]), None)
        if got is None or not same(got, wanted):
            wrong.append({"wanted": wanted, "got": got})
    left = {(one["entry"], one["reason"]): Decimal(one["delta"]) for one in answer["ledger_only"]}
    wanted_left = {(one["entry"], one["reason"]): Decimal(one["delta"]) for one in truth["ledger_only"]}
    return {
        "lines": len(truth["statement_lines"]),
        "met": len(truth["statement_lines"]) - len(wrong),
        "wrong": wrong,
        "not_in_truth": [f"{source} {line}" for source, line in ours],
        "ledger_only_met": left == wanted_left,
        "tie_out_wrong": [*untied(answer["tie_out"], truth["tie_out"])],
    }


def same(got: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether verdict, entries, reason and difference are the truth's."""
    plain = ("expect", "ledger_entries", "reason")
    if any(got[name] != wanted[name] for name in plain):
        return False
    return wanted["delta"] is None or (got["delta"] is not None and Decimal(got["delta"]) == Decimal(wanted["delta"]))


def untied(ours: dict[str, Any], truth: dict[str, Any]) -> Iterator[str]:
    """Figures of the truth's tie-out that ours has otherwise, and accounts whose difference is not their breaks'."""
    for name, wanted in truth.items():
        if isinstance(wanted, str) and Decimal(ours.get(name, "NaN")) != Decimal(wanted):
            yield f"{name}: {ours.get(name)}, not {wanted}"
        for asset, figures in wanted.items() if isinstance(wanted, dict) else ():
            for figure, value in figures.items() if isinstance(figures, dict) else ():
                got = ours.get(name, {}).get(asset, {}).get(figure)
                if got is not None and isinstance(value, str) and figure in FIGURES and Decimal(got) != Decimal(value):
                    yield f"{name} {asset} {figure}: {got}, not {value}"
    yield from (f"{account} does not tie" for account, sums in ours.get("proof", {}).items() if not sums["ties"])
