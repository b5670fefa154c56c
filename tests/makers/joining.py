"""Accounts of the books that are counted together: asked for by finance, agreed to by treasury, carried out."""

from datetime import timedelta

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.governance import queries as governance
from app.governance.models import Request
from app.ledger.journal import Journal, credit, debit
from app.reconciliation import joining_requests
from tests.makers import books, people, ruled
from tests.makers.matching import BEGAN, Outside

WHY = "The bank keeps them as one."


def ask_join(account: str, joins: str, *, by: str = "") -> Request:
    """Asked for: that one be counted with the other."""
    maker = by or people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        asked = joining_requests.request_join(account, joins=joins, reason=WHY, maker=maker, actor=who)
    leave()
    return asked


def ask_leave(account: str, joins: str, *, by: str = "") -> Request:
    """Asked for: that it be counted by itself again."""
    maker = by or people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        asked = joining_requests.request_leave(account, joins=joins, reason=WHY, maker=maker, actor=who)
    leave()
    return asked


def join(account: str, joins: str) -> str:
    """Have it be so: what came of it."""
    return _done(ask_join(account, joins))


def leave_it(account: str, joins: str) -> str:
    """Have it be so no more: what came of it."""
    return _done(ask_leave(account, joins))


def joining(maker: str) -> Request:
    """That an account be counted with one that a source tells of."""
    return ask_join(books.account("asset"), Outside().account, by=maker)


def leaving(maker: str) -> Request:
    """That one that is be counted by itself again."""
    account, joins = books.account("asset"), Outside().account
    join(account, joins)
    return ask_leave(account, joins, by=maker)


class Both:
    """An account that a source tells of, and a second one of the books for the same."""

    def __init__(self, outside: Outside) -> None:
        self.outside, self.second = outside, books.account("asset")

    def book(self, kobo: int, *, ref: str = "", told: str = "", days: int = 0) -> int:
        """Post so many kobo to the second account: the journal's number."""
        legs = (debit(self.second, books.kobo(kobo)), credit(self.outside.other, books.kobo(kobo)))
        memo = {"told": told} if told else {}
        at = BEGAN + timedelta(days=days)
        posted = books.post(Journal("test.moved", ref or books.fresh("ref"), legs, memo, at)).journal_id
        leave()
        return posted

    def join(self) -> str:
        """Count it together with the first."""
        return join(self.second, self.outside.account)

    def leave(self) -> str:
        """Count it by itself."""
        return leave_it(self.second, self.outside.account)


def _done(asked: Request) -> str:
    request_id = asked.id
    ruled.agree(asked)
    found = governance.one_for_operators(request_id).request
    assert found.state == "executed", found.result
    result: str = found.result
    leave()
    return result
