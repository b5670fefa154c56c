"""Work that waits on Paystack: how long silence is waited out, and when it is a failure all the same."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.clients.breaker import CircuitOpen
from app.clients.http import Silent, Unreadable
from app.clients.paystack_refusals import RateLimited
from app.core import clock
from jobs import payments
from jobs.work import LATE, PATIENCE, SOON, Work, patiently
from tests.makers import people
from tests.makers.paying import SYSTEM
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess


def raised(error: Exception) -> Callable[[], timedelta | None]:
    def act() -> timedelta | None:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "age", "pause"),
    [
        (Silent(), timedelta(0), SOON),
        (Silent(), timedelta(minutes=20), timedelta(minutes=5)),
        (CircuitOpen(), timedelta(hours=3), LATE),
        (RateLimited(429, "rate_limited", "", retry_after_seconds=40), timedelta(0), timedelta(seconds=40)),
    ],
)
def test_silence_is_waited_out_longer_and_longer(error: Exception, age: timedelta, pause: timedelta) -> None:
    with clock.at(clock.now()):
        assert patiently(raised(error), since=clock.now() - age) == pause


@pytest.mark.parametrize(
    ("error", "age"), [(Unreadable(), timedelta(0)), (Silent(), PATIENCE * 2), (ValueError(), timedelta(0))]
)
def test_what_somebody_has_to_look_at_is_a_failure(error: Exception, age: timedelta) -> None:
    with pytest.raises(type(error)):
        patiently(raised(error), since=clock.now() - age)


def test_a_watch_outlives_a_vendor_that_is_away(inside: Flask, sandbox: SandboxProcess) -> None:
    deposit_id, _ = people.open_deposit(people.customer(), naira(1_000), app=inside)
    work = Work("test", deposit_id, {}, inside.extensions["clients"], SYSTEM)
    sandbox.knobs(answer="drop", answer_times=2, answer_to=f"/transaction/verify/{deposit_id.replace('_', '-')}")
    assert payments.watch_deposit(work) is not None
    assert payments.watch_deposit(work) is not None
