"""Which few of several amounts add up to another one: shown to people, and never put together without them. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations

CANDIDATES_MAX = 12  # 4,096 sets at most


def covering(wanted: Decimal, amounts: Mapping[int, Decimal]) -> tuple[int, ...]:
    """The names of those that add up to `wanted`: of the smallest sets the only one, two at least; else none.

    Nothing where there are more than CANDIDATES_MAX: among many some set adds up by chance.
    """
    if len(amounts) > CANDIDATES_MAX or not wanted:
        return ()
    alike = sorted(name for name, amount in amounts.items() if amount and (amount > 0) == (wanted > 0))
    for size in range(2, len(alike) + 1):
        found = [names for names in combinations(alike, size) if sum(amounts[name] for name in names) == wanted]
        if found:
            return found[0] if len(found) == 1 else ()
    return ()
