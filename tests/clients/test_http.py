"""A call ends in an answer, a no, or silence; and what may be asked again is asked again, once, and nothing else is."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest import LogCaptureFixture  # noqa: PT013 (a type)

from app.clients.breaker import Breaker, CircuitOpen, Pace
from app.clients.http import Http, Refused, Silent, Unreached, Unreadable
from tests.makers.sandbox import free_port
from tests.makers.vendor import Says, Vendor

OK = Says({"done": True})
DROPPED = Says(dropped=True)


@pytest.fixture
def http(scripted: Vendor) -> Http:
    """A client with little patience."""
    return Http(scripted.url, headers={"Authorization": "Bearer x"}, connect_seconds=0.2, read_seconds=0.2)


class TestSilence:
    @pytest.mark.parametrize(
        "says",
        [
            DROPPED,
            Says({"done": True}, 500),
            Says(b"<h1>Bad gateway</h1>", 502),
            Says({"done": True}, 408),
            Says(b"not json"),
            Says(b"<h1>Forbidden</h1>", 403),
            Says(b"[1, 2]"),
            Says(b'{"amount": ' + b"9" * 5000 + b"}"),
            Says(b"[" * 100_000),
            Says({"done": True}, promised=10),
        ],
        ids=["cut", "500", "502", "408", "words", "403", "list", "number", "deep", "short"],
    )
    def test_is_whatever_is_no_answer(self, scripted: Vendor, http: Http, says: Says) -> None:
        scripted.will_say(says)
        with pytest.raises(Silent) as silence:
            http.call("POST", "/transfer", json={})
        assert (len(scripted.asked), isinstance(silence.value, Unreached)) == (1, False)

    def test_is_an_answer_that_drips(self, scripted: Vendor, http: Http) -> None:
        scripted.will_say(Says({"done": "a byte at a time, each of them in time"}, drips=True))
        began = time.monotonic()
        with pytest.raises(Silent):
            http.call("POST", "/transfer", json={})
        assert time.monotonic() - began < 1

    def test_is_an_answer_without_end(self, scripted: Vendor, http: Http) -> None:
        scripted.will_say(Says(b"1" * 200_000))
        with pytest.raises(Silent):
            http.elsewhere("GET", f"{scripted.url}/file", bytes_max=100_000, seconds=5)

    def test_of_a_call_that_never_arrived_says_so(self) -> None:
        nobody = Http(f"http://127.0.0.1:{free_port()}", headers={}, connect_seconds=0.2, read_seconds=0.2)
        with pytest.raises(Unreached):
            nobody.call("POST", "/transfer", json={})

    def test_is_where_we_are_sent_elsewhere(self, scripted: Vendor, http: Http) -> None:
        """A redirect is not followed with our key, and never taken for a yes."""
        scripted.will_say(Says({"status": True, "data": {}}, 302, {"Location": f"{scripted.url}/other"}))
        with pytest.raises(Silent):
            http.call("POST", "/transfer", json={})
        assert [asked.path for asked in scripted.asked] == ["/transfer"]

    @pytest.mark.parametrize("address", ["http://169.254.169.254/latest", "file:///etc/passwd", "//elsewhere/x"])
    def test_is_a_file_at_an_address_that_is_not_safe(self, http: Http, address: str) -> None:
        with pytest.raises(Unreadable):
            http.elsewhere("GET", address, seconds=1)


class TestAgain:
    @pytest.mark.parametrize("first", [DROPPED, Says({}, 503)], ids=["cut", "503"])
    def test_a_read_is_asked_again_once(self, scripted: Vendor, http: Http, first: Says) -> None:
        scripted.will_say(first, OK)
        assert http.call("GET", "/balance") == {"done": True}
        scripted.will_say(first, first, OK)
        with pytest.raises(Silent):
            http.call("GET", "/balance")
        assert len(scripted.asked) == 2

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_what_acts_is_not(self, scripted: Vendor, http: Http, method: str) -> None:
        scripted.will_say(DROPPED, OK)
        with pytest.raises(Silent):
            http.call(method, "/transfer", json={})
        assert len(scripted.asked) == 1

    def test_a_no_is_not(self, scripted: Vendor, http: Http) -> None:
        scripted.will_say(Says({"code": "gone", "message": "Gone."}, 404), OK)
        with pytest.raises(Refused) as refusal:
            http.call("GET", "/transfer/1")
        assert (refusal.value.status, refusal.value.code, len(scripted.asked)) == (404, "gone", 1)


def _silent(http: Http) -> None:
    with pytest.raises(Silent):
        http.call("POST", "/transfer", json={})


@pytest.fixture
def guarded(scripted: Vendor) -> Callable[..., Http]:
    """A client with a breaker of these numbers."""

    def make(**numbers: Any) -> Http:
        breaker = Breaker(**({"failures": 3, "lasting": 0.0, "rest": 0.15} | numbers))
        return Http(scripted.url, headers={}, connect_seconds=0.2, read_seconds=0.2, circuit=breaker)

    return make


class TestBreaker:
    def test_leaves_a_silent_vendor_alone_and_lets_one_try(
        self, scripted: Vendor, guarded: Callable[..., Http], caplog: LogCaptureFixture
    ) -> None:
        http = guarded()
        scripted.will_say(DROPPED)
        for _ in range(3):
            _silent(http)
        with pytest.raises(CircuitOpen) as refusal:
            http.call("POST", "/transfer", json={})
        assert (len(scripted.asked), refusal.value.facts) == (3, {"retry_after": 1})
        assert [line.message for line in caplog.records if line.levelname == "ERROR"] == ["vendor is left alone"]
        time.sleep(0.16)
        _silent(http)  # the one that tries
        with pytest.raises(CircuitOpen):
            http.call("POST", "/transfer", json={})
        assert len(scripted.asked) == 4
        time.sleep(0.16)
        scripted.will_say(OK)
        assert [http.call("POST", "/transfer", json={}) for _ in range(2)] == [{"done": True}] * 2

    def test_an_answer_in_between_begins_the_count_anew(self, scripted: Vendor, guarded: Callable[..., Http]) -> None:
        http = guarded()
        scripted.will_say(DROPPED, DROPPED, Says({"code": "no"}, 400), DROPPED, DROPPED, OK)
        for _ in range(2):
            _silent(http)
        with pytest.raises(Refused):
            http.call("POST", "/transfer", json={})
        for _ in range(2):
            _silent(http)
        assert http.call("POST", "/transfer", json={}) == {"done": True}

    def test_silence_of_a_moment_opens_nothing(self, scripted: Vendor, guarded: Callable[..., Http]) -> None:
        http = guarded(lasting=20.0)
        scripted.will_say(*[DROPPED] * 6, OK)
        for _ in range(6):
            _silent(http)
        assert http.call("POST", "/transfer", json={}) == {"done": True}

    def test_what_one_process_learns_the_others_know(self) -> None:
        """As a worker and the processes it forks, one for each job."""
        breaker, pace = Breaker(failures=1, lasting=0.0), Pace()
        child = os.fork()
        if not child:
            breaker.silent()
            pace.hold("POST /transfer", seconds=60)
            os._exit(0)
        os.waitpid(child, 0)
        with pytest.raises(CircuitOpen):
            breaker.ask()
        assert (breaker.rests, pace.wait("POST /transfer") > 50, pace.wait("GET /balance")) == (True, True, 0)
