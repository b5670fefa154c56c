"""The price that is shown, the one that may be dealt at, and the spread on it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import event

from app.core import actor, clock
from app.core.db import db, leave, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.market import rules
from app.pricing import errors, queries, service
from tests.makers import people, quoted, rated

pytestmark = pytest.mark.usefixtures("market")


class TestThePrice:
    def test_of_a_pair_is_what_its_feeds_make(self) -> None:
        quoted.tell()
        found = queries.price("BTC", "USDT")
        assert (found.mid, found.by, found.legs) == (Decimal(100_000), ("coingecko", "kraken", "luno"), ())

    @pytest.mark.parametrize(
        ("base", "quote", "exact", "legs"),
        [
            ("BTC", "NGN", Fraction(150_000_000), ("BTC/USDT", "USDT/NGN")),
            ("NGN", "BTC", Fraction(1, 150_000_000), ("USDT/NGN", "BTC/USDT")),
            ("ETH", "BTC", Fraction(3_500, 100_000), ("ETH/USDT", "BTC/USDT")),
            ("USDT", "BTC", Fraction(1, 100_000), ("BTC/USDT",)),
            ("USD", "NGN", Fraction(1_500), ()),
            ("BTC", "BTC", Fraction(1), ()),
        ],
    )
    def test_is_crossed_along_the_one_way_there_is(
        self, base: str, quote: str, exact: Fraction, legs: tuple[str, ...]
    ) -> None:
        quoted.tell()
        for read in (queries.price, queries.dealing):
            found = read(base, quote)
            assert (found.mid, found.legs) == (rules.rounded(exact), legs)

    def test_is_as_old_as_the_oldest_of_its_legs(self) -> None:
        begin = clock.now()
        quoted.tell(at=begin)
        later = begin + timedelta(seconds=20)
        with clock.at(later):
            quoted.tell(silent=("luno", "bank", "coingecko"), at=later)
            found = queries.price("BTC", "NGN")
        assert (found.at, found.age(later)) == (begin, timedelta(seconds=20))

    def test_at_a_time_before_is_what_it_was(self) -> None:
        begin = clock.now() - timedelta(hours=1)
        last = quoted.told_at(begin, ["100000", "100300", "100600"])
        assert queries.price("BTC", "USDT", at=begin + timedelta(seconds=15)).mid == 100_300
        assert queries.price("BTC", "USDT", at=last).mid == 100_600
        with pytest.raises(errors.NoPrice):
            queries.price("BTC", "USDT", at=begin - timedelta(seconds=1))

    @pytest.mark.parametrize("read", [queries.price, queries.dealing])
    def test_of_what_nobody_prices_there_is_none(self, read: Callable[[str, str], object]) -> None:
        quoted.tell()
        with pytest.raises(errors.NoPrice):
            read("DOGE", "NGN")

    @pytest.mark.parametrize("read", [queries.price, queries.dealing])
    def test_before_anything_was_told_there_is_none(self, read: Callable[[str, str], object]) -> None:
        with pytest.raises(errors.NoPrice) as refused:
            read("BTC", "NGN")
        assert refused.value.status == 503


class TestDealing:
    def test_ends_a_minute_after_the_price_was_made(self) -> None:
        begin = clock.now()
        quoted.tell(at=begin)
        with clock.at(begin + timedelta(seconds=60)):
            queries.dealing("BTC", "NGN")
        with clock.at(begin + timedelta(seconds=61)):
            with pytest.raises(errors.PriceTooOld):
                queries.dealing("BTC", "NGN")
            assert queries.price("BTC", "NGN").mid == 150_000_000  # it is shown, with its age

    @pytest.mark.parametrize(
        ("off", "base", "quote", "stops"),
        [
            ("BTC/USDT", "BTC", "NGN", True),
            ("BTC/USDT", "NGN", "BTC", True),
            ("USDT/NGN", "BTC", "NGN", True),
            ("USDT/NGN", "BTC", "USDT", False),
            ("BTC/NGN", "BTC", "NGN", True),
            ("BTC/NGN", "NGN", "BTC", True),
            ("BTC/NGN", "BTC", "USDT", False),
            ("ETH/USDT", "BTC", "NGN", False),
        ],
    )
    def test_stops_where_a_pair_on_the_way_is_off(self, off: str, base: str, quote: str, *, stops: bool) -> None:
        quoted.tell()
        rated.off(off)
        if stops:
            with pytest.raises(errors.PairHalted) as refused:
                queries.dealing(base, quote)
            assert refused.value.facts == {"pairs": [off]}
        else:
            queries.dealing(base, quote)
        queries.price(base, quote)

    def test_waits_for_the_database_twice_whatever_the_way(self) -> None:
        """Once to keep the pairs from being stopped meanwhile, once for all that the price is made of."""
        quoted.tell()
        asked: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        with transaction(quoted.SYSTEM):
            event.listen(db.engine, "before_cursor_execute", note)
            try:
                queries.dealing("BTC", "NGN")
            finally:
                event.remove(db.engine, "before_cursor_execute", note)
        assert len(asked) == 2, asked


class TestAPriceOfOurOwn:
    def test_takes_the_place_of_the_feeds_for_its_time(self) -> None:
        quoted.tell()
        override = rated.override("USDT/NGN", "1600", minutes=1)
        found = queries.dealing("BTC", "NGN")
        assert found.mid == 160_000_000
        assert found.by == ("coingecko", "kraken", "luno", "override")
        assert queries.price("BTC", "NGN").mid == 160_000_000
        with clock.at(override.ends_at):
            assert queries.price("BTC", "NGN").mid == 150_000_000

    def test_is_there_where_feeds_are_not(self) -> None:
        rated.override("USDT/NGN", "1600")
        assert queries.dealing("USDT", "NGN").by == ("override",)
        with pytest.raises(errors.NoPrice):
            queries.dealing("BTC", "NGN")

    def test_stands_in_for_feeds_that_disagree_but_not_for_a_pair_that_is_off(self) -> None:
        quoted.tell({"luno": {"USDTNGN": "15000"}}, silent=("bank",))
        with pytest.raises(errors.PairHalted):
            queries.dealing("USDT", "NGN")
        rated.override("USDT/NGN", "1600")
        assert queries.dealing("USDT", "NGN").mid == 1_600
        rated.off("USDT/NGN")
        with pytest.raises(errors.PairHalted):
            queries.dealing("USDT", "NGN")

    def test_of_two_the_later_counts_and_one_can_end_it(self) -> None:
        quoted.tell()
        first, second = rated.override("USDT/NGN", "1600"), rated.override("USDT/NGN", "1700")
        assert queries.dealing("USDT", "NGN").mid == 1_700
        leave()
        who = actor.operator(people.operator(Role.TREASURY)[0])
        for override, left in ((second, 1_600), (first, 1_500)):
            with transaction(who):
                service.end_override(override.id, actor=who)
            leave()
            assert queries.dealing("USDT", "NGN").mid == left
            leave()
        with pytest.raises(errors.OverEarlier), transaction(who):
            service.end_override(first.id, actor=who)


class TestTheSpread:
    @pytest.mark.parametrize(
        ("base", "side", "naira", "bps"),
        [
            ("BTC", "buy", 1_000, 100),
            ("BTC", "buy", 1_000_000, 80),
            ("BTC", "sell", 999_999, 100),
            ("BTC", "swap", 1_000, 60),
            ("USDT", "buy", 1_000, 60),
            ("USDT", "swap", 1_000, 60),
            ("TON", "sell", 5_000_000, 130),
        ],
    )
    def test_of_the_beginning(self, base: str, side: str, naira: int, bps: int) -> None:
        worth = Money(NGN, naira * 100)
        assert queries.spread_bps(base, side=side, tier="t1", worth=worth) == bps

    def test_before_any_there_is_none(self) -> None:
        long_ago = clock.now() - timedelta(days=3_000)
        with pytest.raises(errors.NoSpread):
            queries.spread_bps("BTC", side="buy", tier="t1", worth=Money(NGN, 1), at=long_ago)


class TestTheBoard:
    def test_has_every_pair_and_feed(self) -> None:
        quoted.tell({"luno": {"USDTNGN": "15000"}}, silent=("bank",))
        board = queries.board_for_operators()
        lines = {line.pair.code: line for line in board.lines}
        assert {one.feed.id for one in board.feeds} == set(quoted.NUMBERS)
        naira, bitcoin = lines["USDT/NGN"], lines["BTC/USDT"]
        assert bitcoin.price is not None
        assert bitcoin.price.mid == 100_000
        assert (bitcoin.fault, bitcoin.is_old) == ("", False)
        assert (naira.price, [halt.cause for halt in naira.halts]) == (None, ["disagreeing"])
        assert "different prices" in naira.fault

    def test_says_of_a_cross_what_stops_it_over_its_legs(self) -> None:
        quoted.tell()
        rated.off("BTC/USDT")
        lines = {line.pair.code: line for line in queries.board_for_operators().lines}
        stops = {code: [halt.pair for halt in line.stops] for code, line in lines.items() if line.stops}
        assert stops == {"BTC/USDT": ["BTC/USDT"], "BTC/NGN": ["BTC/USDT"]}
        assert lines["BTC/NGN"].halts == []

    def test_says_that_a_price_of_our_own_stands_in(self) -> None:
        quoted.tell({"luno": {"USDTNGN": "15000"}}, silent=("bank",))
        rated.override("USDT/NGN", "1600")
        lines = {line.pair.code: line for line in queries.board_for_operators().lines}
        naira, cross = lines["USDT/NGN"], lines["BTC/NGN"]
        assert ([halt.cause for halt in naira.halts], naira.stops) == (["disagreeing"], [])
        assert (naira.is_ours, cross.is_ours, lines["BTC/USDT"].is_ours) == (True, True, False)

    def test_has_a_day_of_prices(self) -> None:
        quoted.roll(quoted.told_at(clock.now() - timedelta(hours=3), ["100000", "100500"], every=timedelta(hours=2)))
        line = next(one for one in queries.board_for_operators().lines if one.pair.code == "BTC/NGN")
        assert line.spark == [150_000_000, 150_750_000]
        assert queries.sparkline("BTC", points=24) == line.spark
        since = clock.now() - timedelta(hours=4)
        assert [one.close for one in queries.candles("BTC", span="1m", since=since)] == line.spark
