"""What a statement file is and whether it ties, without keeping anything.

`python -m app.reconciliation.formats.cli FILE`; options are settings by name: `--asset NGN --zone Africa/Lagos`.
"""

import argparse
import sys
from pathlib import Path

from app.reconciliation.formats import registry
from app.reconciliation.formats.errors import Unreadable
from app.reconciliation.formats.lines import Parsed
from app.reconciliation.formats.settings import Settings, Unit


def main(arguments: list[str]) -> int:
    """Print what the file tells; 1 when it cannot be read, 2 when no format is like it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--format", choices=sorted(registry.FORMATS), default="")
    parser.add_argument("--asset", default="")
    parser.add_argument("--zone", default="UTC")
    parser.add_argument("--unit", type=Unit, choices=list(Unit), default=None)
    given = parser.parse_args(arguments)
    body = given.file.read_bytes()
    try:
        name = given.format or next((found.name for found in registry.recognised(body)), "")
        if not name:
            print("No format is like this file.")
            return 2
        told = registry.parse(name, body, Settings(asset=given.asset, zone=given.zone, unit=given.unit))
    except Unreadable as refused:
        print(refused.message)
        return 1
    _print(told)
    return 0


def _print(told: Parsed) -> None:
    print(f"{registry.FORMATS[told.format].title}: {told.rows_total} rows", *told.notes, sep="\n")
    for each in told.statements:
        ties = {True: "ties", False: f"does not tie, by {each.difference}", None: "tells no balances"}[each.ties]
        print(f"{each.account} {each.asset} {each.ref}: {len(each.lines)} lines, {each.moved}; {ties}. {each.untied}")
    for row in told.rejected:
        print(f"Row {row.row}, {row.column}: {row.reason}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
