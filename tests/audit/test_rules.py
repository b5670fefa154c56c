"""Who sees whose records, what a record changed, and that one act is told once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.audit import rules
from app.audit.rules import Change
from app.core.permissions import Role

R = Role
MOMENT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass
class Record:
    """A record as the table holds it."""

    id: int
    row_id: str = "wd_1"
    actor: str = "operator:op_1"
    after: dict[str, Any] | None = None
    before: dict[str, Any] | None = None
    action: str = "update"
    table_name: str = "withdrawals"
    reason: str = ""

    def __post_init__(self) -> None:
        self.recorded_at = MOMENT + timedelta(seconds=self.id)


@dataclass
class Move:
    """A move as the table holds it."""

    new_state: str
    after_seconds: int
    subject: str = "wd_1"
    actor: str = "operator:op_1"
    machine: str = "withdrawal"
    reason: str = ""

    def __post_init__(self) -> None:
        self.moved_at = MOMENT + timedelta(seconds=self.after_seconds)


class TestScope:
    @pytest.mark.parametrize("role", [R.AUDITOR, R.ADMIN])
    def test_is_everything_for_those_who_look_after_the_whole(self, role: Role) -> None:
        assert rules.scope_of([role]).everything

    @pytest.mark.parametrize(
        ("role", "teams"),
        [
            (R.SUPPORT, set()),
            (R.COMPLIANCE_OFFICER, {R.COMPLIANCE_OFFICER}),
            (R.COMPLIANCE_MANAGER, {R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER}),
            (R.FINANCE, {R.FINANCE}),
            (R.TREASURY, {R.TREASURY}),
        ],
    )
    def test_is_the_team_for_everybody_else(self, role: Role, teams: set[Role]) -> None:
        scope = rules.scope_of([role])
        assert not scope.everything
        assert scope.teams == teams

    def test_adds_up_over_roles_and_speaks_of_each(self) -> None:
        assert rules.scope_of(["finance", "support"]).teams == {R.FINANCE}
        assert set(rules.SEES_TEAMS) | rules.SEES_EVERYTHING == set(Role)

    def test_is_what_is_kept_from_most_for_compliance_and_auditors_alone(self) -> None:
        seeing = {role for role in Role if rules.scope_of([role]).confidential}
        assert seeing == {R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER, R.AUDITOR}

    @pytest.mark.parametrize("roles", [[], ["root"], ["AUDITOR"]])
    def test_is_their_own_acts_for_somebody_without_a_role(self, roles: list[str]) -> None:
        assert rules.scope_of(roles) == rules.Scope(everything=False, teams=frozenset(), confidential=False)


class TestChanges:
    def test_stand_field_by_field(self) -> None:
        assert rules.changes_of({"state": "requested", "n": 1}, {"state": "approved", "n": None}) == (
            Change("n", "1", None, masked=False),
            Change("state", "requested", "approved", masked=False),
        )

    def test_of_what_is_masked_say_only_that(self) -> None:
        (change,) = rules.changes_of({"name": "[masked]"}, {"name": "[masked]"})
        assert change.masked
        (made,) = rules.changes_of(None, {"name": "[masked]"})
        assert made.masked

    def test_of_something_structured_are_readable_text(self) -> None:
        (change,) = rules.changes_of(None, {"roles": ["a", "ü"]})
        assert change.after == '["a", "ü"]'

    def test_are_none_for_nothing(self) -> None:
        assert rules.changes_of(None, None) == ()


class TestHistory:
    def test_tells_a_move_and_its_record_once(self) -> None:
        record = Record(1, before={"state": "requested"}, after={"state": "approved"})
        (entry,) = rules.history([record], [Move("approved", 0, reason="checked")])
        assert (entry.machine, entry.state, entry.reason, entry.record_id) == ("withdrawal", "approved", "checked", 1)
        assert entry.changes == (Change("state", "requested", "approved", masked=False),)

    @pytest.mark.parametrize(
        "record",
        [
            Record(1, row_id="wd_2", after={"state": "approved"}),
            Record(1, actor="operator:op_2", after={"state": "approved"}),
            Record(1, after={"state": "rejected"}),
            Record(1, after={"note": "x"}),
        ],
    )
    def test_keeps_what_is_another_act_apart(self, record: Record) -> None:
        assert len(rules.history([record], [Move("approved", 0)])) == 2

    def test_gives_each_record_to_one_move(self) -> None:
        twice = [Move("sending", 0), Move("sending", 5)]
        entries = rules.history([Record(1, after={"state": "sending"})], twice)
        assert [entry.record_id for entry in entries].count(1) == 1

    def test_gives_a_record_to_the_nearest_of_moves_alike(self) -> None:
        """Tried, failed, tried again by one and the same: each try shows what it changed."""
        tries = [Move("approved", 9), Move("approved", 1)]
        both = [Record(9, after={"state": "approved", "n": 2}), Record(1, after={"state": "approved", "n": 1})]
        for records in (both, both[::-1], both[:1], both[1:]):
            entries = rules.history(records, tries)
            assert {(entry.at.second, entry.record_id) for entry in entries if entry.record_id} == {
                (record.id, record.id) for record in records
            }

    def test_is_newest_first(self) -> None:
        entries = rules.history([Record(3), Record(1)], [Move("requested", 2)])
        assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
