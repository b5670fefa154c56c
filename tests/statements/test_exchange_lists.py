"""Exchanges that we only read: their lists tell the lines of their files, the same whichever comes first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from flask import Flask

from app.clients.bitstamp import BitstampAccount
from app.clients.bundle import Clients, Teller
from app.clients.http import Refused, Unreadable
from app.clients.luno import LunoWallets
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.statements import flows, pull_flows, pull_service, queries, service
from app.statements.formats import registry
from app.statements.formats.lines import Parsed
from app.statements.formats.settings import Settings
from app.statements.models import Import, Pull, Source
from app.statements.rules import Days, PullState
from jobs.runtime import drain
from tests.makers import books, lists
from tests.makers.lists import Bitstamp, Listed, Luno
from tests.makers.statements import BITSTAMP, SOUND
from tests.statements.test_bringing import made

TEST = actor.system("test")
LUNO_FILE = SOUND["luno-wallet"][0]
WALLET = "9061778909545963731"
NOW = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
EVER = (datetime(2026, 2, 1, tzinfo=UTC), NOW)
pytestmark = pytest.mark.usefixtures("inside")


def luno(url: str, *, secret: str = lists.SECRET) -> LunoWallets:
    return LunoWallets(url, key=lists.KEY, secret=secret, seconds=5)


def bitstamp(url: str) -> BitstampAccount:
    return BitstampAccount(url, key=lists.KEY, secret=lists.SECRET, seconds=5)


@contextmanager
def listing(format_name: str, told: Sequence[dict[str, str]]) -> Iterator[Teller]:
    """An exchange that lists the rows of a file, and who asks it."""
    if format_name == "luno-wallet":
        with Luno({WALLET: lists.as_luno_lists(told)}) as vendor:
            yield luno(vendor.url)
    else:
        with Bitstamp(lists.as_bitstamp_lists(told)) as vendor:
            yield bitstamp(vendor.url)


def pulled(app: Flask, source: Source, teller: Teller) -> Pull:
    """Asked for the days since the first of March, answered, and read by who hears of it."""
    clients: Clients = app.extensions["clients"]
    with clock.at(NOW):
        with transaction(TEST):
            pull_service.set_rhythm(source, every=3_600, since=datetime(2026, 3, 1, tzinfo=UTC).date())
        with transaction(TEST):
            pull_id = pull_service.ask(source.id, actor=TEST).id
        pull_flows.pull(pull_id, clients=replace(clients, tellers={source.format: teller}), actor=TEST)
        drain(app)
    found = queries.pull_for_system(pull_id)
    leave()
    return found


def brought(source: Source, body: bytes) -> Import:
    told, _ = flows.bring(source.name, name="export.csv", body=body, actor=TEST)
    leave()
    return told


def kept(source: Source) -> list[tuple[object, ...]]:
    """All that counts of each line: its identity, where it is, by how much, what was left then."""
    found = rows(
        "SELECT identity, occurrence, account, asset, delta, fee, fee_asset, balance_after, kind, booked_on, group_key,"
        " refs, narration, counterparty, basis FROM statement_lines WHERE source_id = :id ORDER BY 1, 2",
        id=source.id,
    )
    leave()
    return [tuple(row) for row in found]


def counts(source: Source) -> list[tuple[int, int, int, int]]:
    """Of each file, the one that was first first: lines added, known and restated, and rows that were rejected."""
    found = rows(
        "SELECT lines_added, lines_known, lines_restated, rows_rejected FROM statement_imports WHERE source_id = :id"
        " ORDER BY lines_added DESC",
        id=source.id,
    )
    leave()
    return [(row.lines_added, row.lines_known, row.lines_restated, row.rows_rejected) for row in found]


def new(format_name: str) -> Source:
    found = queries.source_for_operators(made(format_name))
    leave()
    return found


BOTH = pytest.mark.parametrize("format_name", ["luno-wallet", "bitstamp-transactions"])
# An account name of the file that the list does not tell is the one that Bitstamp gives the first.
FILES = {"luno-wallet": LUNO_FILE, "bitstamp-transactions": BITSTAMP.replace(b",Main,", b",Main Account,")}


@BOTH
def test_the_list_tells_what_the_file_tells_whichever_is_first(inside: Flask, format_name: str) -> None:
    body = FILES[format_name]
    by_list, by_file = new(format_name), new(format_name)
    with listing(format_name, lists.rows_of(body)) as teller:
        first = pulled(inside, by_list, teller)
        brought(by_file, body)
        assert (first.state, first.trouble, first.rows_told) == (PullState.DONE, "", len(lists.rows_of(body)))
        assert kept(by_list) == kept(by_file) != []
        brought(by_list, body)
        pulled(inside, by_file, teller)
    known = len(registry.parse(format_name, body).lines)
    for source in (by_list, by_file):
        assert counts(source) == [(known, 0, 0, 0), (0, known, 0, 0)]


@BOTH
def test_the_lists_file_looks_like_what_it_is_and_ties(format_name: str) -> None:
    body = FILES[format_name]
    told = registry.parse(format_name, body)
    listed = registry.parse(format_name, lists.listed_file(as_listed(format_name, lists.rows_of(body))))
    assert registry.recognised(lists.listed_file(as_listed(format_name, lists.rows_of(body))))[0].name == format_name
    assert listed.whole
    assert listed.rows_total == told.rows_total
    assert ends(listed) == ends(told)


def ends(told: Parsed) -> set[tuple[object, ...]]:
    return {(each.account, each.asset, each.opening, each.closing, each.moved, each.ties) for each in told.statements}


class TestLuno:
    def rows(self, count: int) -> list[Listed]:
        """So many rows of one satoshi each, one a minute."""
        start = lists.thousandths("2026-03-01T00:00:00+00:00")
        return [
            {
                "account_id": WALLET, "row_index": number, "timestamp": start + number * 60_000, "currency": "XBT",
                "description": "Received Bitcoin", "balance": lists.NUMBER + f"{number}e-8", "available": 0,
                "balance_delta": lists.NUMBER + "1e-8", "available_delta": 0, "details": {},
            }
            for number in range(1, count + 1)
        ]  # fmt: skip

    def test_turns_pages_until_they_are_older_and_tells_every_wallet(self) -> None:
        with Luno({WALLET: self.rows(2_500), "2": self.rows(3), "3": []}) as vendor:
            told = list(luno(vendor.url).as_told(*EVER))
            assert [row["row_index"] for row in told] == [*range(2_500, 0, -1), 3, 2, 1]
            assert told[0]["balance_delta"] == "1e-8"  # (no float came between)
            vendor.asked.clear()
            since, until = (datetime(2026, 3, 2, 16, minute, tzinfo=UTC) for minute in (0, 10))
            assert len(list(luno(vendor.url).as_told(since, until))) == 10
            assert len(vendor.asked) < 20  # (the first of them is looked for by halves)

    def test_tells_no_list_with_a_hole(self) -> None:
        with Luno({WALLET: self.rows(1_500)}) as vendor:
            for lost in ({700}, {500, 501}, set(range(1, 501)), set(range(300, 1_400))):
                vendor.lost = lost
                with pytest.raises(Unreadable):
                    list(luno(vendor.url).as_told(*EVER))

    def test_a_wrong_key_is_said(self, inside: Flask) -> None:
        source = new("luno-wallet")
        with Luno({WALLET: []}) as vendor:
            with pytest.raises(Refused):
                list(luno(vendor.url, secret="another").as_told(*EVER))
            failed = pulled(inside, source, luno(vendor.url, secret="another"))
        assert failed.state == PullState.FAILED
        assert "ErrUnauthorised" in failed.trouble
        assert kept(source) == []

    def test_covers_the_days_of_wallets_in_which_nothing_happened(self, inside: Flask) -> None:
        source, account = new("luno-wallet"), books.account("asset")
        with transaction(TEST):
            service.stand_for(source.id, asset="ETH", account=account)
        with Luno({WALLET: self.rows(2)}) as vendor:
            pulled(inside, source, luno(vendor.url))
        days = queries.coverage_for_operators(source.id, asset="ETH")
        leave()
        assert days == [Days(datetime(2026, 3, 1, tzinfo=UTC).date(), datetime(2026, 3, 19, tzinfo=UTC).date())]

    def test_a_source_of_one_wallet_ignores_the_others(self) -> None:
        body = lists.listed_file([self.rows(1)[0], self.rows(1)[0] | {"account_id": "2"}])
        told = registry.parse("luno-wallet", body, Settings(account=WALLET))
        assert [line.external_id for line in told.lines] == [f"{WALLET}/1"]
        assert (len(told.ignored), told.whole) == (1, True)

    def test_what_is_of_a_chain_can_be_found_by_it(self) -> None:
        row = self.rows(1)[0] | {"detail_fields": {"crypto_details": {"txid": "ab12", "address": "bc1q"}}}
        (line,) = registry.parse("luno-wallet", lists.listed_file([row])).lines
        assert (line.refs, line.counterparty, line.delta) == (("ab12",), "bc1q", Decimal("0.00000001"))


class TestBitstamp:
    TRADE: Listed = {  # noqa: RUF012 (nobody changes it)
        "fee": "0.11128", "eth_usdt": lists.NUMBER + "4451.25", "datetime": "2026-03-05 12:59:59.322000",
        "usdt": "-22.26", "order_id": 1429545880227846, "usd": 0, "btc": 0, "eth": "0.00500000", "type": "2",
        "id": 209895701, "eur": 0,
    }  # fmt: skip

    def told(self, **changed: object) -> list[tuple[str, Decimal, Decimal]] | str:
        row = {each: value for each, value in (self.TRADE | changed).items() if value is not None}
        parsed = registry.parse("bitstamp-transactions", lists.listed_file([row]))
        assert parsed.whole
        if parsed.rejected:
            return parsed.rejected[0].reason
        return [(line.asset, line.delta, line.fee) for line in parsed.lines]

    def test_tells_a_trade_with_its_fee_in_what_was_paid_with(self) -> None:
        assert self.told() == [
            ("ETH", Decimal("0.005"), Decimal(0)),
            ("USDT", Decimal("-22.37128"), Decimal("0.11128")),
        ]

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"type": "14"}, "type 14 is not known"),
            ({"eth_usdt": None}, "what was traded for what"),
            ({"btc_usdt": lists.NUMBER + "1.5"}, "what was traded for what"),
            ({"btc": "0.1"}, "what was traded for what"),
            ({"usdt": "22.26"}, "what was traded for what"),
            ({"type": "0", "usdt": "0"}, "whether the amount includes the fee"),
            ({"type": "1", "usdt": "0", "fee": "0.00"}, "the other way"),
            ({"type": "0", "fee": "0.00"}, "of no one currency"),
            ({"market": "ETH/USDT"}, "market is no currency"),
        ],
    )
    def test_rejects_what_it_does_not_know(self, changed: dict[str, object], why: str) -> None:
        assert why in self.told(**changed)

    def test_turns_pages_until_they_are_older_and_tells_none_twice(self) -> None:
        many = [
            self.TRADE | {"id": number, "datetime": f"2026-03-{1 + number // 100:02d} 10:00:00"}
            for number in range(2_400, 0, -1)
        ]
        with Bitstamp(many) as vendor:
            told = list(bitstamp(vendor.url).as_told(datetime(2026, 3, 3, tzinfo=UTC), NOW))
            assert [row["id"] for row in told] == list(range(1_899, 199, -1))
            assert len(vendor.asked) == 3
            assert told[0]["eth_usdt"] == "4451.25"
            begun = bitstamp(vendor.url).as_told(*EVER)
            first = next(iter(begun))
            vendor.rows = [self.TRADE | {"id": 9_999, "datetime": "2026-03-25 10:00:00"}, *many]
            found = [first["id"], *(row["id"] for row in begun)]
        assert found == list(range(1_899, 0, -1))


def as_listed(format_name: str, told: Sequence[dict[str, str]]) -> list[Listed]:
    return {"luno-wallet": lists.as_luno_lists, "bitstamp-transactions": lists.as_bitstamp_lists}[format_name](told)
