"""Profit and loss of a drawn story: ours from the database, and a program's that has read the export alone, equal."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from app.core import clock
from app.core.clock import WAT
from app.core.db import leave, rows, transaction, whole_books
from app.core.money import ASSETS, NGN, Money
from app.exchange import days
from app.exchange.pnl import Account
from app.ledger import accounts, chart, posting, prices, seal
from app.ledger.export import Format, export
from app.ledger.journal import Journal, Leg, credit, debit
from app.ledger.whole import Span
from dev.embedded import Servers
from reports import pnl
from tests.makers import books
from tests.makers.databases import fresh_database

SEALED_WITHIN_SECONDS = 60
pytestmark = pytest.mark.xdist_group("pnl")

ROOT = Path(__file__).resolve().parents[2]
SEED = 20_261_122
STEPS = 250
TRADED = ("BTC", "ETH", "USDT.TRC20", "TRX")
NAIRA = {"BTC": 158_000_000, "ETH": 4_900_000, "USDT.TRC20": 1_612, "TRX": 540, "USD": 1_580}
# A trade of ours, in the middle of the story, at a price that was stored some time before it.
AT_AN_OLDER_PRICE = """
SELECT j.effective_at FROM ledger.journals j
 WHERE j.kind = 'filled' AND j.reverses IS NULL AND j.effective_at > '2026-10-10'
   AND NOT EXISTS (SELECT FROM ledger.prices p WHERE p.asset = 'USDT.TRC20' AND p.at = j.effective_at)
 ORDER BY j.effective_at LIMIT 1
