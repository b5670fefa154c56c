"""Whose yes a withdrawal takes: each row of the table, by the policy of the beginning and by the database alike."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from app.core import actor, idempotency
from app.core.db import atomically, db, leave, transaction
from app.core.errors import InProgress, Refusal
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.customers.rules import Tier
from app.governance import queries as governance
from app.governance.rules import Facts, route
from app.ledger import chart
from app.ledger.errors import InsufficientFunds
from app.withdrawals import errors, queries, service
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import POLICY, State
from tests.makers import books, crowd, people
from tests.makers.people import naira
from tests.withdrawals.conftest import Case

COMPLIANCE, MANAGER = "compliance_officer/compliance_manager", "compliance_manager"
T, C_T, M_T, M_T_A = "treasury", f"{COMPLIANCE} treasury", f"{MANAGER} treasury", f"{MANAGER} treasury admin"
HALF, TWO, TEN = 500_000_00, 2_000_000_00, 10_000_000_00
HOUR = 3_600
# Amount (kobo; None: a large part of the float), destination → by band: legs and delay.
TABLE = [
    (HALF, "known", (("", 0), (T, 0), (C_T, 0))),
    (HALF, "new", ((T, 0), (C_T, 0), (M_T, 0))),
    (HALF + 1, "known", ((T, 0), (C_T, 0), (M_T, 0))),
    (TWO, "new", ((T, 0), (C_T, 0), (M_T, 0))),
    (TWO + 1, "known", ((C_T, 0), (M_T, 0), (M_T, 4 * HOUR))),
    (TEN, "new", ((C_T, 0), (M_T, 0), (M_T, 4 * HOUR))),
    (TEN + 1, "known", ((M_T, HOUR), (M_T_A, 4 * HOUR), None)),
    (TEN + 1, "new", ((M_T, HOUR), (M_T_A, 4 * HOUR), None)),
    (None, "known", ((M_T, HOUR), (M_T_A, 4 * HOUR), None)),
]
CELLS = [
    (amount, target, band, cells[place])
    for amount, target, cells in TABLE
    for place, band in enumerate(("low", "medium", "high"))
]
_SQL = """
SELECT withdrawal_rule(p.rules, jsonb_populate_record(NULL::withdrawals, CAST(:row AS jsonb)), false) AS rule
  FROM approval_policies p WHERE p.kind = 'withdrawals.send' ORDER BY p.version DESC LIMIT 1
"""


@pytest.mark.parametrize(("amount", "target", "band", "wanted"), CELLS)
def test_each_row_of_the_table(
    inside: Flask, amount: int | None, target: str, band: str, wanted: tuple[str, int] | None
) -> None:
    policy = governance.policy_for_operators(POLICY)
    assert policy is not None
    rule = route(policy.routes, Facts(amount=amount, risk=band, target=target))
    assert rule is not None
    if wanted is None:
        assert rule.denies
    else:
        assert not rule.denies
        assert " ".join("/".join(leg.roles) for leg in rule.legs) == wanted[0]
        assert {leg.count for leg in rule.legs} <= {1}
        assert rule.delay.total_seconds() == wanted[1]
    large = "true" if amount is None else "false"
    row = f'{{"amount_units": {amount or 100}, "large": {large}, "band": "{band}", "target": "{target}"}}'
    assert db.session.scalar(text(_SQL), {"row": row}) == rule.as_json()


_BOUNDED = "DELETE FROM limits WHERE id LIKE 'lim_unbounded%'"
_UNGUARDED = "ALTER TABLE limits DISABLE TRIGGER approved, DISABLE TRIGGER append_only"
_GUARDED = "ALTER TABLE limits ENABLE ALWAYS TRIGGER approved, ENABLE ALWAYS TRIGGER append_only"
_UNBOUNDED = """
INSERT INTO limits (id, tier, rail, direction, asset, starts_at)
SELECT 'lim_unbounded_' || rail, 't3_plus', rail, 'out', '*', '2026-01-02 00:00:00+01'
  FROM (VALUES ('*'), ('bank')) AS one (rail)
