"""The pages of rates: what everybody who may look sees, what treasury asks for, and what a bad form leaves."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.core import clock
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.market import queries as queries_of_market
from app.market import service
from app.market.service import Heard, Number
from app.pricing import queries
from tests.makers import books, browse, quoted, rated
from tests.web.console.conftest import Visitor

PAIR = "/console/rates/pairs/USDT-NGN"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def market(inside: Flask, owner_engine: Engine) -> Iterator[None]:
    """Feeds told what they usually do."""
    quoted.emptied(owner_engine)
    quoted.tell()
    quoted.roll()
    yield
    leave()
    quoted.emptied(owner_engine)


class TestTheBoard:
    def test_shows_prices_ages_and_feeds(self, visitor: Visitor) -> None:
        body = visitor(Role.TREASURY).get("/console/rates").text
        for text in (
            "BTC/USDT",
            "100,000.00",
            "150,000,000.00",
            "BTC/USDT × USDT/NGN",
            "Dealt at",
            "Kraken",
            "Answers",
        ):
            assert text in body, text

    def test_follows_by_itself_with_its_part_alone(self, visitor: Visitor) -> None:
        client = visitor(Role.FINANCE)
        assert 'data-live hx-get="/console/rates" hx-trigger="every 5s, seen"' in client.get("/console/rates").text
        part = client.get("/console/rates", headers=FRAGMENT).text
        assert part.lstrip().startswith('<div id="board"')
        assert "<h1" not in part

    def test_says_what_stops_a_pair(self, visitor: Visitor) -> None:
        quoted.tell({"luno": {"USDTNGN": "15000"}, "bank": {"USDNGN": "150"}})
        body = visitor(Role.AUDITOR).get("/console/rates").text
        assert "USDT/NGN is stopped: feeds disagree" in body
        assert "Its feeds disagree: " in body

    def test_says_over_what_a_cross_is_stopped(self, visitor: Visitor) -> None:
        rated.off("ETH/USDT")
        body = visitor(Role.AUDITOR).get("/console/rates").text
        assert 'Stopped</span><span class="sub">over ETH/USDT</span>' in body
        cross = visitor(Role.AUDITOR).get("/console/rates/pairs/ETH-NGN").text
        assert "ETH/USDT is stopped: turned off" in cross
        assert 'href="/console/rates/pairs/ETH-USDT"' in cross

    def test_says_what_a_feed_does_not_list_and_how_often_it_is_asked(self, visitor: Visitor) -> None:
        moment = clock.now()
        with transaction(quoted.SYSTEM):
            told = {"XBTUSDT": Number(None, None, Decimal(100_000), None)}
            service.note([Heard("kraken", moment, moment, told)], wanted=queries_of_market.asked())
        leave()
        client = visitor(Role.AUDITOR)
        body = client.get("/console/rates").text
        assert "not listed: BNB/USDT, ETH/USDT, TON/USDT, TRX/USDT" in body
        assert re.search(r'data-label="Asked every"[^>]*>\s*10 min', body)
        assert "Not listed there" in client.get("/console/rates/pairs/ETH-USDT").text
        assert "Not listed there" not in client.get("/console/rates/pairs/BTC-USDT").text

    @pytest.mark.parametrize("role", [Role.SUPPORT, Role.COMPLIANCE_OFFICER])
    def test_is_for_who_has_to_do_with_prices(self, visitor: Visitor, role: Role) -> None:
        client = visitor(role)
        assert client.get("/console/rates").status_code == 403
        assert 'href="/console/rates"' not in client.get("/console/").text


class TestAPair:
    def test_shows_what_each_feed_tells_and_what_became_of_it(self, visitor: Visitor) -> None:
        quoted.tell({"luno": {"USDTNGN": "1600"}})
        client = visitor(Role.TREASURY)
        part = client.get(PAIR, headers=FRAGMENT).text
        assert part.lstrip().startswith('<div id="standing"')
        for text in ("1,600.00", "Far from the others", "1,495.00", "Counts"):
            assert text in part, text
        assert client.get("/console/rates/pairs/DOGE-NGN").status_code == 404

    def test_is_stopped_at_once_and_goes_on_by_two(self, visitor: Visitor) -> None:
        client = visitor(Role.TREASURY)
        assert browse.send(client, f"{PAIR}/halt", form_at=PAIR, reason=" ").status_code == 422
        assert browse.send(client, f"{PAIR}/halt", form_at=PAIR, reason="A <b>bad</b> feeling.").status_code == 303
        body = client.get(PAIR).text
        assert "A &lt;b&gt;bad&lt;/b&gt; feeling." in body
        assert "Stop dealing in it" not in body
        (halt,) = queries.halts_standing()
        leave()
        on = f"/console/rates/halts/{halt.id}/on"
        assert browse.send(client, on, form_at=PAIR, reason="", key=books.fresh()).status_code == 422
        assert browse.send(client, on, form_at=PAIR, reason="I looked.", key=books.fresh()).status_code == 303
        assert "A change was asked for by" in client.get(PAIR).text
        assert browse.send(client, on, form_at=PAIR, reason="Again.", key=books.fresh()).status_code == 409
        assert "/console/rates/halts/hlt_none/on" not in body

    @pytest.mark.parametrize(
        ("said", "says"),
        [
            ({"price": "", "minutes": "60", "reason": "x"}, "Write the price in digits"),
            ({"price": "-3", "minutes": "60", "reason": "x"}, "Write the price in digits"),
            ({"price": "1e9", "minutes": "60", "reason": "x"}, "Write the price in digits"),
            ({"price": "1500", "minutes": "99999", "reason": "x"}, "Choose for how long"),
            ({"price": "1500", "minutes": "60", "reason": ""}, "reason"),
        ],
    )
    def test_keeps_what_was_typed_when_a_price_is_refused(
        self, visitor: Visitor, said: dict[str, str], says: str
    ) -> None:
        answer = browse.send(visitor(Role.TREASURY), f"{PAIR}/price", form_at=PAIR, **said, key=books.fresh())
        assert answer.status_code == 422
        assert says in answer.text
        assert not said["price"] or f'value="{said["price"]}"' in answer.text

    def test_has_a_price_of_our_own_until_somebody_ends_it(self, visitor: Visitor) -> None:
        override, client = rated.override("USDT/NGN", "1600"), visitor(Role.TREASURY)
        body = client.get(PAIR).text
        assert "A price of our own counts" in body
        assert "1,600.00" in body
        end = f"/console/rates/prices/{override.id}/end"
        assert browse.send(client, end, form_at=PAIR).status_code == 303
        assert "A price of our own counts" not in client.get(PAIR).text
        assert browse.send(client, end, form_at=PAIR).status_code == 409

    def test_that_is_crossed_can_be_stopped_and_not_priced(self, visitor: Visitor) -> None:
        body = visitor(Role.TREASURY).get("/console/rates/pairs/BTC-NGN").text
        assert "Stop dealing in it" in body
        assert "Ask for a price of our own" not in body


class TestAFeed:
    PLACE = "/console/rates/feeds/luno"

    def test_shows_what_it_tells(self, visitor: Visitor) -> None:
        body = visitor(Role.AUDITOR).get(self.PLACE).text
        assert "1,500.00" in body
        assert "Ask for a change" not in body

    @pytest.mark.parametrize(
        ("said", "says"),
        [
            ({"active": "yes", "weight": "two", "age_max_seconds": "60"}, "in digits"),
            ({"active": "yes", "weight": "11", "age_max_seconds": "60"}, "from 1 to 10"),
            ({"active": "yes", "weight": "2", "age_max_seconds": "1"}, "seven days"),
            ({"active": "yes", "weight": "2", "age_max_seconds": "60"}, "so already"),
            ({"active": "yes", "weight": "9", "age_max_seconds": "60"}, "Luno would outweigh the others"),
        ],
    )
    def test_is_not_changed_to_what_cannot_be(self, visitor: Visitor, said: dict[str, str], says: str) -> None:
        answer = browse.send(visitor(Role.TREASURY), self.PLACE, **said, reason="x", key=books.fresh())
        assert answer.status_code == 422
        assert says in answer.text

    def test_is_turned_off_by_two(self, visitor: Visitor) -> None:
        said = {"active": "no", "weight": "2", "age_max_seconds": "60", "reason": "It errs."}
        client = visitor(Role.TREASURY)
        assert browse.send(client, self.PLACE, **said, key=books.fresh()).status_code == 303
        assert "A change was asked for by" in client.get(self.PLACE).text


class TestSpreads:
    PLACE = "/console/rates/spreads"

    def test_are_read_by_who_may_look(self, visitor: Visitor) -> None:
        body = visitor(Role.AUDITOR).get(self.PLACE).text
        assert "Anything bought, sold or swapped, any tier" in body
        assert "1.00 %" in body
        assert "Ask for another schedule" not in body

    def test_are_asked_for_from_a_day_to_come(self, visitor: Visitor) -> None:
        said = {
            "ticker": "ETH",
            "side": "buy",
            "tier": "t2",
            "share-0": "0.95",
            "from-1": "1,000,000",
            "share-1": "0.7",
        }
        client = visitor(Role.FINANCE)
        for wrong, says in (
            ({"starts_on": ""}, "on which day"),
            ({"starts_on": "2020-01-01"}, "on a day to come"),
            ({"starts_on": "2099-01-01", "share-0": "25"}, "not above 20 %"),
            ({"starts_on": "2099-01-01", "share-0": "a lot"}, "amount"),
            ({"starts_on": "2099-01-01", "from-0": "5"}, "begins at nothing"),
            ({"starts_on": "2099-01-01", "ticker": "DOGE"}, "Nothing like this"),
        ):
            answer = browse.send(client, self.PLACE, **(said | wrong), reason="x", key=books.fresh())
            assert answer.status_code == 422, wrong
            assert says in answer.text, wrong
        asked = browse.send(client, self.PLACE, **said, starts_on="2099-01-01", reason="x", key=books.fresh())
        assert asked.status_code == 303
        shown = client.get(asked.headers["Location"]).text
        assert "ETH bought, tier 2" in shown
        assert "0.95 %" in shown
        assert "From ₦1,000,000.00" in shown
