"""What the database itself refuses of quotes, orders and runs: each guard alone, and what passes without it.

Each case tries a statement that one condition refuses; then the condition is taken out, and the same statement passes.
All of it in a transaction that is undone.
"""

import pytest
from sqlalchemy import Engine, text

from app.core.db import leave, transaction
from app.trading import recurring
from app.trading.rhythms import Every, Rhythm
from tests.makers import guarded, trading
from tests.makers.books import refused, undone
from tests.makers.coins import BTC, ETH
from tests.makers.guarded import Guard
from tests.makers.people import naira
from tests.makers.trading import TEST

PAGE = guarded.ROOT / "docs" / "order-checks.md"
ORDER, BOOKED, RUN = "guard_order", "guard_order_booked", "guard_recurring_run"
pytestmark = pytest.mark.usefixtures("inside", "market")

AN_ORDER = """
INSERT INTO orders (id, customer_id, quote_id, run_id, side, give_asset, give_units, get_asset, get_units, spread_units,
                    fee_units, rounding_units, rate, worth_units, state, created_at)
SELECT 'ord_x', {customer}, id, {run}, side, give_asset, give_units, get_asset, {get}, spread_units,
       fee_units, rounding_units, rate, worth_units, '{state}', {at}
  FROM quotes WHERE id = :quote
"""
A_JOURNAL = """
SELECT ledger.post('ord_x:order', 'trading.bought', 'ord_x',
       ARRAY[format('liability:customer:%s:NGN', customer_id), 'equity:dealing:NGN',
             format('liability:customer:%s:BTC', customer_id), 'equity:dealing:BTC'],
       ARRAY[give_units + {more}, -give_units - {more}, -get_units - {other}, get_units + {other}]::numeric[],
       NULL, '{{}}', NULL, NULL)
  FROM quotes WHERE id = :quote
"""


def order(customer: str = "customer_id", run: str = "NULL", get: str = "get_units", state: str = "placed",
          at: str = "created_at") -> str:  # fmt: skip
    """An order of the fresh quote, with this otherwise."""
    return AN_ORDER.format(customer=customer, run=run, get=get, state=state, at=at)


def journal(*, more: int = 0, other: int = 0) -> str:
    """Its journal, which gives and takes so much more."""
    return A_JOURNAL.format(more=more, other=other)


def at_the_end(*statements: str) -> str:
    """These together, looked at as when their transaction ends."""
    body = "; ".join(statement.replace("SELECT ledger", "PERFORM ledger") for statement in statements)
    return f"DO $do$ BEGIN {body}; SET CONSTRAINTS booked IMMEDIATE; SET CONSTRAINTS booked DEFERRED; END $do$"


FILLED = "UPDATE orders SET state = 'filled' WHERE id = 'ord_x'"


GUARDS = (
    Guard("an order begins placed", ORDER, r"NEW\.state <> 'placed'", order(state="filled")),
    Guard(
        "an order of one's own quote",
        ORDER,
        r"v_quote\.customer_id IS DISTINCT FROM NEW\.customer_id",
        order(customer=":other"),
    ),
    Guard(
        "an order before its quote runs out", ORDER, r"NEW\.created_at >= v_quote\.expires_at", order(at="expires_at")
    ),
    Guard(
        "an order is what was quoted",
        ORDER,
        r"\(NEW\.side, NEW\.give_asset.*?v_quote\.worth_units\)",
        order(get="get_units + 1"),
    ),
    Guard(
        "an order of a day is what comes again",
        ORDER,
        r"NEW\.run_id IS NOT NULL AND NOT EXISTS \(.*?NEW\.get_asset\)\)",
        order(run=":of_ether"),
    ),
    Guard(
        "an order is filled when it is committed",
        BOOKED,
        r"\(SELECT state FROM orders WHERE id = NEW\.id\) <> 'filled'",
        at_the_end(journal(), order()),
    ),
    Guard(
        "an order has its journal",
        BOOKED,
        r"v_journals <> 1 OR v_given <> NEW\.give_units OR v_got <> -NEW\.get_units",
        at_the_end(order(), FILLED),
    ),
    Guard(
        "a journal takes what the order gives",
        BOOKED,
        r" OR v_given <> NEW\.give_units",
        at_the_end(journal(more=1), order(), FILLED),
        instead="",
    ),
    Guard(
        "a journal gives what the order gets",
        BOOKED,
        r" OR v_got <> -NEW\.get_units",
        at_the_end(journal(other=1), order(), FILLED),
        instead="",
    ),
    Guard(
        "a day that has ended stays so",
        RUN,
        r"OLD\.state <> 'due'",
        "UPDATE recurring_runs SET tries = 9 WHERE id = :done",
    ),
    Guard(
        "a day is done by its order",
        RUN,
        r"\(NEW\.state = 'done'\) <> EXISTS \(SELECT FROM orders o WHERE o\.run_id = NEW\.id\)",
        "UPDATE recurring_runs SET state = 'done', ended_at = now() WHERE id = :due",
    ),
)
CONSTRAINTS = {
    "ck_quotes_give_positive": (
        "quotes",
        "give_units = 0, value_units = 0, spread_units = 0, fee_units = 0, rounding_units = 0",
    ),
    "ck_quotes_get_positive": ("quotes", "get_units = 0"),
    "ck_quotes_not_negative": ("quotes", "spread_units = -1, value_units = value_units + spread_units + 1"),
    "ck_quotes_adds_up": ("quotes", "give_units = give_units + 1"),
    "ck_quotes_two_assets": ("quotes", "get_asset = give_asset"),
    "ck_quotes_spread_bps": ("quotes", "spread_bps = 10000"),
    "ck_quotes_mid_positive": ("quotes", "mid = 0"),
    "ck_quotes_rate_positive": ("quotes", "rate = 'Infinity'"),
    "ck_quotes_worth_positive": ("quotes", "worth_units = 0"),
    "ck_quotes_side_known": ("quotes", "side = 'give'"),
    "ck_quotes_typed_known": ("quotes", "typed = 'both'"),
    "ck_quotes_ends": ("quotes", "expires_at = created_at"),
    "ck_quotes_used_in_time": ("quotes", "used_at = expires_at"),
    "ck_orders_state_known": ("orders", "state = 'sent'"),
    "ck_recurring_runs_ended": ("recurring_runs", "ended_at = now()"),
    "ck_recurring_runs_missed_why": ("recurring_runs", "state = 'missed', ended_at = now()"),
    "ck_recurring_runs_tries_not_negative": ("recurring_runs", "tries = -1"),
}
UNIQUE = {
    "uq_orders_quote_id": order().replace(":quote", ":used"),
    "uq_orders_run_id": "UPDATE orders SET run_id = :done WHERE id = :order",
    "uq_recurring_runs_recurring_id": """
        INSERT INTO recurring_runs (id, recurring_id, customer_id, due_at, state, tries, code, why, created_at)
        SELECT 'rrn_x', recurring_id, customer_id, due_at, 'due', 0, '', '', now()
          FROM recurring_runs WHERE id = :due""",
}


