"""Many journals in one request: each as if it were posted alone after those before it, or all of them or none."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import leave, rows, sqlstate
from app.core.money import ASSETS, Money
from app.ledger import balances, errors, proof, statements
from app.ledger.journal import Journal, credit, debit
from app.ledger.posting import Posted
from tests.makers import books
from tests.makers.books import account, fresh, kobo, move, wallet
from tests.makers.story import undone

pytestmark = pytest.mark.usefixtures("inside")


def units(code: str) -> int:
    leave()
    return balances.of(code).booked.units


def outcome(*answers: Any) -> list[str]:
    """What came of each: posted, replayed, or the refusal's name."""
    return [
        ("replayed" if answer.replayed else "posted") if isinstance(answer, Posted) else type(answer).__name__
        for answer in answers
    ]


class TestABatch:
    def test_of_nothing_is_nothing(self) -> None:
        assert books.batch() == []

    def test_writes_each_journal_as_post_does(self) -> None:
        source, one, other = account("asset"), wallet(), wallet()
        journals = [move(source, one, 30), move(one, other, 10), move(other, one, 4)]
        answers = books.batch(*[(journal, fresh()) for journal in journals])
        assert outcome(*answers) == ["posted"] * 3
        assert (units(source), units(one), units(other)) == (30, 24, 6)
        for journal, answer in zip(journals, answers, strict=True):
            assert isinstance(answer, Posted)
            header, legs = statements.journal(answer.journal_id)
            assert (header.kind, header.ref, header.legs) == ("test.moved", journal.ref, 2)
            assert [leg.leg for leg in legs] == [1, 2]
        assert [line.balance.units for line in statements.statement(one)] == [24, 20, 30]

    def test_lets_each_item_see_what_those_before_it_left(self) -> None:
        code, sink = wallet(100), wallet()
        sizes = (60, 50, 40, 1)
        answers = books.batch(*[(move(code, sink, size), fresh()) for size in sizes])
        assert outcome(*answers) == ["posted", "InsufficientFunds", "posted", "InsufficientFunds"]
        assert (units(code), units(sink)) == (0, 100)

    def test_lets_money_that_came_in_be_used_by_the_next(self) -> None:
        code, sink = wallet(), wallet()
        answers = books.batch((move(code, sink, 5), fresh()), (move(account("asset"), code, 5), fresh()),
                              (move(code, sink, 5), fresh()))  # fmt: skip
        assert outcome(*answers) == ["InsufficientFunds", "posted", "posted"]

    def test_spares_what_is_held(self) -> None:
        code = wallet(100)
        books.hold(code, 60)
        answers = books.batch(*[(move(code, wallet(), 40), fresh()) for _ in range(2)])
        assert outcome(*answers) == ["posted", "InsufficientFunds"]

    def test_refuses_one_and_writes_the_others(self) -> None:
        source, frozen, good, key = account("asset"), wallet(), wallet(), fresh()
        books.restrict(frozen, credits_=True)
        books.post(move(source, good, 1), key=key)
        answers = books.batch(
            (move(source, frozen, 5), fresh()),
            (move(source, "liability:nobody:NGN", 5), fresh()),
            (move(source, good, 2), key),
            (move(source, good, 5), fresh()),
        )
        assert outcome(*answers) == ["AccountBlocked", "AccountBlocked", "PostingKeyReused", "posted"]
        assert (units(source), units(good)) == (6, 6)

    def test_takes_a_key_once(self) -> None:
        source, code, key = account("asset"), wallet(), fresh()
        item = (move(source, code, 5), key)
        assert outcome(*books.batch(item, item)) == ["posted", "DuplicateKey"]
        assert outcome(*books.batch(item, item)) == ["replayed", "DuplicateKey"]
        assert units(code) == 5

    def test_answers_again_what_it_answered_and_writes_the_rest(self) -> None:
        source, code = account("asset"), wallet()
        items = [(move(source, code, size), fresh()) for size in (1, 2, 4)]
        alone = books.post(items[1][0], key=items[1][1])
        first = books.batch(*items[:2])
        assert outcome(*first) == ["posted", "replayed"]
        assert first[1] == Posted(alone.journal_id, replayed=True)
        again = books.batch(*items)
        assert outcome(*again) == ["replayed", "replayed", "posted"]
        assert books.post(items[2][0], key=items[2][1]) == Posted(again[2].journal_id, replayed=True)  # type: ignore[union-attr]
        assert units(code) == 7

    def test_takes_an_account_twice_in_a_journal(self) -> None:
        one, other = wallet(100), wallet()
        legs = (debit(one, kobo(90)), credit(other, kobo(60)), credit(one, kobo(30)))
        answers = books.batch((Journal("test.twice", "ref", legs), fresh()), (move(one, other, 41), fresh()))
        assert outcome(*answers) == ["posted", "InsufficientFunds"]
        assert (units(one), units(other)) == (40, 60)

    def test_balances_in_each_asset(self) -> None:
        bitcoin = ASSETS["BTC"]
        have, owe = account("asset", asset=bitcoin), account("liability", asset=bitcoin)
        naira, due = account("asset"), account("liability")
        legs = (
            debit(have, Money(bitcoin, 7)),
            credit(owe, Money(bitcoin, 7)),
            debit(naira, kobo(5)),
            credit(due, kobo(5)),
        )
        assert outcome(*books.batch((Journal("test.exchange", "ref", legs), fresh()))) == ["posted"]

    def test_of_hundreds_holds(self) -> None:
        source, codes = account("asset", hot=True), [wallet() for _ in range(10)]
        answers = books.batch(*[(move(source, codes[n % 10], n + 1), fresh()) for n in range(500)])
        assert set(outcome(*answers)) == {"posted"}
        assert units(source) == sum(range(501))
        leave()
        assert proof.broken() == {}

    def test_refuses_one_that_takes_effect_at_no_time_and_writes_the_others(self) -> None:
        good, bad = move(account("asset"), wallet(), 5), move(account("asset"), wallet(), 5)
        bad = replace(bad, effective_at=datetime(2300, 1, 1, tzinfo=UTC))
        assert outcome(*books.batch((good, fresh()), (bad, fresh()))) == ["posted", "NoSuchTime"]

    def test_keeps_what_a_journal_corrects(self) -> None:
        source, code = account("asset"), wallet()
        wrong = books.post(move(source, code, 5))
        right = Journal("test.corrected", "ref", move(code, source, 5).legs, corrects=wrong.journal_id)
        (answer,) = books.batch((right, fresh()))
        assert isinstance(answer, Posted)
        assert statements.journal(answer.journal_id)[0].corrects == wrong.journal_id


