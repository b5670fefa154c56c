"""What the database itself refuses of transfers, requests and handles: each guard alone, and what passes without it.

Each case tries a statement that one condition refuses; then the condition is taken out, and the same statement passes.
All of it in a transaction that is undone.
"""

import pytest
from sqlalchemy import Engine, text

from app.core.db import leave, transaction
from app.core.money import Money
from app.ledger import posting
from app.transfers import postings, service
from tests.makers import books, guarded, sending
from tests.makers.books import refused, undone
from tests.makers.coins import BTC
from tests.makers.guarded import Guard
from tests.makers.people import Customer, naira
from tests.makers.sending import LUNCH, TEST, customer

PAGE = guarded.ROOT / "docs" / "transfer-checks.md"
TRANSFER, REQUEST = "guard_transfer", "guard_money_request"
pytestmark = pytest.mark.usefixtures("inside")

A_TRANSFER = """
INSERT INTO transfers (id, customer_id, receiver_id, sender_name, receiver_name, asset, units, worth_units, note,
                       proved, request_id, journal_id, created_at)
VALUES ('trf_x', {payer}, {payee}, 'Ada O.', 'Ada O.', '{asset}', {units}, 100, '', true, {request}, {journal}, now())
"""
A_REQUEST = """
INSERT INTO money_requests (id, customer_id, payer_id, asker_name, payer_name, asset, units, note, state, reminders,
                            created_at, expires_at, ended_at)
VALUES ('mrq_x', :asker, :payer, 'Ada O.', 'Ada O.', 'NGN', 100, '', '{state}', 0, now(), now() + interval '1 day',
        {ended})
"""
PAID = "UPDATE money_requests SET state = 'paid', ended_at = now() WHERE id = :asked"


def transfer(
    journal: str, *, payer: str = ":payer", payee: str = ":asker", asset: str = "NGN", units: int = LUNCH.units,
    request: str = "NULL",
) -> str:  # fmt: skip
    """A transfer by a journal that was posted for one."""
    return A_TRANSFER.format(payer=payer, payee=payee, asset=asset, units=units, request=request, journal=journal)


def paid_by(made: str) -> str:
    """This transfer names the request, and then it is said to be paid."""
    return f"{made}; {PAID}"


