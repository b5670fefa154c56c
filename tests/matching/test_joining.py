"""Accounts that are counted together: both stand for one outside account, and what is open explains the rest."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from app.core import actor
from app.core.db import leave, rows, transaction
from app.core.money import ASSETS
from app.core.permissions import Role
from app.governance import errors as governance
from app.governance import service as approvals
from app.matching import errors, joining
from app.statements import errors as statement_errors
from app.statements import flows
from app.statements import queries as sources
from app.statements import service as statements
from tests.makers import books, people, ruled
from tests.makers import joining as joined
from tests.makers.joining import Both
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def both() -> Both:
    return Both(Outside())


def test_what_is_booked_on_either_is_matched_and_explained(both: Both) -> None:
    ref, outside = books.fresh("dep"), both.outside
    both.book(300, ref=ref)
    both.book(70)
    outside.tell((300, ref), (200, books.fresh("x")), covers=2)
    outside.run()
    assert sorted(kobo for _, kobo in outside.breaks) == [200, 300]
    assert both.join() == "Counted together"
    outside.run()
    assert outside.breaks == [("missing_in_statement", -70), ("missing_in_ledger", 200)]
    assert outside.groups == [("our reference", 1, 1)]
    assert outside.proof.booked * 100 == 370
    assert outside.proof.ties
    assert both.leave() == "Counted by itself. 1 match was ended"
    assert sorted(kobo for _, kobo in outside.breaks) == [200, 300]
    assert outside.proof.ties
    outside.run(whole=True)
    assert (outside.groups, outside.proof.ties) == ([], True)
    both.join()
    outside.run()
    assert (outside.groups, len(outside.breaks), outside.proof.ties) == ([("our reference", 1, 1)], 2, True)


def test_what_an_account_had_before_its_first_statement_is_that_of_both(both: Both) -> None:
    outside = both.outside
    outside.book(400, days=-3)
    both.book(600, days=-2)
    outside.balance = 1_000
    outside.tell((5, books.fresh("x")))
    outside.run()
    assert len(outside.breaks) == 3
    both.join()
    outside.run()
    assert (outside.groups, outside.breaks) == ([("opening balance", 1, 2)], [("missing_in_ledger", 5)])
    both.leave()
    assert outside.proof.ties
    assert sorted(kobo for _, kobo in outside.breaks) == [-400, 5, 1_000]


def that_joins(both: Both) -> str:
    both.join()
    return both.second


def that_has_others(both: Both) -> str:
    other = Both(Outside())
    other.join()
    ruled.retire(other.outside.source)
    return other.outside.account


def that_was_told_of(both: Both) -> str:
    gone = Outside()
    gone.tell((1, books.fresh("x")))
    ruled.retire(gone.source)
    return gone.account


def that_a_node_told_of(_: Both) -> str:
    name, account = books.fresh("node"), books.account("asset")
    with transaction(TEST):
        made = statements.add_source(name, title="A node", format_name="chain-balances", settings={"account": "T1"})
        statements.stand_for(made.id, asset="NGN", account=account)
    leave()
    told = {"asset": "NGN", "address": "T1", "block_height": 1, "as_of": "2026-03-06T00:00:00Z", "balance": "5"}
    flows.bring(name, name="balances", body=json.dumps([told]).encode(), actor=TEST)
    leave()
    ruled.retire(name)
    return account


REFUSED: dict[str, Callable[[Both], str]] = {
    "These are one account": lambda both: both.outside.account,
    "The books have no account": lambda _: "asset:test:none:NGN",
    "Nobody outside keeps": lambda both: both.outside.other,
    "It is in USD": lambda _: books.account("asset", asset=ASSETS["USD"]),
    "already": that_joins,
    "Others are counted together with it": that_has_others,
    "A source tells of it by itself": lambda _: Outside().account,
    "A source told of it until": that_was_told_of,
    "told of it until it was retired": that_a_node_told_of,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_counted_together_is_not(both: Both, words: str) -> None:
    with pytest.raises(errors.NotJoinable, match=words):
        joined.ask_join(REFUSED[words](both), both.outside.account)


@pytest.mark.parametrize("words", list(REFUSED)[2:4] + list(REFUSED)[-2:])
def test_the_database_knows_what_cannot_be_counted_together(
    both: Both, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "check_join", lambda *_, **__: None)  # (only the database looks)
    account = REFUSED[words](both)
    asked = joined.ask_join(account, both.outside.account)
    ruled.approve(asked)
    with pytest.raises(DBAPIError, match="cannot be counted with"), transaction(TEST):
        joining.join(
            account, joins=both.outside.account, reason="x", joined_by=asked.maker, request_id=asked.id, actor=TEST
        )
    leave()


def test_nothing_joins_one_that_joins_another_or_that_nobody_tells_of(both: Both) -> None:
    with pytest.raises(errors.NotJoinable, match="No source tells of"):
        joined.ask_join(both.outside.account, both.second)
    both.join()
    with pytest.raises(errors.NotJoined):
        joined.ask_leave(both.second, Outside().account)


def test_a_source_is_not_given_an_account_that_is_counted_with_another(both: Both) -> None:
    other = sources.source_for_operators(Outside().source).id
    own = sources.source_for_operators(both.outside.source).id
    unused = books.account("asset")
    both.join()
    with pytest.raises(statement_errors.CountedWithAnother), transaction(TEST):
        statements.stand_for(other, asset="NGN", account=both.second)
    with pytest.raises(statement_errors.OthersCountedWith), transaction(TEST):
        statements.stand_for(own, asset="NGN", account=unused)


def test_a_request_that_came_too_late_changes_nothing(both: Both) -> None:
    asked = joined.ask_join(both.second, both.outside.account)
    with transaction(TEST):
        own = statements.add_source(books.fresh("src"), title="Its own", format_name="kraken-ledgers", settings={})
        statements.stand_for(own.id, asset="NGN", account=both.second)
    leave()
    ruled.agree(asked)
    assert joining.joins_for_operators(both.second) is None


def test_two_people_say_so_and_it_stands_in_the_audit(inside: Flask, both: Both) -> None:
    maker = people.operator(Role.FINANCE)[0]
    asked = joined.ask_join(both.second, both.outside.account, by=maker)
    with pytest.raises(governance.OwnRequest), transaction(who := actor.operator(maker)):
        approvals.approve(asked.id, operator_id=maker, shown=asked.payload_hash, actor=who)
    leave()
    with pytest.raises(Exception, match="is not about these accounts"), transaction(TEST):
        joining.join(
            both.second, joins=both.outside.account, reason="x", joined_by=maker, request_id=asked.id, actor=TEST
        )
    leave()
    ruled.agree(asked)
    (one,) = joining.history_for_operators(both.outside.account)
    assert (one.account, one.reason, one.joined_by, one.request_id) == (both.second, joined.WHY, maker, asked.id)
    assert rows("SELECT FROM audit.records WHERE table_name = 'matching_joined' AND row_id = :id", id=str(one.id))
    leave()


STEPS = ("booked", "booked on the second", "told", "matched", "joined", "left")
ORDERS = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3), st.integers(0, 5)), min_size=3, max_size=12)


@example(
    order=[("booked on the second", 0, 0), ("matched", 0, 0), ("told", 0, 1), ("joined", 0, 0), ("matched", 0, 0),
           ("booked", 0, 2), ("left", 0, 0), ("matched", 1, 0), ("told", 0, 3), ("joined", 0, 0)],
)  # fmt: skip
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=ORDERS)
def test_told_less_booked_is_what_is_open_in_any_order(inside: Flask, order: list[tuple[str, int, int]]) -> None:
    both, is_in = Both(Outside()), False
    for step, which, day in order:
        kobo, ref = (which + 1) * 100, f"R{which}"
        if step == "told":
            both.outside.tell((kobo, ref), days=day)
        elif step == "matched":
            both.outside.run(whole=bool(which % 2))
        elif step == "booked":
            both.outside.book(kobo, ref=ref, days=day)
        elif step == "booked on the second":
            both.book(kobo, ref=ref, days=day)
        elif (step == "joined") != is_in:
            both.outside.run()
            both.join() if step == "joined" else both.leave()
            is_in = not is_in
            if not is_in:
                assert both.outside.proof.ties
        if step in {"matched", "joined", "left"}:
            both.outside.run()
            assert both.outside.proof.ties
    both.outside.run(whole=True)
    assert both.outside.proof.ties
