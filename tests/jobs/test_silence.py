"""Work that asks a vendor goes on after an outage of any length, and is given up for what nobody can read."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from app.clients.http import Refused, Silent, Unreadable
from app.core import actor, clock
from jobs import disputes, payments, settlement, withdrawals
from jobs.work import QUICK_TRIES, WHILE_AWAY, Work, until_it_answers


@pytest.fixture
def work(inside: Flask) -> Work:
    return Work("test:1", "1", {}, inside.extensions["clients"], actor.system("test"))


@pytest.mark.parametrize(
    ("error", "tries", "pause"),
    [
        (Silent(), 1, None),
        (Silent(), QUICK_TRIES, WHILE_AWAY),
        (Refused(429, "rate_limited", "later"), QUICK_TRIES, WHILE_AWAY),
        (Unreadable(), QUICK_TRIES, None),
        (ValueError(), QUICK_TRIES, None),
    ],
)
def test_silence_is_waited_out(work: Work, error: Exception, tries: int, pause: timedelta | None) -> None:
    @until_it_answers
    def ask(_work: Work) -> timedelta | None:
        raise error

    if pause is None:
        with pytest.raises(type(error)):
            ask(replace(work, tries=tries))
    else:
        assert ask(replace(work, tries=tries)) == pause


@pytest.mark.parametrize(("status", "given_up"), [(404, True), (403, False)])
def test_a_no_about_the_work_is_given_up_after_a_day(work: Work, *, status: int, given_up: bool) -> None:
    @until_it_answers
    def ask(_work: Work) -> timedelta | None:
        raise Refused(status, "no", "No.")

    young = replace(work, tries=QUICK_TRIES, asked_at=clock.now())
    assert ask(young) == WHILE_AWAY
    old = replace(young, asked_at=clock.now() - timedelta(hours=25))
    if given_up:
        with pytest.raises(Refused):
            ask(old)
    else:
        assert ask(old) == WHILE_AWAY


def test_what_follows_money_is_never_given_up_for_silence() -> None:
    following = (
        payments.watch_deposit, payments.watch_payout, payments.read_kept, payments.send_refund,
        payments.redirect_refund, payments.watch_refund, disputes.watch, disputes.look_for_refunds,
        settlement.note_charges, withdrawals.send,
    )  # fmt: skip
    assert [job.__name__ for job in following if not hasattr(job, "__wrapped__")] == []