GUARDS = (
    Guard(
        "a transfer is what its journal says",
        TRANSFER,
        r"\(SELECT array_agg.*?-NEW\.units\)\]",
        transfer(":whole", units=LUNCH.units + 1),
    ),
    Guard(
        "a request is asked first", REQUEST, r"NEW\.state <> 'asked'", A_REQUEST.format(state="declined", ended="now()")
    ),
    Guard(
        "a request stays as it was written",
        REQUEST,
        r"to_jsonb\(OLD\) - v_moving <> to_jsonb\(NEW\) - v_moving OR ",
        "UPDATE money_requests SET units = 1 WHERE id = :asked",
        instead="",
    ),
    Guard(
        "a request that has ended stays so",
        REQUEST,
        r" OR OLD\.state <> 'asked'",
        "UPDATE money_requests SET reminders = 1 WHERE id = :declined",
        instead="",
    ),
    Guard(
        "a request is paid by a transfer",
        REQUEST,
        r"NEW\.state = 'paid' AND NOT EXISTS \(.*?t\.units = OLD\.units\)",
        PAID,
    ),
    Guard(
        "a request is paid by who is asked",
        REQUEST,
        r" AND t\.customer_id = OLD\.payer_id",
        paid_by(transfer(":of_third", payer=":third", request=":asked")),
        instead="",
    ),
    Guard(
        "a request is paid to who asked",
        REQUEST,
        r" AND t\.receiver_id = OLD\.customer_id",
        paid_by(transfer(":to_third", payee=":third", request=":asked")),
        instead="",
    ),
    Guard(
        "a request is paid in what was asked for",
        REQUEST,
        r" AND t\.asset = OLD\.asset",
        paid_by(transfer(":in_coins", asset="BTC", request=":asked")),
        instead="",
    ),
    Guard(
        "a request is paid whole",
        REQUEST,
        r" AND t\.units = OLD\.units",
        paid_by(transfer(":less", units=LUNCH.units - 1, request=":asked")),
        instead="",
    ),
)
A_HANDLE = "INSERT INTO handles (handle, looks, customer_id, claimed_at) VALUES ({handle}, {looks}, :payer, now())"
# A statement that each refuses alone; where a table is only added to, its guards are off for it.
CONSTRAINTS = {
    "ck_handles_handle_is_one": ("handles", A_HANDLE.format(handle="'1 x'", looks="'1 x'")),
    "ck_splits_units_positive": ("splits", "UPDATE splits SET units = 0, own_units = 0 WHERE id = :split"),
    "ck_splits_own_units_bounds": ("splits", "UPDATE splits SET own_units = units + 1 WHERE id = :split"),
    "ck_money_requests_units_positive": ("money_requests", "UPDATE money_requests SET units = 0 WHERE id = :asked"),
    "ck_money_requests_state_known": (
        "money_requests",
        "UPDATE money_requests SET state = 'x', ended_at = now() WHERE id = :asked",
    ),
    "ck_money_requests_reminders_few": ("money_requests", "UPDATE money_requests SET reminders = 4 WHERE id = :asked"),
    "ck_money_requests_of_another": (
        "money_requests",
        "UPDATE money_requests SET payer_id = customer_id WHERE id = :asked",
    ),
    "ck_money_requests_ended_when": ("money_requests", "UPDATE money_requests SET ended_at = now() WHERE id = :asked"),
    "ck_transfers_units_positive": ("transfers", "UPDATE transfers SET units = 0 WHERE id = :sent"),
    "ck_transfers_worth_not_negative": ("transfers", "UPDATE transfers SET worth_units = -1 WHERE id = :sent"),
    "ck_transfers_to_another": ("transfers", "UPDATE transfers SET receiver_id = customer_id WHERE id = :sent"),
}
UNIQUE = {
    "uq_handles_looks": (
        "handles",
        A_HANDLE.format(handle="'of_nobody_yet'", looks="(SELECT looks FROM handles WHERE handle = :handle)"),
    ),
    "uq_handles_customer_id": (
        "handles",
        A_HANDLE.format(handle="'of_nobody_yet'", looks="'x'").replace(":payer", ":asker"),
    ),
    "uq_transfers_request_id": (
        "transfers",
        f"{transfer(':whole', request=':asked')}; "
        + transfer(":whole_again", request=":asked").replace("trf_x", "trf_y"),
    ),
    "uq_transfers_journal_id": ("transfers", f"{transfer(':whole')}; {transfer(':whole').replace('trf_x', 'trf_y')}"),
}


@pytest.fixture
def facts() -> dict[str, str]:
    """Ids: three people, a request that waits, one that was declined, a transfer, a bill, journals of none."""
    asker, payer, third = customer(), customer(), customer()
    sending.give(payer, Money(BTC, 10**6))
    sending.give(asker, Money(BTC, 1))
    declined = sending.ask(asker, payer)
    with transaction(payer.actor):
        service.decline(declined.id, customer_id=payer.id, actor=payer.actor)
    found = {
        "asker": asker.id,
        "payer": payer.id,
        "third": third.id,
        "asked": sending.ask(asker, payer).id,
        "declined": declined.id,
        "sent": sending.send(payer, asker, naira(5)).id,
        "split": sending.split(asker),
        "handle": sending.handle(asker),
        "whole": moved(payer, asker, LUNCH),
        "whole_again": moved(payer, asker, LUNCH),
        "less": moved(payer, asker, Money(LUNCH.asset, LUNCH.units - 1)),
        "of_third": moved(third, asker, LUNCH),
        "to_third": moved(payer, third, LUNCH),
        "in_coins": moved(payer, asker, Money(BTC, LUNCH.units)),
    }
    leave()
    return found


