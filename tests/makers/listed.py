"""Lists for tests, written and loaded as OpenSanctions writes and a command loads them; people to hold against them."""

import csv
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.governance import service as approvals
from app.screening import flows, loading, queries, requests, service
from app.screening.loading import Faults, Source
from app.screening.models import Hit, ListVersion
from app.screening.rules import Entry, Kind, Subject
from app.screening.service import Outcome
from tests.makers import governed, people

SYSTEM = actor.system("test")
COLUMNS = (
    "id", "schema", "name", "aliases", "birth_date", "countries", "addresses", "identifiers", "sanctions", "phones",
    "emails", "dataset", "first_seen", "last_seen", "last_change",
)  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """One line of a list."""

    id: str
    name: str
    aliases: str = ""
    birth_date: str = ""
    countries: str = ""
    identifiers: str = ""
    schema: str = "Person"
    sanctions: str = "A programme"


@dataclass
class AList:
    """A list of one test."""

    folder: Path
    code: str = field(default_factory=lambda: f"test_{secrets.token_hex(4)}")

    def load(self, *entries: Listed, anyway: bool = False, screen: bool = True, broken: str = "") -> ListVersion:
        """Put these in the place of what was there; and hold what changed against everybody, unless told otherwise."""
        path = self.folder / f"{self.code}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            table.writerows({name: getattr(one, name, "") for name in COLUMNS} for one in entries)
            file.write(broken)
        loaded = flows.load(
            "opensanctions", path, code=self.code, title=f"List {self.code}", anyway=anyway, actor=SYSTEM
        )
        if screen:
            finish(loaded.version.id)
        leave()
        return queries.version_for_operators(loaded.version.id)


def word() -> str:
    """A name that is like no other."""
    return "".join(secrets.choice("bdfgklmnprstvz") + secrets.choice("aeiou") for _ in range(5)).capitalize()


def finish(version_id: str) -> None:
    """Hold all that a version changed against everybody."""
    while not flows.rescreen(version_id, batches_max=5, actor=SYSTEM):
        pass
    leave()


def subject(name: str, owner: people.Customer, **facts: object) -> Subject:
    """Somebody to screen."""
    plain = Subject(ref=f"ref_{secrets.token_hex(6)}", customer_id=owner.id, kind=Kind.PERSON, name=name)
    return replace(plain, **facts)  # type: ignore[arg-type]


def screened(one: Subject) -> Outcome:
    """Hold somebody against the lists, in a transaction of its own."""
    with transaction(SYSTEM):
        return service.screen(one, actor=SYSTEM)


def hit(hit_id: str) -> Hit:
    """A hit as it is now."""
    leave()
    return queries.hit_for_operators(hit_id).hit


def one_at_least() -> None:
    """A list that is there and is held against everybody, as a house that is open has one."""
    if queries.why_unavailable_for_system(at=clock.now()):
        entry = Entry("one", Kind.PERSON, (f"{word()} {word()}",), ("sanction",), ("1961-04-12",), ("ng",))
        code = f"test_{secrets.token_hex(4)}"
        with transaction(SYSTEM):
            source = Source(code, f"List {code}", "opensanctions", code)
            loading.take(source, [(1, entry)], faults=Faults(), anyway=False, actor=SYSTEM)
    finish_all()


def finish_all() -> None:
    """Hold everything that was loaded against everybody."""
    pending = "SELECT id FROM screening_versions WHERE finished_at IS NULL AND refusal = '' ORDER BY id"
    for row in rows(pending):
        finish(row.id)


def open_hit(owner: people.Customer | None = None, *, born: str = "1961-04-12", topic: str = "sanction") -> str:
    """A customer with a hit that nobody has decided on, a strong one unless their birth date is unknown: the hit."""
    code = f"test_{secrets.token_hex(4)}"
    name = f"{word()} {word()}"
    entry = Entry("one", Kind.PERSON, (name,), (topic,), ("1961-04-12",), ("ng",))
    with transaction(SYSTEM):
        source = Source(code, f"List {code}", "opensanctions", code)
        version = loading.take(source, [(1, entry)], faults=Faults(), anyway=False, actor=SYSTEM)
    finish(version.id)
    return screened(subject(name, owner or people.customer(), born=born)).hits[0]


def content(hit_id: str) -> str:
    """What identifies the two sides of a hit, as who decides was shown it."""
    return queries.hit_for_operators(hit_id).content


def matched(hit_id: str) -> None:
    """Two people agree that it is them."""
    officer, senior = (
        actor.operator(people.operator(role)[0]) for role in (Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER)
    )
    shown = content(hit_id)
    with transaction(officer):
        asked = requests.request_verdict(hit_id, "match", shown=shown, reason="x", maker=officer.id, actor=officer)
    with transaction(senior):
        approvals.approve(asked.id, operator_id=senior.id, shown=asked.payload_hash, actor=senior)
    governed.carry_out(asked)
