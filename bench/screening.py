"""How long it takes to hold a list's change against everybody: `make bench-screening`, or `python -m bench.screening`.

A million customers with generated names and birth dates, as screening keeps them (written with COPY, past the accounts
that they would belong to); a list that is there already, then a version of it with so many new entries. What is
measured is the product's own code, from the loaded version to the last hit; then single people against the whole list.
"""

import argparse
import itertools
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from app.assembly import assemble
from app.core import actor
from app.core.db import for_everyone, leave, transaction
from app.screening import flows, keys, loading, queries, service
from app.screening.loading import Faults, Source
from app.screening.rules import Entry, Kind, Subject
from bench.servers import Database, Ground, durable_ground

VAR = Path(__file__).resolve().parents[1] / "var"
BENCH = actor.system("bench")
FIRST = [
    "Adaobi",
    "Amina",
    "Aisha",
    "Babatunde",
    "Bello",
    "Blessing",
    "Bola",
    "Chidi",
    "Chinedu",
    "Chinwe",
    "Chukwuemeka",
    "Danjuma",
    "David",
    "Ebere",
    "Emeka",
    "Emmanuel",
    "Esther",
    "Fatima",
    "Favour",
    "Femi",
    "Folake",
    "Funke",
    "Grace",
    "Habiba",
    "Halima",
    "Hassan",
    "Ibrahim",
    "Ifeanyi",
    "Ifeoma",
    "Isaac",
    "Joseph",
    "Joy",
    "Kabiru",
    "Kehinde",
    "Khadija",
    "Lawal",
    "Maryam",
    "Mary",
    "Michael",
    "Mohammed",
    "Musa",
    "Ngozi",
    "Nkechi",
    "Nnamdi",
    "Obinna",
    "Olufemi",
    "Oluwaseun",
    "Patience",
    "Paul",
    "Peter",
    "Rukayat",
    "Sadiq",
    "Samuel",
    "Sani",
    "Segun",
    "Simisola",
    "Suleiman",
    "Taiwo",
    "Tunde",
    "Uche",
    "Usman",
    "Victoria",
    "Yakubu",
    "Yusuf",
    "Zainab",
    "Ahmed",
    "Ali",
    "Andrei",
    "Carlos",
    "Chen",
    "Dmitri",
    "Elena",
    "Fernando",
    "Giulia",
    "Hussein",
    "Igor",
    "Ivan",
    "John",
    "Jose",
    "Juan",
    "Karim",
    "Li",
    "Maria",
    "Mehmet",
    "Natalia",
    "Oleg",
    "Olga",
    "Omar",
    "Pierre",
    "Rashid",
    "Sergei",
    "Wei",
    "Xiao",
]
SYLLABLES = [
    "a",
    "da",
    "ba",
    "bi",
    "bo",
    "chu",
    "de",
    "di",
    "do",
    "e",
    "fa",
    "fo",
    "ga",
    "go",
    "gu",
    "i",
    "ja",
    "ji",
    "ka",
    "ke",
    "ki",
    "ko",
    "ku",
    "la",
    "le",
    "lo",
    "lu",
    "ma",
    "mi",
    "mo",
    "mu",
    "na",
    "ne",
    "ngo",
    "nwa",
    "o",
    "ku",
    "ra",
    "ri",
    "ro",
    "sa",
    "se",
    "shi",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "tu",
    "u",
    "wa",
    "we",
    "ya",
    "yi",
    "yo",
    "za",
    "zu",
    "ghe",
    "gbe",
    "kpo",
    "hassan",
    "ham",
    "ov",
    "ski",
    "ez",
]
COLUMNS = (
    "id", "ref", "customer_id", "kind", "names", "born", "countries", "id_hashes", "hash", "result", "changed_at",
    "screened_at",
)  # fmt: skip
_SURNAMES, LETTERS_MIN = 20_000, 4
_WITHOUT_ACCOUNTS = (
    "ALTER TABLE screening_subjects DROP CONSTRAINT fk_screening_subjects_customer_id",
    "ALTER TABLE screening_hits DROP CONSTRAINT fk_screening_hits_customer_id",
    "ALTER TABLE screening_runs DROP CONSTRAINT fk_screening_runs_customer_id",
)


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    subjects: int = 1_000_000
    listed: int = 20_000
    delta: int = 1_000
    singles: int = 200
    seed: int = 7


@dataclass(frozen=True)
class Measured:
    """What came out."""

    subjects: int
    delta: int
    fill_seconds: float
    load_seconds: float
    rescreen_seconds: float
    pairs: int
    hits: int
    single_ms: float
    single_ms_p95: float