class TestAllOrNothing:
    def test_writes_all(self) -> None:
        source, code = account("asset"), wallet()
        items = [(move(source, code, 5), fresh()) for _ in range(3)]
        assert outcome(*books.batch(*items, all_or_nothing=True)) == ["posted"] * 3
        assert outcome(*books.batch(*items, all_or_nothing=True)) == ["replayed"] * 3
        assert units(code) == 15

    @pytest.mark.parametrize(
        ("bad", "refusal"),
        [
            (lambda code: (move(code, wallet(), 1_000), fresh()), errors.InsufficientFunds),
            (lambda code: (move(code, "liability:nobody:NGN", 1), fresh()), errors.AccountBlocked),
            (lambda _: None, errors.DuplicateKey),
        ],
    )
    def test_writes_nothing_when_one_is_refused(self, bad: Any, refusal: type[Exception]) -> None:
        source, code = account("asset"), wallet()
        good = (move(source, code, 5), fresh())
        with pytest.raises(refusal):
            books.batch(good, bad(code) or good, all_or_nothing=True)
        assert units(code) == 0
        assert not books.post(good[0], key=good[1]).replayed


RAW = text(
    "SELECT * FROM ledger.post_batch(:keys, :kinds, :refs, CAST(:memos AS jsonb[]), CAST(:times AS timestamptz[]),"
    " CAST(:corrects AS bigint[]), CAST(:items AS int[]), :codes, CAST(:amounts AS numeric[]), false)"
)


@pytest.mark.parametrize(
    ("items", "amounts"),
    [
        ([1, 1, 7], [5, -5, -1_000]),
        ([1, 1, 0], [5, -5, -1_000]),
        ([1, 1, None], [5, -5, -1_000]),
        ([2, 1, 1, 2], [-1_000, 5, -5, 1_000]),
        ([1, 2, 2, 1], [-1_000, 5, -5, 1_000]),
        ([1, 1], [5, -5, -1_000]),
        ([1, 1, 1], [5, -5]),
    ],
    ids=str,
)
def test_every_leg_of_a_batch_must_be_of_an_item_and_beside_its_other_legs(
    items: list[int | None], amounts: list[int]
) -> None:
    """The app's role may call the function with anything. Nothing of it may move money that no entry tells of."""
    victim, poor, one, other = wallet(), wallet(), account("asset"), account("liability")
    codes = [victim, one, other, poor] if len(items) == 4 else [one, other, victim]
    count = 2 if len(items) == 4 else 1
    arguments = {
        "keys": [fresh() for _ in range(count)],
        "kinds": ["test"] * count,
        "refs": ["test"] * count,
        "memos": ["{}"] * count,
        "times": [None] * count,
        "corrects": [None] * count,
        "items": items,
        "codes": codes,
        "amounts": amounts,
    }
    entries = "SELECT FROM ledger.entries JOIN ledger.balances b USING (account_id) WHERE b.code = :code"
    with suppress(DBAPIError), undone() as session:  # (that it is refused is as good)
        session.execute(RAW, arguments)
        assert bool(balances.of(victim).booked) == bool(rows(entries, code=victim))


@pytest.mark.parametrize("short", ["kinds", "refs", "memos", "times", "corrects"])
def test_every_list_of_a_batch_has_a_place_for_every_item(short: str) -> None:
    arguments: dict[str, list[Any]] = {
        "keys": [fresh(), fresh()],
        **{name: ["test"] * 2 for name in ("kinds", "refs")},
        "memos": ["{}"] * 2,
        **{name: [None] * 2 for name in ("times", "corrects")},
        "items": [1, 1, 2, 2],
        "codes": [account("asset"), wallet()] * 2,
        "amounts": [5, -5] * 2,
    }
    with undone() as session:
        session.execute(RAW, arguments)
    with pytest.raises(DBAPIError) as refusal, undone() as session:
        session.execute(RAW, {**arguments, short: arguments[short][:1]})
    assert sqlstate(refusal.value) == "LG001"


@pytest.mark.parametrize("amount", ["1.5", "NaN", "Infinity", "1e38", None])
def test_an_item_of_no_whole_units_is_refused_alone(amount: str | None) -> None:
    arguments = {
        "keys": [fresh(), fresh()],
        **{name: ["test"] * 2 for name in ("kinds", "refs")},
        "memos": ["{}"] * 2,
        **{name: [None] * 2 for name in ("times", "corrects")},
        "items": [1, 1, 2, 2],
        "codes": [account("asset"), wallet()] * 2,
        "amounts": [amount, amount, "5", "-5"],
    }
    with undone() as session:
        assert [row.refusal for row in session.execute(RAW, arguments)] == ["LG001", None]
