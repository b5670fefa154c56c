"""A check that finds something halts payouts; only a person with a reason lets them go on."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core import actor
from app.core.db import db, leave, rows, transaction
from app.core.errors import Forbidden, NotFound
from app.ledger import health
from tests.makers.books import TESTER

pytestmark = [pytest.mark.usefixtures("inside"), pytest.mark.xdist_group("halts")]
SOMEBODY = actor.operator("op_1", request_id="req_1")
FINDINGS = {"asset sums to zero over all accounts": ["NGN"]}


def lifted() -> None:
    """Leave no halt to other tests."""
    leave()
    while halt := health.standing():
        with transaction(SOMEBODY):
            health.lift(halt.id, actor=SOMEBODY, reason="test over")
        leave()


class TestHalt:
    def test_is_raised_once_and_lifted_once_by_a_person_with_a_reason(self) -> None:
        with transaction(TESTER):
            health.record({})
        run = health.latest()
        assert run is not None
        assert run.ok
        assert health.standing() is None
        try:
            for _ in range(2):
                with transaction(TESTER):
                    health.record(FINDINGS)
            halt, run = health.standing(), health.latest()
            assert halt is not None
            assert run is not None
            assert not run.ok
            assert (halt.findings, run.findings) == (FINDINGS, FINDINGS)
            with transaction(TESTER):
                health.record({})
            assert health.standing() == halt  # a check that is well again does not lift it
            with pytest.raises(Forbidden), transaction(TESTER):
                health.lift(halt.id, actor=TESTER, reason="all well")
            with pytest.raises(health.ReasonMissing), transaction(SOMEBODY):
                health.lift(halt.id, actor=SOMEBODY, reason="  ")
            with pytest.raises(IntegrityError), transaction(TESTER):
                db.session.execute(text("SELECT ledger.lift_halt(:id, 'by a job')"), {"id": halt.id})
            with transaction(SOMEBODY):
                health.lift(halt.id, actor=SOMEBODY, reason=" seen ")
            assert health.standing() is None
            with pytest.raises(NotFound), transaction(SOMEBODY):
                health.lift(halt.id, actor=SOMEBODY, reason="again")
            record = rows("SELECT actor, after FROM audit.records WHERE table_name = 'halts' ORDER BY id DESC LIMIT 1")[
                0
            ]
            assert (record.actor, record.after["reason"]) == ("operator:op_1", "seen")
        finally:
            lifted()

    def test_for_another_cause_stands_on_when_the_first_is_lifted(self) -> None:
        forged = {"seal of the audit": ["block 7: forged"]}
        try:
            for findings in (FINDINGS, forged, {**FINDINGS, **forged}):
                with transaction(TESTER):
                    health.record(findings)
            first = health.standing()
            assert first is not None
            assert first.findings == FINDINGS
            with transaction(SOMEBODY):
                health.lift(first.id, actor=SOMEBODY, reason="seen")
            leave()
            second = health.standing()
            assert second is not None
            assert second.findings == forged
            with transaction(SOMEBODY):
                health.lift(second.id, actor=SOMEBODY, reason="seen, too")
            leave()
            assert health.standing() is None
        finally:
            lifted()
