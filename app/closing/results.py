"""What an invariant comes to: two numbers, and the first row in which they are not equal."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from app.closing.figures import Figures
from app.closing.rules import Span, written
from app.core.db import rows

COVER, BALANCE, NODE = "I9", "I12", "I13"
FACTS = frozenset({COVER, BALANCE, NODE})  # (nobody here can mend them: a closing says why it is closed all the same)


@dataclass(frozen=True)
class Result:
    """One invariant: two numbers and what each of them is. `holds` is None where it does not apply, and `said` why.

    `first` is the first row that fails, as it is named, and `place` a door of the console that shows it.
    """

    name: str
    title: str
    one: str
    one_is: str
    other: str
    other_is: str
    holds: bool | None
    said: str = ""
    first: str = ""
    place: tuple[str, Mapping[str, str]] = ("", {})

    @property
    def blocks(self) -> bool:
        """Whether nobody can stand for a sheet with it. Too little held, or a balance nobody explains, is a fact."""
        return self.holds is False and self.name not in FACTS

    def kept(self) -> dict[str, Any]:
        """As a day and a closing keep it; where its first row is, is found anew."""
        return {**asdict(self), "place": ("", {})}


@dataclass(frozen=True)
class Asked:
    """What is proved: an account over days, with its figures."""

    account: str
    span: Span
    figures: Figures

    @property
    def asset(self) -> str:
        """What it is counted in."""
        return self.account.rpartition(":")[2]

    @property
    def days(self) -> dict[str, Any]:
        """For statements, whose days are dates."""
        return {"account": self.account, "first": self.span.first, "last": self.span.last}


def compared(
    name: str, titles: tuple[str, str, str], one: Decimal, other: Decimal, *, first: Any = None, said: str = "",
    place: tuple[str, Mapping[str, str]] = ("", {}),
) -> Result:  # fmt: skip
    """One whose two numbers should be equal, and of which no row may fail. `titles`: its own, and of each number."""
    holds = one == other and not first
    return Result(name, titles[0], written(one), titles[1], written(other), titles[2], holds, said,
                  "" if holds else str(first or "the sums differ"), ("", {}) if holds else place)  # fmt: skip


def absent(name: str, title: str, why: str) -> Result:
    """One that does not apply, and why not."""
    return Result(name, title, "", "", "", "", None, why)


def file_of(import_id: Any) -> tuple[str, Mapping[str, str]]:
    """The door that shows the file of an import."""
    found = rows("SELECT id FROM statement_files WHERE import_id = :of", of=import_id) if import_id else []
    return ("console.statement_file", {"file_id": found[0].id}) if found else ("", {})
