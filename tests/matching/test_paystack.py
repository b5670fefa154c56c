"""What Paystack's own lists tell of charges, transfers and settlements belongs to what the product booked of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.matching import queries, service
from app.settlement import flows as settlement
from app.statements import pull_service
from app.statements import queries as sources
from app.statements import service as statements
from app.withdrawals import service as withdrawals
from jobs.runtime import drain
from tests.makers import people, settled
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess
from tests.statements.test_bringing import made

TEST = actor.system("test")
# The only match of a line that has this id or names this reference, and the journals that are in it with it.
MATCH = """
SELECT m.rule, array_agg(DISTINCT j.kind) AS kinds,
       (SELECT count(*) FROM breaks b WHERE b.group_id = m.group_id) AS breaks
  FROM statement_lines l JOIN statement_sources s ON s.id = l.source_id AND s.name = :source
  JOIN matches m ON m.line_id = l.id AND m.ended_by IS NULL
  JOIN matches o ON o.group_id = m.group_id AND o.ended_by IS NULL
  JOIN ledger.journals j ON j.id = o.journal_id
 WHERE l.external_id = :name OR :name = ANY (l.refs) OR l.group_key = :name
 GROUP BY m.rule, m.group_id
"""


def pulled(app: Flask, format_name: str, account: str) -> str:
    """A source that stands for an account of the house and was asked just now: its name."""
    source = sources.source_for_operators(made(format_name, zone="Africa/Lagos"))
    with transaction(TEST):
        statements.stand_for(source.id, asset="NGN", account=account)
        pull_service.set_rhythm(source, every=3_600, since=clock.now().date() - timedelta(days=30))
    with clock.at(clock.now() + timedelta(days=1)):  # (what came a moment ago is not asked for yet)
        with transaction(TEST):
            pull_service.ask(source.id, actor=TEST)
        drain(app)
    leave()
    return source.name


def matched(account: str) -> None:
    """Everything that is open in an account, by the rules that hold: also what other tests booked of days to come."""
    rules, version = queries.rules_for_operators(account)
    later = clock.now() + timedelta(days=1_000)
    with transaction(TEST):
        service.run(account, rules=rules, version=version, as_of=later, whole=True, why="", actor=TEST)
    leave()


def match_of(source: str, name: str) -> Any:
    (found,) = rows(MATCH, source=source, name=name)
    leave()
    return found


@pytest.mark.timeout(120)
def test_each_list_meets_what_was_booked(inside: Flask, sandbox: SandboxProcess, work_off: Callable[..., int]) -> None:
    owner = people.customer(enrolled=True)
    deposit = people.paid_in(owner, naira(90_000), app=inside, sandbox=sandbox)
    asked = people.asked_for(owner, naira(20_000), account=people.bank_account(owner, app=inside))
    treasurer = people.operator(Role.TREASURY)[0]
    who = actor.operator(treasurer)
    with transaction(who):
        withdrawals.approve(asked.id, operator_id=treasurer, content_hash=asked.content_hash, owns=None, actor=who)
    work_off()
    sandbox.flush()
    work_off(timedelta(minutes=5))
    (paid_out,) = [one for one in sandbox.settle() if one]
    settlement.pull(paystack=inside.extensions["clients"].paystack, actor=TEST)
    leave()
    (reference,) = rows("SELECT reference FROM deposits WHERE id = :id", id=deposit)
    (payout,) = rows("SELECT vendor_id FROM payouts WHERE id = :id", id=asked.payout_id)
    charges = pulled(inside, "paystack-transactions", settled.CLEARING)
    payouts = pulled(inside, "paystack-payouts", settled.CLEARING)
    balance = pulled(inside, "paystack-balance", settled.FLOAT)
    for account in (settled.CLEARING, settled.FLOAT):
        matched(account)
    found = match_of(charges, reference.reference)
    assert (found.kinds, found.breaks) == (["payments.deposit_credited"], 0)
    found = match_of(payouts, str(paid_out["id"]))
    assert (found.kinds, found.breaks) == (["settlement.settled"], 0)
    found = match_of(balance, f"transfer/{payout.vendor_id}")
    assert (found.kinds, found.breaks) == (["withdrawals.settled"], 0)
    for account in (settled.CLEARING, settled.FLOAT):
        proof = queries.proof_for_operators(account)
        leave()
        assert proof.difference == proof.breaks