"""
# What the checks can come to: who is paid for the first time and who was paid before, one points' worth and more.
FOUND: dict[str, tuple[str, str, tuple[Callable[[Case], None], ...]]] = {
    "nothing, paid for the first time": ("low", "new", ()),
    "nothing, paid before": ("low", "known", (Case.paid_before,)),
    "a dispute": ("medium", "new", (Case.disputed,)),
    "a dispute and another's name": ("high", "new", (Case.disputed, Case.named_otherwise)),
}
BY_AMOUNT = [(HALF, HALF), (HALF + 1, HALF + 1), (TWO, TWO), (TWO + 1, TWO + 1), (500_000_000, TEN)]


@pytest.fixture
def rich(case: Case) -> Iterator[Case]:
    """Somebody with NGN 20,000,000 whom no limit keeps from the greatest withdrawal there is."""
    people.verify(case.owner.id, Tier.T3_PLUS)
    books.post(books.move(chart.house(chart.BANK, asset=NGN), case.owner.account, 20_000_000_00))
    case.does(f"{_UNGUARDED}; {_UNBOUNDED}; {_GUARDED}")
    yield case
    case.does(f"{_UNGUARDED}; {_BOUNDED}; {_GUARDED}")


@pytest.mark.parametrize("found", FOUND)
def test_each_row_comes_out_of_the_checks(rich: Case, float_of: Callable[[Money], None], found: str) -> None:
    band, target, acts = FOUND[found]
    for act in acts:
        act(rich)
    # (above the first amount the table asks nothing of the destination)
    wanted = {row: cell for row, to, risk, cell in CELLS if risk == band and (to == target or row != HALF)}

    def is_routed(units: int, row: int | None) -> None:
        leave()
        asked = people.asked_for(rich.owner, Money(NGN, units), account=rich.account)
        cell = wanted[row]
        legs, delay = cell or ("", 0)
        assert (asked.band, asked.target, asked.large) == (band, target, row is None)
        assert " ".join("/".join(leg.roles) for leg in asked.needs) == legs
        assert asked.delay_seconds == delay
        assert asked.state == (State.HELD if cell is None else State.REQUESTED if legs else State.APPROVED)
        with transaction(rich.owner.actor):
            service.cancel(asked.id, customer_id=rich.owner.id, actor=rich.owner.actor)

    for units, row in BY_AMOUNT:
        is_routed(units, row)
    float_of(naira(1_000_000))
    is_routed(100_000_01, None)


def yes(asked: Withdrawal, role: Role, *, by: str = "") -> State:
    who = actor.operator(by or people.operator(role)[0])
    with transaction(who):
        return service.approve(asked.id, operator_id=who.id, content_hash=asked.content_hash, owns=None, actor=who)


class TestThroughTheHouse:
    def test_a_small_one_to_a_known_destination_goes_by_itself(self, case: Case) -> None:
        assert case.ask().legs == [{"roles": ["treasury"], "count": 1}]
        case.paid_before()
        asked = case.ask()
        assert (asked.state, asked.target, asked.approvals_needed) == (State.APPROVED, "known", 0)

    def test_one_that_asks_for_a_look_does_not(self, case: Case) -> None:
        case.paid_before()
        case.does("UPDATE screening_subjects SET retired_at = now() WHERE customer_id = :customer")
        asked = case.ask()
        assert (asked.state, asked.target, asked.approvals_needed) == (State.REQUESTED, "new", 1)

    @pytest.mark.parametrize("first", [Role.TREASURY, Role.COMPLIANCE_MANAGER])
    def test_legs_are_filled_in_any_order(self, case: Case, first: Role) -> None:
        case.named_otherwise()
        asked = case.ask(600_000)
        roles = [first, *({Role.TREASURY, Role.COMPLIANCE_MANAGER} - {first})]
        with pytest.raises(errors.NotYourDecision):
            yes(asked, Role.ADMIN)
        assert yes(asked, roles[0]) is State.REQUESTED
        with pytest.raises(errors.NotYourLeg):
            yes(asked, roles[0])
        assert yes(asked, roles[1]) is State.APPROVED

    def test_a_large_part_of_the_float_waits_its_delay(self, case: Case, float_of: Callable[[Money], None]) -> None:
        float_of(naira(1_000_000))
        asked = case.ask(100_001)
        assert (asked.large, asked.delay_seconds) == (True, HOUR)
        with pytest.raises(errors.NotYourLeg):
            yes(asked, Role.COMPLIANCE_OFFICER)
        leave()
        yes(asked, Role.COMPLIANCE_MANAGER)
        assert yes(asked, Role.TREASURY) is State.APPROVED
        system = actor.system("test")
        with pytest.raises(errors.NotDueYet), transaction(system):
            service.begin_sending(asked.id, actor=system)
        early = "UPDATE withdrawals SET not_before = now() - interval '1 second' WHERE id = :id"
        with pytest.raises(Exception, match="delay"), transaction(system):
            db.session.execute(text(early), {"id": asked.id})

    def test_what_nobody_may_agree_to_a_manager_lets_on(self, case: Case, float_of: Callable[[Money], None]) -> None:
        float_of(naira(1_000_000))
        case.named_otherwise()
        case.does("UPDATE deposits SET settled_at = now(), credited_units = 20000000 WHERE customer_id = :customer")
        asked = case.ask(200_000)
        assert (asked.state, asked.band, asked.legs) == (State.HELD, "high", [])
        leave()
        for role, state in ((Role.COMPLIANCE_OFFICER, State.HELD), (Role.COMPLIANCE_MANAGER, State.REQUESTED)):
            who = actor.operator(people.operator(role)[0])
            with transaction(who):
                assert service.release_hold(asked.id, note="Papers seen.", owns=None, actor=who) is state
            leave()
        now = queries.one_for_operators(asked.id)
        assert [leg.roles for leg in now.needs] == [(MANAGER,), ("treasury",), ("admin",)]
        assert now.delay_seconds == 4 * HOUR  # (no less than what less risk asks for)
        (row,) = [each for each in queries.checks_for_operators(asked.id) if each.number == 17]
        assert row.facts["released_with"] == "Papers seen."


class TestAtOnce:
    def test_sixty_four_do_not_take_more_than_there_is(self, app: Flask, case: Case) -> None:
        def ask() -> str:
            return atomically(
                lambda: (
                    service.request(
                        case.owner.id, bank_account_id=case.account, amount=naira(70_000), actor=case.owner.actor
                    ).id
                ),
                actor=case.owner.actor,
                tries=20,
            )

        answers = crowd.at_once(app, [ask] * 64)
        made = [answer for answer in answers if isinstance(answer, str)]
        leave()
        balance = case.owner.balance()
        held = sum(one.amount.units + one.fee.units for one in map(queries.one_for_operators, made))
        assert {type(answer) for answer in answers} <= {str, InsufficientFunds}
        assert len(made) == 28  # (each takes NGN 70,050 of NGN 2,000,000)
        assert balance.held.units == held
        assert balance.available >= naira(0)
        assert balance.available + balance.held == balance.booked

    def test_fifty_with_one_key_ask_once(self, app: Flask, case: Case) -> None:
        def ask() -> str:
            def once() -> str:
                answer, _ = idempotency.once(
                    "one-key",
                    actor=case.owner.actor,
                    request={"amount": 5_000},
                    body=lambda: {
                        "id": service.request(
                            case.owner.id, bank_account_id=case.account, amount=naira(5_000), actor=case.owner.actor
                        ).id
                    },
                )
                return str(answer["id"])

            return atomically(once, actor=case.owner.actor, tries=20)

        answers = crowd.at_once(app, [ask] * 50)
        assert len({answer for answer in answers if isinstance(answer, str)}) == 1
        assert {type(answer) for answer in answers} <= {str, InProgress}
        assert not any(isinstance(answer, Refusal) and not isinstance(answer, InProgress) for answer in answers)
        assert case.owner.balance().held == naira(5_010)

    def test_two_of_one_leg_are_one_after_the_other(self, app: Flask, case: Case) -> None:
        asked = case.ask()
        voters = [people.operator(Role.TREASURY)[0] for _ in range(4)]
        leave()
        answers = crowd.at_once(app, [partial(yes, asked, Role.TREASURY, by=voter) for voter in voters])
        assert answers.count(State.APPROVED) == 1
