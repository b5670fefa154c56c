"""What staff may not do alone: lift a freeze, give an account to somebody who lost the mailbox. And what they may."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from app.core import actor, clock, machine
from app.core.db import leave, transaction
from app.core.errors import IllegalMove
from app.core.permissions import Role
from app.customers import errors, queries, requests, service
from app.customers.rules import State
from app.governance import errors as governance_errors
from app.governance import flows, kinds
from app.governance import queries as approvals
from app.governance import rules as governance_rules
from app.governance import service as governance
from app.governance.models import Request
from app.identity import api_keys, recoveries, recovery
from app.identity import errors as identity_errors
from app.identity import queries as identity
from app.identity.rules import KEY_LIVES
from app.identity.scopes import Scope
from tests.makers import care, governed, people
from tests.makers.books import fresh, refused, undone
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

SYSTEM = actor.system("test")
WorkOff = Callable[..., int]


def staff(*roles: Role) -> str:
    """Somebody of these roles: their id."""
    return people.operator(*roles)[0]


def freeze(owner: Customer) -> None:
    who = actor.operator(staff(Role.COMPLIANCE_OFFICER))
    with transaction(who):
        service.freeze(owner.id, reason="Reported as stolen.", actor=who)


def safety_lock(owner: Customer) -> None:
    who = actor.operator(staff(Role.SUPPORT))
    with transaction(who):
        service.safety_lock(owner.id, reason="Somebody else is on the line.", actor=who)


def ask_unfreeze(owner: Customer, *, by: str = "") -> Request:
    maker = by or staff(Role.COMPLIANCE_OFFICER)
    with transaction(actor.operator(maker)):
        return requests.request_unfreeze(
            owner.id, wanted_by="customer", reason="They came to us.", maker=maker, actor=actor.operator(maker)
        )


def approve(asked: Request, *, by: str) -> governance_rules.State:
    with transaction(actor.operator(by)):
        return governance.approve(asked.id, operator_id=by, shown=asked.payload_hash, actor=actor.operator(by))


def state_of(owner: Customer) -> str:
    leave()
    return queries.one_for_operators(owner.id).state


def result_of(asked: Request) -> tuple[str, str]:
    leave()
    found = approvals.one_for_operators(asked.id).request
    return found.state, found.result


class TestUnfreezing:
    def test_takes_an_officer_who_asks_and_a_manager_who_agrees(self, work_off: WorkOff) -> None:
        owner, manager = people.customer(), staff(Role.COMPLIANCE_MANAGER)
        freeze(owner)
        asked = ask_unfreeze(owner)
        assert state_of(owner) == State.LOCKED
        assert [one.request.id for one in approvals.about_for_operators(f"customer:{owner.id}")] == [asked.id]
        needing = approvals.needing_for_operators(manager, roles=[Role.COMPLIANCE_MANAGER])
        assert asked.id in {one.request.id for one in needing}
        approve(asked, by=manager)
        work_off()
        assert state_of(owner) == State.ACTIVE
        assert result_of(asked) == ("executed", "Ada Obi's account is not frozen any more")
        assert machine.history(owner.id)[-1].reason == "They came to us."

    @pytest.mark.parametrize("role", [Role.SUPPORT, Role.COMPLIANCE_MANAGER, Role.ADMIN, Role.AUDITOR])
    def test_is_not_for_others_to_ask_for(self, role: Role) -> None:
        owner = people.customer()
        freeze(owner)
        with pytest.raises(governance_errors.NotAllowedToAsk):
            ask_unfreeze(owner, by=staff(role))

    @pytest.mark.parametrize("role", [Role.COMPLIANCE_OFFICER, Role.ADMIN, Role.TREASURY, Role.SUPPORT])
    def test_is_not_for_others_to_agree_to(self, role: Role) -> None:
        owner = people.customer()
        freeze(owner)
        with pytest.raises(governance_errors.NotYourLeg):
            approve(ask_unfreeze(owner), by=staff(role))

    def test_is_not_for_who_asked_even_with_both_roles(self) -> None:
        owner, both = people.customer(), staff(Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER)
        freeze(owner)
        with pytest.raises(governance_errors.OwnRequest):
            approve(ask_unfreeze(owner, by=both), by=both)

    def test_is_not_for_who_is_privately_the_customer(self, owner_engine: Engine) -> None:
        owner, officer = people.customer(), staff(Role.COMPLIANCE_OFFICER)
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            theirs = "UPDATE logins SET email = :email WHERE id = (SELECT login_id FROM operators WHERE id = :id)"
            connection.execute(text(theirs), {"email": owner.email, "id": officer})
        freeze(owner)
        with pytest.raises(governance_errors.Related):
            ask_unfreeze(owner, by=officer)

    def test_is_asked_for_once_and_only_of_what_is_frozen(self) -> None:
        owner = people.customer()
        with pytest.raises(errors.NotFrozen):
            ask_unfreeze(owner)
        freeze(owner)
        ask_unfreeze(owner)
        with pytest.raises(errors.AskedAlready):
            ask_unfreeze(owner)

    def test_does_not_happen_when_somebody_lost_the_role_since(self, owner_engine: Engine) -> None:
        owner, manager = people.customer(), staff(Role.COMPLIANCE_MANAGER)
        freeze(owner)
        asked = ask_unfreeze(owner)
        with transaction(actor.operator(manager)):
            governance.approve(asked.id, operator_id=manager, shown=asked.payload_hash, actor=actor.operator(manager))
        governed.set_roles(owner_engine, manager, Role.SUPPORT)
        flows.carry_out(asked.id, actor=SYSTEM)
        assert state_of(owner) == State.LOCKED
        assert result_of(asked)[0] == "pending"


class TestSafetyLock:
    def test_ends_by_itself_after_a_day(self) -> None:
        owner = people.customer()
        safety_lock(owner)
        assert state_of(owner) == State.LOCKED
        for hours, expected in ((23, State.LOCKED), (24, State.ACTIVE)):
            with clock.at(clock.now() + timedelta(hours=hours, seconds=1)), transaction(SYSTEM):
                service.lift_safety_locks(actor=SYSTEM)
            assert state_of(owner) == expected

    def test_stays_once_compliance_or_its_owner_freezes_the_account(self) -> None:
        by_compliance, by_owner = people.customer(), people.customer()
        safety_lock(by_compliance)
        freeze(by_compliance)
        safety_lock(by_owner)
        with transaction(by_owner.actor):
            service.lock(by_owner.id, here="", actor=by_owner.actor)
        with clock.at(clock.now() + timedelta(hours=25)), transaction(SYSTEM):
            service.lift_safety_locks(actor=SYSTEM)
        assert state_of(by_compliance) == state_of(by_owner) == State.LOCKED

    def test_shortens_no_freeze(self) -> None:
        owner = people.customer()
        freeze(owner)
        safety_lock(owner)
        leave()
        assert queries.one_for_operators(owner.id).locked_until is None

    def test_and_a_freeze_need_a_reason(self) -> None:
        owner = people.customer()
        for deed in (service.freeze, service.safety_lock):
            with pytest.raises(errors.FreezeUnexplained), transaction(SYSTEM):
                deed(owner.id, reason="  ", actor=SYSTEM)
        assert state_of(owner) == State.ACTIVE

    def test_has_no_end_without_being_locked_in_the_database(self, owner_engine: Engine) -> None:
        owner = people.customer()
        with undone(owner_engine) as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            ends = "UPDATE customers SET locked_until = now() WHERE id = :id"
            assert refused(connection, ends, id=owner.id) == "23514"


def ask_recovery(recovery_id: str, *, by: str = "") -> Request:
    maker = by or staff(Role.SUPPORT)
    with transaction(actor.operator(maker)):
        return requests.request_recovery(
            recovery_id, reason="They showed a passport.", maker=maker, actor=actor.operator(maker)
        )


@pytest.fixture
def later() -> datetime:
    """After the cooling-off."""
    return clock.now() + timedelta(hours=72, minutes=1)


class TestRecovering:
    def test_takes_support_and_compliance_and_leaves_no_old_way_in(self, later: datetime, owner_engine: Engine) -> None:
        owner, officer = people.customer(enrolled=True), staff(Role.COMPLIANCE_OFFICER)
        with transaction(owner.actor):
            api_keys.issue(owner.login_id, name="Books", scopes=list(Scope)[:1], lives=KEY_LIVES[0])
        recovery_id = care.lost_mailbox(owner, contact=f"{fresh('ada')}@test.example")
        with owner_engine.begin() as connection:  # (the database goes by its own clock)
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            cooled = "UPDATE recoveries SET possible_at = now() WHERE id = :id"
            connection.execute(text(cooled), {"id": recovery_id})
        with clock.at(later):
            asked = ask_recovery(recovery_id)
            approve(asked, by=officer)
            flows.carry_out(asked.id, actor=SYSTEM)
        assert result_of(asked) == ("executed", "Ada Obi comes back by the new address")
        assert identity.address_for_system(owner.login_id) == recoveries.contact_for_operators(recovery_id)
        assert not identity.enrolled(owner=owner.login_id)
        assert identity.sessions_of(owner=owner.login_id) == []
        assert api_keys.live_of(owner=owner.login_id) == []
        assert len(api_keys.ended_of(owner=owner.login_id)) == 1

    def test_is_refused_before_72_hours_when_it_is_asked_for(self) -> None:
        recovery_id = care.lost_mailbox(people.customer())
        with pytest.raises(identity_errors.RecoveryCools):
            ask_recovery(recovery_id)

    def test_is_refused_before_72_hours_when_it_is_carried_out(self, later: datetime) -> None:
        """An approval from the future does not help: the clock of the deed counts."""
        recovery_id = care.lost_mailbox(people.customer())
        with clock.at(later):
            asked = ask_recovery(recovery_id)
            approve(asked, by=staff(Role.COMPLIANCE_MANAGER))
        kind = kinds.known("customer.recovery")
        assert kind is not None
        leave()
        agreed = kinds.Agreed(asked.id, asked.payload, asked.reason, asked.maker, (), SYSTEM)
        with pytest.raises(identity_errors.RecoveryCools), transaction(SYSTEM):
            kind.execute(agreed)

    def test_fails_when_its_owner_has_stopped_it(self, later: datetime) -> None:
        owner = people.customer()
        recovery_id = care.lost_mailbox(owner)
        token = recoveries.recovery_token_for_system(recovery_id)
        assert token
        with clock.at(later):
            asked = ask_recovery(recovery_id)
            approve(asked, by=staff(Role.COMPLIANCE_OFFICER))
            with transaction(SYSTEM):
                recovery.stop(token, actor=SYSTEM)
            flows.carry_out(asked.id, actor=SYSTEM)
            assert result_of(asked)[0] == "failed"
        assert identity.address_for_system(owner.login_id) == owner.email

    def test_is_not_asked_for_when_its_owner_has_stopped_it(self, later: datetime) -> None:
        recovery_id = care.lost_mailbox(people.customer())
        token = recoveries.recovery_token_for_system(recovery_id)
        assert token
        with transaction(SYSTEM):
            recovery.stop(token, actor=SYSTEM)
        with clock.at(later), pytest.raises(IllegalMove):
            ask_recovery(recovery_id)

    @pytest.mark.parametrize("role", [Role.COMPLIANCE_OFFICER, Role.ADMIN, Role.AUDITOR])
    def test_is_for_support_to_ask_for(self, later: datetime, role: Role) -> None:
        recovery_id = care.lost_mailbox(people.customer())
        with clock.at(later), pytest.raises(governance_errors.NotAllowedToAsk):
            ask_recovery(recovery_id, by=staff(role))

    @pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN, Role.TREASURY])
    def test_is_for_compliance_to_agree_to(self, later: datetime, role: Role) -> None:
        recovery_id = care.lost_mailbox(people.customer())
        with clock.at(later):
            asked = ask_recovery(recovery_id)
            with pytest.raises(governance_errors.NotYourLeg):
                approve(asked, by=staff(role))
            with pytest.raises(errors.AskedAlready):
                ask_recovery(recovery_id)
