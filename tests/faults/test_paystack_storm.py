"""The vendor's book and ours agree after a storm: nothing credited twice, nothing paid twice, nothing unknown.

Deliveries come doubled, overtaken, replayed and lost; answers are cut, late, or errors after the money has moved; web
processes and workers are killed with SIGKILL. A small seeded storm blows in every run of the tests; `make faults` takes
STORM_DELIVERIES=20000.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.clients.paystack import Paystack
from app.core import actor
from app.core.db import db, for_everyone, leave
from app.ledger import proof
from app.reconciliation import queries, rules
from app.reconciliation.rules import DEDUCTED, FROM_BALANCE, Ours, Theirs, Verdict
from app.settlement import flows as settlement
from dev.embedded import Servers
from tests.faults.stormy import House, Size, calm_down, rage, stormy_house, sweep_ahead

DELIVERIES = int(os.environ.get("STORM_DELIVERIES", "30"))
KILLS = int(os.environ.get("STORM_KILLS", str(min(2 + DELIVERIES // 200, 60))))
# The small one is there to be quick: it has one of each, and its kills leave nobody behind.
# A customer has few withdrawals an hour: with more of them, somebody would have to look at each.
SIZE = (
    Size(customers=6 + DELIVERIES // 400)
    if DELIVERIES >= 200
    else Size(web=2, queues=("money",), drivers=1, customers=2, patience_seconds=1)
)
SEED = int(os.environ.get("FAULT_SEED", "2026"))
PATIENCE_SECONDS = 90 + DELIVERIES * 0.5
REDIS_NUMBER = 15
TAKEN = frozenset({"success", "pending", "otp", "received"})
_INBOX = "SELECT count(*) FROM inbox WHERE source = 'paystack'"
_MOVES, _JOURNALS = "SELECT count(*) FROM moves", "SELECT count(*) FROM ledger.journals"
_TASKS = "SELECT count(*) FROM tasks"
_UNKNOWN = (
    "SELECT (SELECT count(*) FROM withdrawals WHERE state IN ('approved', 'sending'))"
    " + (SELECT count(*) FROM payouts WHERE state IN ('sending', 'sent'))"
    " + (SELECT count(*) FROM inbox WHERE source = 'paystack' AND handled_at IS NULL)"
    " + (SELECT count(*) FROM tasks WHERE queue = 'money' AND status = 'dead')"
)
_OPEN = "SELECT reference FROM deposits WHERE state IN ('started', 'awaiting_payment')"
_CREDITS = (
    "SELECT j.ref, count(*) AS times FROM ledger.journals j WHERE j.key LIKE 'paystack:charge:%' GROUP BY j.ref"
    " HAVING count(*) > 1"
)
_SETTLED = "SELECT payout_id FROM withdrawals WHERE state = 'settled'"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240 + DELIVERIES)]


@pytest.fixture
def house(given: Servers, home: Path) -> Iterator[House]:
    """The house, with its processes ended at the end."""
    with (
        stormy_house(given, home, redis_number=REDIS_NUMBER, size=SIZE) as made,
        made.app.app_context(),
        for_everyone(),
    ):
        try:
            yield made
        finally:
            made.stop()
            leave()
            db.engine.dispose()


def theirs(paystack: Paystack) -> list[Theirs]:
    """The vendor's book, as what each reference moved."""
    lines = [
        Theirs("charge", charge.reference, charge.amount - charge.fees, charge.paid_at)
        for charge in paystack.charges()
        if charge.status in {"success", "reversed"}
    ]
    for transfer in paystack.transfers():
        taken = transfer.amount + (transfer.fee or 0) if transfer.status in TAKEN else 0
        lines.append(Theirs("transfer", transfer.reference, -taken, transfer.created_at))
    settled = list(paystack.settlements())
    lines += [Theirs("settlement", f"settlement {one.id}", -one.effective, one.created_at) for one in settled]
    returned = sum(line.difference for line in paystack.balance_ledger() if line.model.lower() in {"refund", "dispute"})
    deducted = sum(abs(one.deductions) for one in settled)
    sums = Theirs("deductions", DEDUCTED, -deducted, None), Theirs("refunds", FROM_BALANCE, returned, None)
    return lines + [one for one in sums if one.units]


def ours() -> list[Ours]:
    """Our book, but for the float that both began with."""
    return [entry for entry in queries.our_entries_for_system() if entry.kind != "opening.float"]


def one(statement: str) -> int:
    """A count, freshly read."""
    leave()
    return int(db.session.execute(text(statement)).scalar_one())


def names(statement: str) -> set[str]:
    """The first column, freshly read."""
    leave()
    return set(db.session.scalars(text(statement)))


def test_both_books_agree_after_the_storm(house: House) -> None:
    luck = random.Random(SEED)  # noqa: S311
    paystack: Paystack = house.app.extensions["clients"].paystack
    troubles = rage(house, luck, deliveries=DELIVERIES, kills=KILLS, seed=SEED)
    left = calm_down(house, patience_seconds=PATIENCE_SECONDS)
    standing = house.what_stands() if left else []
    house.stop()
    swept = sweep_ahead(house, horizon=timedelta(hours=2))

    counts, kept, tally = house.vendor.delivered(), one(_INBOX), house.tally
    print(  # noqa: T201
        f"\nstorm, seed {SEED}: {counts['events']} events, {counts['tries']} tries, {counts['delivered']} delivered;"
        f" {kept} kept, {counts['delivered'] - kept} duplicates absorbed; {dict(tally.operations)};"
        f" {one(_MOVES)} moves of state, {one(_JOURNALS)} journals, {one(_TASKS)} tasks;"
        f" of {SIZE.web} web and {len(SIZE.queues)} workers {KILLS} killed, back {tally.recoveries()};"
        f" raged {tally.rage_seconds:.1f} s, all quiet {tally.calm_seconds:.1f} s later; {swept} swept",
        flush=True,
    )

    house.vendor.settle()  # and with it what refunds and lost disputes took
    settlement.pull(paystack=paystack, actor=actor.system("test"))

    leave()
    lines = theirs(paystack)
    matched = rules.match(ours(), lines)
    verdicts = Counter(line.verdict for line in matched)
    paid_there = Counter(
        transfer.reference.split("-")[0] for transfer in paystack.transfers() if transfer.status == "success"
    )
    twice = [payout for payout, times in paid_there.items() if times > 1], sorted(names(_CREDITS))
    print(  # noqa: T201
        f"{len(lines)} references there, {dict(verdicts)}; paid out twice {len(twice[0])}, credited twice"
        f" {len(twice[1])}, unknown {one(_UNKNOWN)}",
        flush=True,
    )
    assert (troubles, left, standing) == ([], {}, [])
    assert [line for line in matched if line.verdict != Verdict.MATCHED] == []
    assert twice == ([], [])
    assert {payout.split("-")[0] for payout in names(_SETTLED)} == set(paid_there)
    assert one(_UNKNOWN) == 0
    assert names(_OPEN) & {line.reference for line in lines} == set()
    assert not proof.broken()
    # And the comparison sees what is missing: a payment of which nobody has told us.
    house.vendor.knobs(webhooks=False)
    house.vendor.receive(10_000, "9700000000")
    leave()
    later = rules.match(ours(), theirs(paystack))
    assert [line.verdict for line in later if line.verdict != Verdict.MATCHED] == [Verdict.MISSING_HERE]
