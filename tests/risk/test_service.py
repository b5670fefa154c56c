"""Limits at work: counted before the money moves, whatever happens at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import for_everyone, leave, transaction
from app.core.money import NGN, Money
from app.customers.rules import Tier
from app.risk import errors, queries
from app.risk import service as risk
from app.risk.rules import Direction, Rail
from app.risk.service import Intent
from reports import limits
from tests.makers import people, sending
from tests.makers.books import fresh
from tests.makers.coins import BTC, ETH
from tests.makers.people import Customer

TEST = actor.system("test")


@pytest.fixture
def somebody(inside: Flask) -> Callable[[Tier], Customer]:
    """A new customer of a tier."""

    def make(tier: Tier) -> Customer:
        found = people.customer(tier=tier)
        leave()
        return found

    return make


def asks(who: Customer, kobo: int, *, way: Direction = Direction.OUT, rail: Rail = Rail.BANK, ref: str = "") -> str:
    """They do something worth this: its ref."""
    ref = ref or fresh("use")
    with transaction(TEST):
        risk.check(Intent(ref, who.id, rail, way, Money(NGN, kobo)))
    leave()
    return ref


def bound(refused: pytest.ExceptionInfo[errors.LimitExceeded]) -> tuple[str, str]:
    """Which limit it was, and what is left of it."""
    return refused.value.facts["bound"], refused.value.facts["left"]


class TestTiers:
    def test_of_nobody_verified_lets_nothing_through(self, somebody: Callable[[Tier], Customer]) -> None:
        who = somebody(Tier.T0)
        for way in Direction:
            with pytest.raises(errors.TierTooLow):
                asks(who, 1, way=way)

    def test_grow(self, somebody: Callable[[Tier], Customer]) -> None:
        first, second = somebody(Tier.T1), somebody(Tier.T2)
        with pytest.raises(errors.LimitExceeded) as refused:
            asks(first, 50_001_00)
        assert bound(refused) == ("day", "5000000")
        assert refused.value.message == "Your limit is ₦50,000.00 a day; ₦50,000.00 is left today."
        asks(second, 50_001_00)

    def test_keep_a_first_one_off_the_chain(self, somebody: Callable[[Tier], Customer]) -> None:
        with pytest.raises(errors.TierTooLow):
            asks(somebody(Tier.T1), 1, rail=Rail.CHAIN)

    def test_of_two_scopes_each_counts(self, somebody: Callable[[Tier], Customer]) -> None:
        who = somebody(Tier.T3)
        with pytest.raises(errors.LimitExceeded) as refused:
            asks(who, 1_000_001_00)
        assert bound(refused) == ("single", "100000000")
        asks(who, 1_000_001_00, rail=Rail.CHAIN)
        for _ in range(3):
            asks(who, 1_000_000_00)
        with pytest.raises(errors.LimitExceeded) as refused:
            asks(who, 1_000_000_00)  # the chain's and the bank's together are a day's
        assert bound(refused) == ("day", "99999900")

    def test_of_the_highest_tier_are_bounded_too(self, somebody: Callable[[Tier], Customer]) -> None:
        with pytest.raises(errors.LimitExceeded) as refused:
            asks(somebody(Tier.T3_PLUS), 1_000_000_01)
        assert bound(refused) == ("single", "100000000")


class TestCounting:
    def test_once_however_often_it_is_asked(self, somebody: Callable[[Tier], Customer]) -> None:
        who = somebody(Tier.T1)
        ref = asks(who, 30_000_00)
        assert asks(who, 30_000_00, ref=ref) == ref
        asks(who, 20_000_00)

    def test_what_is_pending_and_what_is_done_and_not_what_was_released(
        self, somebody: Callable[[Tier], Customer]
    ) -> None:
        who = somebody(Tier.T1)
        done, gone = asks(who, 20_000_00), asks(who, 30_000_00)
        with pytest.raises(errors.LimitExceeded):
            asks(who, 1)
        with transaction(TEST):
            risk.settle(done)
            risk.release(gone)
        with transaction(TEST):
            risk.settle(gone)  # too late: it was released
            risk.release(done)
        with pytest.raises(errors.LimitExceeded) as refused:
            asks(who, 30_000_01)
        assert bound(refused) == ("day", "3000000")
        asks(who, 30_000_00)

    def test_what_one_may_have_with_what_is_on_the_way(self, somebody: Callable[[Tier], Customer]) -> None:
        who = somebody(Tier.T1)
        refs = [asks(who, 50_000_00, way=Direction.IN) for _ in range(6)]
        with pytest.raises(errors.LimitExceeded) as refused:
            asks(who, 1, way=Direction.IN)
        assert bound(refused) == ("balance", "0")
        with transaction(TEST):
            risk.release(refs[0])
        asks(who, 50_000_00, way=Direction.IN)


class TestWhatOneMayHave:
    """₦300,000 in the first tier, all wallets together."""

    def room(self, who: Customer) -> str:
        """What still fits (kobo)."""
        with pytest.raises(errors.LimitExceeded) as refused:
            asks(who, 300_000_01, way=Direction.IN, rail=Rail.INSIDE)
        leave()
        return bound(refused)[1]

    def test_counts_every_wallet_at_the_rate_that_was_told_last_each_rounded_up(
        self, somebody: Callable[[Tier], Customer]
    ) -> None:
        who = somebody(Tier.T1)
        for money in (Money(NGN, 100_00), Money(BTC, 200_001), Money(ETH, 1)):
            sending.give(who, money)
        sending.price("BTC", 100_000_000)  # (₦200,001.00)
        sending.price("ETH", 5_000_000)  # (less than a kobo, which counts for one)
        assert self.room(who) == str(300_000_00 - 100_00 - 200_001_00 - 1)
        sending.price("BTC", 160_000_000)
        assert self.room(who) == "0"
        with clock.at(clock.now() + timedelta(days=40)):  # (a price that is old is better than none)
            assert self.room(who) == "0"

    def test_leaves_out_what_never_had_a_rate(self, somebody: Callable[[Tier], Customer]) -> None:
        who = somebody(Tier.T1)
        for money in (Money(NGN, 100_00), Money(BTC, 10**8)):
            sending.give(who, money)
        with clock.at(datetime(2026, 1, 2, tzinfo=WAT)):  # before any of these prices
            assert self.room(who) == str(300_000_00 - 100_00)

    def test_bounds_only_what_adds_to_it(self, somebody: Callable[[Tier], Customer]) -> None:
        who = somebody(Tier.T1)
        sending.give(who, Money(NGN, 300_000_00))
        with transaction(TEST):
            risk.check(Intent(fresh(), who.id, Rail.INSIDE, Direction.IN, Money(NGN, 5_00), was_theirs=True))
        with pytest.raises(errors.LimitExceeded):
            asks(who, 5_00, way=Direction.IN, rail=Rail.INSIDE)

    def test_is_told_with_the_limits(self, somebody: Callable[[Tier], Customer]) -> None:
        who = somebody(Tier.T1)
        sending.give(who, Money(BTC, 100_000))
        sending.price("BTC", 100_000_000)
        (bar,) = [
            bar
            for one in limits.of_customer(customer_id=who.id).groups
            for bar in one.bars
            if one.rail == "bank" and bar.name == limits.WALLET
        ]
        assert bar.used == Money(NGN, 100_000_00)
        leave()


class TestDays:
    @pytest.fixture
    def at(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
        """Set the clock."""
        return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)

    def test_end_at_midnight_in_lagos(
        self, somebody: Callable[[Tier], Customer], at: Callable[[datetime], None]
    ) -> None:
        who, midnight = somebody(Tier.T1), datetime(2026, 5, 1, tzinfo=WAT)
        at(midnight - timedelta(microseconds=1))
        asks(who, 50_000_00)
        with pytest.raises(errors.LimitExceeded):
            asks(who, 1)
        at(midnight)
        asks(who, 50_000_00)

    def test_of_thirty_the_first_drops_out_at_midnight(
        self, somebody: Callable[[Tier], Customer], at: Callable[[datetime], None]
    ) -> None:
        who, first = somebody(Tier.T1), datetime(2026, 1, 31, 23, 59, tzinfo=WAT)
        for day in range(6):
            at(first + timedelta(days=day))
            asks(who, 50_000_00)
        at(first + timedelta(days=29))
        with pytest.raises(errors.LimitExceeded) as refused:
            asks(who, 1)
        assert bound(refused) == ("month", "0")
        at(first + timedelta(days=29, minutes=1))
        asks(who, 50_000_00)
        with pytest.raises(errors.LimitExceeded):
            asks(who, 1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(st.integers(1, 30_000_00), min_size=2, max_size=12), gone=st.sets(st.integers(0, 11)))
def test_no_crowd_passes_a_limit(app: Flask, wanted: list[int], gone: set[int]) -> None:
    with app.app_context():
        who = people.customer(tier=Tier.T1)
        leave()
    refs = [fresh("use") for _ in wanted]

    def one(place: int) -> None:
        with app.app_context(), for_everyone():
            try:
                asks(who, wanted[place], ref=refs[place])
                if place in gone:
                    with transaction(TEST):
                        risk.release(refs[place])
            except errors.LimitExceeded:
                pass

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one, [*range(len(wanted)), *range(len(wanted))]))
    with app.app_context():
        out = next(one for one in queries.standings(who.id, tier=Tier.T1) if one.scope.direction == "out")
        assert 0 <= out.measured.day <= 50_000_00
        leave()
