"""Who may do what, as facts of the matrix; and which roles may not meet in one person."""

from itertools import combinations

import pytest

from app.core.permissions import FORBIDDEN_PAIRS, ROLES, Permission, Role, conflicts, granted

P, R = Permission, Role


def holders(permission: Permission) -> set[Role]:
    """The roles that have this permission."""
    return {role for role, permissions in ROLES.items() if permission in permissions}


class TestTheMatrix:
    def test_speaks_of_every_role(self) -> None:
        assert set(ROLES) == set(Role)

    def test_leaves_no_permission_to_nobody(self) -> None:
        assert {permission for permission in Permission if not holders(permission)} == set()

    def test_lets_everyone_see_the_overview(self) -> None:
        assert holders(P.OVERVIEW_READ) == set(Role)

    @pytest.mark.parametrize(
        ("permission", "roles"),
        [
            (P.WITHDRAWALS_APPROVE, {R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER, R.TREASURY}),
            (P.RECONCILIATION_RUN, {R.FINANCE}),
            (P.SUSPENSE_RESOLVE, {R.FINANCE}),
            (P.JOBS_RETRY, {R.ADMIN, R.TREASURY}),
            (P.MAILBOX_READ, {R.ADMIN}),
            (P.CUSTOMERS_VIEW_AS, {R.SUPPORT, R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER}),
            (P.CUSTOMERS_REVEAL, {R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER, R.AUDITOR}),
            (P.CUSTOMERS_FREEZE, {R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER}),
            (P.CUSTOMERS_SAFETY_LOCK, {R.SUPPORT, R.ADMIN}),
            (P.CUSTOMERS_REQUEST_UNFREEZE, {R.COMPLIANCE_OFFICER}),
            (P.RESTRICTIONS_PLACE, {R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER}),
            (P.RESTRICTIONS_INSPECT, {R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER, R.AUDITOR}),
            (P.RESTRICTIONS_REQUEST_LIFT, {R.COMPLIANCE_OFFICER}),
            (P.RECOVERIES_REQUEST, {R.SUPPORT}),
            (P.AUDIT_READ, set(Role)),  # each within the bounds that app/audit/rules.py draws
        ],
    )
    def test_gives_what_changes_or_reveals_to_few(self, permission: Permission, roles: set[Role]) -> None:
        assert holders(permission) == roles

    def test_lets_the_auditor_read_and_nothing_else(self) -> None:
        acts = {permission.split(":")[1] for permission in ROLES[R.AUDITOR]}
        assert acts == {"read", "reveal", "inspect", "download"}  # (a file as it came, which leaves a record)

    def test_lets_support_read_ask_and_lock_for_a_day(self) -> None:
        acts = {permission.split(":")[1] for permission in ROLES[R.SUPPORT]}
        assert acts == {"read", "view_as", "safety_lock", "request", "work"}  # (on cases of their queue)

    def test_gives_nobody_an_act_on_what_they_cannot_see(self) -> None:
        blind = [
            (role, permission)
            for role, permissions in ROLES.items()
            for permission in permissions
            if not permission.endswith(":view_as")  # (looking is all that it is)
            and f"{permission.split(':')[0]}:read" not in permissions
        ]
        assert blind == []

    def test_keeps_the_administrator_away_from_money(self) -> None:
        rooms = {"overview", "audit", "jobs", "mailbox", "approvals", "policies", "operators", "customers"}
        rooms |= {"cases", "switches"}  # what stands still, which nobody moves there; stopping, never starting
        rooms |= {"assets"}  # what is counted: to look at
        rooms |= {"rates"}  # to look at, and to stop what can harm
        rooms |= {"limits", "retention"}  # what may be done and what is kept, each agreed to by somebody else
        mine = {permission for permission in ROLES[R.ADMIN] if not permission.startswith("withdrawals:")}
        assert {permission.split(":")[0] for permission in mine} == rooms
        # (beside others, and never instead of them: a leg of its own)
        assert ROLES[R.ADMIN] - mine == {Permission.WITHDRAWALS_READ, Permission.WITHDRAWALS_WITNESS}


class TestGranted:
    def test_adds_roles_up(self) -> None:
        assert granted(["support", "finance"]) == ROLES[R.SUPPORT] | ROLES[R.FINANCE]

    def test_is_nothing_without_roles(self) -> None:
        assert granted([]) == frozenset()

    @pytest.mark.parametrize("name", ["", "root", "ADMIN", "admin ", "Role.ADMIN"])
    def test_is_nothing_for_a_name_that_is_no_role(self, name: str) -> None:
        assert granted([name]) == frozenset()

    @pytest.mark.parametrize("role", Role)
    def test_lends_looking_and_stopping_harm_and_nothing_else(self, role: Role) -> None:
        lent = granted([], lent=[role])
        stops = {P.CUSTOMERS_VIEW_AS, P.CUSTOMERS_FREEZE, P.CUSTOMERS_SAFETY_LOCK, P.RESTRICTIONS_PLACE, P.JOBS_RETRY}
        stops |= {P.SWITCHES_TURN_OFF, P.RATES_HALT}
        kept = {
            P.DOCUMENTS_READ,
            P.APPLICATIONS_READ,
            P.SCREENING_READ,
        }  # what is found about people
        assert lent == {each for each in ROLES[role] - kept if each.endswith(":read") or each in stops}

    def test_keeps_what_is_held_beside_what_is_lent(self) -> None:
        both = granted(["admin"], lent=["treasury"])
        assert P.LEDGER_READ in both
        assert P.OPERATORS_REQUEST in both
        assert P.WITHDRAWALS_APPROVE not in both

    def test_passes_over_unknown_names_among_known_ones(self) -> None:
        assert granted(["root", "admin"]) == ROLES[R.ADMIN]


class TestConflicts:
    @pytest.mark.parametrize(
        "pair",
        [
            {R.FINANCE, R.TREASURY},
            {R.COMPLIANCE_OFFICER, R.TREASURY},
            {R.ADMIN, R.COMPLIANCE_OFFICER},
            {R.ADMIN, R.COMPLIANCE_MANAGER},
            {R.ADMIN, R.FINANCE},
            {R.ADMIN, R.TREASURY},
            *({R.AUDITOR, role} for role in Role if role is not R.AUDITOR),
        ],
        ids=lambda pair: "+".join(sorted(pair)),
    )
    def test_names_the_pair_that_may_not_meet(self, pair: set[Role]) -> None:
        assert frozenset(pair) in FORBIDDEN_PAIRS
        first, second = sorted(pair)
        assert conflicts([second, first]) == [(first, second)]

    def test_allows_every_other_pair(self) -> None:
        allowed = [set(pair) for pair in combinations(Role, 2) if frozenset(pair) not in FORBIDDEN_PAIRS]
        assert {R.COMPLIANCE_OFFICER, R.COMPLIANCE_MANAGER} in allowed
        assert [pair for pair in allowed if conflicts(pair)] == []

    @pytest.mark.parametrize("role", Role)
    def test_allows_each_role_alone_and_twice(self, role: Role) -> None:
        assert conflicts([role, role]) == []

    def test_names_every_pair_of_somebody_who_has_too_much(self) -> None:
        assert conflicts(["treasury", "finance", "admin"]) == [
            (R.ADMIN, R.FINANCE),
            (R.ADMIN, R.TREASURY),
            (R.FINANCE, R.TREASURY),
        ]

    def test_refuses_a_name_that_is_no_role(self) -> None:
        with pytest.raises(ValueError, match="root"):
            conflicts(["root"])
