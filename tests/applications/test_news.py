"""What lists and registers say, in an application's words."""

import pytest

from app.applications import news

SELF = "self"


@pytest.mark.parametrize(
    ("standing", "cleared", "says"),
    [
        ("clear", False, "clear"),
        ("clear", True, "cleared"),
        ("hits", True, "open"),
        ("match", False, "match"),
        ("unavailable", False, "unavailable"),
        ("never", False, "unscreened"),
    ],
)
def test_of_lists(standing: str, cleared: bool, says: str) -> None:  # noqa: FBT001 (a row of the table)
    assert news.of_lists(standing, cleared=cleared) == says


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        ([], ("none", None)),
        ([(SELF, "bvn", "match", "answered", 100), (SELF, "nin", "match", "answered", 92)], ("match", 92)),
        ([(SELF, "bvn", "match", "answered", 100), (SELF, "nin", None, "asked", None)], ("asked", 100)),
        ([(SELF, "bvn", None, "unavailable", None), (SELF, "nin", "match", "answered", 90)], ("unavailable", 90)),
        ([(SELF, "bvn", "review", "answered", 70), (SELF, "nin", "mismatch", "answered", 20)], ("mismatch", 20)),
        ([(SELF, "bvn", "not_found", "answered", None)], ("mismatch", None)),
        # what was asked before the newest of its kind does not count
        ([(SELF, "bvn", "match", "answered", 95), (SELF, "bvn", "mismatch", "answered", 10)], ("match", 95)),
    ],
)
def test_of_registers(checks: list[news.Check], says: tuple[str, int | None]) -> None:
    assert news.of_registers(checks) == says
