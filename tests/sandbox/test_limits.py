"""A vendor that is away, one that has had enough of us, lists by cursor, and how long it tries to be heard."""

import pytest
import requests

from sandbox.webhooks import SCHEDULES
from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask, pay_out

OPENING = 5_000_000_00


class TestDown:
    def test_answers_503_and_does_nothing(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(down="503")
        assert ask(sandbox).status_code == 503
        sandbox.knobs(down="no")
        assert sandbox.call("GET", "/transaction/verify/dep-1").status_code == 404

    def test_cuts_the_line_and_does_nothing(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(down="cut")
        with pytest.raises(requests.ConnectionError):
            sandbox.call("POST", "/transfer", json={"source": "balance"})
        sandbox.knobs(down="no")
        assert sandbox.balance() == OPENING
        assert sandbox.calls("/transfer") == 1


class TestRateLimit:
    def test_turns_away_what_is_too_much_and_says_when_to_come_back(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(rate_limit=2, rate_window_seconds=3600)
        answers = [sandbox.call("GET", "/bank") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        last = answers[-1]
        assert last.json()["code"] == "rate_limited"
        assert last.headers["x-ratelimit-limit"] == "2"
        assert 3590 <= int(last.headers["x-ratelimit-reset"]) <= 3601


class TestCursor:
    def test_walks_a_list_that_grows_meanwhile_without_a_gap_or_a_repeat(self, sandbox: SandboxProcess) -> None:
        for number in range(5):
            sandbox.clock(f"2026-11-0{number + 1}T09:00:00Z")
            ask(sandbox, f"dep-{number}")
        query, seen = {"perPage": "2", "use_cursor": "true"}, []
        while True:
            page = sandbox.call("GET", "/transaction", params=query).json()
            assert set(page["meta"]) == {"next", "previous", "perPage"}
            assert page["meta"]["previous"] == "null"
            seen += [row["reference"] for row in page["data"]]
            ask(sandbox, f"late-{len(seen)}")
            if page["meta"]["next"] is None:
                break
            query["next"] = page["meta"]["next"]
        assert seen == ["dep-4", "dep-3", "dep-2", "dep-1", "dep-0"]

    def test_is_given_unasked_when_told_to(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(lists="cursor")
        pay_out(sandbox)
        assert set(sandbox.call("GET", "/transfer").json()["meta"]) == {"next", "previous", "perPage"}
        assert sandbox.call("GET", "/transfer", params={"next": "@"}).status_code == 400


class TestSchedule:
    @pytest.mark.parametrize(("mode", "tries", "hours"), [("live", 76, 72.15), ("test", 11, 10)])
    def test_is_the_vendors(self, mode: str, tries: int, hours: float) -> None:
        schedule = SCHEDULES[mode]
        waits = [schedule.wait_seconds(attempt) for attempt in range(1, tries)]
        assert schedule.attempts_max == tries
        assert sum(waits) / 3600 == pytest.approx(hours)

    def test_waits_an_hour_between_two_tries_in_test_mode(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.knobs(schedule="test")
        ear.answer_next(500)
        ask(sandbox)
        sandbox.pay("dep-1")
        ear.wait_for(1)
        sandbox.flush()
        assert sandbox.flush()["refused"] == 0
        assert len(ear.heard) == 1
