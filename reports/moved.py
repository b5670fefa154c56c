"""What moved on accounts of one kind in a span, by day, asset and sort of journal; and what such accounts hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.core.db import rows
from app.core.money import ASSETS, Money
from app.ledger import trial
from app.ledger.trial import Basis
from reports.tables import TICK, Parameters, Sums, summed

# By when things took effect: a correction counts on the day that it is about.
_MOVED = """
SELECT (e.effective_at AT TIME ZONE 'Africa/Lagos')::date AS day, j.kind, split_part(a.code, ':', 2) AS what, e.asset,
       count(DISTINCT j.id) AS journals,
       coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0) AS debits,
       coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0) AS credits
  FROM ledger.accounts a JOIN ledger.entries e ON e.account_id = a.id JOIN ledger.journals j ON j.id = e.journal_id
 WHERE a.code LIKE :accounts AND e.effective_at >= :since AND e.effective_at < :until
   AND (:asset = '' OR e.asset = :asset)
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 4, 2
"""


@dataclass(frozen=True)
class Moved:
    """What journals of one sort did on one day in one asset. `what` is the second word of the accounts' codes."""

    day: date
    kind: str
    what: str
    journals: int
    debits: Money
    credits: Money

    @property
    def net(self) -> Money:
        """Credits less debits."""
        return self.credits - self.debits


def on(accounts: str, asked: Parameters) -> Iterator[Moved]:
    """Movements on the accounts whose codes are like `accounts`, oldest first."""
    found = rows(_MOVED, accounts=accounts, since=asked.since, until=asked.until, asset=asked.asset)
    for row in found:
        asset = ASSETS[row.asset]
        debits, credits_ = Money(asset, int(row.debits)), Money(asset, int(row.credits))
        yield Moved(row.day, row.kind, row.what, row.journals, debits, credits_)


def by_the_trial_balance(account_class: str, asked: Parameters, *, what: str = "") -> Sums:
    """By how much credits are more than debits in the span on accounts of a class: the ledger's own figure.

    The trial balance at its end less the one before its beginning, by when things took effect.
    """
    signed: list[Money] = []
    for moment, sign in ((asked.until, -1), (asked.since, 1)):
        for line in trial.trial_balance(moment - TICK, basis=Basis.EFFECTIVE):
            word = line.code.split(":")[1]
            if line.account_class == account_class and what in {"", word} and asked.asset in {"", line.asset}:
                signed.append(Money(line.balance.asset, sign * line.balance.units))
    return summed(signed)
