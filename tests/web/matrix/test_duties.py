"""What the tables may never say, however they were written: nobody at another's things, nobody above their duties."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.core.permissions import ROLES, Role
from app.identity.scopes import Scope
from app.web import guards
from app.web.guards import PUBLIC, VENDOR, Door
from tests.web.matrix import tables
from tests.web.matrix.actors import STALE_SUFFIX
from tests.web.matrix.tables import IN, UNTRIED, Line

CUSTOMERS = {"customer", "neighbour", "no_factor", "half", "stale"}
STAFF = {*map(str, Role), *(f"{role}{STALE_SUFFIX}" for role in Role), "staff_half", "staff_new"}
PROGRAMS = {*(f"key_{scope}" for scope in Scope), "key_all", "signed"}
SESSIONS = {"session", "session_no_factor", "session_half", "session_stale", "session_neighbour"}
# Whose each column is: who speaks for the customer whose things the addresses name, and who for the neighbour.
OF: dict[str, set[str]] = {
    "customer": {"customer", "stale", "viewer", *PROGRAMS, "session", "session_stale"},
    "neighbour": {"neighbour", "session_neighbour"},
    "there": {*CUSTOMERS, "viewer", *PROGRAMS, "session", "session_stale", "neighbour", "session_neighbour"} - {"half"},
    "missing": set(),
}
# Sessions that wait for a second factor: at whose doors, and for what.
HALVES = {
    "half": ("portal", "prove"),
    "staff_half": ("console", "prove"),
    "staff_new": ("console", "enrol"),
    "session_half": ("api", "prove"),
}
SUPPORT, OFFICER, MANAGER = Role.SUPPORT, Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER
FINANCE, TREASURY, ADMIN, AUDITOR = Role.FINANCE, Role.TREASURY, Role.ADMIN, Role.AUDITOR
# Duties as they were agreed on, by addresses: who alone may do what moves money, shows a customer or lends power.
DUTIES: dict[str, set[Role]] = {
    "/console/withdrawals/<withdrawal_id>/approve": {OFFICER, MANAGER, TREASURY},
    "/console/withdrawals/<withdrawal_id>/reject": {OFFICER, MANAGER, TREASURY},
    "/console/withdrawals/<withdrawal_id>/hold": {OFFICER, MANAGER, TREASURY},
    "/console/withdrawals/<withdrawal_id>/release": {OFFICER, MANAGER, TREASURY},
    "/console/withdrawals/<withdrawal_id>/witness": {ADMIN},
    "/console/withdrawals/<withdrawal_id>/retry": {TREASURY},
    "/console/withdrawals/<withdrawal_id>/give-up": {TREASURY},
    "/console/ledger/requests": {FINANCE},
    "/console/ledger/periods/<month>/close": {FINANCE},
    "/console/ledger/periods/<month>/open-again": {FINANCE},
    "/console/tie-out/<outside>/prepare": {FINANCE},
    "/console/tie-out/<outside>/review": {TREASURY},
    "/console/ledger/proof/halts/<int:halt_id>/lift": {TREASURY},
    "/console/assets": {FINANCE},
    "/console/assets/<asset>": {FINANCE},
    "/console/exposure/policies": {FINANCE},
    "/console/exposure/<position>/hedge": {TREASURY},
    "/console/exposure/deals": {FINANCE},
    "/console/exposure/deals/<deal_id>/abandon": {FINANCE, TREASURY},
    "/console/treasury/venues": {TREASURY},
    "/console/cases/<case_id>/take": {SUPPORT, OFFICER, MANAGER, FINANCE, TREASURY, ADMIN},
    "/console/cases/<case_id>/note": {SUPPORT, OFFICER, MANAGER, FINANCE, TREASURY, ADMIN},
    "/console/cases/<case_id>/put-off": {SUPPORT, OFFICER, MANAGER, FINANCE, TREASURY, ADMIN},
    "/console/cases/<case_id>/close": {SUPPORT, OFFICER, MANAGER, FINANCE, TREASURY, ADMIN},
    "/console/rates/pairs/<pair_name>/halt": {TREASURY, ADMIN},
    "/console/rates/pairs/<pair_name>/price": {TREASURY},
    "/console/rates/halts/<stop_id>/on": {TREASURY},
    "/console/rates/prices/<override_id>/end": {TREASURY, ADMIN},
    "/console/rates/feeds/<feed_id>": {TREASURY},
    "/console/rates/spreads": {FINANCE},
    "/console/suspense/<item_id>/resolve": {FINANCE},
    "/console/suspense/<item_id>/place": {FINANCE},
    "/console/suspense/<item_id>/assign": {FINANCE},
    "/console/suspense/<item_id>/return": {FINANCE},
    "/console/suspense/<item_id>/split": {FINANCE},
    "/console/refunds": {FINANCE},
    "/console/refunds/<refund_id>/redirect": {FINANCE},
    "/console/reconciliation": {FINANCE},
    "/console/breaks/of/<outside>": {FINANCE},
    "/console/breaks/of/<outside>/accounts": {FINANCE},
    "/console/breaks/of/<outside>/accounts/leave": {FINANCE},
    "/console/breaks/<int:break_id>/link": {FINANCE},
    "/console/breaks/<int:break_id>/work": {FINANCE},
    "/console/breaks/<int:break_id>/evidence": {FINANCE},
    "/console/breaks/<int:break_id>/ask": {FINANCE},
    "/console/breaks/of/<outside>/bulk": {FINANCE},
    "/console/breaks/terms": {FINANCE},
    "/console/matching-rules/of/<outside>/trials": {FINANCE},
    "/console/matching-rules/trials/<int:trial_id>/ask": {FINANCE},
    "/console/matches/<int:group_id>/end": {FINANCE},
    "/console/reports/<report_name>/files": {FINANCE},
    "/console/reports/schedules": {FINANCE},
    "/console/reports/schedules/<schedule_id>/end": {FINANCE},
    "/console/statements/sources/<source_id>/files": {FINANCE},
    "/console/statements/sources/<source_id>/accounts": {FINANCE},
    "/console/statements/files/<file_id>/again": {FINANCE},
    "/console/statements/files/<file_id>/days": {FINANCE},
    "/console/statements/sources/<source_id>/rhythm": {FINANCE},
    "/console/view-as/<customer_id>": {SUPPORT, OFFICER, MANAGER},
    "/console/recoveries/<recovery_id>/refuse": {SUPPORT},
    "/console/operators/<operator_id>/roles": {ADMIN},
    "/console/operators/invite": {ADMIN},
    "/console/operators/emergency": {ADMIN},
    "/console/policies/<kind>": {ADMIN},
    "/console/approvals/<request_id>/approve": {OFFICER, MANAGER, TREASURY, ADMIN},
    "/console/customers/<customer_id>/freeze": {OFFICER, MANAGER},
    "/console/customers/<customer_id>/safety-lock": {SUPPORT, ADMIN},
    "/console/customers/<customer_id>/unfreeze": {OFFICER},
    "/console/customers/<customer_id>/restrict": {OFFICER, MANAGER},
    "/console/restrictions/<restriction_id>/lift": {OFFICER},
    "/console/recoveries/<recovery_id>": {SUPPORT},
    "/console/reveal/<kind>/<object_id>": {OFFICER, MANAGER, Role.AUDITOR},
}
# A request is shown to who may ask for or decide its kind; this one is about roles.
OF_THEIR_KIND = {
    "/console/approvals/<request_id>": {MANAGER, ADMIN, Role.AUDITOR},
    # Saved views are each person's own; this one is an officer's.
    "/console/applications/views/<view_id>/rename": {OFFICER},
    "/console/applications/views/<view_id>/delete": {OFFICER},
    "/console/withdrawals/views/<view_id>/rename": {OFFICER},
    "/console/withdrawals/views/<view_id>/delete": {OFFICER},
}
# Where somebody changes what is theirs, or takes back what they asked for: all that an auditor may send.
OWN = (
    "/console/account/",
    "/console/factors/",
    "/console/prove",
    "/console/sign-",
    "/console/audit/export",
    "/console/applications/views",
    "/console/withdrawals/views",
)
BY_MAKER = {f"/console/approvals/<request_id>/{deed}" for deed in ("cancel", "retry")}
SHOWS = {"/console/reveal/<kind>/<object_id>", "/console/screening/search"}  # they change nothing but the record of it
ENDS_THE_LOOK = "/view-as/end"
# What these refuse first, whatever the address names, is the empty form.
LOOKS_LATER = {
    "/console/applications/<application_id>/approve",
    "/console/applications/<application_id>/lower",
    "/console/applications/<application_id>/propose",
    "/console/ledger/proof/halts/<int:halt_id>/lift",
    "/console/withdrawals/<withdrawal_id>/reject",
    "/console/withdrawals/<withdrawal_id>/hold",
    "/console/withdrawals/<withdrawal_id>/release",
}
# The column that owns a thing, by the table.
OWNERS = {
    "portal": {"customer": "customer", "neighbour": "neighbour"},
    "api": {"customer": "session", "neighbour": "session_neighbour"},
}

Cell = tuple[Line, Door, dict[str, str]]


@pytest.fixture(scope="module")
def cells(app: Flask) -> list[Cell]:
    """Every line of every table, with the door that it is about."""
    written = {table: tables.read(table) for table in tables.COLUMNS}
    found = []
    for line in tables.lines(app):
        door = guards.door_of(app, line.endpoint)
        assert door is not None
        assert line.key in written[line.table], f"{line}: {line.table}.csv has no line for it"
        found.append((line, door, written[line.table][line.key]))
    return found


def inside(said: dict[str, str]) -> set[str]:
    """The columns that got in."""
    return {column for column, word in said.items() if word == IN}


def guarded(cells: list[Cell], *faces: str) -> Iterator[Cell]:
    """The lines of doors that are not for everybody."""
    yield from (cell for cell in cells if cell[0].table in faces and cell[1].audience not in {PUBLIC, VENDOR})


def test_nobody_gets_at_what_is_anothers(cells: list[Cell]) -> None:
    tried = 0
    for line, _, said in guarded(cells, "portal", "api"):
        if line.object:
            assert inside(said) <= OF[line.object], f"{line}: {inside(said) - OF[line.object]}"
            tried += len(said)
    for line, _, said in guarded(cells, "console"):
        if line.object in {"another", "missing"} and line.rule not in LOOKS_LATER:
            assert inside(said) == set(), str(line)
    assert tried > 400


def test_every_kind_of_thing_has_an_owner_who_gets_at_it(cells: list[Cell]) -> None:
    """Else a door that refuses everybody would pass for one that tells people apart."""
    for line, _, said in guarded(cells, "portal", "api"):
        if line.object in {"customer", "neighbour"}:
            for whose, column in OWNERS[line.table].items():
                assert said[column] == (IN if whose == line.object else "404"), str(line)


def test_strangers_get_in_at_public_doors_alone(cells: list[Cell]) -> None:
    for line, door, said in cells:
        assert ("anonymous" in inside(said)) <= (door.audience == PUBLIC), str(line)
        if door.audience not in {PUBLIC, VENDOR}:
            assert said["anonymous"] in {"sign-in", "401"}, str(line)


def test_roles_get_in_where_their_permissions_say(cells: list[Cell]) -> None:
    roles = set(map(str, Role))
    for line, door, said in guarded(cells, "console"):
        granted = {str(role) for role in Role if door.own or door.permission in ROLES[role]}
        refused = {column for column in roles if said[column] == "403"}
        assert roles - refused == granted, str(line)
        if line.object in {"", "there", "own"} and "audit/<" not in line.rule:
            expected = granted & set(map(str, OF_THEIR_KIND.get(line.rule, Role)))
            assert inside(said) & roles == expected, str(line)


def test_duties_are_in_the_hands_that_were_agreed_on(cells: list[Cell]) -> None:
    seen = set()
    for line, _, said in guarded(cells, "console"):
        if line.method == "POST" and line.rule in DUTIES and line.object in {"", "there"}:
            assert inside(said) == set(map(str, DUTIES[line.rule])), str(line)
            seen.add(line.rule)
    assert seen == set(DUTIES)


def test_auditors_change_nothing_but_what_is_their_own(cells: list[Cell]) -> None:
    for line, _, said in guarded(cells, "console"):
        if line.method != "GET" and not line.rule.startswith(OWN) and not line.endpoint.startswith("journals."):
            assert said["auditor"] != IN or line.rule in BY_MAKER | SHOWS, str(line)


def test_neither_side_gets_into_the_others_house(cells: list[Cell]) -> None:
    """Nor does a session's token, shown at the other side's doors."""
    for line, _, said in guarded(cells, "console"):
        assert inside(said) <= STAFF, str(line)
    for line, _, said in guarded(cells, "portal"):
        assert inside(said) <= CUSTOMERS | {"viewer"}, str(line)
    for line, _, said in guarded(cells, "api"):
        assert inside(said) <= PROGRAMS | SESSIONS, str(line)


def test_who_looks_as_a_customer_sends_nothing(cells: list[Cell]) -> None:
    for line, _, said in cells:
        if line.method != "GET" and "viewer" in said:
            assert said["viewer"] == ("in" if line.rule == ENDS_THE_LOOK else "403"), str(line)


def test_a_password_alone_leads_to_the_second_factor(cells: list[Cell]) -> None:
    tried = 0
    for line, door, said in guarded(cells, "portal", "console", "api"):
        for column, (face, stage) in HALVES.items():
            if line.table == face and stage not in door.stages:
                assert said[column] == ("403" if line.table == "api" else stage), str(line)
                tried += 1
    assert tried > 200


def test_an_old_proof_opens_no_door_that_asks_for_a_fresh_one(cells: list[Cell]) -> None:
    tried = 0
    for line, door, said in guarded(cells, "portal", "console", "api"):
        for column, word in said.items():
            if door.fresh and column.endswith("stale") and word != UNTRIED:
                assert word in {"prove", "403"}, str(line)
                tried += 1
    assert tried > 150


def test_scopes_open_the_doors_that_ask_for_them(cells: list[Cell]) -> None:
    for line, door, said in guarded(cells, "api"):
        if door.scope:
            passing = {str(scope) for scope in Scope if said[f"key_{scope}"] in {IN, "404"}}
            assert passing == {str(door.scope)}, str(line)
    asked = {door.scope for _, door, _ in guarded(cells, "api") if door.scope}
    assert asked == set(Scope)
