"""The one door into the books: what it writes, what it answers the second time, and what it refuses."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import clock
from app.core.db import leave, rows, sqlstate, transaction
from app.core.errors import InvalidAmount
from app.core.money import ASSETS, NGN, Asset
from app.ledger import accounts, balances, errors, posting, statements
from app.ledger.journal import Journal, credit, debit
from tests.makers import books
from tests.makers.books import TESTER, account, fresh, kobo, move, wallet
from tests.makers.story import undone

pytestmark = pytest.mark.usefixtures("inside")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def units(code: str) -> tuple[int, int, int]:
    """Booked, held and available, in kobo."""
    leave()
    now = balances.of(code)
    return now.booked.units, now.held.units, now.available.units


class TestOpenAccount:
    @pytest.mark.parametrize(
        ("kind", "booked"), [("asset", 5), ("expense", 5), ("liability", -5), ("equity", -5), ("income", -5)]
    )
    def test_takes_its_normal_side_from_its_class(self, kind: str, booked: int) -> None:
        code = account(kind)
        books.post(move(code, account("asset"), 5))
        assert units(code) == (booked, 0, booked)

    def test_twice_changes_nothing(self) -> None:
        code = wallet(100)
        with transaction(TESTER):
            accounts.open_account(code, asset=NGN, floor_units=0)
        assert units(code) == (100, 0, 100)

    def test_with_another_floor_is_refused(self) -> None:
        code = wallet()
        with pytest.raises(errors.AccountExists), transaction(TESTER):
            accounts.open_account(code, asset=NGN, floor_units=-5)

    @pytest.mark.parametrize("code", ["nonsense", "asset", "asset:", "money:x:NGN", "asset:a b:NGN", "asset:a\n", ""])
    def test_refuses_a_code_of_another_shape(self, code: str) -> None:
        with pytest.raises(IntegrityError), transaction(TESTER):
            accounts.open_account(code, asset=NGN, floor_units=None)

    def test_refuses_an_asset_that_is_not_counted(self) -> None:
        with pytest.raises(IntegrityError), transaction(TESTER):
            accounts.open_account(f"asset:{fresh()}", asset=Asset("XYZ", 2), floor_units=None)


class TestPost:
    def test_moves_the_amount(self) -> None:
        one, other = wallet(100), wallet()
        posted = books.post(move(one, other, 30))
        assert not posted.replayed
        assert (units(one), units(other)) == ((70, 0, 70), (30, 0, 30))

    def test_writes_header_and_legs(self) -> None:
        one, other, ref = account("asset"), account("income"), fresh("ref")
        journal = Journal("test.sold", ref, (debit(one, kobo(7)), credit(other, kobo(7))), {"note": "blue"})
        with clock.at(NOON):
            posted = books.post(journal)
        header, legs = statements.journal(posted.journal_id)
        assert (header.kind, header.ref, header.legs, header.memo) == ("test.sold", ref, 2, {"note": "blue"})
        assert (header.actor, header.request_id) == ("system:test", "req_test")
        assert header.effective_at == NOON
        assert header.booked_at > NOON  # when it was booked is the database's to say
        assert [(leg.leg, leg.code, leg.amount, leg.balance_after, leg.seq) for leg in legs] == [
            (1, one, 7, 7, 1),
            (2, other, -7, -7, 1),
        ]

    def test_takes_several_legs_of_one_account(self) -> None:
        one, other = wallet(100), wallet()
        legs = (debit(one, kobo(10)), credit(other, kobo(25)), debit(one, kobo(20)), credit(one, kobo(5)))
        posted = books.post(Journal("test.moved", "ref", legs))
        _, written = statements.journal(posted.journal_id)
        assert [(leg.code, leg.amount, leg.balance_after, leg.seq) for leg in written] == [
            (one, 10, -90, 2),
            (other, -25, -25, 1),
            (one, 20, -70, 3),
            (one, -5, -75, 4),
        ]
        assert (units(one), units(other)) == ((75, 0, 75), (25, 0, 25))

    def test_books_the_greatest_amount_there_is_to_the_kobo(self) -> None:
        one, other = account("asset"), wallet()
        with undone():
            posting.post(move(one, other, 10**38 - 1), key=fresh())
            assert balances.of(other).booked.units == 10**38 - 1

    def test_again_with_the_same_key_answers_the_same_and_moves_nothing(self) -> None:
        one, other, key = wallet(100), wallet(), fresh()
        journal = move(one, other, 30)
        first = books.post(journal, key=key)
        again = books.post(journal, key=key)
        assert (again.journal_id, first.replayed, again.replayed) == (first.journal_id, False, True)
        assert units(one) == (70, 0, 70)

    def test_again_answers_the_same_also_when_there_is_no_more_money(self) -> None:
        one, other, key = wallet(100), wallet(), fresh()
        journal = move(one, other, 100)
        books.post(journal, key=key)
        assert books.post(journal, key=key).replayed

    @pytest.mark.parametrize(
        "other",
        [
            lambda j: Journal("test.other", j.ref, j.legs),
            lambda j: Journal(j.kind, "another", j.legs),
            lambda j: move(j.legs[0].account, j.legs[1].account, 31, ref=j.ref),
            lambda j: move(j.legs[1].account, j.legs[0].account, 30, ref=j.ref),
        ],
        ids=["kind", "ref", "amount", "direction"],
    )
    def test_refuses_the_key_for_another_journal(self, other: Callable[[Journal], Journal]) -> None:
        key, journal = fresh(), move(wallet(100), wallet(), 30)
        books.post(journal, key=key)
        with pytest.raises(errors.PostingKeyReused):
            books.post(other(journal), key=key)

    def test_refuses_what_is_not_there(self) -> None:
        one, other, key = wallet(100), wallet(), fresh()
        with pytest.raises(errors.InsufficientFunds):
            books.post(move(one, other, 101), key=key)
        assert (units(one), units(other)) == ((100, 0, 100), (0, 0, 0))
        assert not books.post(move(one, other, 100), key=key).replayed  # the refused key is free

    def test_refuses_what_is_held(self) -> None:
        one = wallet(100)
        books.hold(one, 60)
        with pytest.raises(errors.InsufficientFunds):
            books.post(move(one, wallet(), 41))
        books.post(move(one, wallet(), 40))
        assert units(one) == (60, 60, 0)

    def test_lets_an_overdraft_go_to_its_limit(self) -> None:
        one, other = account(floor=-50), wallet()
        books.post(move(one, other, 50))
        assert units(one) == (-50, 0, -50)
        with pytest.raises(errors.InsufficientFunds):
            books.post(move(one, other, 1))

    def test_takes_money_in_below_the_floor(self, owner_engine: Engine) -> None:
        one = account(floor=-50)
        books.post(move(one, wallet(), 50))
        books.set_floor(owner_engine, one, 0)  # the limit is withdrawn while it is used
        books.post(move(account("asset"), one, 10))
        assert units(one) == (-40, 0, -40)
        with pytest.raises(errors.InsufficientFunds):
            books.post(move(one, account("asset"), 1))
        books.set_floor(owner_engine, one, -50)

    def test_refuses_an_unknown_account(self) -> None:
        with pytest.raises(errors.AccountBlocked):
            books.post(move(wallet(5), "liability:nobody:NGN", 5))

    @pytest.mark.parametrize(("debits", "credits_"), [(True, False), (False, True), (True, True), (False, False)])
    def test_refuses_a_frozen_account_in_the_frozen_direction(
        self, owner_engine: Engine, *, debits: bool, credits_: bool
    ) -> None:
        one, other = wallet(100), wallet(100)
        books.freeze(owner_engine, one, debits=debits, credits_=credits_)
        for frozen, journal in ((debits, move(one, other, 5)), (credits_, move(other, one, 5))):
            if frozen:
                with pytest.raises(errors.AccountBlocked):
                    books.post(journal)
            else:
                books.post(journal)

    def test_passes_on_what_is_no_refusal(self) -> None:
        one, other = wallet(5), wallet()
        with pytest.raises(DBAPIError) as raised, transaction(TESTER):
            posting.post(move(one, other, 5), key=secrets.token_urlsafe(9_000))
        assert sqlstate(raised.value) == "54000"  # a key too long for its index

    def test_keeps_nothing_of_what_was_rolled_back(self) -> None:
        one, other, ref = wallet(100), wallet(), fresh("ref")
        with undone():
            posting.post(move(one, other, 5, ref=ref), key=fresh())
            assert balances.of(one).booked == kobo(95)
        assert units(one) == (100, 0, 100)
        assert statements.journals_of(ref) == []


class TestHold:
    def test_lowers_what_is_available_and_moves_nothing(self) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        assert not held.replayed
        assert units(one) == (100, 60, 40)

    def test_adds_to_other_holds(self) -> None:
        one = wallet(100)
        books.hold(one, 60)
        with pytest.raises(errors.InsufficientFunds):
            books.hold(one, 41)
        books.hold(one, 40)
        assert units(one) == (100, 100, 0)

    def test_again_with_the_same_key_answers_the_same(self) -> None:
        one, key = wallet(100), fresh()
        first = books.hold(one, 60, key=key)
        again = books.hold(one, 60, key=key)
        assert (again.hold_id, again.replayed) == (first.hold_id, True)
        assert units(one) == (100, 60, 40)

    @pytest.mark.parametrize(("units_", "ref"), [(61, "ref"), (60, "another")])
    def test_refuses_the_key_for_another_hold(self, units_: int, ref: str) -> None:
        one, key = wallet(100), fresh()
        books.hold(one, 60, key=key)
        with pytest.raises(errors.PostingKeyReused):
            books.hold(one, units_, key=key, ref=ref)

    def test_refuses_an_unknown_account(self) -> None:
        with pytest.raises(errors.AccountBlocked):
            books.hold("liability:nobody:NGN", 5)

    def test_refuses_an_account_frozen_for_debits_only(self, owner_engine: Engine) -> None:
        one = wallet(100)
        books.freeze(owner_engine, one, debits=True)
        with pytest.raises(errors.AccountBlocked):
            books.hold(one, 5)
        books.freeze(owner_engine, one, credits_=True)
        books.hold(one, 5)

    @pytest.mark.parametrize("amount", [0, -5])
    def test_refuses_to_hold_nothing_or_less(self, amount: int) -> None:
        one = wallet(100)
        with pytest.raises(InvalidAmount):
            books.hold(one, amount)
        assert units(one) == (100, 0, 100)


class TestCapture:
    def test_turns_a_hold_into_a_journal(self) -> None:
        one, other = wallet(100), wallet()
        held = books.hold(one, 60)
        posted = books.capture(held.hold_id, move(one, other, 60))
        assert not posted.replayed
        assert (units(one), units(other)) == ((40, 0, 40), (60, 0, 60))

    def test_of_a_part_gives_the_rest_back(self) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        books.capture(held.hold_id, move(one, wallet(), 25))
        assert units(one) == (75, 0, 75)

    @pytest.mark.parametrize("into", [False, True])
    def test_of_nothing_from_the_held_account_is_refused(self, *, into: bool) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        with pytest.raises(errors.HoldExceeded):
            books.capture(held.hold_id, move(wallet(5), one if into else wallet(), 5))
        assert units(one) == (100, 60, 40)

    def test_of_more_than_was_held_is_refused(self) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        with pytest.raises(errors.HoldExceeded):
            books.capture(held.hold_id, move(one, wallet(), 61))
        assert units(one) == (100, 60, 40)

    def test_sums_the_legs_on_the_held_account(self) -> None:
        one, other = wallet(100), wallet()
        held = books.hold(one, 60)
        legs = (debit(one, kobo(40)), debit(one, kobo(21)), credit(other, kobo(61)))
        with pytest.raises(errors.HoldExceeded):
            books.capture(held.hold_id, Journal("test.moved", "ref", legs))

    def test_again_with_the_same_key_answers_the_same(self) -> None:
        one, key = wallet(100), fresh()
        held, journal = books.hold(one, 60), move(one, wallet(), 60)
        first = books.capture(held.hold_id, journal, key=key)
        again = books.capture(held.hold_id, journal, key=key)
        assert (again.journal_id, again.replayed) == (first.journal_id, True)
        assert units(one) == (40, 0, 40)

    def test_again_with_another_key_is_refused(self) -> None:
        one = wallet(100)
        held, journal = books.hold(one, 60), move(one, wallet(), 60)
        books.capture(held.hold_id, journal)
        with pytest.raises(errors.HoldEnded):
            books.capture(held.hold_id, journal)
        assert units(one) == (40, 0, 40)

    def test_refuses_the_key_for_another_hold(self) -> None:
        one, other, key = wallet(100), wallet(), fresh()
        first, second = books.hold(one, 30), books.hold(one, 30)
        journal = move(one, other, 30)
        books.capture(first.hold_id, journal, key=key)
        with pytest.raises(errors.PostingKeyReused):
            books.capture(second.hold_id, journal, key=key)

    def test_of_a_released_hold_is_refused(self) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        books.release(held.hold_id)
        with pytest.raises(errors.HoldEnded):
            books.capture(held.hold_id, move(one, wallet(), 60))
        assert units(one) == (100, 0, 100)

    def test_of_a_hold_that_never_was_is_refused(self) -> None:
        with pytest.raises(errors.NoSuchHold):
            books.capture(-1, move(wallet(5), wallet(), 5))

    def test_names_the_unknown_account(self) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        with pytest.raises(errors.AccountBlocked):
            books.capture(held.hold_id, move(one, "liability:nobody:NGN", 60))
        assert units(one) == (100, 60, 40)

    def test_of_a_frozen_account_is_refused(self, owner_engine: Engine) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        books.freeze(owner_engine, one, debits=True)
        with pytest.raises(errors.AccountBlocked):
            books.capture(held.hold_id, move(one, wallet(), 60))
        assert books.release(held.hold_id)  # giving back is no debit


class TestRelease:
    def test_gives_back_what_was_held(self) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        assert books.release(held.hold_id) is True
        assert units(one) == (100, 0, 100)

    def test_twice_says_so_and_gives_back_once(self) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        books.release(held.hold_id)
        assert books.release(held.hold_id) is False
        assert units(one) == (100, 0, 100)

    def test_of_a_captured_hold_is_refused(self) -> None:
        one = wallet(100)
        held = books.hold(one, 60)
        books.capture(held.hold_id, move(one, wallet(), 60))
        with pytest.raises(errors.HoldEnded):
            books.release(held.hold_id)
        assert units(one) == (40, 0, 40)

    def test_of_a_hold_that_never_was_is_refused(self) -> None:
        with pytest.raises(errors.NoSuchHold):
            books.release(-1)


class TestBalances:
    def test_of_an_unknown_account_are_not_zero_but_an_error(self) -> None:
        with pytest.raises(LookupError):
            balances.of("liability:nobody:NGN")
        with pytest.raises(LookupError):
            balances.at("liability:nobody:NGN", NOON)

    def test_at_a_time_are_those_after_the_last_entry_booked_by_then(self) -> None:
        one = wallet()
        opened = clock.now()
        moments = []
        for size in (10, 20, 30):
            posted = books.post(move(account("asset"), one, size))
            moments.append(statements.journal(posted.journal_id)[0].booked_at)
        assert [balances.at(one, moment) for moment in moments] == [10, 30, 60]
        assert [balances.at(one, moment - timedelta(microseconds=1)) for moment in moments] == [0, 10, 30]
        assert balances.at(one, opened - timedelta(days=1)) == 0
        assert balances.at(one, clock.now() + timedelta(days=1)) == 60

    def test_of_a_journal_that_never_was_are_an_error(self) -> None:
        with pytest.raises(LookupError):
            statements.journal(-1)

    def test_about_one_object_come_oldest_first(self) -> None:
        one, ref = wallet(100), fresh("ref")
        posted = [books.post(move(one, wallet(), size, ref=ref)).journal_id for size in (1, 2, 3)]
        found = statements.journals_of(ref)
        assert [row.id for row in found] == posted
        assert {(row.kind, row.actor) for row in found} == {("test.moved", "system:test")}


class TestStatement:
    def test_shows_entries_newest_first_on_the_account_s_side(self) -> None:
        one, other = wallet(), wallet()
        source, ref = account("asset"), fresh("ref")
        with clock.at(NOON):
            first = books.post(move(source, one, 100))
            second = books.post(move(one, other, 30, ref=ref))
        newest, oldest = statements.statement(one)
        assert (newest.seq, newest.journal_id, newest.kind, newest.ref) == (2, second.journal_id, "test.moved", ref)
        assert (newest.amount, newest.balance) == (kobo(-30), kobo(70))
        assert (oldest.journal_id, oldest.amount, oldest.balance) == (first.journal_id, kobo(100), kobo(100))
        assert newest.effective_at == NOON < newest.booked_at
        (mirrored,) = statements.statement(source)
        assert (mirrored.amount, mirrored.balance) == (kobo(100), kobo(100))  # a debit raises an asset

    def test_goes_on_where_the_page_before_ended(self) -> None:
        one = wallet()
        for size in range(1, 6):
            books.post(move(account("asset"), one, size))
        pages, before = [], ""
        while page := statements.statement(one, before=before, limit=2):
            pages.append([line.amount.units for line in page])
            before = page[-1].cursor
        assert pages == [[5, 4], [3, 2], [1]]

    def test_of_an_account_without_entries_is_empty(self) -> None:
        assert statements.statement(wallet()) == []


def test_the_books_count_in_the_assets_and_decimals_that_the_code_does() -> None:
    stored = {row.code: row.decimals for row in rows("SELECT code, decimals FROM ledger.assets")}
    known = {code: asset.decimals for code, asset in ASSETS.items()}  # (others may have added more since)
    assert {code: stored.get(code) for code in known} == known
    assert {"NGN", "BTC", "ETH", "USDT.TRC20"} <= set(known)
