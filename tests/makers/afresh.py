"""Each file of tests begins with books, a queue and vendors that nobody has used: none hangs on another's leavings.

What outlives a file says here how it is made as new: `afresh.begin_with(act)`. The last to say so is the first to act.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

_ACTS: list[Callable[[], object]] = []
_USED_BY: list[Path] = []


def begin_with(act: Callable[[], object]) -> None:
    """Do this before each further file that works on the database of this process."""
    _ACTS.append(act)


def begin(item: pytest.Item) -> None:
    """Make all of it as new if this is the first test of another file."""
    if "database" not in getattr(item, "fixturenames", ()) or [item.path] == _USED_BY:
        return
    for act in reversed(_ACTS):
        act()
    _USED_BY[:] = [item.path]
