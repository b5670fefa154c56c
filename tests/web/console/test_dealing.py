"""Our own position at the console: exposure, hedges, deals over the counter, results, what is owed and held."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.exchange import queries
from app.factory import create_app
from app.ledger import prices
from config import Settings
from dev.embedded import Servers
from reports import pnl, results, treasury
from tests.makers import books, browse, dealing, people, positions, switched
from tests.makers.client import Browser
from tests.makers.coins import BTC, ETH, USDT
from tests.makers.databases import fresh_database
from tests.makers.dealing import SYSTEM
from tests.makers.environment import environment
from tests.makers.exchange import ExchangeProcess
from tests.makers.positions import Story
from tests.makers.sandbox import SandboxProcess
from tests.web.console.conftest import enter

pytestmark = pytest.mark.xdist_group("dealing")

EXPOSURE, TREASURY = "/console/exposure", "/console/treasury"
POLICY = {
    "asset": "BTC", "pair": "BTC/USDT", "target": "0", "threshold": "0.002", "soft": "0.1", "hard": "0.5",
    "slippage": "0.5", "apart": "3", "starts_on": "2031-05-01", "reason": "Fewer orders.",
}  # fmt: skip


@pytest.fixture(scope="module")
def house(given: Servers, home: Path, vendor: SandboxProcess, venue: ExchangeProcess) -> Iterator[Flask]:
    """A house of this file alone, before a venue of this file alone."""
    venue.reset()
    with fresh_database(given, home) as made:
        app = create_app(Settings.from_env(environment(made, given, vendor, venue)))
        app.test_client_class = Browser
        with app.app_context():
            yield app
            leave()
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
        app.extensions["redis"].close()
    venue.reset()


@pytest.fixture(scope="module")
def empty(house: Flask) -> dict[str, str]:
    """Every page while nothing has happened yet, as its reader sees it."""
    client = enter(house, Role.TREASURY)
    places = ("/console/orders", *(f"{EXPOSURE}{rest}" for rest in ("", "/hedges", "/deals", "/results", "/standings")))
    return {place: client.get(place).text for place in (*places, TREASURY, f"{TREASURY}/venues")}


@pytest.fixture(scope="module")
def told(house: Flask, empty: dict[str, str], venue: ExchangeProcess) -> tuple[Story, dict[str, str]]:
    """What happened then, and pages as they were at that moment."""
    assert empty
    story = positions.told(venue)
    client = enter(house, Role.TREASURY)
    return story, {place: client.get(place).text for place in (EXPOSURE, f"{EXPOSURE}/hedges", TREASURY)}


@pytest.fixture(scope="module")
def story(told: tuple[Story, dict[str, str]]) -> Story:
    """What happened."""
    return told[0]


@pytest.fixture(scope="module")
def seen(told: tuple[Story, dict[str, str]]) -> dict[str, str]:
    """Pages as they were right after it."""
    return told[1]


def staff(house: Flask, role: Role = Role.TREASURY) -> FlaskClient:
    return enter(house, role)


def lines_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class TestBeforeAnything:
    @pytest.mark.parametrize(
        ("place", "words"),
        [
            ("/console/orders", "Nobody has traded yet"),
            (EXPOSURE, "every position is inside"),
            (f"{EXPOSURE}/hedges", "No hedge has ended yet"),
            (f"{EXPOSURE}/deals", "No deal yet"),
            (f"{EXPOSURE}/results", "Nothing was earned or spent"),
            (f"{EXPOSURE}/standings", "No position yet"),
            (TREASURY, "Nothing owed"),
            (f"{TREASURY}/venues", "Kraken was not read yet"),
        ],
    )
    def test_each_page_says_so(self, empty: dict[str, str], place: str, words: str) -> None:
        assert words in empty[place]


class TestExposure:
    def test_positions_stand_beside_their_limits_with_what_is_done(
        self, house: Flask, story: Story, seen: dict[str, str]
    ) -> None:
        page = seen[EXPOSURE]
        assert "Beyond the alarm" in page  # (the dollars that owners brought)
        assert f"{EXPOSURE}/hedges/{story.unknown.id}" in page
        assert "Unknown, being asked about" in page
        assert 'hx-trigger="every 5s, seen"' in page
        part = staff(house).get(EXPOSURE, headers={"HX-Request": "true"}).text
        assert part.lstrip().startswith('<div id="results"')
        assert "Ask for another policy" not in part

    def test_what_they_cost_is_what_the_books_say(self, house: Flask, story: Story) -> None:
        assert story
        page = staff(house, Role.AUDITOR).get(f"{EXPOSURE}/standings").text
        for one in pnl.report().standings:
            assert f"{one.cost}" in page.replace("<small>", "").replace("</small>", "")
        leave()

    def test_one_is_hedged_now_by_who_may(self, house: Flask, story: Story, venue: ExchangeProcess) -> None:
        assert story
        _known(venue)
        positions.brought(Money(ETH, 10**16))  # (less than its policy asks for an order for)
        client = staff(house)
        browse.send(client, f"{EXPOSURE}/ETH/hedge", form_at=EXPOSURE)
        assert "An order is written down" in client.get(EXPOSURE).text
        assert dealing.last("ETH").state == "planned"
        again = browse.send(client, f"{EXPOSURE}/ETH/hedge", form_at=EXPOSURE)
        assert again.status_code == 303  # (one at a time: it is the same)
        assert dealing.last("ETH").state == "planned"
        assert browse.send(client, f"{EXPOSURE}/USD/hedge", form_at=EXPOSURE).status_code == 404
        dealing.carry(dealing.client(venue))
        assert dealing.last("ETH").state == "filled"
        assert [one for one in dealing.disagreements(venue) if not one.startswith("the venue holds")] == []

    def test_nothing_is_ordered_of_a_venue_that_does_not_answer(
        self, house: Flask, story: Story, venue: ExchangeProcess
    ) -> None:
        assert story
        client, before = staff(house), dealing.last("BTC").id
        positions.brought(Money(BTC, 500_000))
        venue.knobs(down="503")
        browse.send(client, f"{EXPOSURE}/BTC/hedge", form_at=EXPOSURE)
        venue.knobs(down="no")
        assert "The venue does not answer. Nothing was ordered." in client.get(EXPOSURE).text
        assert dealing.last("BTC").id == before

    def test_while_hedging_is_off_nothing_can_be_ordered(self, house: Flask, story: Story) -> None:
        assert story
        client = staff(house)
        assert "Stop hedging" in client.get(EXPOSURE).text
        browse.send(client, "/console/switches", form_at=EXPOSURE, scope="hedging", reason="The venue is strange.")
        page = client.get(EXPOSURE).text
        assert "Hedging is switched off" in page
        assert "The venue is strange." in page
        assert "Hedge now" not in page
        browse.send(client, f"{EXPOSURE}/BTC/hedge", form_at="/console/switches")
        assert "Hedging is switched off." in client.get(EXPOSURE).text
        switched.all_on("hedging")

    def test_another_policy_is_asked_for_and_prefilled(self, house: Flask, story: Story) -> None:
        assert story
        client = staff(house, Role.FINANCE)
        form = client.get(f"{EXPOSURE}?asset=BTC").text
        for words in ('value="0.00100000"', 'value="0.05000000"', 'value="BTC/USDT"', 'value="0.50"'):
            assert words in form
        answer = browse.send(client, f"{EXPOSURE}/policies", form_at=EXPOSURE, key=books.fresh(), **POLICY)
        assert answer.status_code == 303
        assert "Fewer orders." in client.get(answer.headers["Location"]).text
        assert "Fewer orders." in client.get(EXPOSURE).text  # (waiting for treasury)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"asset": "nothing"}, "Choose what the policy is for."),
            ({"soft": "many"}, "Write the amount in digits"),
            ({"threshold": "0.000000001"}, "at most 8 decimals"),
            ({"starts_on": ""}, "Say on which day it begins."),
            ({"starts_on": "2020-01-01"}, "a day to come"),
            ({"pair": "ETH/USDT"}, "A pair begins with BTC/"),
            ({"hard": "0.05"}, "an alarm before a stop"),
            ({"slippage": "80"}, "at most 10 % worse"),
        ],
    )
    def test_what_cannot_count_says_why(self, house: Flask, changes: dict[str, str], words: str) -> None:
        sent = POLICY | changes
        answer = browse.send(
            staff(house, Role.FINANCE), f"{EXPOSURE}/policies", form_at=EXPOSURE, key=books.fresh(), **sent
        )
        assert answer.status_code == 422
        assert words in answer.text


class TestHedges:
    def test_stand_by_how_they_are(self, house: Flask, story: Story) -> None:
        client = staff(house, Role.AUDITOR)
        ended = client.get(f"{EXPOSURE}/hedges?view=ended").text
        for one in (story.filled, story.refused):
            assert f"{EXPOSURE}/hedges/{one.id}" in ended
        only = client.get(f"{EXPOSURE}/hedges?view=ended&asset=ETH").text
        assert story.filled.id in only
        assert story.refused.id not in only

    def test_those_that_nobody_can_tell_of_come_first_with_their_way_out(
        self, story: Story, seen: dict[str, str]
    ) -> None:
        page = seen[f"{EXPOSURE}/hedges"]
        assert story.unknown.id in page
        assert "Look for its client order id at the venue." in page

    def test_one_tells_what_the_venue_made_of_it(self, house: Flask, story: Story) -> None:
        (fill, *_) = queries.fills_for_operators([story.filled.id])[story.filled.id]
        leave()
        page = staff(house).get(f"{EXPOSURE}/hedges/{story.filled.id}").text
        for words in (story.filled.cl_ord_id, fill.trade_id, f"journal {fill.journal_id}", "Worse than planned by"):
            assert words in page

    def test_one_that_was_refused_says_why_and_has_nothing(self, house: Flask, story: Story) -> None:
        page = staff(house).get(f"{EXPOSURE}/hedges/{story.refused.id}").text
        assert "Nothing was dealt" in page
        assert story.refused.words
        assert story.refused.words in page.replace("&#39;", "'")

    def test_are_found_by_every_name_that_they_have(self, house: Flask, story: Story) -> None:
        client, one = staff(house), story.filled
        (fill, *_) = queries.fills_for_operators([one.id])[one.id]
        leave()
        for name in (one.id, one.cl_ord_id, one.venue_order, fill.trade_id):
            found = client.get("/console/find", query_string={"q": name}).get_json()
            assert [each["url"] for each in found] == [f"{EXPOSURE}/hedges/{one.id}"], name

    def test_an_order_leads_to_the_one_that_answered_it(self, house: Flask, story: Story) -> None:
        order = next(one for one in story.orders if one.get_asset == "ETH")
        hedge = queries.answering_for_operators("ETH", since=order.created_at)[0]
        leave()
        page = staff(house, Role.FINANCE).get(f"/console/orders/{order.id}").text
        assert f"{EXPOSURE}/hedges/{hedge.id}" in page
        assert "/exposure/" not in staff(house, Role.SUPPORT).get(f"/console/orders/{order.id}").text


class TestDeals:
    def test_on_their_way_and_arrived(self, house: Flask, story: Story) -> None:
        page = staff(house, Role.AUDITOR).get(f"{EXPOSURE}/deals").text
        for words in ("Chidi Exchange Ltd", "₦1,605.00", "Arrived", "Agreed, not arrived"):
            assert words in page
        assert "Give it up" not in page
        assert len(story.deals) == 2

    def test_one_is_given_up_with_a_reason(self, house: Flask, story: Story) -> None:
        assert story
        deal_id = positions.deal(321)
        client = staff(house)
        where, place = f"{EXPOSURE}/deals/{deal_id}/abandon", f"{EXPOSURE}/deals"
        browse.send(client, where, form_at=place, note=" ")
        assert "Say why" in client.get(place).text
        browse.send(client, where, form_at=place, note="They were not heard of again.")
        assert "They were not heard of again." in client.get(place).text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"asset": "NGN"}, "Choose what is bought."),
            ({"paid": "x"}, "Write the amount in digits"),
            ({"got": "0.0000001"}, "at most 6 decimals"),
            ({"paid": "999,000,000,000"}, "A deal is of more than nothing"),
            ({"counterparty": " "}, "A deal is of more than nothing"),
        ],
    )
    def test_what_cannot_be_asked_for_says_why(self, house: Flask, changes: dict[str, str], words: str) -> None:
        fields = {"paid": "1,600", "asset": "USDT.TRC20", "got": "1", "counterparty": "Chidi", "reason": "x"}
        answer = browse.send(
            staff(house, Role.FINANCE),
            f"{EXPOSURE}/deals",
            form_at=f"{EXPOSURE}/deals",
            key=books.fresh(),
            **(fields | changes),
        )
        assert answer.status_code == 422
        assert words in answer.text


class TestResults:
    def test_are_those_of_the_books_line_by_line(self, house: Flask, story: Story) -> None:
        assert story
        today = clock.now().astimezone(WAT).date()
        client = staff(house, Role.FINANCE)
        found = lines_of(client.get(f"{EXPOSURE}/results.csv?from={today}&to={today}").text)
        report = pnl.report(since=today)
        leave()
        assert sum(Decimal(line["result_ngn"]) for line in found) == Decimal(report.result.units).scaleb(-2)
        for line in found:
            parts = ("realised_ngn", "spread_ngn", "fees_ngn", "rounding_ngn", "other_ngn")
            made = sum(Decimal(line[name]) for name in parts) - Decimal(line["venue_fees_ngn"])
            assert made == Decimal(line["result_ngn"])
        assert {line["asset"] for line in found} >= {"NGN", "ETH", "USDT.TRC20"}

    def test_earned_in_naira_is_what_orders_say(self, story: Story) -> None:
        today = clock.now().astimezone(WAT).date()
        made = results.of(since=today, until=clock.now()).by_asset["NGN"]
        leave()
        in_naira = [one for one in story.orders if one.money == "NGN"]
        assert made.fees == Money(NGN, sum(one.fee.units for one in in_naira))
        assert made.spread == Money(NGN, sum(one.spread.units for one in in_naira))
        assert made.rounding == Money(NGN, sum(one.rounding.units for one in in_naira))

    def test_have_a_line_and_a_bar_for_every_day(self, house: Flask, story: Story) -> None:
        assert story
        today = clock.now().astimezone(WAT).date()
        figure = staff(house).get(f"{EXPOSURE}/results.json?from={today.replace(day=1)}&to={today}").get_json()
        assert [trace["name"] for trace in figure["data"]][-1] == "Result"
        assert all(len(trace["x"]) == today.day for trace in figure["data"])

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("from=nonsense", "Write a day"),
            ("to=2999-01-01", "none that is still to come"),
            ("from=2026-02-01&to=2026-01-01", "ends after it begins"),
            ("from=2020-01-01&to=2026-01-01", "at most a year long"),
            ("from=1999-01-01&to=1999-02-01", "from the year 2000 on"),
        ],
    )
    def test_of_no_span_say_so(self, house: Flask, query: str, words: str) -> None:
        client = staff(house)
        answer = client.get(f"{EXPOSURE}/results?{query}")
        assert answer.status_code == 422
        assert words in answer.text
        assert client.get(f"{EXPOSURE}/results.csv?{query}").status_code == 400


class TestOwedAndHeld:
    def test_cover_is_what_places_hold_of_what_is_owed(self, house: Flask, story: Story) -> None:
        assert story
        covers = {one.asset.code: one for one in treasury.covers()}
        leave()
        for one in covers.values():
            assert one.held_all.units == sum(place.amount.units for place in one.held)
            assert one.ours == one.held_all - one.owed_all
        assert covers["USDT.TRC20"].bps is None  # (nobody has any)
        lines = lines_of(staff(house, Role.AUDITOR).get(f"{TREASURY}.csv").text)
        assert {line["place"] for line in lines} >= {"Kraken", "Our bank"}

    def test_what_a_venue_says_otherwise_is_seen(self, house: Flask, seen: dict[str, str]) -> None:
        client, page = staff(house, Role.AUDITOR), seen[TREASURY]
        assert "TRX differs from the books" in page
        assert "12.5 TRX</span> more" in page
        venues = client.get(f"{TREASURY}/venues").text
        assert "Differs for good" in venues
        assert "Read now" not in venues
        assert "212.5" in client.get(f"{TREASURY}/venues/TRX").text
        assert client.get(f"{TREASURY}/venues/DOGE").status_code == 404

    def test_the_venue_is_asked_now(self, house: Flask, story: Story, venue: ExchangeProcess) -> None:
        assert story
        client, last = staff(house), queries.readings_for_operators()[0].id
        leave()
        browse.send(client, f"{TREASURY}/venues")
        assert "Read. What differs is marked." in client.get(f"{TREASURY}/venues").text
        assert queries.readings_for_operators()[0].id > last
        leave()
        venue.knobs(down="503")
        browse.send(client, f"{TREASURY}/venues")
        venue.knobs(down="no")
        assert "The venue does not answer" in client.get(f"{TREASURY}/venues").text

    def test_a_price_is_what_makes_worth(self, story: Story) -> None:
        assert story
        worths = []
        for naira in (Decimal(1_700), Decimal(1_600)):  # (the last is the story's own again)
            with transaction(SYSTEM):
                prices.record("USDT.TRC20", naira=naira, at=clock.now(), source="test")
            worths.append(treasury.worth_of([Money(USDT, 1_000_000)]))
        assert worths == [people.naira(1_700), people.naira(1_600)]
        leave()


class TestTheOverview:
    def test_tells_who_may_know_of_positions_and_hedges(self, house: Flask, story: Story) -> None:
        assert story
        assert "Positions beyond a limit" in staff(house).get("/console/").text
        assert "Positions beyond a limit" not in staff(house, Role.SUPPORT).get("/console/").text


def _known(venue: ExchangeProcess) -> None:
    """The venue shows what it hid, and all that is under way ends."""
    venue.knobs(hide_orders=0)
    dealing.carry(dealing.client(venue))
    leave()
