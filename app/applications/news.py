"""What lists and registers say, in an application's own words. Pure."""

from collections.abc import Iterable

# What the screening's room says of a customer, and what the queue shows.
_LISTS = {"clear": "clear", "hits": "open", "match": "match", "unavailable": "unavailable", "never": "unscreened"}
# The gravest answer of all counts.
_GRAVITY = ("mismatch", "not_found", "review", "asked", "unavailable", "match")

Check = tuple[str, str, str | None, str, int | None]  # whom it is about, its kind, verdict, state and score


def of_lists(standing: str, *, cleared: bool) -> str:
    """How the lists leave it; a hit that was cleared is not the same as none."""
    found = _LISTS[standing]
    return "cleared" if found == "clear" and cleared else found


def of_registers(checks: Iterable[Check]) -> tuple[str, int | None]:
    """The gravest of the newest answers of each kind, and the lowest score of a name. The newest come first."""
    newest: dict[tuple[str, str], Check] = {}
    for check in checks:
        newest.setdefault(check[:2], check)
    said = {verdict or state for _, _, verdict, state, _ in newest.values()}
    gravest = next((each for each in _GRAVITY if each in said), "none")
    scores = [score for *_, score in newest.values() if score is not None]
    return "mismatch" if gravest == "not_found" else gravest, min(scores, default=None)