class People:
    """Names as people have them: few are frequent, most are rare. The same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)  # noqa: S311 (names, not secrets)
        made = {"".join(self._draw.choices(SYLLABLES, k=self._draw.randint(2, 4))) for _ in range(_SURNAMES)}
        self._last = sorted(name.capitalize() for name in made if len(name) >= LETTERS_MIN)
        self._weights = list(itertools.accumulate(1 / (place + 20) for place in range(len(self._last))))

    def name(self) -> str:
        """Somebody's."""
        middle = [self._draw.choice(FIRST)] if self._draw.random() < 0.3 else []
        return " ".join([self._draw.choice(FIRST), *middle, *self._draw.choices(self._last, cum_weights=self._weights)])

    def born(self) -> str:
        """Some day."""
        return f"{self._draw.randint(1945, 2007)}-{self._draw.randint(1, 12):02}-{self._draw.randint(1, 28):02}"


def measure(on: Ground, size: Size) -> Measured:
    """All of it, in a database of its own."""
    database, people = on.books(), People(size.seed)
    app = assemble(database.settings)
    with app.app_context(), for_everyone():
        began = time.monotonic()
        _fill(database, people, size.subjects)
        filled = time.monotonic()
        first = list(_entries(people, size.listed, "old"))
        _finished(database, _load("one", first))
        loading_began = time.monotonic()
        version_id = _load("two", [*first, *_entries(people, size.delta, "new")])
        loaded = time.monotonic()
        while not flows.rescreen(version_id, batches_max=1_000, actor=BENCH):
            pass
        rescreened = time.monotonic()
        leave()
        version = queries.version_for_operators(version_id)
        singles = sorted(_single(people, number) for number in range(size.singles))
        leave()
    return Measured(
        subjects=size.subjects,
        delta=version.screened,
        fill_seconds=filled - began,
        load_seconds=loaded - loading_began,
        rescreen_seconds=rescreened - loaded,
        pairs=version.pairs,
        hits=version.hits,
        single_ms=statistics.median(singles) * 1000,
        single_ms_p95=singles[int(len(singles) * 0.95)] * 1000,
    )


def _fill(database: Database, people: People, many: int) -> None:
    """Whom we screen, as `service` would have written them. The customers themselves are left out."""
    with closing(database.connect()) as session, session.cursor() as cursor, _two_files() as (kept, found_by):
        for statement in _WITHOUT_ACCOUNTS:
            cursor.execute(statement)
        for number in range(many):
            name, key = people.name(), f"scs_{number:09}"
            found = ",".join(map(str, sorted(keys.of_names(Kind.PERSON, [name], side=keys.OURS))))
            row = (key, f"ref_{number:09}", f"cus_{number:09}", "person", f'{{"{name}"}}', people.born())
            kept.write("\t".join((*row, "{ng}", "{}", "hash", "clear", "now", "now")) + "\n")
            found_by.write(f"{key}\t{{{found}}}\n")
        kept.seek(0)
        found_by.seek(0)
        cursor.copy_from(kept, "screening_subjects", columns=COLUMNS)
        cursor.copy_from(found_by, "screening_subject_keys")
        cursor.execute("VACUUM ANALYZE screening_subjects, screening_subject_keys")


@contextmanager
def _two_files() -> Iterator[tuple[IO[str], IO[str]]]:
    with tempfile.TemporaryFile("w+") as one, tempfile.TemporaryFile("w+") as other:
        yield one, other


def _entries(people: People, many: int, prefix: str) -> Iterator[Entry]:
    for number in range(many):
        names = tuple(people.name() for _ in range(1 + number % 2))  # (every second one with an alias)
        yield Entry(f"{prefix}{number}", Kind.PERSON, names, ("sanction",), (people.born(),), ("ng",))


def _load(sha256: str, entries: list[Entry]) -> str:
    source = Source("bench", "Bench", "opensanctions", sha256)
    with transaction(BENCH):
        numbered = enumerate(entries, 1)
        return loading.take(source, numbered, faults=Faults(), anyway=False, actor=BENCH).id


def _finished(database: Database, version_id: str) -> None:
    """What was listed before is taken for screened."""
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("UPDATE screening_versions SET finished_at = now() WHERE id = %s", (version_id,))
        cursor.execute("ANALYZE screening_entries")


def _single(people: People, number: int) -> float:
    """Seconds for one of them against the whole list."""
    subject = Subject(f"single_{number}", "cus_single", Kind.PERSON, people.name(), born=people.born())
    began = time.perf_counter()
    with transaction(BENCH):
        service.screen(subject, actor=BENCH)
    return time.perf_counter() - began


def main() -> int:
    """Measure once, and say it as JSON."""
    usual = Size()
    parser = argparse.ArgumentParser(prog="python -m bench.screening", description=__doc__)
    parser.add_argument("--subjects", type=int, default=usual.subjects, help="customers (%(default)s)")
    parser.add_argument("--delta", type=int, default=usual.delta, help="new entries of the list (%(default)s)")
    parser.add_argument("--listed", type=int, default=usual.listed, help="entries before (%(default)s)")
    chosen = parser.parse_args()
    with durable_ground(VAR) as on:
        found = measure(on, Size(chosen.subjects, chosen.listed, chosen.delta))
        on.drop()
    json.dump({"cpus": os.cpu_count(), "machine": platform.machine(), **asdict(found)}, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
