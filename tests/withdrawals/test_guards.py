"""What the database itself refuses of withdrawals, votes and payouts: each guard alone, and what passes without it.

Each case tries a statement that one condition refuses; then the condition is taken out, and the same statement passes.
All of it in a transaction that is undone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from app.core.db import leave
from app.core.permissions import Role
from tests.makers import people
from tests.makers.bare import act_as
from tests.makers.books import refused, undone
from tests.withdrawals.conftest import Case

PAGE = Path(__file__).resolve().parents[2] / "docs" / "withdrawal-checks.md"
TABLES = ("withdrawals", "withdrawal_approvals", "payouts")
VOTE, LET_OUT, COUNTED, UNAPPROVED = "guard_withdrawal_vote", "may_let_out", "let_out_votes", "refuse_unapproved"
ROUTE, HALTED, SWITCHED = "guard_withdrawal_route", "refuse_while_halted", "refuse_switched_off"
MARK = "guard_mark"
A_VOTE = """
INSERT INTO withdrawal_approvals (id, withdrawal_id, operator_id, leg, content_hash, approved_at)
SELECT 'apr_' || :leg || :hash || :by, id, :by, :leg, coalesce(nullif(:hash, ''), content_hash), now()
  FROM withdrawals WHERE id = :id
"""
A_PAYOUT = """
INSERT INTO payouts (id, reference, amount_units, recipient_code, state, transfer_code, vendor_status, vendor_words,
                     created_at)
VALUES (:payout, :reference, 100, 'RCP_x', 'sending', '', '', '', now())
"""
NEXT_ROUND = """
INSERT INTO withdrawal_checks (withdrawal_id, round, number, name, outcome, points, facts, words, checked_at)
SELECT withdrawal_id, 2, number, name, outcome, points, facts, words, checked_at FROM withdrawal_checks
 WHERE withdrawal_id = :id AND round = 1
"""
BORN = """
INSERT INTO withdrawals (id, customer_id, bank_account_id, payout_id, attempts, amount_units, fee_units, hold_id, round,
                         score, band, target, large, policy_id, legs, delay_seconds, content_hash, state, created_at)
SELECT 'wd_born', customer_id, bank_account_id, 'po_born', {attempts}, amount_units, fee_units, hold_id, {round}, score,
       band, target, large, {policy}, '{legs}', 0, '', '{state}', now() FROM withdrawals WHERE id = :id
"""
ONE, ADMIN = '[{"roles": ["treasury"], "count": 1}]', '[{"roles": ["admin"], "count": 1}]'
TWICE = '[{"roles": ["treasury"], "count": 1}, {"roles": ["treasury"], "count": 1}]'
MEDIUM = '[{"roles": ["compliance_officer", "compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}]'
MANAGED = (
    '[{"roles": ["compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1},'
    ' {"roles": ["admin"], "count": 1}]'
)


@dataclass(frozen=True)
class Guard:
    """A condition of a function (a pattern), what to put in its place, and a statement that it alone refuses.

    `before` is made so with the triggers of withdrawals and of their checks off. `by` is whose name it is done in.
    """

    name: str
    function: str
    condition: str
    statement: str
    before: Sequence[str] = ()
    by: str = "treasury"
    instead: str = ""
    votes: Sequence[str] = ()  # who has voted before, for the first leg
    after: Sequence[str] = ()  # as `before`, once they have
    leg: int = 0
    hash: str = ""


def update(what: str) -> str:
    """A statement about the withdrawal."""
    return f"UPDATE withdrawals SET {what} WHERE id = :id"  # noqa: S608 (one of those below)


def born(**given: object) -> str:
    """Another withdrawal with this of it."""
    facts = {"attempts": 0, "round": 0, "policy": "NULL", "legs": "[]", "state": "requested"}
    return BORN.format(**facts | given)


def agreed(
    request: str = "x", *, kind: str = "withdrawals.mark_payout", state: str = "approved", other: str = "{}"
) -> str:
    """That two people said of the payout that it failed, but for this."""
    facts = {"@id": request, "@kind": kind, "@state": state, "@other": other}
    return re.sub("@[a-z]+", lambda found: facts[found[0]], AGREED)


def marked(request: str = "x") -> str:
    """It failed, as this request says."""
    return MARKED.replace("@id", request)


LEGS_GONE, DELAYED = update("legs = '[]'"), update("legs = '[]', delay_seconds = 3600")
ANEW = (NEXT_ROUND,)
LOOKED_AT = "UPDATE withdrawal_checks SET outcome = 'review' WHERE withdrawal_id = :id AND round = 2 AND number = 16"
PAID = """
INSERT INTO withdrawals
SELECT (jsonb_populate_record(w, '{"id": "wd_paid", "payout_id": "po_paid", "state": "settled"}')).*
  FROM withdrawals w WHERE id = :id
