"""The measure of importing statements works, in miniature: the same files for the same seed, and each line once."""

from pathlib import Path

import pytest

from bench import statements
from bench.servers import ground
from dev.embedded import Servers
from tests.makers import keys


@pytest.mark.slow
@pytest.mark.parametrize("format_name", sorted(statements.FILES))
def test_every_file_is_imported_twice(given: Servers, home: Path, tmp_path: Path, format_name: str) -> None:
    with keys.put_back(), ground(given.database_url, home) as on:
        first, again = statements.measured(on, format_name, tmp_path, many=500)
    assert (first.lines, first.added, first.known) == (500, 500, 0)
    assert (again.lines, again.added, again.known) == (501, 1, 500)
    assert first.seconds > 0
    assert first.mib < statements.GOAL_MIB