"""
CUSTOMERS = {code: f"liability:customer:cus_pnl:{code}" for code in (*TRADED, "NGN")}


@pytest.fixture(scope="module")
def desk(given: Servers, home: Path) -> Iterator[Flask]:
    """The books of this file alone."""
    with fresh_database(given, home) as made, books.desk(made.app_url) as room:
        yield room


@pytest.fixture(scope="module")
def told(desk: Flask) -> None:
    """The story, in those books."""
    with desk.app_context():
        with transaction(books.TESTER):
            for code, account in CUSTOMERS.items():
                accounts.open_account(account, asset=ASSETS[code], floor_units=None)
        Story(SEED).tell(datetime(2026, 10, 1, 8, tzinfo=WAT))


@pytest.fixture
def inside(desk: Flask, told: None) -> Iterator[Flask]:
    """At those books."""
    with desk.app_context():
        yield desk


def house(template: str, code: str) -> str:
    """An account of ours."""
    return chart.house(template, asset=ASSETS[code])


def venue(code: str) -> str:
    """What the venue holds for us."""
    return chart.at_venue("kraken", asset=ASSETS[code])


class Story:
    """Draws what happens, and books it."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)  # noqa: S311
        self.naira = {code: Decimal(price) for code, price in NAIRA.items()}

    def drift(self) -> None:
        """Prices move, and some are stored; TRX has none for the first third of the story."""
        for code in self.naira:
            self.naira[code] *= Decimal(self.luck.randint(9_900, 10_100)) / 10_000
            self.naira[code] = self.naira[code].quantize(Decimal("0.000001"))

    def store(self, step: int) -> None:
        """Keep what they are now."""
        for code, price in self.naira.items():
            if code != "TRX" or step > STEPS // 3:
                prices.record(code, naira=price, at=clock.now(), source="test")

    def units(self, code: str, naira: int) -> int:
        """How many units so many naira are."""
        return max(1, int(Decimal(naira) * 10 ** ASSETS[code].decimals // self.naira[code]))

    def leg(self, account: str, units: int) -> Leg:
        """A debit, or a credit below zero."""
        return Leg(account, Money(ASSETS[account.rpartition(":")[2]], units))

    def journal(self, kind: str, *legs: tuple[str, int]) -> Journal:
        """Balanced legs."""
        return Journal(kind, books.fresh("ref"), tuple(self.leg(*each) for each in legs))

    def bought(self) -> Journal:
        """A customer buys with naira; now and then the other way round."""
        code, naira = self.luck.choice(TRADED), self.luck.randint(1_000, 900_000)
        pay, fee, spread = naira * 100, naira, naira // 2
        units, value = self.units(code, naira), pay - fee - spread
        legs = (
            (CUSTOMERS["NGN"], pay), (house(chart.TRADING_FEES, "NGN"), -fee), (house(chart.SPREAD, "NGN"), -spread),
            (house(chart.DEALING, "NGN"), -value), (house(chart.DEALING, code), units), (CUSTOMERS[code], -units),
        )  # fmt: skip
        if self.luck.random() < 0.4:
            turned = [(account, -units) for account, units in legs if "income" not in account]
            turned[0] = (CUSTOMERS["NGN"], -(value - fee - spread))
            return self.journal("sold", *turned, *(each for each in legs if "income" in each[0]))
        return self.journal("bought", *legs)

    def swapped(self) -> Journal:
        """One asset for another, the fee in what is given."""
        give, get = self.luck.sample(TRADED, 2)
        naira = self.luck.randint(1_000, 500_000)
        given, fee, got = self.units(give, naira), self.units(give, naira // 100), self.units(get, naira)
        return self.journal(
            "swapped", (CUSTOMERS[give], given + fee), (house(chart.SPREAD, give), -fee),
            (house(chart.DEALING, give), -given), (house(chart.DEALING, get), got), (CUSTOMERS[get], -got),
        )  # fmt: skip

    def filled(self) -> Journal:
        """We deal at the venue, for dollars of a chain, the fee in either."""
        code, naira = self.luck.choice(("BTC", "ETH", "TRX")), self.luck.randint(1_000, 2_000_000)
        side = self.luck.choice((1, -1))
        base, quote = side * self.units(code, naira), -side * self.units("USDT.TRC20", naira)
        paid_in = self.luck.choice((code, "USDT.TRC20"))
        fee = self.units(paid_in, max(1, naira // 400))
        return self.journal(
            "filled", (venue(code), base), (house(chart.DEALING, code), -base),
            (venue("USDT.TRC20"), quote), (house(chart.DEALING, "USDT.TRC20"), -quote),
            (house(chart.VENUE_FEES, paid_in), fee), (venue(paid_in), -fee),
        )  # fmt: skip

    def other(self) -> Journal:
        """Dollars over the counter, capital, a customer's own money, a fee in naira."""
        naira = self.luck.randint(10_000, 5_000_000)
        dollars = self.units("USD", naira)
        return self.luck.choice(
            [
                self.journal(
                    "otc", (venue("USD"), dollars), (house(chart.DEALING, "USD"), -dollars),
                    (house(chart.BANK, "NGN"), -naira * 100), (house(chart.DEALING, "NGN"), naira * 100),
                ),
                self.journal("capital", (venue("USD"), dollars), (house(chart.CAPITAL, "USD"), -dollars)),
                self.journal(
                    "crossed",
                    (venue("USDT.TRC20"), dollars * 10_000), (house(chart.DEALING, "USDT.TRC20"), -dollars * 10_000),
                    (venue("USD"), -dollars), (house(chart.DEALING, "USD"), dollars),
                ),
                self.journal("paid in", (house(chart.BANK, "NGN"), naira * 100), (CUSTOMERS["NGN"], -naira * 100)),
                self.journal(
                    "cost", (house(chart.PAYSTACK_FEES, "NGN"), naira), (house(chart.PAYSTACK, "NGN"), -naira)
                ),
            ]
        )  # fmt: skip

    def tell(self, begins: datetime) -> None:
        """All of it, over a few weeks; now and then something is reversed."""
        moment = begins
        for step in range(STEPS):
            moment += timedelta(minutes=self.luck.randint(5, 300))
            self.drift()
            with clock.at(moment), transaction(books.TESTER):
                if self.luck.random() < 0.6:
                    self.store(step)
                act = self.luck.choice((self.bought, self.bought, self.swapped, self.filled, self.other))
                posted = posting.post(act(), key=books.fresh())
            if self.luck.random() < 0.05:
                with clock.at(moment):
                    books.reverse(posted.journal_id)


def by_the_other(text: str, folder: Path) -> list[str]:
    """What the program says that knows the export alone, run as an auditor would."""
    path = folder / "books.beancount"
    path.write_text(text)
    command = [sys.executable, "-m", "dev.pnl_from_beancount", str(path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 (ours)
    return told.stdout.splitlines()


def test_an_export_tells_the_same(inside: Flask, tmp_path: Path) -> None:
    with whole_books():
        text = "".join(export(Format.BEANCOUNT, Span()))
        report = pnl.report()
    leave()
    theirs = by_the_other(text, tmp_path)
    assert list(pnl.written(report)) == theirs
    assert len(theirs) > 60
    assert {one.position.asset.code for one in report.standings} == {*TRADED, "USD"}
    assert report.unpriced == 0
    # And what was won is what we own more than was put in, at the prices of the end.
    with whole_books():
        stored = prices.as_of(clock.now())
        own = books_own(stored)
    leave()
    won = report.result + report.unrealised
    assert abs((own - won).units) <= STEPS * 4  # (worths are cut to the kobo)
    # What has no price at all is said to have none, by both.
    put_in = Money(ASSETS["TON"], 7)
    books.post(Journal("capital", "", (debit(venue("TON"), put_in), credit(house(chart.CAPITAL, "TON"), put_in))))
    with whole_books():
        text, report = "".join(export(Format.BEANCOUNT, Span())), pnl.report()
    leave()
    assert list(pnl.written(report)) == by_the_other(text, tmp_path)
    assert report.unpriced == 1


def books_own(stored: dict[str, prices.Price]) -> Money:
    """What is ours at the end at stored prices, less what the owners put in at those of its day."""
    account = Account({})
    put_in = 0
    for told in days.told(clock.now()):
        account.read(told)
        for part in told.parts:
            if part.kind == "equity":
                put_in -= (
                    prices.value(Money(ASSETS[part.asset], part.units), dict(told.prices)) or Money(NGN, 0)
                ).units
    with_naira = sum(
        int(row.units)
        for row in rows(
            "SELECT sum(e.amount) AS units FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id"
            " WHERE e.asset = 'NGN' AND (split_part(a.code, ':', 1) IN ('asset', 'liability')"
            " OR a.code = 'equity:capital:NGN')"
        )
    )
    held = sum(
        (prices.value(Money(ASSETS[code], holding.units), stored) or Money(NGN, 0)).units
        for code, holding in account.holdings.items()
    )
    return Money(NGN, with_naira + held - put_in)


def test_a_part_of_the_days(inside: Flask) -> None:
    whole = pnl.report()
    day = whole.lines[len(whole.lines) // 2].day
    assert pnl.report(since=day).lines == [line for line in whole.lines if line.day >= day]
    assert pnl.report(since=day).standings == whole.standings


def test_journals_of_one_leg_each_side(inside: Flask) -> None:
    """What only moves between our own accounts, or between customers, is no gain and no position."""
    before = pnl.report()
    amount = Money(ASSETS["BTC"], 5)
    other = "liability:customer:cus_pnl2:BTC"
    with transaction(books.TESTER):
        accounts.open_account(other, asset=ASSETS["BTC"], floor_units=None)
    books.post(Journal("moved", books.fresh(), (debit(CUSTOMERS["BTC"], amount), credit(other, amount))))
    leave()
    assert pnl.report().lines == before.lines
    assert [one.position for one in pnl.report().standings] == [one.position for one in before.standings]


class TestKeptDays:
    """Days that are over are counted once; whatever would have changed them takes them away."""

    def test_say_what_counting_everything_says(self, inside: Flask) -> None:
        keep()
        last = kept(clock.now())
        assert last.day == over(clock.now())
        assert len(list(days.told(clock.now(), after=last))) < 3  # (what other tests have booked today)
        middle = datetime(2026, 10, 12, 15, 30, tzinfo=WAT)
        assert kept(middle).day == middle.date() - days.ONE_DAY
        assert 0 < len(list(days.told(middle, after=kept(middle)))) < 10 < len(list(days.told(middle)))
        for since, until in ((days.BEGINNING, clock.now()), (middle.date(), clock.now()), (days.BEGINNING, middle)):
            agree(since, until)

    def test_count_no_more_once_something_took_effect_before_their_end(self, inside: Flask) -> None:
        keep()
        late, luck = datetime(2026, 10, 9, 11, tzinfo=WAT), Story(7)
        with clock.at(late):
            books.post(luck.bought())
        assert kept(clock.now()).day == late.date() - days.ONE_DAY
        agree(days.BEGINNING, clock.now())
        keep()
        assert kept(clock.now()).day > late.date()
        agree(days.BEGINNING, clock.now())

    def test_count_no_more_once_something_had_another_price(self, inside: Flask) -> None:
        keep()
        before, (dealt,) = pnl.report(), rows(AT_AN_OLDER_PRICE)
        leave()
        early = dealt.effective_at - timedelta(microseconds=1)
        with transaction(books.TESTER):
            prices.record("USDT.TRC20", naira=Decimal(2_100), at=early, source="test")
        assert kept(clock.now()).day == early.astimezone(WAT).date() - days.ONE_DAY
        assert agree(days.BEGINNING, clock.now()) != before
        keep()
        agree(days.BEGINNING, clock.now())

    def test_are_not_of_what_is_not_final(self, inside: Flask) -> None:
        keep()
        books.post(Story(9).swapped())
        moment = clock.now() + days.ONE_DAY * 2
        with clock.at(moment):
            with transaction(books.TESTER):
                assert not days.keep()
            assert kept(moment).day < over(moment)
            agree(days.BEGINNING, moment)
            keep()
            assert kept(moment).day == over(moment)
            agree(days.BEGINNING, moment)


def over(moment: datetime) -> date:
    """The last day that is over; what comes in the first hour of the next one may still be of it."""
    return (moment - days.REST).astimezone(WAT).date() - days.ONE_DAY


def keep() -> None:
    """Seal all there is, and keep all days that are over."""
    until = time.monotonic() + SEALED_WITHIN_SECONDS
    while seal.unsealed():
        assert time.monotonic() < until, "a transaction of somebody else's held the seal up"
        books.settle_seal()
        time.sleep(0.02)  # (between two tries: no event tells that the oldest transaction of the server has ended)
    leave()
    while True:
        with transaction(books.TESTER):
            if not days.keep():
                return


def kept(until: datetime) -> days.Kept:
    """The newest day that counts at a moment."""
    leave()
    found = days.newest_for_system(until)
    assert found is not None
    return found


def agree(since: date, until: datetime) -> pnl.Report:
    """What is told of kept days is what all journals say, line by line."""
    with whole_books():
        told, counted = pnl.report(since=since, until=until), pnl.report(since=since, until=until, anew=True)
    leave()
    assert told == counted
    assert told.lines
    return counted
