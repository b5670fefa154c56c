"""A bank account in another name: an officer asks that it count as theirs, a manager agrees, and check 9 passes."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import actor
from app.core.db import db, for_everyone, leave, sqlstate, transaction
from app.core.permissions import Role
from app.governance import flows
from app.governance import service as governance
from app.governance.models import Request
from app.payments import errors
from app.withdrawals import queries
from app.withdrawals.models import Withdrawal
from tests.makers import asking, people
from tests.withdrawals.conftest import SYSTEM, Case

OTHER = "UPDATE bank_accounts SET account_name = 'CHUKWUEMEKA BALOGUN', name_score = 0 WHERE id = :account"


def nine(asked: Withdrawal) -> str:
    """What check 9 came to last."""
    (found,) = [row for row in queries.checks_for_operators(asked.id) if row.number == 9]
    leave()
    return found.outcome


def agree(asked: Request) -> None:
    who = actor.operator(people.operator(Role.COMPLIANCE_MANAGER)[0])
    with transaction(who):
        governance.approve(asked.id, operator_id=who.id, shown=asked.payload_hash, actor=who)
    with for_everyone():
        flows.carry_out(asked.id, actor=SYSTEM)


def test_two_people_say_that_an_account_is_theirs(case: Case) -> None:
    case.does(OTHER)
    asked, officer = case.ask(), people.operator(Role.COMPLIANCE_OFFICER)[0]
    assert nine(asked) == "review"
    request = asking.override_of(case.account, officer)
    leave()
    with pytest.raises(errors.NameAskedAlready):
        asking.override_of(case.account, officer)
    leave()
    assert nine(case.again(asked)) == "review"  # (asked for is not agreed to)
    agree(request)
    assert nine(case.again(asked)) == "pass"
    with pytest.raises(errors.NameFits):
        asking.override_of(case.account, officer)
    leave()
    case.does("UPDATE customers SET name = 'Somebody Else' WHERE id = :customer")
    assert nine(case.again(asked)) == "review"  # (it holds for the name that they had)


def test_of_one_that_fits_there_is_nothing_to_say(case: Case) -> None:
    with pytest.raises(errors.NameFits):
        asking.override_of(case.account, people.operator(Role.COMPLIANCE_OFFICER)[0])


def test_the_database_takes_it_from_a_request_alone(case: Case) -> None:
    case.does(OTHER)
    asked = asking.override_of(case.account, people.operator(Role.COMPLIANCE_OFFICER)[0])
    leave()
    with pytest.raises(DBAPIError) as no, transaction(case.owner.actor):
        db.session.execute(
            text("UPDATE bank_accounts SET name_request_id = :request WHERE id = :id"),
            {"request": asked.id, "id": case.account},
        )
    assert sqlstate(no.value) == "BU005"
