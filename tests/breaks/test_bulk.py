"""One deed for many breaks: what was shown is what is done, each by itself, and what came of each is said."""

from decimal import Decimal

import pytest

from app.breaks import bulk, errors, queries, service
from app.breaks.board import Sought
from app.breaks.bulk import Deed
from app.breaks.rules import Act
from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from tests.makers import broken, people
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def outside() -> Outside:
    """Thirty lines that nobody booked."""
    made = Outside()
    made.tell(*((100 + number, fresh("x")) for number in range(30)))
    made.run()
    return made


def ask(outside: Outside, deed: Deed, *, maker: str = "", seen: int = 30) -> str:
    """Ask for it: the bulk."""
    maker = maker or people.newcomer(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        found = bulk.chosen_for_operators(outside.account, Sought())
        made = bulk.ask(
            outside.account, Sought(), deed, scope="all of them", seen=(seen, found.amount), maker=maker, actor=who
        )
        bulk_id = made.id
    leave()
    return bulk_id


def outcomes(bulk_id: str) -> dict[str, int]:
    found = queries.outcomes_for_operators(bulk_id)
    leave()
    return found


def carry_out(bulk_id: str) -> dict[str, int]:
    """Do all rows: what came of them."""
    more = True
    while more:
        with transaction(TEST):
            more = bulk.go_on(bulk_id, actor=TEST)
        leave()
    return outcomes(bulk_id)


def request_of(bulk_id: str) -> str:
    found = queries.bulk_for_operators(bulk_id).request_id
    leave()
    assert found
    return found


def test_many_are_given_to_somebody_at_once(outside: Outside) -> None:
    owner, _ = people.newcomer(Role.FINANCE)
    assert carry_out(ask(outside, Deed(Act.ASSIGN, "", owner=owner))) == {"done": 30}
    assert broken.trail(broken.numbers(outside)[0]) == ["opened", "assigned"]


def test_what_fits_by_now_must_be_what_was_shown(outside: Outside) -> None:
    with pytest.raises(errors.BreakChanged):
        ask(outside, Deed(Act.COMMENT, "Seen."), seen=29)
    with pytest.raises(errors.WordsMissing):
        ask(outside, Deed(Act.COMMENT, " "))


def test_many_are_written_off_when_others_agree_and_what_changed_is_left_out(outside: Outside) -> None:
    made = ask(outside, Deed(Act.WRITE_OFF, "Nobody knows."))
    first, *_ = broken.numbers(outside)
    assert broken.agree(broken.journal(first, "expense:bank_charges:NGN")) == "executed"
    assert carry_out(made) == {"": 30}  # (nobody agreed yet)
    assert broken.agree(request_of(made)) == "executed"
    assert carry_out(made) == {"done": 29, "ineligible": 1}
    assert (outside.breaks, outside.proof.ties) == ([], True)


def test_many_are_accepted_for_a_time_and_nobody_agrees_to_their_own(outside: Outside) -> None:
    until = broken.today().replace(year=broken.today().year + 1)
    made = ask(outside, Deed(Act.ACCEPT, "They correct it.", until=until))
    assert broken.agree(request_of(made)) == "executed"
    assert carry_out(made) == {"done": 30}
    assert {broken.case_state(number) for number in broken.numbers(outside)} == {"accepted"}
    assert outside.proof.ties
    with pytest.raises(errors.NothingChosen):
        bulk.chosen_for_operators(outside.account, Sought())
    leave()


def test_what_others_deny_is_dropped(outside: Outside) -> None:
    made = ask(outside, Deed(Act.WRITE_OFF, "Nobody knows."))
    broken.deny(asked := request_of(made))
    with transaction(TEST):
        service.refused(asked, reason="no", actor=TEST)
        bulk.drop(asked, reason="no", actor=TEST)
    assert carry_out(made) == {"": 30}
    assert queries.bulk_for_operators(made).state == "dropped"
    assert queries.bulk_for_operators(made).amount == Decimal("34.35")
    leave()
