"""What the registers of the demo hold of its customers."""

from datetime import date


def of(number: int) -> tuple[str, str, date]:
    """BVN, NIN and birth date of the customer who came in this place, counted from 0."""
    return f"2250{number:07d}", f"2260{number:07d}", date(1965 + number % 35, 1 + number % 12, 1 + number % 28)


def records(number: int, *, name: str) -> list[dict[str, object]]:
    """The same, for the sandbox's control."""
    bvn, nin, born = of(number)
    return [
        {"kind": kind, "number": paper, "name": name, "birth_date": born.isoformat()}
        for kind, paper in (("bvn", bvn), ("nin", nin))
    ]