@pytest.fixture
def facts() -> dict[str, str]:
    """Ids: a fresh quote, a used one with its order, a day that is due, one that is done, one of ether."""
    who, other = trading.dealer(), trading.dealer()
    used = trading.quoted(who)
    made = trading.accepted(who, used)
    runs = []
    for get in (BTC, BTC, ETH):
        with transaction(who.actor):
            kept = recurring.set_up(who.id, give=naira(10_000), get=get, rhythm=Rhythm(Every.WEEK, 0), actor=who.actor)
        runs.append(trading.due(kept))
    with transaction(TEST):
        recurring.carry_out(runs[1], actor=TEST)
    fresh = trading.quoted(who)
    leave()
    return {
        "customer": who.id,
        "other": other.id,
        "quote": fresh.id,
        "used": used.id,
        "order": made.id,
        "due": runs[0],
        "done": runs[1],
        "of_ether": runs[2],
    }


@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
def test_each_guard_alone_refuses(facts: dict[str, str], owner_engine: Engine, guard: Guard) -> None:
    with undone(owner_engine) as connection:
        guarded.enter(connection)
        given = guarded.given(guard.statement, facts)
        assert refused(connection, guard.statement, **given) in {"BU005", "23001"}
        guarded.take_out(connection, guard)
        assert refused(connection, guard.statement, **given) == ""


def test_a_sound_order_passes(facts: dict[str, str], owner_engine: Engine) -> None:
    with undone(owner_engine) as connection:
        guarded.enter(connection)
        statement = at_the_end(journal(), order(), FILLED)
        assert refused(connection, statement, **guarded.given(statement, facts)) == ""


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_each_constraint_alone_refuses(facts: dict[str, str], owner_engine: Engine, name: str) -> None:
    table, change = CONSTRAINTS[name]
    which = {"quotes": "quote", "orders": "order", "recurring_runs": "due"}[table]
    statement = f"UPDATE {table} SET {change} WHERE id = :{which}"  # noqa: S608 (those above)
    with undone(owner_engine) as connection:
        guarded.enter(connection)
        given = guarded.given(statement, facts)
        assert refused(connection, statement, **given) == "23514"
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        assert refused(connection, statement, **given) == ""


@pytest.mark.parametrize("name", UNIQUE)
def test_each_unique_key_alone_refuses(facts: dict[str, str], owner_engine: Engine, name: str) -> None:
    table = "orders" if "orders" in name else "recurring_runs"
    with undone(owner_engine) as connection:
        guarded.enter(connection)
        given = guarded.given(UNIQUE[name], facts)
        assert refused(connection, UNIQUE[name], **given) == "23505"
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        assert refused(connection, UNIQUE[name], **given) == ""


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("quotes", {"used_at"}),
        ("orders", {"state"}),
        ("recurring_orders", {"state", "next_at", "ended_at"}),
        ("recurring_runs", {"state", "tries", "code", "why", "ended_at"}),
        ("price_alerts", {"state", "armed_at", "fired_at", "fired_price", "ended_at"}),
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
