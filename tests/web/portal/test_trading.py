"""Prices and trades at the portal's doors: what is shown, what is said when it cannot be, and the deed once."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from app.core.db import leave, rows, transaction
from app.core.money import Money
from app.customers.rules import Tier
from app.restrictions.rules import Kind
from app.risk import switches
from app.trading import errors
from tests.makers import browse, priced, restricted, switched, trading
from tests.makers.books import TESTER
from tests.makers.coins import BTC, ETH, USDT
from tests.makers.people import Customer, naira
from tests.web.portal.conftest import at_home

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
ORDERS = "SELECT id FROM orders WHERE customer_id = :c"
QUOTES = "SELECT id FROM quotes WHERE customer_id = :c ORDER BY id"
POSTED = {"give": "NGN", "get": "BTC"}


@pytest.fixture
def dealer(inside: Flask) -> Customer:
    """Somebody with a million naira, and prices to deal at."""
    priced.at()
    return trading.dealer()


@pytest.fixture
def visitor(app: Flask, dealer: Customer) -> FlaskClient:
    return at_home(app, dealer)


def text_of(answer: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def ask(visitor: FlaskClient, **fields: str) -> TestResponse:
    """Send the form, as a browser without a script does."""
    token = browse.token_of(visitor.get("/trade"))
    return visitor.post("/trade", data={"csrf_token": token, **POSTED, **fields})


def confirm(visitor: FlaskClient, review: TestResponse, place: str) -> TestResponse:
    """Press the button of a review."""
    deed = {"csrf_token": browse.token_of(review), "key": browse.key_of(review)}
    return visitor.post(f"{place}/accept", data=deed)


def let_run_out(owner_engine: Engine, quote_id: str) -> None:
    """Its time is over."""
    with owner_engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        connection.execute(text("ALTER TABLE quotes DISABLE TRIGGER marks_stay"))
        connection.execute(
            text("UPDATE quotes SET created_at = created_at - :t, expires_at = expires_at - :t WHERE id = :i"),
            {"t": timedelta(minutes=1), "i": quote_id},
        )
        connection.execute(text("ALTER TABLE quotes ENABLE ALWAYS TRIGGER marks_stay"))


class TestEveryPage:
    @pytest.mark.parametrize(
        "place",
        [
            "/",
            "/prices",
            "/assets/BTC",
            "/assets/USDT?span=1w",
            "/assets/BTC?span=nonsense",
            "/trade",
            "/trade?give=BTC&get=NGN",
            "/trade?give=BTC&get=ETH",
            "/trade?give=nonsense&get=NGN&give_amount=x",
            "/portfolio",
            "/portfolio?span=1y",
            "/recurring",
            "/alerts",
            "/activity?kind=trade&asset=BTC",
            "/more",
        ],
    )
    def test_is_there(self, visitor: FlaskClient, place: str) -> None:
        assert visitor.get(place).status_code == 200

    def test_is_there_for_who_has_traded(self, dealer: Customer, visitor: FlaskClient) -> None:
        done = trading.accepted(dealer, trading.quoted(dealer))
        for place in ("/", "/assets/BTC", "/portfolio", "/activity", f"/orders/{done.id}", f"/receipts/{done.id}"):
            assert visitor.get(place).status_code == 200, place

    def test_of_what_there_is_not_is_not(self, visitor: FlaskClient) -> None:
        for place in ("/assets/NGN", "/assets/XYZ", "/orders/ord_1", "/trade/quotes/qt_1"):
            assert visitor.get(place).status_code == 404, place

    def test_of_somebody_else_is_not(self, visitor: FlaskClient) -> None:
        other = trading.dealer()
        quote = trading.quoted(other)
        done = trading.accepted(other, trading.quoted(other))
        assert visitor.get(f"/trade/quotes/{quote.id}").status_code == 404
        assert visitor.get(f"/orders/{done.id}").status_code == 404
        token = browse.token_of(visitor.get("/trade"))
        for deed in ("accept", "again"):
            sent = visitor.post(f"/trade/quotes/{quote.id}/{deed}", data={"csrf_token": token, "key": "k" * 20})
            assert sent.status_code == 404, deed
        assert len(rows(ORDERS, c=other.id)) == 1


class TestTyping:
    def test_says_what_it_comes_to_on_either_side(self, visitor: FlaskClient) -> None:
        spent = text_of(visitor.get("/trade?get=BTC&give_amount=50,000", headers=PART))
        assert "You get about 0.000" in spent
        assert "Our spread" in spent
        assert "Our fee" in spent
        got = visitor.get("/trade?get=BTC&get_amount=0.001", headers=PART)
        assert "<html" not in got.text
        assert 'data-other="give_amount"' in got.text
        assert "You pay about" in text_of(got)

    def test_keeps_nothing(self, dealer: Customer, visitor: FlaskClient) -> None:
        visitor.get("/trade?get=BTC&give_amount=50,000", headers=PART)
        assert rows(QUOTES, c=dealer.id) == []

    def test_all_there_is_is_all_there_is(self, dealer: Customer, visitor: FlaskClient) -> None:
        page = visitor.get("/trade?get=BTC&whole=1000000.00&give_amount=1000000.00")
        assert 'value="1000000.00"' in page.text
        assert ask(visitor, whole="1000000.00", give_amount="1000000.00").status_code == 303
        (quote,) = rows("SELECT typed, give_units FROM quotes WHERE customer_id = :c", c=dealer.id)
        assert (quote.typed, int(quote.give_units)) == ("all", 100_000_000)

    def test_all_there_is_written_over_is_what_was_written(self, dealer: Customer, visitor: FlaskClient) -> None:
        assert ask(visitor, whole="1000000.00", give_amount="20,000").status_code == 303
        (quote,) = rows("SELECT typed, give_units FROM quotes WHERE customer_id = :c", c=dealer.id)
        assert (quote.typed, int(quote.give_units)) == ("give", 2_000_000)

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({}, "Write how much, on one of the two sides."),
            ({"give_amount": "50", "get_amount": "1"}, "Leave one of the two empty"),
            ({"give_amount": "five"}, "Write the amount in digits"),
            ({"get_amount": "0.000000001"}, "at most 8 decimals"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_written(
        self, dealer: Customer, visitor: FlaskClient, fields: dict[str, str], words: str
    ) -> None:
        answer = ask(visitor, **fields)
        assert answer.status_code == 422
        assert words in text_of(answer)
        assert all(f'value="{value}"' in answer.text for value in fields.values())
        assert rows(QUOTES, c=dealer.id) == []

    def test_says_what_is_not_enough_and_where_more_comes_from(self, visitor: FlaskClient) -> None:
        answer = ask(visitor, give_amount="2000000")
        assert (answer.status_code, "₦1,000,000.00 is available" in text_of(answer)) == (422, True)
        assert 'href="/deposit"' in answer.text


class TestWhenItCannotBe:
    def test_no_price_is_a_state_of_every_page(self, visitor: FlaskClient) -> None:
        priced.at(BTC_USDT="")
        for place in ("/prices", "/assets/BTC"):
            assert "No price" in text_of(visitor.get(place)), place
        assert "has no price" in text_of(visitor.get("/trade?get=BTC"))
        answer = ask(visitor, give_amount="50000")
        assert (answer.status_code, "Nothing happened to your money" in text_of(answer)) == (422, True)

    def test_who_is_not_verified_is_led_there(self, app: Flask, inside: Flask) -> None:
        priced.at()
        newcomer = at_home(app, trading.dealer(tier=Tier.T0))
        answer = ask(newcomer, give_amount="50000")
        assert answer.status_code == 422
        assert 'href="/verification"' in answer.text

    def test_a_restriction_says_its_reason(self, dealer: Customer, visitor: FlaskClient) -> None:
        restricted.placed(dealer, Kind.NO_TRADE)
        leave()
        answer = ask(visitor, give_amount="50000")
        assert answer.status_code == 422
        assert "note-warn" in answer.text
        assert rows(QUOTES, c=dealer.id) == []

    def test_a_switch_that_is_off_says_that_it_is_paused(self, visitor: FlaskClient) -> None:
        with transaction(TESTER):
            switches.turn_off("asset:BTC", reason="A test.", actor=TESTER)
        leave()
        try:
            answer = ask(visitor, give_amount="50000")
            assert (answer.status_code, errors.TradingOff.message in text_of(answer)) == (422, True)
        finally:
            switched.all_on("asset:BTC")


class TestTheDeed:
    def test_is_done_once_without_a_script(self, dealer: Customer, visitor: FlaskClient) -> None:
        asked = ask(visitor, give_amount="50,000")
        assert asked.status_code == 303
        review = visitor.get(asked.location)
        shown = text_of(review)
        assert "This price holds until" in shown
        for line in ("Bitcoin at the market price", "Our spread", "Our fee", "You pay ₦50,000"):
            assert line in shown
        done, again = confirm(visitor, review, asked.location), confirm(visitor, review, asked.location)
        assert (done.status_code, done.location) == (303, again.location)
        assert "Bought Bitcoin" in text_of(visitor.get(done.location))
        assert len(rows(ORDERS, c=dealer.id)) == 1
        assert trading.has(dealer) == naira(950_000)
        # whoever comes back to the price is led to what became of it
        assert visitor.get(asked.location).location == done.location

    def test_another_key_for_the_same_price_is_no_second_order(self, dealer: Customer, visitor: FlaskClient) -> None:
        place = ask(visitor, give_amount="50,000").location
        first, second = visitor.get(place), visitor.get(place)
        assert browse.key_of(first) != browse.key_of(second)
        done = confirm(visitor, first, place)
        late = confirm(visitor, second, place)
        assert visitor.get(late.location).location == done.location
        assert len(rows(ORDERS, c=dealer.id)) == 1

    def test_what_is_sold_is_said_line_by_line(self, dealer: Customer, visitor: FlaskClient) -> None:
        trading.give(dealer, Money(ETH, 10**18))
        asked = ask(visitor, give="ETH", get="NGN", give_amount="0.5")
        shown = text_of(visitor.get(asked.location))
        assert "Ether at the market price ₦2,400,000" in shown
        assert "Our spread −" in shown
        assert "Our fee −" in shown

    def test_a_swap_is_between_coins(self, dealer: Customer, visitor: FlaskClient) -> None:
        trading.give(dealer, Money(USDT, 500 * 10**6))
        asked = ask(visitor, give="USDT.TRC20", get="BTC", give_amount="100")
        review = visitor.get(asked.location)
        part = review.text[review.text.index("<dl") : review.text.index("</dl>")]
        lines = [Decimal(amount) for amount in re.findall(r">([0-9.]+) USDT</span></dd>", part)]
        assert [lines[-1], sum(lines[:-1], Decimal(0))] == [Decimal(100)] * 2  # (the lines that are shown add up)
        done = confirm(visitor, review, asked.location)
        assert "Swapped Tether for Bitcoin" in text_of(visitor.get(done.location))


class TestAPriceThatRanOut:
    def test_is_never_taken_for_agreed(self, dealer: Customer, visitor: FlaskClient, owner_engine: Engine) -> None:
        place = ask(visitor, give_amount="50,000").location
        review = visitor.get(place)
        let_run_out(owner_engine, place.rpartition("/")[2])
        priced.at(BTC_USDT="61000")
        answer = confirm(visitor, review, place)
        assert answer.status_code == 303
        assert rows(ORDERS, c=dealer.id) == []
        fresh = visitor.get(answer.location)
        assert errors.QuoteExpired.message in text_of(fresh)
        assert "You now get" in text_of(fresh)
        done = confirm(visitor, fresh, answer.location.partition("?")[0])
        assert done.location.startswith("/orders/")

    def test_says_so_and_offers_another(self, visitor: FlaskClient, owner_engine: Engine) -> None:
        place = ask(visitor, give_amount="50,000").location
        let_run_out(owner_engine, place.rpartition("/")[2])
        page = visitor.get(place)
        assert "This price has run out. Nothing was booked." in text_of(page)
        assert "/accept" not in page.text

    def test_is_made_anew_by_one_request_that_says_what_changed(self, dealer: Customer, visitor: FlaskClient) -> None:
        place = ask(visitor, give_amount="50,000").location
        token = browse.token_of(visitor.get(place))
        same = visitor.post(f"{place}/again", data={"csrf_token": token}, headers=PART)
        assert "A new price, and it is the same" in text_of(same)
        assert "<html" not in same.text
        priced.at(BTC_USDT="61000")
        newest = same.headers["HX-Replace-Url"].partition("?")[0]
        moved = visitor.post(f"{newest}/again", data={"csrf_token": token}, headers=PART)
        assert "You now get" in text_of(moved)
        assert len(rows(QUOTES, c=dealer.id)) == 3
        assert rows(ORDERS, c=dealer.id) == []

    def test_is_not_made_anew_for_ever_for_a_page_that_nobody_looks_at(self, visitor: FlaskClient) -> None:
        place = ask(visitor, give_amount="50,000").location
        token = browse.token_of(visitor.get(place))
        answer = visitor.post(f"{place}/again?times=4", data={"csrf_token": token}, headers=PART)
        assert 'data-again="no"' in answer.text

    def test_without_a_price_the_part_says_why(self, visitor: FlaskClient) -> None:
        place = ask(visitor, give_amount="50,000").location
        token = browse.token_of(visitor.get(place))
        priced.at(BTC_USDT="")
        answer = visitor.post(f"{place}/again", data={"csrf_token": token}, headers=PART)
        assert (answer.status_code, "Nothing was booked." in text_of(answer)) == (422, True)


class TestWhatStaysTrue:
    @pytest.mark.parametrize("place", ["/", "/prices", "/assets/BTC"])
    def test_is_asked_for_again_and_answered_with_nothing_while_nothing_changed(
        self, dealer: Customer, visitor: FlaskClient, place: str
    ) -> None:
        trading.give(dealer, Money(BTC, 10**6))
        page = visitor.get(place)
        again = re.search(rf'hx-get="({re.escape(place)}\?[^"]*seen=[^"]+)"', page.text)
        assert again
        address = again[1].replace("&amp;", "&")
        assert (visitor.get(address, headers=PART).status_code, visitor.get(address).status_code) == (204, 200)
        priced.at(BTC_USDT="61234")
        changed = visitor.get(address, headers=PART)
        assert changed.status_code == 200
        assert "<html" not in changed.text
        assert changed.text == changed.text.strip()  # (what is around it would stay behind, each time)

    def test_leads_to_the_way_in_when_nobody_is_signed_in_any_more(self, app: Flask) -> None:
        answer = app.test_client().get("/?seen=x", headers=PART)
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")

    def test_an_age_is_that_of_the_price(self, visitor: FlaskClient) -> None:
        page = visitor.get("/assets/BTC").text
        assert re.search(r'<time datetime="[^"]+" title="[^"]+" data-age>\d+ s ago</time>', page)