"""
OFF = """
INSERT INTO switches (id, scope, state, reason, turned_off_by, turned_off_at)
VALUES ('swi_x', '{scope}', 'off', 'x', audit.actor(), now())
"""
AGREED = """
INSERT INTO approval_requests (id, kind, target, payload, payload_hash, reason, maker, policy_id, legs, delay_seconds,
                               state, created_at, expires_at, not_before)
SELECT 'grq_@id', '@kind', '', p, payload_hash(p), 'x', :finance, 'pol_withdrawals.mark_payout_1', '[]', 0, '@state',
       now(), now() + interval '1 day', now()
  FROM (SELECT jsonb_build_object('payout_id', CAST(:payout AS text), 'mark', 'failed', 'state', 'sending',
                                  'units', '100') || '@other' AS p) AS content
"""
MARKED = "UPDATE payouts SET state = 'failed', request_id = 'grq_@id' WHERE id = :payout"
LET_GO = "UPDATE logins SET disabled_at = now() WHERE id = (SELECT login_id FROM operators WHERE id = {who})"
MINE = """
UPDATE customers SET login_id = (SELECT login_id FROM operators WHERE id = :treasury)
 WHERE id = (SELECT customer_id FROM withdrawals WHERE id = :id)
"""
UNWHOLE = "DELETE FROM withdrawal_checks WHERE withdrawal_id = :id AND round = 2 AND number = 11"
STOPPED = "UPDATE withdrawal_checks SET outcome = 'hold' WHERE withdrawal_id = :id AND number = 9"
WEIGHTY = "UPDATE withdrawal_checks SET points = 60 WHERE withdrawal_id = :id AND round = 2 AND number = 9"
DENIED = (NEXT_ROUND, WEIGHTY)
LET_ON = update(f"round = 2, score = 60, band = 'high', large = true, delay_seconds = 14400, legs = '{MANAGED}'")
GUARDS = (
    # Votes
    Guard(
        "a vote in one's own name",
        VOTE,
        r"audit\.actor\(\) <> 'operator:' \|\| NEW\.operator_id OR ",
        A_VOTE,
        by="other",
    ),
    Guard(
        "a vote while it waits", VOTE, r"w\.state IS DISTINCT FROM 'requested' OR ", A_VOTE, (update("state = 'held'"),)
    ),
    Guard("a vote once it was checked", VOTE, r" OR w\.round = 0\b", A_VOTE, (update("round = 0, policy_id = NULL"),)),
    Guard("a vote to what stands there", VOTE, r"OR NEW\.content_hash <> w\.content_hash ", A_VOTE, hash="other"),
    Guard("a vote for a leg that there is", VOTE, r"OR NEW\.leg < 0\b", A_VOTE, leg=-1),
    Guard("a vote by who may fill the leg", VOTE, r"OR NOT may_let_out\([^)]*\)", A_VOTE, by="finance"),
    Guard("a vote for a leg that is open", VOTE, r"OR let_out_votes.*?::integer(?= THEN)", A_VOTE, votes=("other",)),
    Guard("no vote for one's own money", LET_OUT, r"l\.email <> theirs\.email AND ", A_VOTE, (MINE,)),
    Guard(
        "no vote of who was let go", LET_OUT, r"AND l\.disabled_at IS NULL", A_VOTE, (LET_GO.format(who=":treasury"),)
    ),
    Guard(
        "no vote without the role", LET_OUT, r"AND \(w\.legs -> p_leg -> 'roles'\) \?\| o\.roles", A_VOTE, by="finance"
    ),
    # Counting
    Guard(
        "approved by all legs",
        UNAPPROVED,
        r"let_out_votes\(NEW.*?::integer$",
        update("state = 'approved'"),
        instead="false",
    ),
    Guard(
        "a vote counts for its leg",
        COUNTED,
        r"AND a\.leg = p_leg ",
        update("state = 'approved'"),
        (update(f"legs = '{TWICE}'"),),
        votes=("treasury",),
    ),
    Guard(
        "a vote counts for its content",
        COUNTED,
        r"AND a\.content_hash = p_withdrawal\.content_hash",
        update("state = 'approved'"),
        votes=("treasury",),
        after=(update("content_hash = 'other'"),),
    ),
    Guard(
        "a vote counts while its voter may vote",
        COUNTED,
        r"AND \(p_withdrawal\.state = 'settled' OR .*?\)\)",
        update("state = 'approved'"),
        votes=("treasury",),
        after=("UPDATE operators SET roles = '{support}' WHERE id = :treasury",),
    ),
    Guard(
        "nothing is sent unchecked",
        UNAPPROVED,
        r"NEW\.round = 0 OR ",
        update("state = 'sending'"),
        (update("legs = '[]', round = 0, policy_id = NULL, state = 'approved'"),),
    ),
    Guard("a delay has an end", UNAPPROVED, r"NEW\.not_before IS NULL\s+OR ", update("state = 'approved'"), (DELAYED,)),
    Guard(
        "a delay is counted from approval",
        UNAPPROVED,
        r"OR NEW\.not_before < coalesce.*?secs => NEW\.delay_seconds\)",
        update("state = 'approved', not_before = now()"),
        (DELAYED,),
    ),
    Guard(
        "a delay is over before sending",
        UNAPPROVED,
        r"OR \(NEW\.state = 'sending' AND NEW\.not_before > clock_timestamp\(\)\)",
        update("state = 'sending'"),
        (DELAYED, update("state = 'approved', not_before = created_at + interval '2 hours'")),
    ),
    # Routes
    Guard("born as requested", ROUTE, r"NEW\.state <> 'requested' OR ", born(state="held")),
    Guard("born unchecked", ROUTE, r"NEW\.round <> 0 OR ", born(round=1, policy="policy_id")),
    Guard("born without legs", ROUTE, r"NEW\.legs <> '\[\]' OR ", born(legs=ONE)),
    Guard("born unsent", ROUTE, r" OR NEW\.attempts <> 0", born(attempts=1)),
    Guard(
        "what a check stops is not approved",
        ROUTE,
        r"AND v_checks\.stopped IS NOT FALSE",
        update("state = 'approved'"),
        (LEGS_GONE, STOPPED),
        instead="AND false",
    ),
    Guard(
        "what was agreed to is not checked anew",
        ROUTE,
        r"OLD\.state NOT IN \([^)]*\) OR ",
        update("round = 2"),
        (*ANEW, update("state = 'unpaid', unpaid_at = now()")),
    ),
    Guard(
        "a round does not move it", ROUTE, r"NEW\.state <> OLD\.state OR ", update("round = 2, state = 'held'"), ANEW
    ),
    Guard("nothing changes without a round", ROUTE, r" OR NEW\.round <= OLD\.round", update("content_hash = 'x'")),
    Guard("a round is whole", ROUTE, r"v_checks\.done <> 16 OR ", update("round = 2"), (*ANEW, UNWHOLE)),
    Guard(
        "a score is what the checks add up to",
        ROUTE,
        r"OR v_checks\.score <> NEW\.score",
        update("round = 2, score = 10"),
        ANEW,
    ),
    Guard(
        "a band is what the score says",
        ROUTE,
        r"OR NEW\.band <> \(CASE.*?END\)",
        update(f"round = 2, band = 'medium', legs = '{MEDIUM}'"),
        ANEW,
    ),
    Guard(
        "known is what needs no look",
        ROUTE,
        r"EXISTS \(SELECT FROM withdrawal_checks c WHERE.*?'pass'\)\s+OR ",
        update("round = 2, target = 'known', legs = '[]'"),
        (*ANEW, LOOKED_AT, PAID),
    ),
    Guard(
        "known is what was paid to",
        ROUTE,
        r"\s+OR NOT EXISTS \(SELECT FROM withdrawals w WHERE.*?'settled'\)",
        update("round = 2, target = 'known', legs = '[]'"),
        ANEW,
    ),
    Guard(
        "legs are of the newest policy",
        ROUTE,
        r"v_policy\.id IS DISTINCT FROM NEW\.policy_id\s+OR ",
        update("round = 2, policy_id = 'pol_risk.switch_on_1'"),
        ANEW,
    ),
    Guard(
        "legs are those of the rule",
        ROUTE,
        r"OR v_rule -> 'legs' IS DISTINCT FROM NEW\.legs",
        update(f"round = 2, legs = '{ADMIN}'"),
        ANEW,
    ),
    Guard(
        "a delay is that of the rule",
        ROUTE,
        r"OR \(v_rule ->> 'delay_seconds'\)::integer IS DISTINCT FROM NEW\.delay_seconds",
        update("round = 2, delay_seconds = 1"),
        ANEW,
    ),
    Guard(
        "what is denied waits",
        ROUTE,
        r"\s+OR \(v_rule \? 'denies' AND v_checks\.stopped IS NOT TRUE\)",
        update("round = 2, score = 60, band = 'high', large = true, legs = '[]'"),
        DENIED,
    ),
    Guard("what is denied a manager lets on", ROUTE, r"AND o\.roles @> '\{compliance_manager\}'", LET_ON, DENIED),
    Guard(
        "a manager who was let go does not",
        ROUTE,
        r"AND l\.disabled_at IS NULL",
        LET_ON,
        (*DENIED, LET_GO.format(who=":manager")),
        by="manager",
    ),
    # Payouts
    Guard(
        "no payout while the books do not prove",
        HALTED,
        r"IF EXISTS \(.*?\) THEN",
        A_PAYOUT,
        ("INSERT INTO ledger.halts (findings) VALUES ('{}')",),
        instead="IF false THEN",
    ),
    Guard(
        "no payout past a switch that is off",
        SWITCHED,
        r"IF EXISTS \(.*?\)\) THEN",
        A_PAYOUT,
        (OFF.format(scope="asset:NGN"),),
        instead="IF false THEN",
    ),
    Guard(
        "none is taken up past it",
        SWITCHED,
        r"IF EXISTS \(.*?\)\) THEN",
        "UPDATE payouts SET state = 'sending' WHERE id = :payout",
        (A_PAYOUT, "UPDATE payouts SET state = 'awaiting_float' WHERE id = :payout", OFF.format(scope="rail:bank")),
        instead="IF false THEN",
    ),
    Guard(
        "an end by hand comes once",
        MARK,
        r"\(OLD\.request_id IS NOT NULL AND OLD\.state <> 'failed'\) OR ",
        marked("y"),
        (
            A_PAYOUT,
            agreed(other='{"mark": "paid"}'),
            marked().replace("'failed'", "'paid'"),
            agreed("y", other='{"state": "paid"}'),
        ),
    ),
    Guard(
        "what failed stays so without two people",
        "refuse_unmarked",
        r"RAISE EXCEPTION .*'BU005';",
        "UPDATE payouts SET state = 'paid' WHERE id = :payout",
        (A_PAYOUT, "UPDATE payouts SET state = 'failed' WHERE id = :payout"),
        instead="RETURN NEW;",
    ),
    Guard(
        "it names its own request",
        MARK,
        r"q\.id = NEW\.request_id AND ",
        marked("y"),
        (A_PAYOUT, agreed(), agreed("y", kind="x")),
    ),
    Guard("two people agreed to it", MARK, r"is_due\(q\) AND ", marked(), (A_PAYOUT, agreed(state="pending"))),
    Guard("it was what they agreed to", MARK, r"AND q\.kind = '[a-z._]+'", marked(), (A_PAYOUT, agreed(kind="x"))),
    Guard(
        "it is of their payout",
        MARK,
        r"q\.payload ->> 'payout_id' = NEW\.id AND ",
        marked(),
        (A_PAYOUT, agreed(other='{"payout_id": "x"}')),
    ),
    Guard(
        "it is the end they said",
        MARK,
        r"AND q\.payload ->> 'mark' = NEW\.state",
        marked(),
        (A_PAYOUT, agreed(other='{"mark": "paid"}')),
    ),
    Guard(
        "it stood as they saw it",
        MARK,
        r"q\.payload ->> 'state' = OLD\.state AND ",
        marked(),
        (A_PAYOUT, agreed(other='{"state": "sent"}')),
    ),
    Guard(
        "it is the amount they saw",
        MARK,
        r" AND q\.payload ->> 'units' = NEW\.amount_units::text",
        marked(),
        (A_PAYOUT, agreed(other='{"units": "99"}')),
    ),
)
A_MARKED_ONE = "WITH asked AS (@asked RETURNING id)" + A_PAYOUT.replace("created_at", "created_at, request_id")
A_MARKED_ONE = A_MARKED_ONE.replace("now())", "now(), (SELECT id FROM asked))").replace("@asked", agreed())
# Constraints and unique indexes: what is written that only they refuse, past every trigger.
LIMITED = {
    "ck_withdrawals_attempts_not_negative": update("attempts = -1"),
    "ck_withdrawals_amount_positive": update("amount_units = 0"),
    "ck_withdrawals_fee_not_negative": update("fee_units = -1"),
    "ck_withdrawals_round_not_negative": update("round = -1"),
    "ck_withdrawals_score_percent": update("score = 101"),
    "ck_withdrawals_band_known": update("band = 'x'"),
    "ck_withdrawals_target_known": update("target = 'x'"),
    "ck_withdrawals_delay_forward": update("delay_seconds = -1"),
    "ck_withdrawals_state_known": update("state = 'x'"),
    "ck_withdrawals_routed": update("policy_id = NULL"),
    "ck_withdrawals_cooling_has_end": update("state = 'cooling_off'"),
    "ck_withdrawals_unpaid_since": update("state = 'unpaid'"),
    "ck_withdrawals_stopped_by_known": update("stopped_by = 'x'"),
    "ck_payouts_amount_positive": A_PAYOUT.replace("100", "0"),
    "ck_payouts_state_known": A_PAYOUT.replace("'sending'", "'x'"),
    "ck_payouts_id_is_reference": A_PAYOUT.replace(":reference", ":reference || 'x'"),
    "ck_payouts_marked_when_ended": A_MARKED_ONE,
    "ck_payouts_kept_of_unpaid": A_PAYOUT.replace("created_at", "created_at, kept_units").replace("())", "(), 5)"),
}


def test_the_page_lists_each_guard() -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([^|]+?) \| `(\w+)` \|$", page, flags=re.MULTILINE)
    wanted = [(guard.name, guard.function) for guard in GUARDS]
    assert listed == wanted


def test_no_trigger_and_no_constraint_is_left_out(case: Case) -> None:
    leave()
    with case.engine.begin() as connection:
        triggers = connection.execute(
            text(
                "SELECT DISTINCT p.proname, n.nspname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
                " JOIN pg_namespace n ON n.oid = p.pronamespace"
                " WHERE NOT t.tgisinternal AND t.tgrelid = ANY(CAST(:tables AS regclass[]))"
            ),
            {"tables": list(TABLES)},
        )
        found = {row.proname for row in triggers if row.nspname != "audit"}
        checked = connection.execute(
            text(
                "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = ANY(CAST(:tables AS regclass[]))"
            ),
            {"tables": list(TABLES)},
        )
        assert {row.conname for row in checked} == set(LIMITED)
    assert found == {guard.function for guard in GUARDS} - {LET_OUT, COUNTED}


@pytest.fixture
def facts(case: Case) -> dict[str, str]:
    """A withdrawal that waits for somebody of treasury, and who there is."""
    asked = case.ask()
    assert asked.legs == [{"roles": ["treasury"], "count": 1}]
    who = {
        "treasury": Role.TREASURY,
        "other": Role.TREASURY,
        "finance": Role.FINANCE,
        "manager": Role.COMPLIANCE_MANAGER,
    }
    found = {name: people.operator(role)[0] for name, role in who.items()}
    found |= {"id": asked.id, "payout": f"po_{asked.id}", "reference": f"po_{asked.id}"}
    leave()
    return found


def test_each_guard_alone_refuses(facts: dict[str, str], owner_engine: Engine) -> None:
    wrong = []
    for guard in GUARDS:
        with undone(owner_engine) as connection:
            _prepare(connection, guard, facts)
            given = _given(guard.statement, facts | {"by": facts["treasury"], "leg": guard.leg, "hash": guard.hash})
            if guard.by == "finance":
                given |= {"by": facts["finance"]} if "by" in given else {}
            with_it = refused(connection, guard.statement, **given)
            _take_out(connection, guard)
            without = refused(connection, guard.statement, **given)
            if not with_it.startswith("BU") or without:
                wrong.append((guard.name, with_it, without))
    assert wrong == []


def test_each_constraint_alone_refuses(facts: dict[str, str], owner_engine: Engine) -> None:
    wrong = []
    for name, statement in LIMITED.items():
        with undone(owner_engine) as connection:
            act_as(connection, "system:test")
            connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            for table in (*TABLES, "approval_requests"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            given = _given(statement, facts)
            with_it = refused(connection, statement, **given)
            table = "payouts" if "payouts" in name else "withdrawals"
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
            without = refused(connection, statement, **given)
            if with_it != "23514" or without:
                wrong.append((name, with_it, without))
    assert wrong == []


@pytest.mark.parametrize(
    ("drop", "statement", "before"),
    [
        (
            "ALTER TABLE withdrawal_approvals DROP CONSTRAINT uq_withdrawal_approvals_withdrawal_id",
            A_VOTE,
            update(f"legs = '{TWICE}'"),
        ),
        (
            "DROP INDEX ix_payouts_one_lives",
            A_PAYOUT.replace(":payout", ":payout || '-2'").replace(":reference", ":reference || '-2'"),
            A_PAYOUT,
        ),
    ],
    ids=["nobody votes twice", "of one payment one attempt lives"],
)
def test_each_unique_key_alone_refuses(
    facts: dict[str, str], owner_engine: Engine, drop: str, statement: str, before: str
) -> None:
    with undone(owner_engine) as connection:
        votes = ("treasury",) if statement == A_VOTE else ()
        _prepare(connection, Guard("", "", "", statement, (before,), votes=votes), facts)
        given = _given(statement, facts | {"by": facts["treasury"], "leg": 1, "hash": ""})
        assert refused(connection, statement, **given) == "23505"
        connection.execute(text(drop))
        assert refused(connection, statement, **given) == ""


def _prepare(connection: Connection, guard: Guard, facts: dict[str, str]) -> None:
    act_as(connection, "system:test")
    connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
    _untriggered(connection, guard.before, facts)
    for voter in guard.votes:
        act_as(connection, f"operator:{facts[voter]}")
        connection.execute(text(A_VOTE), {"id": facts["id"], "by": facts[voter], "leg": 0, "hash": ""})
    _untriggered(connection, guard.after, facts)
    act_as(connection, f"operator:{facts[guard.by]}")


def _untriggered(connection: Connection, statements: Sequence[str], facts: dict[str, str]) -> None:
    """Make it so with triggers off, all of which are on again afterwards."""
    tables = ("withdrawals", "withdrawal_checks", "operators", "logins", "customers", "approval_requests")
    if not statements:
        return
    act_as(connection, "system:test")
    for table in tables:
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    for statement in statements:
        connection.execute(text(statement), _given(statement, facts))
    for table in tables:
        names = connection.execute(
            text("SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND NOT tgisinternal"),
            {"t": table},
        )
        for row in names.all():
            connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {row.tgname}"))


def _take_out(connection: Connection, guard: Guard) -> None:
    source = connection.execute(
        text("SELECT pg_get_functiondef(CAST(:name AS regproc))"), {"name": guard.function}
    ).scalar_one()
    weaker, count = re.subn(guard.condition, lambda _: guard.instead, source, flags=re.DOTALL | re.MULTILINE)
    assert count == 1, guard.name
    connection.exec_driver_sql(weaker.replace("%", "%%"))


def _given(statement: str, facts: dict[str, object] | dict[str, str]) -> dict[str, object]:
    names = re.findall(r"(?<![:\w]):(\w+)", statement)
    return {name: facts[name] for name in names}