def moved(one: Customer, other: Customer, amount: Money) -> str:
    """A journal as a transfer has one, and no transfer: its id."""
    journal = postings.sent(ref=books.fresh("trf"), sender_id=one.id, receiver_id=other.id, amount=amount)
    with transaction(TEST):
        return str(posting.post(journal, key=books.fresh()).journal_id)


@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
def test_each_guard_alone_refuses(facts: dict[str, str], owner_engine: Engine, guard: Guard) -> None:
    with undone(owner_engine) as connection:
        guarded.enter(connection)
        given = guarded.given(guard.statement, facts)
        assert refused(connection, guard.statement, **given) == "23001"
        guarded.take_out(connection, guard)
        assert refused(connection, guard.statement, **given) == ""


def test_a_sound_transfer_passes(facts: dict[str, str], owner_engine: Engine) -> None:
    with undone(owner_engine) as connection:
        guarded.enter(connection)
        statement = paid_by(transfer(":whole", request=":asked"))
        assert refused(connection, statement, **guarded.given(statement, facts)) == ""


@pytest.mark.parametrize("name", [*CONSTRAINTS, *UNIQUE])
def test_each_constraint_alone_refuses(facts: dict[str, str], owner_engine: Engine, name: str) -> None:
    table, statement = (CONSTRAINTS | UNIQUE)[name]
    index = name == "uq_handles_customer_id"  # (of some rows: it is no constraint)
    with undone(owner_engine) as connection:
        guarded.enter(connection)
        if name in CONSTRAINTS:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        given = guarded.given(statement, facts)
        assert refused(connection, statement, **given) == ("23514" if name in CONSTRAINTS else "23505")
        connection.execute(text(f"DROP INDEX {name}" if index else f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        assert refused(connection, statement, **given) == ""


def test_no_trigger_and_no_constraint_is_left_out(owner_engine: Engine) -> None:
    tables = ["handles", "splits", "money_requests", "transfers"]
    with owner_engine.connect() as connection:
        triggers = connection.execute(
            text(
                "SELECT DISTINCT p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
                " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE NOT t.tgisinternal AND n.nspname <> 'audit'"
                " AND t.tgrelid = ANY(CAST(:tables AS regclass[]))"
            ),
            {"tables": tables},
        ).scalars()
        assert set(triggers) == {TRANSFER, REQUEST}
        checks = connection.execute(
            text(
                "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = ANY(CAST(:tables AS regclass[]))"
            ),
            {"tables": tables},
        ).scalars()
        assert set(checks) == set(CONSTRAINTS)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("handles", {"replaced_at"}),
        ("splits", set()),
        ("money_requests", {"state", "ended_at", "reminders", "reminded_at"}),
        ("transfers", set()),
    ],
)
def test_the_application_may_write_again_what_moves_and_no_more(
    owner_engine: Engine, table: str, columns: set[str]
) -> None:
    ask = """
    SELECT a.attname FROM pg_attribute a WHERE a.attrelid = CAST(:table AS regclass) AND a.attnum > 0
       AND NOT a.attisdropped AND has_column_privilege('bursar_app', a.attrelid, a.attnum, 'UPDATE')
    """
    with owner_engine.connect() as connection:
        assert set(connection.execute(text(ask), {"table": table}).scalars()) == columns
        may = text("SELECT has_table_privilege('bursar_app', :table, 'DELETE')")
        assert connection.execute(may, {"table": table}).scalar_one() is False


class TestThePage:
    def test_lists_every_guard_of_the_database(self) -> None:
        assert guarded.listed(PAGE) == {(guard.name, guard.function) for guard in GUARDS}

    def test_names_tests_that_there_are(self) -> None:
        assert guarded.tests_named(PAGE) > 20
