"""Who may call the venue: its own published example, ccxt's signature, keys, nonces, permissions and windows."""

import ccxt
import pytest

from sandbox.exchange.signing import is_signed, signature
from tests.makers.exchange import ExchangeProcess
from tests.sandbox.trader import kraken, post, send, sign

# The worked example of docs.kraken.com, "Spot REST Authentication": a limit order for 1.25 XBTUSD at $37,500.
PUBLISHED_SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
PUBLISHED_NONCE = "1616492376594"
PUBLISHED_BODY = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
PUBLISHED_SIGNATURE = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
ORDER = {"ordertype": "limit", "pair": "XBTUSD", "price": "37500", "type": "buy", "volume": "1.25"}


class TestTheSignature:
    def test_is_the_one_the_venue_publishes(self) -> None:
        made = signature(PUBLISHED_SECRET, "/0/private/AddOrder", PUBLISHED_NONCE, PUBLISHED_BODY)
        assert made == PUBLISHED_SIGNATURE

    def test_is_the_one_ccxt_makes_of_the_same_order(self) -> None:
        client = ccxt.kraken({"apiKey": "key", "secret": PUBLISHED_SECRET})
        client.incrementing_nonce = lambda: int(PUBLISHED_NONCE)
        made = client.sign("AddOrder", ["private"], "POST", ORDER)
        assert made["body"] == PUBLISHED_BODY
        assert made["headers"]["API-Sign"] == PUBLISHED_SIGNATURE

    def test_knows_a_stranger(self) -> None:
        assert not is_signed(PUBLISHED_SECRET, "/0/private/Balance", PUBLISHED_NONCE, PUBLISHED_BODY, "")
        other = signature(PUBLISHED_SECRET, "/0/private/Withdraw", PUBLISHED_NONCE, PUBLISHED_BODY)
        assert not is_signed(PUBLISHED_SECRET, "/0/private/AddOrder", PUBLISHED_NONCE, PUBLISHED_BODY, other)


class TestTheDoor:
    def test_lets_a_signed_call_in(self, exchange: ExchangeProcess) -> None:
        assert post(exchange, "Balance") == {"error": [], "result": {}}

    def test_refuses_another_key(self, exchange: ExchangeProcess) -> None:
        with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
            kraken(exchange, apiKey="somebody").fetch_balance()

    def test_refuses_another_secret(self, exchange: ExchangeProcess) -> None:
        with pytest.raises(ccxt.ExchangeError, match="EAPI:Invalid signature"):
            kraken(exchange, secret="c29tZWJvZHkgZWxzZQ==").fetch_balance()

    def test_refuses_a_body_that_was_changed_after_signing(self, exchange: ExchangeProcess) -> None:
        body = "nonce=1&asset=XBT"
        signed = sign(exchange.secret, "/0/private/Ledgers", body)
        changed = send(exchange, "Ledgers", body.replace("XBT", "ETH"), signature=signed)
        assert changed.json() == {"error": ["EAPI:Invalid signature"]}
        assert send(exchange, "Ledgers", body, signature=signed).json()["error"] == []

    def test_refuses_a_nonce_that_does_not_rise(self, exchange: ExchangeProcess) -> None:
        errors = []
        for nonce in ("5", "4", "5", "6", "x", "18446744073709551616"):
            body = f"nonce={nonce}"
            signed = sign(exchange.secret, "/0/private/Balance", body)
            errors.append(send(exchange, "Balance", body, signature=signed).json()["error"])
        bad = ["EAPI:Invalid nonce"]
        assert errors == [[], bad, bad, [], bad, bad]

    def test_takes_late_nonces_once_within_the_window_of_the_key(self, exchange: ExchangeProcess) -> None:
        exchange.knobs(nonce_window=10)
        errors = []
        for nonce in (100, 95, 95, 90, 101):
            body = f"nonce={nonce}"
            signed = sign(exchange.secret, "/0/private/Balance", body)
            errors.append(send(exchange, "Balance", body, signature=signed).json()["error"])
        assert errors == [[], [], ["EAPI:Invalid nonce"], ["EAPI:Invalid nonce"], []]

    def test_remembers_the_nonce_over_a_restart(self, exchange: ExchangeProcess) -> None:
        body = "nonce=1000"
        signed = sign(exchange.secret, "/0/private/Balance", body)
        assert send(exchange, "Balance", body, signature=signed).json()["error"] == []
        exchange.kill()
        exchange.start()
        assert send(exchange, "Balance", body, signature=signed).json()["error"] == ["EAPI:Invalid nonce"]

    def test_believes_a_nonce_to_be_ahead_when_the_clock_is_skewed(self, exchange: ExchangeProcess) -> None:
        client = kraken(exchange)
        client.fetch_balance()
        exchange.knobs(nonce_skew=600_000)
        with pytest.raises(ccxt.InvalidNonce):
            client.fetch_balance()
        exchange.knobs(nonce_skew=0)
        client.fetch_balance()

    def test_answers_an_unknown_call(self, exchange: ExchangeProcess) -> None:
        assert post(exchange, "Nothing") == {"error": ["EGeneral:Unknown method"]}


class TestPermissionsAndWindows:
    @pytest.mark.parametrize(
        ("denied", "call", "free"),
        [("trade", "CancelAll", "Balance"), ("query", "Ledgers", "CancelAll"), ("withdraw", "Withdraw", "Balance")],
    )
    def test_a_key_may_do_what_it_was_allowed_to(
        self, exchange: ExchangeProcess, denied: str, call: str, free: str
    ) -> None:
        exchange.knobs(denied=denied)
        assert post(exchange, call)["error"] == ["EGeneral:Permission denied"]
        assert post(exchange, free)["error"] == []

    def test_too_many_calls_are_refused_and_nothing_is_done(self, exchange: ExchangeProcess) -> None:
        client = kraken(exchange)
        client.load_markets()
        exchange.knobs(rate_limit=2)
        client.fetch_balance()
        client.fetch_balance()
        with pytest.raises(ccxt.DDoSProtection, match="EAPI:Rate limit exceeded"):
            client.fetch_balance()
        exchange.knobs(rate_limit=None)
        client.fetch_balance()

    def test_too_many_orders_are_refused_as_orders(self, exchange: ExchangeProcess) -> None:
        client = kraken(exchange)
        exchange.fund("BTC", "1")
        exchange.knobs(order_rate_limit=1)
        client.create_order("BTC/USD", "market", "sell", "0.001")
        with pytest.raises(ccxt.DDoSProtection, match="EOrder:Rate limit exceeded"):
            client.create_order("BTC/USD", "market", "sell", "0.001")
        assert len(exchange.orders()) == 1

    def test_a_venue_under_repair_says_so(self, exchange: ExchangeProcess) -> None:
        exchange.knobs(status="maintenance")
        client = kraken(exchange)
        assert client.fetch_status()["status"] == "maintenance"
        with pytest.raises(ccxt.ExchangeNotAvailable, match="EService:Unavailable"):
            client.fetch_balance()
