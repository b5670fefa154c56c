"""Whatever roles may meet in one person: what they ask for, others agree to; and where two are needed, they are one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import chain, combinations

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.adjustments import service as adjustments
from app.adjustments.rules import Content
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import FORBIDDEN_PAIRS, Permission, Role, conflicts, granted
from app.customers import queries as customers
from app.customers import requests
from app.customers import service as freezing
from app.governance import errors, kinds, policies, queries, service
from app.governance.models import Request
from app.governance.rules import State
from app.identity import service as identity
from app.ledger.journal import credit, debit
from app.staff import errors as staff_errors
from app.staff import rules as staff_rules
from app.staff import service as staff
from app.withdrawals import errors as withdrawal_errors
from app.withdrawals import queries as withdrawal_queries
from app.withdrawals import service as withdrawals
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import State as WithdrawalState
from tests.makers import asking, books, broken, care, governed, joining, people, rated, restricted, ruled
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess

EVERY = chain.from_iterable(combinations(Role, size) for size in range(1, len(Role) + 1))
ALLOWED = [held for held in EVERY if not conflicts(held)]


def ask_journal(maker: str) -> Request:
    legs = debit(books.account("expense"), books.kobo(5)), credit(books.account("income"), books.kobo(5))
    with transaction(who := actor.operator(maker)):
        return adjustments.request(Content(legs, "A reason."), operator_id=maker, actor=who)


def ask_roles(maker: str) -> Request:
    subject = people.operator(Role.SUPPORT)[0]
    with transaction(who := actor.operator(maker)):
        return staff.request_roles(subject, roles=["finance"], reason="A job.", maker=maker, actor=who)


def ask_invitation(maker: str) -> Request:
    address = f"{books.fresh()}@test.example"
    with transaction(who := actor.operator(maker)):
        return staff.request_invitation(
            "Uche Obi", email=address, roles=["support"], reason="x", maker=maker, actor=who
        )


def ask_review(maker: str) -> Request:
    """The review of an emergency is asked for by taking a role alone, given back at once; one waits at a time."""
    people.somebody_watches()
    try:
        with transaction(who := actor.operator(maker)):
            asked = staff.break_glass("finance", reason="Nobody answers.", operator_id=maker, actor=who)
            identity.give_back(maker)
    except staff_errors.ReviewWaits:
        (waits,) = queries.about_for_operators(f"borrowed:{maker}")
        return waits.request
    return asked


def ask_policy(maker: str) -> Request:
    people.somebody_is(Role.COMPLIANCE_MANAGER)  # (a policy that nobody could go by is refused)
    present = queries.policy_for_operators("staff.review")
    assert present is not None
    proposed = [replace(rule, ttl=timedelta(days=7)) for rule in present.routes]
    with transaction(who := actor.operator(maker)):
        return policies.request_change("staff.review", proposed=proposed, reason="x", maker=maker, actor=who)


def ask_unfreeze(maker: str) -> Request:
    def frozen() -> str:
        owner = people.customer()
        with transaction(who := actor.operator(people.operator(Role.COMPLIANCE_OFFICER)[0])):
            freezing.freeze(owner.id, reason="Reported as stolen.", actor=who)
        return owner.id

    def ask(owner_id: str) -> Request:
        with transaction(who := actor.operator(maker)):
            return requests.request_unfreeze(owner_id, wanted_by="customer", reason="x", maker=maker, actor=who)

    return asking.once("unfreeze", frozen, ask)


def ask_recovery(maker: str) -> Request:
    """After its own cooling-off."""

    def ask(recovery_id: str) -> Request:
        with clock.at(clock.now() + timedelta(hours=73)), transaction(who := actor.operator(maker)):
            return requests.request_recovery(recovery_id, reason="x", maker=maker, actor=who)

    return asking.once("recovery", lambda: care.lost_mailbox(people.customer()), ask)


def ask_lift(maker: str) -> Request:
    return asking.once(
        "restriction",
        lambda: restricted.placed(people.customer()),
        lambda restriction_id: restricted.asked(restriction_id, by=maker),
    )


ASK: dict[str, Callable[[str], Request]] = {
    "adjustments.journal": ask_journal,
    "breaks.journal": broken.a_journal,
    "breaks.accept": broken.an_acceptance,
    "breaks.bulk": broken.a_bulk,
    "breaks.terms": broken.other_terms,
    "staff.roles": ask_roles,
    "staff.invitation": ask_invitation,
    "staff.review": ask_review,
    "governance.policy": ask_policy,
    "customer.unfreeze": ask_unfreeze,
    "customer.recovery": ask_recovery,
    "restrictions.lift": ask_lift,
    "assets.add": asking.new_asset,
    "assets.change": asking.other_asset,
    "risk.limits": asking.limits,
    "risk.fees": asking.charges,
    "risk.thresholds": asking.threshold,
    "risk.switch_on": asking.switch_on,
    "screening.match": asking.match,
    "applications.tier": asking.tier,
    "applications.refusal": asking.refusal,
    "applications.lift": asking.lift,
    "payments.place": asking.placing,
    "payments.override_name": asking.override_name,
    "payments.assign": asking.assigning,
    "payments.return": asking.returning,
    "payments.split": asking.splitting,
    "payments.refund": asking.refund,
    "payments.redirect": asking.redirect,
    "withdrawals.mark_payout": asking.marking_payout,
    "disputes.let_go": asking.letting_go,
    "retention.run": asking.run,
    "pricing.override": rated.overriding,
    "pricing.go_on": rated.going_on,
    "pricing.feed": rated.feeding,
    "pricing.spreads": rated.spreading,
    "exchange.policy": asking.hedge_policy,
    "exchange.deal": asking.deal,
    "matching.rules": ruled.ruling,
    "matching.join": joining.joining,
    "matching.leave": joining.leaving,
    "statements.tolerance": ruled.tolerating,
    "statements.wallet": ruled.walleting,
    "statements.retire": ruled.retiring,
    "settlement.top_up": asking.top_up,
    "settlement.float_floor": asking.floor,
    "settlement.partner_fees": asking.prices,
    "closing.close": asking.closing_a_month,
    "closing.reopen": asking.reopening_a_month,
}
# One person may hold what asks for these and what decides on them: that nobody decides on their own is all there is.
SHARED = {"customer.unfreeze", "customer.recovery", "restrictions.lift"}
SHARED |= {
    "payments.override_name",
    "pricing.go_on",
    "pricing.override",
    "risk.switch_on",
    "screening.match",
    "applications.tier",
    "applications.refusal",
    "applications.lift",
}


# What these are about takes long to make: they are asked for under the first set that may and under the widest alone.
DEAR = {"customer.unfreeze", "customer.recovery", "restrictions.lift", "retention.run", "screening.match"}
DEAR |= {
    kind
    for kind in ASK
    if kind.startswith(("applications.", "breaks.", "closing.", "exchange.", "payments.", "withdrawals."))
}


@pytest.fixture
def me(inside: Flask) -> str:
    found = people.operator(Role.SUPPORT)[0]
    leave()
    return found


def agree(asked: Request, by: str) -> State:
    with transaction(actor.operator(by)):
        return service.approve(asked.id, operator_id=by, shown=asked.payload_hash, actor=actor.operator(by))


def test_every_kind_is_tried_here(inside: Flask) -> None:
    assert set(ASK) == {kind.name for kind in kinds.everything() if not kind.name.startswith("test.")}


def test_nobody_agrees_to_what_they_asked_for(me: str, owner_engine: Engine) -> None:
    """Under each set of roles that one person may hold, to each kind, also to what they asked for under another set."""
    assert len(ALLOWED) > len(Role)
    first: dict[str, Request] = {}  # asked for under the first set that may
    latest: dict[str, Request] = {}
    for held in ALLOWED:
        governed.set_roles(owner_engine, me, *held)
        for kind, ask in ASK.items():
            found = kinds.known(kind)
            assert found is not None
            if found.make not in granted(held):
                with pytest.raises((errors.NotAllowedToAsk, staff_errors.NotLent)):
                    ask(me)
            elif kind not in DEAR or kind not in first or held == widest(found.make):
                latest[kind] = ask(me)
                first.setdefault(kind, latest[kind])
            leave()
        mine = [*first.values(), *(each for kind, each in latest.items() if each is not first[kind])]
        with transaction(who := actor.operator(me)):
            for asked in mine:
                with pytest.raises(errors.OwnRequest):
                    service.approve(asked.id, operator_id=me, shown=asked.payload_hash, actor=who)
                with pytest.raises(errors.OwnRequest):
                    service.deny(asked.id, operator_id=me, reason="no", actor=who)
                assert not queries.one_for_operators(asked.id).open_to(me, [str(role) for role in held])
    assert set(first) == set(ASK)
    ids = [asked.id for asked in (*first.values(), *latest.values())]
    assert rows("SELECT FROM approval_votes WHERE request_id = ANY(:ids)", ids=ids) == []
    assert {row.state for row in rows("SELECT state FROM approval_requests WHERE id = ANY(:ids)", ids=ids)} == {
        "pending"
    }


def widest(permission: Permission) -> tuple[Role, ...]:
    """The last of the largest sets that hold this permission."""
    return max((held for held in ALLOWED if permission in granted(held)), key=lambda held: (len(held), held))


def test_nobody_is_two_of_those_who_are_needed(me: str, owner_engine: Engine) -> None:
    """Where a request of another's needs two, each set of roles fills one place at most."""
    filled, maker = 0, people.operator(Role.ADMIN)[0]
    for held in ALLOWED:
        governed.set_roles(owner_engine, me, *held)
        asked = ask_policy(maker)
        assert sum(leg.count for leg in asked.needs) > 1
        answers = []
        for _ in range(2):
            try:
                answers.append(agree(asked, me))
            except (errors.NotYourLeg, errors.VotedAlready):
                leave()
        assert answers in ([], [State.PENDING]), held
        filled += len(answers)
    assert filled > 1


