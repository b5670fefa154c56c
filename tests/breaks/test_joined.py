"""A break of an account that is counted with another: an operator sees where it lies, and it is booked there."""

import pytest

from app.breaks import acts, service
from app.breaks import queries as work
from app.core.db import leave, rows, transaction
from app.governance import queries as governance
from app.ledger import balances
from app.matching import break_queries
from tests.makers import books, broken
from tests.makers.joining import Both
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
OTHER = "expense:bank_charges:NGN"


@pytest.fixture
def both() -> Both:
    """One line of 10 naira that nobody booked, and an entry on either account that nobody told of."""
    made = Both(Outside())
    made.outside.tell((1_000, books.fresh("theirs")), covers=3)
    made.outside.book(300)
    made.book(70)
    made.join()
    made.outside.run()
    return made


def lies_in(both: Both) -> dict[int, str | None]:
    """Where each open break lies, by its kobo."""
    found = break_queries.shown_for_operators(both.outside.open_ids)
    leave()
    return {int(one.amount * 100): one.booked_in for one in found}


def of(both: Both, kobo: int) -> int:
    """The number of the break of so many kobo."""
    (found,) = rows(
        "SELECT id FROM breaks WHERE account = :a AND closed_by IS NULL AND amount = :of",
        a=both.outside.account, of=books.kobo(kobo).units / 100,
    )  # fmt: skip
    leave()
    number: int = found.id
    return number


def test_each_says_where_it_lies_as_long_as_there_are_several(both: Both) -> None:
    assert lies_in(both) == {1_000: None, -300: both.outside.account, -70: both.second}
    assert set(lies_in(Both(Outside.differing()))) == {1_000, -900}
    assert set(lies_in(Both(Outside.differing())).values()) == {None}
    leave()


def test_a_journal_for_it_goes_to_the_account_that_its_entry_is_on(both: Both) -> None:
    asked = broken.journal(of(both, -70), OTHER)
    lines = governance.one_for_operators(asked).request.payload
    assert (lines["account"], lines["into"]) == (both.outside.account, both.second)
    leave()
    assert broken.agree(asked) == "executed"
    assert balances.of(both.second).booked.units == 0
    assert broken.agree(broken.journal(of(both, -300), OTHER)) == "executed"
    assert broken.agree(broken.write_off(of(both, 1_000))) == "executed"
    assert balances.of(both.outside.account).booked.units == 1_000
    leave()
    assert both.outside.breaks == []
    assert both.outside.proof.ties


def test_a_match_is_mended_where_its_entries_lie(both: Both) -> None:
    ref = books.fresh("dep")
    both.book(500, ref=ref)
    both.outside.tell((450, ref))
    both.outside.run()
    assert lies_in(both)[-50] == both.second
    assert broken.agree(broken.journal(of(both, -50), OTHER)) == "executed"
    assert balances.of(both.second).booked.units == 70 + 450
    leave()
    assert both.outside.proof.ties


def test_a_match_over_both_is_mended_where_the_source_tells_of() -> None:
    both, ref = Both(Outside()), books.fresh("dep")
    both.book(100, ref=ref)
    both.outside.book(200, ref=ref)
    both.outside.tell((350, ref))
    both.join()
    both.outside.run(whole=True)
    assert both.outside.groups == [("our reference", 1, 2)]
    one = break_queries.one_for_operators(of(both, 50))
    assert acts.into(one) == both.outside.account
    leave()


def test_what_was_asked_for_before_it_left_comes_to_nothing(both: Both) -> None:
    asked = broken.journal(of(both, -70), OTHER)
    both.leave()
    assert broken.agree(asked) == "failed"
    assert balances.of(both.second).booked.units == 70
    leave()
    assert both.outside.proof.ties


def test_none_is_booked_to_the_other_of_the_two(both: Both) -> None:
    assert OTHER in work.others_for_operators(both.outside.account)
    assert not {both.second, both.outside.account} & set(work.others_for_operators(both.outside.account))
    leave()


def test_the_work_on_an_entry_goes_with_it_to_a_source_of_its_own(both: Both) -> None:
    broken.agree(broken.acceptance(of(both, -70)))
    both.leave()
    with transaction(TEST):
        service.follow(both.outside.account, actor=TEST)
    leave()
    own = Outside(account=both.second, other=both.outside.other)
    own.run()
    (number,) = own.open_ids
    assert broken.agree(broken.acceptance(number)) == "executed"
    (case,) = rows("SELECT c.account FROM break_cases c JOIN breaks b ON b.journal_id = c.journal_id WHERE b.id = :id",
                   id=number)  # fmt: skip
    leave()
    assert case.account == both.second
