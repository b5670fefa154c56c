"""Who joins and what they may do: never on one person's word."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain, combinations

import pytest
from flask import Flask

from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import FORBIDDEN_PAIRS, Role, conflicts
from app.governance import errors as governance_errors
from app.governance import flows
from app.governance import queries as approvals
from app.governance import service as governance
from app.governance.models import Request
from app.governance.rules import State
from app.identity import errors as identity_errors
from app.identity import queries as identity
from app.identity import service as identity_service
from app.identity.rules import Audience
from app.identity.service import Entry
from app.notifications import queries as notifications
from app.staff import errors, queries, service
from tests.makers import browse, people
from tests.makers.books import fresh

pytestmark = pytest.mark.usefixtures("inside")


def operator(role: Role) -> str:
    """Somebody of this role."""
    return people.operator(role)[0]


def ask_roles(about: str, *roles: Role, maker: str = "") -> Request:
    """Ask that somebody have these roles."""
    who = actor.operator(maker or operator(Role.ADMIN))
    with transaction(who):
        return service.request_roles(
            about, roles=[str(role) for role in roles], reason="A new job.", maker=who.id, actor=who
        )


def ask_in(address: str, *roles: Role, name: str = "Uche Obi") -> Request:
    """Ask that somebody be invited."""
    who = actor.operator(operator(Role.ADMIN))
    with transaction(who):
        return service.request_invitation(
            name, email=address, roles=[str(role) for role in roles], reason="Hired.", maker=who.id, actor=who
        )


def approve(asked: Request, by: str) -> State:
    """One yes."""
    with transaction(actor.operator(by)):
        return governance.approve(asked.id, operator_id=by, shown=asked.payload_hash, actor=actor.operator(by))


def roles_of(operator_id: str) -> set[str]:
    """What they have now."""
    leave()
    return set(identity.roles_for_system(operator_id))


def needs(asked: Request) -> list[tuple[str, ...]]:
    """Whose yes is needed."""
    return [leg.roles for leg in asked.needs]


class TestRoles:
    def test_change_when_another_administrator_agrees(self, work_off: Callable[..., int]) -> None:
        person = operator(Role.SUPPORT)
        asked = ask_roles(person, Role.FINANCE)
        assert needs(asked) == [("admin",)]
        assert roles_of(person) == {"support"}
        assert approve(asked, operator(Role.ADMIN)) is State.APPROVED
        work_off()
        assert roles_of(person) == {"finance"}

    @pytest.mark.parametrize(
        ("before", "after", "who"),
        [
            ([Role.SUPPORT], [Role.COMPLIANCE_OFFICER, Role.SUPPORT], [("compliance_manager",)]),
            ([Role.COMPLIANCE_MANAGER], [], [("compliance_manager",)]),
            ([Role.SUPPORT], [Role.COMPLIANCE_OFFICER], [("compliance_manager",), ("admin",)]),
            ([Role.COMPLIANCE_OFFICER], [Role.COMPLIANCE_OFFICER, Role.SUPPORT], [("admin",)]),
        ],
    )
    def test_of_compliance_need_its_manager(
        self, before: list[Role], after: list[Role], who: list[tuple[str, ...]]
    ) -> None:
        with transaction(people.COMMAND):
            person = identity_service.hire("X", email=f"{fresh()}@test.example", password=people.PASSWORD, roles=before)
        assert needs(ask_roles(person, *after)) == who

    def test_are_not_ones_own_to_ask_for_nor_to_agree_to(self) -> None:
        me = operator(Role.ADMIN)
        with pytest.raises(governance_errors.Related):
            ask_roles(me, Role.SUPPORT, maker=me)
        asked = ask_roles(me, Role.SUPPORT)
        with pytest.raises(governance_errors.Related):
            approve(asked, me)

    def test_that_may_not_meet_are_refused_when_asked_for(self) -> None:
        person = operator(Role.SUPPORT)
        for pair in FORBIDDEN_PAIRS:
            with pytest.raises(identity_errors.RolesConflict):
                ask_roles(person, *pair)
        with pytest.raises(errors.NothingChanges):
            ask_roles(person, Role.SUPPORT)

    def test_that_are_none_are_refused(self) -> None:
        who, person = actor.operator(operator(Role.ADMIN)), operator(Role.SUPPORT)
        with pytest.raises(errors.RolesMissing), transaction(who):
            service.request_roles(person, roles=["root"], reason="x", maker=who.id, actor=who)

    def test_that_were_changed_meanwhile_are_not_changed_back(self, work_off: Callable[..., int]) -> None:
        person = operator(Role.SUPPORT)
        first, second = ask_roles(person, Role.FINANCE), ask_roles(person, Role.TREASURY)
        for asked in (first, second):
            approve(asked, operator(Role.ADMIN))
            work_off()
        assert roles_of(person) == {"finance"}
        leave()
        assert approvals.one_for_operators(second.id).request.state == State.FAILED

    def test_are_asked_for_by_administrators(self) -> None:
        for role in (Role.COMPLIANCE_MANAGER, Role.FINANCE, Role.AUDITOR):
            with pytest.raises(governance_errors.NotAllowedToAsk):
                ask_roles(operator(Role.SUPPORT), Role.FINANCE, maker=operator(role))


class TestNobodyIsBothHands:
    def test_whatever_roles_they_may_have(self, inside: Flask) -> None:
        """Of all sets of roles that one person may hold, none agrees to what its holder asked for."""
        every = chain.from_iterable(combinations(Role, size) for size in range(1, len(Role) + 1))
        allowed = [held for held in every if not conflicts(held)]
        assert len(allowed) > len(Role)
        for held in allowed:
            with transaction(people.COMMAND):
                me = identity_service.hire(
                    "Me", email=f"{fresh()}@test.example", password=people.PASSWORD, roles=list(held)
                )
            subject = operator(Role.SUPPORT)
            try:
                asked = ask_roles(subject, Role.FINANCE, maker=me)
            except governance_errors.NotAllowedToAsk:
                continue
            leave()
            assert not approvals.one_for_operators(asked.id).open_to(me, [str(role) for role in held])
            with pytest.raises(governance_errors.OwnRequest):
                approve(asked, me)

    def test_because_asking_and_agreeing_to_journals_never_meet(self) -> None:
        policy = approvals.policy_for_operators("adjustments.journal")
        assert policy is not None
        agreeing = {role for rule in policy.routes for leg in rule.legs for role in leg.roles}
        assert {frozenset({Role.FINANCE, Role(role)}) for role in agreeing} <= FORBIDDEN_PAIRS


class TestInvitations:
    def test_let_somebody_in_with_a_link_and_a_password_of_their_own(self, work_off: Callable[..., int]) -> None:
        address = f"{fresh()}@test.example"
        asked = ask_in(address, Role.SUPPORT)
        assert identity.login_by_address_for_system(address, audience=Audience.OPERATOR) is None
        approve(asked, operator(Role.ADMIN))
        work_off()
        token = mailed(address)
        with transaction(actor.system("test")):
            joined = service.accept(token, password="a password of my own")
        assert roles_of(joined) == {"support"}
        with transaction(actor.system("test")):
            entry = identity_service.sign_in(
                address,
                password="a password of my own",
                audience=Audience.OPERATOR,
                device=identity_service.Device("x"),
            )
        assert isinstance(entry, Entry)
        with pytest.raises(errors.LinkSpent), transaction(actor.system("test")):
            service.accept(token, password="another password")

    @pytest.mark.parametrize(
        ("password", "refused"),
        [
            ("short", identity_errors.WeakPassword),
            ("password1234", identity_errors.CommonPassword),
            ("Chinwe2026!", identity_errors.PersonalPassword),
            ("Bursar-2026", identity_errors.PersonalPassword),
        ],
    )
    def test_want_a_password_that_is_hard_to_guess(
        self, work_off: Callable[..., int], password: str, refused: type[Exception]
    ) -> None:
        address = f"chinwe-{fresh()}@test.example"
        approve(ask_in(address, Role.SUPPORT), operator(Role.ADMIN))
        work_off()
        token = mailed(address)
        with pytest.raises(refused), transaction(actor.system("test")):
            service.accept(token, password=password, about=("Bursar",))
        with transaction(actor.system("test")):
            assert service.accept(token, password="a password of my own")

    def test_keep_the_link_nowhere_once_it_was_mailed(self, work_off: Callable[..., int]) -> None:
        address = f"{fresh()}@test.example"
        approve(ask_in(address, Role.SUPPORT), operator(Role.ADMIN))
        work_off()
        leave()
        found = service.open_invitation(mailed(address))
        assert found.token_sealed is None
        assert queries.token_for_system(found.id) is None

    def test_run_out(self, work_off: Callable[..., int]) -> None:
        address = f"{fresh()}@test.example"
        approve(ask_in(address, Role.SUPPORT), operator(Role.ADMIN))
        work_off()
        token = mailed(address)
        leave()
        assert service.open_invitation(token)
        with clock.at(clock.now() + timedelta(hours=72, seconds=1)), pytest.raises(errors.LinkSpent):
            service.open_invitation(token)
        with pytest.raises(errors.LinkSpent):
            service.open_invitation("not a token")

    def test_are_replaced_by_the_next(self, work_off: Callable[..., int]) -> None:
        address = f"{fresh()}@test.example"
        links = []
        for _ in range(2):
            approve(ask_in(address, Role.SUPPORT), operator(Role.ADMIN))
            work_off()
            links.append(mailed(address))
        leave()
        with pytest.raises(errors.LinkSpent):
            service.open_invitation(links[0])
        assert service.open_invitation(links[1])

    def test_are_withdrawn_by_one_person(self, app: Flask, work_off: Callable[..., int]) -> None:
        address = f"{fresh()}@test.example"
        asked = ask_in(address, Role.SUPPORT)
        approve(asked, operator(Role.ADMIN))
        work_off()
        token = mailed(address)
        leave()
        found = service.open_invitation(token).id
        leave()
        client = app.test_client()
        _, email = people.operator(Role.ADMIN)
        leave()
        browse.sign_in(client, email, console=True)
        place = f"/console/operators/invitations/{found}/withdraw"
        assert browse.send(client, place, form_at="/console/operators").status_code == 303
        assert "Withdrawn" in client.get("/console/operators").text
        leave()
        with pytest.raises(errors.LinkSpent), transaction(actor.system("test")):
            service.accept(token, password="a password of my own")

    def test_withdrawn_before_the_mail_are_not_mailed(self, work_off: Callable[..., int]) -> None:
        address = f"{fresh()}@test.example"
        asked = ask_in(address, Role.SUPPORT)
        approve(asked, operator(Role.ADMIN))
        flows.carry_out(asked.id, actor=actor.system("test"))
        (found,) = rows("SELECT id FROM invitations WHERE request_id = :id", id=asked.id)
        leave()
        with transaction(actor.system("test")):
            service.withdraw(found.id)
        leave()
        assert queries.token_for_system(found.id) is None
        work_off()
        assert [mail for mail in notifications.kept_for_operators(limit=50) if mail.to == address] == []

    def test_that_were_taken_up_cannot_be_withdrawn(self, work_off: Callable[..., int]) -> None:
        address = f"{fresh()}@test.example"
        approve(ask_in(address, Role.SUPPORT), operator(Role.ADMIN))
        work_off()
        token = mailed(address)
        leave()
        invitation_id = service.open_invitation(token).id
        with transaction(actor.system("test")):
            service.accept(token, password="a password of my own")
        with pytest.raises(errors.JoinedAlready), transaction(actor.system("test")):
            service.withdraw(invitation_id)

    def test_replaced_before_the_mail_keep_no_token(self) -> None:
        address, kept = f"{fresh()}@test.example", []
        for _ in range(2):
            asked = ask_in(address, Role.SUPPORT)
            approve(asked, operator(Role.ADMIN))
            flows.carry_out(asked.id, actor=actor.system("test"))
            kept.append(rows("SELECT id FROM invitations WHERE request_id = :id", id=asked.id)[0].id)
            leave()
        assert queries.token_for_system(kept[0]) is None
        assert queries.token_for_system(kept[1]) is not None

    def test_need_a_name_a_role_and_an_address_that_is_free(self) -> None:
        _, taken = people.operator(Role.SUPPORT)
        for given, refusal in (
            ({"address": taken, "roles": [Role.SUPPORT]}, identity_errors.AlreadyHired),
            ({"address": "nowhere", "roles": [Role.SUPPORT]}, identity_errors.BadEmail),
            ({"address": "a@test.example", "roles": []}, errors.RolesMissing),
            ({"address": "a@test.example", "roles": [Role.SUPPORT], "name": " "}, errors.NameMissing),
            ({"address": "a@test.example", "roles": [Role.SUPPORT], "name": "Uche \u202eiboO"}, errors.NameMissing),
            ({"address": "a@test.example", "roles": [Role.SUPPORT], "name": "Uche Obi\x07"}, errors.NameMissing),
            ({"address": "a@test.example", "roles": [Role.AUDITOR, Role.ADMIN]}, identity_errors.RolesConflict),
        ):
            roles = given.pop("roles")
            assert isinstance(roles, list)
            with pytest.raises(refusal):
                ask_in(str(given["address"]), *roles, name=str(given.get("name", "Uche Obi")))

    def test_are_not_of_an_address_that_was_hired_meanwhile(self, work_off: Callable[..., int]) -> None:
        """Also of two invitations that were agreed to: who came by the one is not invited by the other."""
        hired, joined = (f"{fresh()}@test.example" for _ in range(2))
        first, second, third = ask_in(hired, Role.SUPPORT), ask_in(joined, Role.SUPPORT), ask_in(joined, Role.FINANCE)
        with transaction(people.COMMAND):
            identity_service.hire("X", email=hired, password=people.PASSWORD, roles=[Role.SUPPORT])
        approve(second, operator(Role.ADMIN))
        work_off()
        token = mailed(joined)
        with transaction(actor.system("test")):
            service.accept(token, password="a password of my own")
        for late in (first, third):
            approve(late, operator(Role.ADMIN))
        work_off()
        leave()
        for late in (first, third):
            failed = approvals.one_for_operators(late.id).request
            assert (failed.state, failed.result) == (State.FAILED, identity_errors.AlreadyHired.message)

    def test_of_compliance_need_its_manager(self) -> None:
        assert needs(ask_in(f"{fresh()}@test.example", Role.COMPLIANCE_OFFICER)) == [("compliance_manager",)]


def mailed(address: str) -> str:
    """The token of the newest link that was mailed there."""
    leave()
    letter = next(mail for mail in notifications.kept_for_operators(limit=1_000) if mail.to == address)
    return letter.body.partition("/console/join/")[2].split()[0]
