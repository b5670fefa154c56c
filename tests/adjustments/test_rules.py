"""What adjustments decides: when a journal takes effect, how large it is, whom it is about."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.adjustments import rules
from app.adjustments.rules import Content
from app.core.money import NGN, Money
from app.ledger.journal import Leg
from tests.makers.coins import BTC

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # half past midnight of the 22nd in Lagos
LEGS = (Leg("asset:a:NGN", Money(NGN, 5)), Leg("income:b:NGN", Money(NGN, -5)))
CONTENT = Content(LEGS, "a reason", date(2026, 10, 31), 7)


def test_a_day_comes_at_midnight_in_lagos() -> None:
    assert rules.has_come(date(2026, 11, 21), at=NOW)
    assert rules.has_come(date(2026, 11, 22), at=NOW)
    assert not rules.has_come(date(2026, 11, 23), at=NOW)


def test_a_day_that_is_over_counts_at_its_end() -> None:
    last = rules.effective_at(date(2026, 10, 31), at=NOW)
    assert last == datetime(2026, 10, 31, 22, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize("day", [None, date(2026, 11, 22)])
def test_today_and_no_day_count_when_it_is_booked(day: date | None) -> None:
    assert rules.effective_at(day, at=NOW) is None


def test_a_request_keeps_it_to_the_letter() -> None:
    for content in (CONTENT, replace(CONTENT, effective_on=None, corrects=None)):
        assert rules.content_of(json.loads(json.dumps(content.as_json()))) == content


def test_its_size_is_known_in_naira_alone() -> None:
    assert rules.size(CONTENT) == 5
    foreign = (Leg("asset:a:BTC", Money(BTC, 5)), Leg("income:b:BTC", Money(BTC, -5)))
    assert rules.size(replace(CONTENT, legs=(*LEGS, *foreign))) is None


def test_it_is_about_the_customers_whose_accounts_it_moves() -> None:
    theirs = Leg("liability:customer:cus_1:NGN", Money(NGN, -5))
    assert rules.customers_of(replace(CONTENT, legs=(LEGS[0], theirs))) == {"cus_1"}
    assert rules.customers_of(CONTENT) == frozenset()
