"""Both sides of one outside account: what the books say of it, and what its teller tells."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Engine, text

from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.ledger.journal import Journal, credit, debit
from app.matching import queries, service
from app.matching.models import Run
from app.matching.queries import Proof
from app.matching.rules import Rule
from app.statements import flows
from app.statements import service as statements
from app.statements.rules import Days
from tests.makers import books, ruled

TEST = actor.system("test")
BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
_BREAKS = """
SELECT break_reason(b.reason, b.at, c.until, c.covered) AS reason, b.amount
  FROM breaks b, matching_coverage(:account, now()) c
 WHERE b.account = :account AND b.closed_by IS NULL ORDER BY 2, 1
"""
_GROUPS = """
SELECT m.rule, count(line_id) AS lines, count(journal_id) AS entries
  FROM matches m JOIN matching_runs r ON r.id = m.run_id
 WHERE r.account = :account AND m.ended_by IS NULL GROUP BY m.group_id, m.rule ORDER BY m.group_id
"""


@dataclass
class Outside:
    """An account of ours, and the source that tells of it: a Kraken ledger, so that each row has an id and a ref."""

    account: str = field(default_factory=lambda: books.account("asset"))
    other: str = field(default_factory=lambda: books.account("equity"))
    source: str = field(default_factory=lambda: books.fresh("src"))
    told: int = 0
    balance: int = 0

    def __post_init__(self) -> None:
        """Let the source stand for the account."""
        with transaction(TEST):
            source = statements.add_source(self.source, title="A teller", format_name="kraken-ledgers", settings={})
            statements.stand_for(source.id, asset="NGN", account=self.account)
        leave()

    @classmethod
    def differing(cls) -> "Outside":
        """A line of 10 naira and an entry of 9 that no rule puts together."""
        made = cls()
        made.tell((1_000, books.fresh("theirs")))
        made.book(900, ref=books.fresh("ours"))
        made.run()
        return made

    def tolerates(self, kobo: int) -> None:
        """A difference of so much is one of rounding."""
        ruled.agree(ruled.ask_tolerance(self.source, Decimal(kobo).scaleb(-2)))

    def book(self, kobo: int, *, ref: str = "", told: str = "", days: int = 0) -> int:
        """Post so many kobo to the account: the journal's number. Its leg in the account is the first."""
        legs = (debit(self.account, books.kobo(kobo)), credit(self.other, books.kobo(kobo)))
        journal = Journal(
            "test.moved", ref or books.fresh("ref"), legs, {"told": told} if told else {}, BEGAN + timedelta(days=days)
        )
        posted = books.post(journal).journal_id
        leave()
        return posted

    def tell(self, *lines: tuple[int, str], days: int = 0, fee: int = 0, covers: int = 0) -> list[str]:
        """Bring a file of lines (kobo, their ref): the ids that the teller gave them.

        `covers`: of how many days it tells everything, where that is known; its lines are of the first.
        """
        at = (BEGAN + timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
        names, found = [], []
        for kobo, ref in lines:
            names.append(books.fresh("L"))
            self.balance += kobo - fee
            kind = "deposit" if kobo > 0 else "withdrawal"
            found.append(
                f"{names[-1]},{ref},{at},{kind},,currency,NGN,{whole(kobo)},{whole(fee)},{whole(self.balance)}"
            )
        first = (BEGAN + timedelta(days=days)).date()
        self.bring(found, covers=Days(first, first + timedelta(days=covers - 1)) if covers else None)
        return names

    def bring(self, lines: Sequence[str], *, covers: Days | None = None) -> None:
        """Bring a file of these rows."""
        body = "\n".join(("txid,refid,time,type,subtype,aclass,asset,amount,fee,balance", *lines, ""))
        if covers is None:
            self.file(body)
            return
        self.told += 1
        file = io.BytesIO(body.encode())
        taken, _ = flows.take(self.source, name=f"{self.told}.csv", file=file, actor=TEST, covers=covers)
        file_id = taken.id
        leave()
        assert flows.read(file_id, actor=TEST) is None
        leave()

    def file(self, body: str) -> None:
        """Bring a file."""
        self.told += 1
        flows.bring(self.source, name=f"{self.told}.csv", body=body.encode(), actor=TEST)
        leave()

    def run(self, *, whole: bool = False, as_of: datetime | None = None, by: tuple[Rule, ...] = ()) -> Run | None:
        """Match by the rules that hold, or by these."""
        with transaction(TEST):
            rules, version = (by, 0) if by else queries.rules_for_operators(self.account)
            run = service.run(
                self.account, rules=rules, version=version, as_of=as_of or clock.now(), whole=whole, why="", actor=TEST
            )
            if run is not None:
                run.digest  # noqa: B018 (read while it can be)
        leave()
        return run

    @property
    def open_ids(self) -> list[int]:
        """What is open, by its numbers."""
        found = rows("SELECT id FROM breaks WHERE account = :a AND closed_by IS NULL ORDER BY id", a=self.account)
        leave()
        return [row.id for row in found]

    @property
    def breaks(self) -> list[tuple[str, int]]:
        """What is open: why, and by how many kobo."""
        found = rows(_BREAKS, account=self.account)
        leave()
        return [(row.reason, int(row.amount * 100)) for row in found]

    @property
    def groups(self) -> list[tuple[str, int, int]]:
        """What is matched: by which rule, how many lines and entries."""
        found = rows(_GROUPS, account=self.account)
        leave()
        return [(row.rule, row.lines, row.entries) for row in found]

    @property
    def proof(self) -> Proof:
        """Both sides, and what explains their difference."""
        found = queries.proof_for_operators(self.account)
        leave()
        return found


def whole(kobo: int) -> str:
    """Kobo as naira."""
    return str(Decimal(kobo).scaleb(-2))


def groups(outside: Outside) -> list[int]:
    """The numbers of its matches that stand."""
    found = rows(
        "SELECT DISTINCT m.group_id FROM matches m JOIN matching_runs r ON r.id = m.run_id"
        " WHERE r.account = :a AND m.ended_by IS NULL ORDER BY 1",
        a=outside.account,
    )
    leave()
    return [row.group_id for row in found]


def swap(engine: Engine, one: int, other: int) -> None:
    """Write the entry of each of two matches into the other, past everything that guards them."""
    with engine.begin() as connection:
        found = text("SELECT journal_id FROM matches WHERE group_id IN (:one, :other) ORDER BY group_id")
        his, hers = connection.execute(found, {"one": one, "other": other}).scalars()
        put = text("UPDATE matches SET journal_id = :j, leg = CASE WHEN :j IS NOT NULL THEN 1 END WHERE group_id = :g")
        for group, journal in ((one, None), (other, his), (one, hers)):
            connection.execute(put, {"j": journal, "g": group})
