"""Proof at the console: the seal, asking every invariant, and a halt that stands until a person lifts it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, pool, text

from app.core.db import leave, transaction
from app.core.permissions import Role
from app.ledger import health, proof, seal
from app.ledger.journal import Journal, credit, debit
from tests.makers import books, browse
from tests.makers.databases import Database
from tests.web.console.conftest import enter

PAGE = "/console/ledger/proof"
UNPROVED, UNSEALED = "The books were not proved since", "the seal stands still"
BANNER = "The books do not prove. Payouts are stopped since"
FINDINGS = {"balance is the sum of its entries": ["asset:paystack:NGN/3"]}


@pytest.fixture
def halted(own_house: Flask) -> health.Halt:
    """A halt that stands."""
    with transaction(books.TESTER):
        health.record(FINDINGS)
    leave()
    found = health.standing()
    assert found is not None
    leave()
    return found


def test_before_anything_happened(own_house: Flask) -> None:
    checked, sealed = health.latest(), seal.head()
    page = enter(own_house, Role.AUDITOR).get(PAGE).text
    assert "Prove now" in page
    assert ("the clock makes one by itself" in page) == (checked is None)
    assert ("Nothing is sealed yet" in page) == (sealed is None)


def test_the_seal_is_shown(own_house: Flask) -> None:
    legs = (debit("asset:paystack:NGN", books.kobo(5)), credit("liability:suspense:NGN", books.kobo(5)))
    books.post(Journal("test.moved", "first", legs), key="first of this house")
    auditor = enter(own_house, Role.AUDITOR)
    books.settle_seal()
    page = auditor.get(PAGE).text
    assert "numbers 1 to" in page
    assert "Copy the hash of block 1" in page


def test_every_invariant_is_asked(own_house: Flask) -> None:
    auditor = enter(own_house, Role.AUDITOR)
    assert "Invariants" not in auditor.get(PAGE).text
    part = auditor.get(f"{PAGE}?now=1", headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    page = auditor.get(f"{PAGE}?now=1").text
    assert f"All {len(proof.INVARIANTS)} hold" in page
    assert page.count("check-ok") == len(proof.INVARIANTS)


def test_what_breaks_is_named(own_house: Flask, own_database: Database) -> None:
    auditor = enter(own_house, Role.AUDITOR)
    engine = create_engine(own_database.owner_url, poolclass=pool.NullPool)
    add = "UPDATE ledger.balances SET held = held + :units WHERE code = 'liability:suspense:NGN'"
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE ledger.balances DISABLE TRIGGER guard"))
        connection.execute(text(add), {"units": 7})
    try:
        page = auditor.get(f"{PAGE}?now=1").text
    finally:
        with engine.begin() as connection:
            connection.execute(text(add), {"units": -7})
            connection.execute(text("ALTER TABLE ledger.balances ENABLE ALWAYS TRIGGER guard"))
    assert "do not hold" in page
    assert "Rows that break it" in page
    assert "liability:suspense:NGN" in page


def test_a_halt_stands_on_every_page(own_house: Flask, halted: health.Halt) -> None:
    support, admin, treasury = (enter(own_house, role) for role in (Role.SUPPORT, Role.ADMIN, Role.TREASURY))
    for client, path in ((support, "/console/withdrawals"), (admin, "/console/jobs"), (treasury, "/console/journals/")):
        assert BANNER in client.get(path).text, path
    assert PAGE not in support.get("/console/withdrawals").text.split(BANNER)[1]
    assert PAGE in treasury.get("/console/").text.split(BANNER)[1]
    assert "asset:paystack:NGN/3" in treasury.get(PAGE).text
    assert "1 broken" in treasury.get(PAGE).text


def test_a_proof_or_a_seal_that_stands_still_is_said(own_house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen_by(role: Role) -> tuple[bool, bool]:
        page = enter(own_house, role).get("/console/").text
        return UNPROVED in page, UNSEALED in page

    legs = (debit("asset:paystack:NGN", books.kobo(5)), credit("liability:suspense:NGN", books.kobo(5)))
    books.post(Journal("test.moved", "fresh", legs), key=books.fresh())
    with transaction(books.TESTER):
        health.record({})
    leave()
    assert seen_by(Role.AUDITOR) == (False, False)
    monkeypatch.setattr(health, "SEAL_AGE_MAX", timedelta(0))
    assert seen_by(Role.AUDITOR) == (False, True)
    books.settle_seal()
    monkeypatch.setattr(health, "PROOF_AGE_MAX", timedelta(0))
    assert seen_by(Role.AUDITOR) == (True, False)
    assert seen_by(Role.SUPPORT) == (False, False)


def test_no_halt_has_such_a_number(own_house: Flask, halted: health.Halt) -> None:
    treasury = enter(own_house, Role.TREASURY)
    answer = browse.send(treasury, f"{PAGE}/halts/{10**25}/lift", form_at=PAGE, reason="Why not.")
    assert "does not stand any more" in treasury.get(answer.location).text
    assert health.standing() == halted


def test_only_treasury_lifts_it_and_says_why(own_house: Flask, halted: health.Halt) -> None:
    finance, treasury = enter(own_house, Role.FINANCE), enter(own_house, Role.TREASURY)
    lift = f"{PAGE}/halts/{halted.id}/lift"
    assert lift not in finance.get(PAGE).text
    assert browse.send(finance, lift, form_at=PAGE, reason="because").status_code == 403
    unsaid = browse.send(treasury, lift, form_at=PAGE, reason="  ")
    assert unsaid.status_code == 422
    assert "Say why payouts may go on." in unsaid.text
    assert health.standing() is not None
    leave()
    assert browse.send(treasury, lift, form_at=PAGE, reason="It was a test of the alarm.").status_code == 303
    assert health.standing() is None
    leave()
    page = treasury.get(PAGE).text
    assert BANNER not in page
    assert "Lifted. Payouts go on." in page
    again = browse.send(treasury, lift, form_at=PAGE, reason="Once more.")
    assert "does not stand any more" in treasury.get(again.location).text
