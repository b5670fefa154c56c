"""The vendor's published samples, and how a shape of ours is held against one."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "paystack"

# What the vendor leaves open by design: each payer and each merchant fills these differently.
FREE = frozenset({"metadata", "plan", "subaccount", "split", "history"})


def load(name: str) -> Any:
    """One sample."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def fields(shape: Any, path: str = "") -> set[str]:
    """Every field of an object, nested ones as `customer.email`."""
    names: set[str] = set()
    if isinstance(shape, dict):
        for name, value in shape.items():
            names.add(f"{path}{name}")
            if name not in FREE:
                names |= fields(value, f"{path}{name}.")
    return names
