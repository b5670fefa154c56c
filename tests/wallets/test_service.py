"""Wallets: opened, closed while empty, and the same again."""

import threading

import pytest
from flask import Flask

from app.core import actor
from app.core.db import for_everyone, leave, rows, transaction
from app.core.money import ASSETS, NGN, Money
from app.ledger import balances, chart, posting
from app.ledger.errors import NoSuchAsset
from app.ledger.journal import Journal, credit, debit
from app.wallets import errors, queries, service
from tests.makers import books, people
from tests.makers.coins import BTC
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")
TEST = actor.system("test")


def held(owner: Customer) -> list[str]:
    found = [code for code, _ in queries.balances_of(customer_id=owner.id)]
    leave()
    return found


def give(owner: Customer, units: int) -> None:
    """So many satoshi out of the house's own."""
    legs = (
        debit(chart.house(chart.DEALING, asset=BTC), Money(BTC, units)),
        credit(chart.of_customer(owner.id, asset=BTC), Money(BTC, units)),
    )
    books.post(Journal("test.given", books.fresh("ref"), legs))


def opened(owner: Customer, code: str = "BTC") -> None:
    with transaction(owner.actor):
        service.open_own(owner.id, code=code)


def closed(owner: Customer, code: str = "BTC") -> None:
    with transaction(owner.actor):
        service.close_own(owner.id, code=code)


class TestOpening:
    def test_is_done_once_and_in_the_order_of_lists(self) -> None:
        owner = people.customer()
        for code in ("TON", "BTC", "BTC", "USDT.TRC20"):
            opened(owner, code)
        assert held(owner) == ["NGN", "BTC", "USDT.TRC20", "TON"]

    def test_refuses_what_there_is_not(self) -> None:
        owner = people.customer()
        with pytest.raises(NoSuchAsset):
            opened(owner, "NOSUCH")

    def test_is_read_in_one_statement(self) -> None:
        codes = [chart.of_customer(people.customer().id, asset=NGN) for _ in range(2)]
        assert set(balances.of_all(codes)) == set(codes)
        with pytest.raises(LookupError):
            balances.of_all([*codes, "liability:customer:nobody:NGN"])


class TestClosing:
    def test_hides_an_empty_one_and_opening_brings_the_same_back(self) -> None:
        owner = people.customer()
        opened(owner)
        (before,) = rows("SELECT id, account FROM wallets WHERE customer_id = :id AND asset = 'BTC'", id=owner.id)
        leave()
        closed(owner)
        closed(owner)
        assert held(owner) == ["NGN"]
        opened(owner)
        assert held(owner) == ["NGN", "BTC"]
        (after,) = rows("SELECT id, account FROM wallets WHERE customer_id = :id AND asset = 'BTC'", id=owner.id)
        assert after == before

    def test_is_refused_while_anything_is_in_it(self) -> None:
        owner = people.customer()
        opened(owner)
        give(owner, 5)
        with pytest.raises(errors.WalletNotEmpty):
            closed(owner)
        account = chart.of_customer(owner.id, asset=BTC)
        with transaction(TEST):
            posting.hold(account, amount=Money(BTC, 5), ref="x", key=books.fresh())
        with pytest.raises(errors.WalletNotEmpty):
            closed(owner)

    def test_is_refused_for_naira_and_for_what_is_not_theirs(self) -> None:
        owner, other = people.customer(), people.customer()
        opened(other)
        with pytest.raises(errors.NairaStays):
            closed(owner, "NGN")
        with pytest.raises(errors.NoSuchWallet):
            closed(owner)
        assert held(other) == ["NGN", "BTC"]

    def test_money_that_comes_to_a_closed_one_is_seen(self) -> None:
        owner = people.customer()
        opened(owner)
        closed(owner)
        give(owner, 7)
        assert held(owner) == ["NGN", "BTC"]

    def test_at_the_moment_when_money_comes_loses_none(self, inside: Flask) -> None:
        """Whichever is first, what came is there and is seen."""
        for _ in range(5):
            owner = people.customer()
            opened(owner)
            gate = threading.Barrier(2)

            def close(owner: Customer = owner, gate: threading.Barrier = gate) -> None:
                with inside.app_context(), for_everyone():
                    gate.wait()
                    try:
                        closed(owner)
                    except errors.WalletNotEmpty:
                        leave()

            closing = threading.Thread(target=close)
            closing.start()
            gate.wait()
            give(owner, 3)
            closing.join()
            found = dict(queries.balances_of(customer_id=owner.id))
            leave()
            assert found["BTC"].booked == Money(ASSETS["BTC"], 3)