def test_a_borrowed_role_agrees_to_nothing(inside: Flask) -> None:
    """An administrator who took a role alone decides with their own, in the hour that they have it."""
    finance = people.operator(Role.FINANCE)[0]
    people.somebody_watches()
    for role in staff_rules.LENT:
        borrower = people.operator(Role.ADMIN)[0]
        asked = ask_journal(finance)
        with transaction(who := actor.operator(borrower)):
            staff.break_glass(str(role), reason="Nobody answers.", operator_id=borrower, actor=who)
        with pytest.raises(errors.NotYourLeg):
            agree(asked, borrower)
        leave()


def test_the_set_that_could_do_both_does_not_exist(inside: Flask) -> None:
    """Whoever may ask for a kind shares a person with none who decide on it, but for others of the very same role."""
    for name in ASK.keys() - SHARED:
        kind, policy = kinds.known(name), queries.policy_for_operators(name)
        assert kind is not None
        assert policy is not None
        deciding = {Role(role) for rule in policy.routes for leg in rule.legs for role in leg.roles}
        asking = {role for role in Role if kind.make in granted([role])}
        assert asking
        assert {frozenset({one, other}) for one in asking for other in deciding - {one}} <= FORBIDDEN_PAIRS, name


class TestWithdrawals:
    def test_are_not_let_out_by_who_asked_nor_by_one_person_twice(
        self, inside: Flask, sandbox: SandboxProcess, owner_engine: Engine
    ) -> None:
        owner = people.customer(enrolled=True)
        people.paid_in(owner, naira(2_000_000), app=inside, sandbox=sandbox)
        account, other = people.bank_account(owner, app=inside), people.operator(Role.SUPPORT)[0]
        with transaction(people.COMMAND):
            mine = identity.hire("Me", email=owner.email, password=people.PASSWORD, roles=[Role.SUPPORT])
        leave()
        owns = customers.id_by_email_for_operators(owner.email)
        assert owns == owner.id
        leave()
        approving = [held for held in ALLOWED if Permission.WITHDRAWALS_APPROVE in granted(held)]
        assert len(approving) > len(Role)
        for held in approving:
            for operator_id in (mine, other):
                governed.set_roles(owner_engine, operator_id, *held)
            asked = people.asked_for(owner, naira(600_000), account=account)
            assert asked.approvals_needed > 1
            with pytest.raises(withdrawal_errors.OwnWithdrawal):
                let_out(asked, mine, owns)
            assert let_out(asked, other) is WithdrawalState.REQUESTED
            with pytest.raises(withdrawal_errors.SameOperatorTwice):
                let_out(asked, other)
            with pytest.raises(withdrawal_errors.OwnWithdrawal):
                let_out(asked, mine, owns)
            leave()
            assert withdrawal_queries.one_for_operators(asked.id).state == WithdrawalState.REQUESTED
            with transaction(who := actor.operator(other)):
                withdrawals.reject(asked.id, reason="Done.", owns=None, actor=who)
            leave()


def let_out(asked: Withdrawal, by: str, owns: str | None = None) -> WithdrawalState:
    """One yes to a withdrawal."""
    with transaction(who := actor.operator(by)):
        return withdrawals.approve(asked.id, operator_id=by, content_hash=asked.content_hash, owns=owns, actor=who)
