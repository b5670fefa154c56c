"""A journal is undone by its mirror image, linked to it, once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import leave, sqlstate, transaction
from app.ledger import balances, errors, posting, statements
from app.ledger.journal import Journal, credit, debit
from app.ledger.posting import Posted
from tests.makers import books
from tests.makers.books import TESTER, account, fresh, kobo, move, wallet
from tests.makers.story import undone

pytestmark = pytest.mark.usefixtures("inside")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def units(code: str) -> int:
    leave()
    return balances.of(code).booked.units


class TestReverse:
    def test_writes_the_mirror_image(self) -> None:
        one, other = wallet(100), wallet()
        legs = (debit(one, kobo(40)), credit(other, kobo(25)), credit(one, kobo(15)))
        posted = books.post(Journal("test.moved", "order-7", legs, {"note": "blue"}))
        undone = books.reverse(posted.journal_id)
        header, written = statements.journal(undone.journal_id)
        assert (header.kind, header.ref, header.reverses, header.legs) == (
            "test.reversed",
            "order-7",
            posted.journal_id,
            3,
        )
        assert [(leg.code, leg.amount) for leg in written] == [(one, -40), (other, 25), (one, 15)]
        assert (units(one), units(other)) == (100, 0)
        assert statements.journal(posted.journal_id)[0].reversed_by == undone.journal_id

    def test_takes_effect_when_it_is_done(self) -> None:
        with clock.at(NOON):
            posted = books.post(move(account("asset"), account(), 5))
        header, _ = statements.journal(books.reverse(posted.journal_id).journal_id)
        assert header.effective_at == header.booked_at > NOON

    def test_again_with_the_same_key_answers_the_same(self) -> None:
        one, key = wallet(100), fresh()
        posted = books.post(move(one, wallet(), 40))
        first = books.reverse(posted.journal_id, key=key)
        assert books.reverse(posted.journal_id, key=key) == Posted(first.journal_id, replayed=True)
        assert units(one) == 100

    def test_again_with_another_key_is_refused(self) -> None:
        posted = books.post(move(account("asset"), account(), 5))
        books.reverse(posted.journal_id)
        with pytest.raises(errors.AlreadyReversed):
            books.reverse(posted.journal_id)

    def test_with_the_key_of_another_journal_is_refused(self) -> None:
        key = fresh()
        posted = books.post(move(account("asset"), account(), 5), key=key)
        with pytest.raises(errors.PostingKeyReused):
            books.reverse(posted.journal_id, key=key)

    def test_of_a_reversal_books_it_again(self) -> None:
        one = wallet(100)
        posted = books.post(move(one, wallet(), 40))
        books.reverse(books.reverse(posted.journal_id).journal_id)
        assert units(one) == 60

    def test_of_nothing_that_was_posted_is_refused(self) -> None:
        with pytest.raises(errors.NoSuchJournal):
            books.reverse(10**15)

    def test_is_refused_when_the_money_is_gone(self) -> None:
        one, other = wallet(100), wallet()
        posted = books.post(move(one, other, 40))
        books.post(move(other, wallet(), 1))
        with pytest.raises(errors.InsufficientFunds):
            books.reverse(posted.journal_id)
        books.post(move(account("asset"), other, 1))
        assert not books.reverse(posted.journal_id).replayed  # refused once, not for ever

    def test_is_refused_in_a_frozen_direction(self) -> None:
        one, other = wallet(100), wallet()
        posted = books.post(move(one, other, 40))
        books.restrict(other, debits=True)
        with pytest.raises(errors.AccountBlocked):
            books.reverse(posted.journal_id)


class TestAReversalByPost:
    """The app may call the database's function with a journal to reverse: it must be that one's mirror."""

    POST = text(
        "SELECT * FROM ledger.post(:key, 'test', 'ref', CAST(:codes AS text[]), CAST(:amounts AS numeric[]), NULL,"
        " '{}', :reverses)"
    )

    @pytest.mark.parametrize("amounts", [[5, -5], [-4, 4], [-6, 6]])
    def test_that_does_not_mirror_is_refused(self, amounts: list[int]) -> None:
        one, other = account("asset"), account()
        posted = books.post(move(one, other, 5))
        assert self.refusal([one, other], amounts, posted.journal_id) == "LG001"

    def test_in_other_accounts_is_refused(self) -> None:
        one, other = account("asset"), account()
        posted = books.post(move(one, other, 5))
        assert self.refusal([account("asset"), other], [-5, 5], posted.journal_id) == "LG001"

    def refusal(self, codes: list[str], amounts: list[int], reverses: int) -> str:
        arguments = {"key": fresh(), "codes": codes, "amounts": amounts, "reverses": reverses}
        with pytest.raises(DBAPIError) as refused, transaction(TESTER) as session:
            session.execute(self.POST, arguments)
        return sqlstate(refused.value)


def test_a_correction_is_of_a_journal_that_there_is() -> None:
    legs = move(account("asset"), account(), 5).legs
    with pytest.raises(errors.NoSuchJournal), undone():
        posting.post(Journal("test.corrected", "ref", legs, corrects=10**15), key=fresh())
