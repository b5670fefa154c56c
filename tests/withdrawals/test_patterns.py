"""Patterns that are read from other rooms: days close to a limit, and a device never seen before beside a change."""

from datetime import timedelta

from app.core import clock, ids
from app.core.db import leave, transaction
from app.identity import security
from app.withdrawals import queries as withdrawals
from app.withdrawals.models import Withdrawal
from tests.withdrawals.conftest import SYSTEM, Case

USED = """
INSERT INTO limit_uses (ref, customer_id, rail, direction, asset, units, used_at, settled_at, over)
VALUES (:ref, :customer, 'bank', 'out', 'NGN', :units, :at, :at, '')
"""
SESSION = """
INSERT INTO sessions (id, login_id, audience, token_hash, device, device_name, ip, created_at, seen_at, expires_at)
VALUES (:ref, :login, 'customer', sha256(CAST(CAST(:ref AS text) AS bytea)), :device, :device, '', :at, :at, :at)
"""

BUSINESS = """
INSERT INTO applications (id, customer_id, subject, about, wanted, had, state, round, looked_into, pep, country,
                          screening, identity, risk, created_at, queued_at, decided_at, decided_tier)
VALUES (:ref, :customer, 'business', 'tier', 't3', 't2', 'approved', 1, 1, false, '', 'clear', 'none', 'low',
        now(), now(), now(), 't3')
"""


def rules_that_fit(case: Case, asked: Withdrawal) -> list[str]:
    """The rules on patterns that fit now."""
    case.again(asked)
    (row,) = [each for each in withdrawals.checks_for_operators(asked.id) if each.number == 15]
    leave()
    return list(row.facts.get("rules", []))


def test_day_after_day_close_to_the_limit_of_a_day(case: Case) -> None:
    asked = case.ask()
    for days in (1, 2, 3):
        assert rules_that_fit(case, asked) == []
        at = clock.now() - timedelta(days=days)
        case.does(USED, ref=ids.new("use"), units=4_500_000_00, at=at)
    assert rules_that_fit(case, asked) == ["V3"]


def test_a_new_device_and_a_change_before_it_is_asked_for(case: Case) -> None:
    def came(device: str, hours: int) -> None:
        at = clock.now() - timedelta(hours=hours)
        case.does(SESSION, ref=ids.new("ses"), login=case.owner.login_id, device=device, at=at)

    asked = case.ask()
    came("Known", 90)
    with clock.at(clock.now() - timedelta(hours=8)), transaction(SYSTEM):
        security.note_change(case.owner.login_id, of=security.CONTACT)
    leave()
    came("Known", 8)
    assert rules_that_fit(case, asked) == []
    came("Never seen", 8)
    assert rules_that_fit(case, asked) == ["A1"]


def test_amounts_kept_below_a_report_are_measured_as_a_business_s(case: Case) -> None:
    def measured() -> bool:
        (row,) = [each for each in withdrawals.checks_for_operators(asked.id) if each.number == 15]
        leave()
        return bool(row.facts["business"])

    asked = case.ask()
    assert not measured()
    case.does("ALTER TABLE applications DISABLE TRIGGER decided")
    case.does(BUSINESS, ref=ids.new("app"))
    case.does("ALTER TABLE applications ENABLE ALWAYS TRIGGER decided")
    case.again(asked)
    assert measured()
