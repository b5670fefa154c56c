"""The finance pack of a day, one document: what we have and owe, what moved, what was earned, what waits and failed."""

from collections.abc import Iterator

from app.cases import rules as case_rules
from app.core.db import rows
from app.core.money import ASSETS, Money, zero
from app.ledger import prices, trial
from app.ledger.trial import Basis, TrialLine
from reports import ageing, income, overview, volumes
from reports.machinery import pulse, task_counts
from reports.tables import TICK, Line, Parameters, Section, Sums, Tie, summed

CLASSES = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income, all time",
    "expense": "Expenses, all time",
}
_CASES = """
SELECT owner, count(*) AS n, min(opened_at) AS oldest FROM cases
 WHERE state <> 'closed' AND owner = ANY (:owners) GROUP BY owner ORDER BY owner
"""
_PAYOUTS = "SELECT count(*) AS n FROM payouts WHERE state IN ('awaiting_otp', 'awaiting_float')"


def sections(asked: Parameters) -> list[Section]:
    """All of it, in the order in which finance reads it."""
    return [
        Section(
            "What we have and owe",
            ("Class", "Asset", "Accounts", "Balance", "In naira"),
            lambda: _classes(asked),
            frozenset({"Accounts", "Balance", "In naira"}),
            note="At the end of the day, by what had taken effect by then. Worth by the last price stored then.",
            empty="There is nothing in the books.",
            tally=lambda: Balanced(asked),
        ),
        *volumes.sections(asked),
        *income.sections(asked),
        ageing.due(asked),
        ageing.clearing(asked),
        ageing.suspense(asked),
        Section(
            "Waiting and failed work",
            ("What", "Where", "Number", "Oldest since"),
            _work,
            frozenset({"Number"}),
            note="As it stands when this is made, whatever day it is about.",
        ),
    ]


class Balanced:
    """Holds assets against liabilities, equity and earnings, as the lines have them; and debits against credits."""

    def __init__(self, asked: Parameters) -> None:
        self._asked = asked
        self._sides: dict[str, list[Money]] = {"have": [], "owe": []}

    def take(self, line: Line) -> None:
        """One line more."""
        name, balance = line[0], line[3]
        if isinstance(balance, Money):
            self._sides["have" if name in {CLASSES["asset"], CLASSES["expense"]} else "owe"].append(balance)

    def ties(self) -> list[Tie]:
        """What we have and spent, beside what we owe, own and earned; and beside the trial balance's debits."""
        have, owe = (summed(self._sides[side]) for side in ("have", "owe"))
        ledger = _debits(trial.trial_balance(self._asked.until - TICK, basis=Basis.EFFECTIVE))
        found = []
        for code in ASSETS:
            nothing = zero(ASSETS[code])
            left, right = have.get(code, nothing), owe.get(code, nothing)
            if left or right:
                found.append(Tie("Assets and expenses, beside liabilities, equity and income", left, right))
                found.append(Tie("Assets and expenses, by the trial balance", left, ledger.get(code, nothing)))
        return found


def _classes(asked: Parameters) -> Iterator[Line]:
    known = prices.as_of(asked.until - TICK)
    lines = trial.trial_balance(asked.until - TICK, basis=Basis.EFFECTIVE)
    for account_class, name in CLASSES.items():
        for code in ASSETS:
            own = [line for line in lines if (line.account_class, line.asset) == (account_class, code)]
            total = Money(ASSETS[code], sum(line.normal.units for line in own))
            if total:
                yield name, code, sum(line.accounts for line in own), total, prices.value(total, known)


def _debits(lines: list[TrialLine]) -> Sums:
    return summed([line.normal for line in lines if line.account_class in {"asset", "expense"}])


def _work() -> Iterator[Line]:
    waiting, suspense, signs = overview.waiting_withdrawals(), overview.open_suspense(), pulse()
    yield "Withdrawals to be decided", "Withdrawals", waiting.count, waiting.oldest
    yield "Payouts that wait for somebody", "Payouts", int(rows(_PAYOUTS)[0].n), None
    yield "Suspense items", "Suspense", suspense.count, suspense.oldest
    yield "Work that was given up", "Jobs", task_counts()["dead"], None
    yield "Work that is late", "Jobs", signs.overdue, signs.oldest_due
    for row in rows(_CASES, owners=sorted(case_rules.seen(confidential=False))):
        yield f"Cases of {row.owner.replace('_', ' ')}", "Cases", row.n, row.oldest
