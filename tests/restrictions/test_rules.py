"""What each kind stops, and what a customer is promised."""

import pytest

from app.restrictions import rules
from app.restrictions.reasons import REASONS
from app.restrictions.rules import STOPS, TITLES, TITLES_FOR_SUPPORT, Kind, State, Way


def test_every_kind_stops_something_and_has_its_titles() -> None:
    assert STOPS.keys() == TITLES.keys() == TITLES_FOR_SUPPORT.keys() == set(Kind)
    assert all(Way.TRADE in stopped for stopped in STOPS.values())


@pytest.mark.parametrize(
    ("kinds", "stopped"),
    [
        (set(), set()),
        ({Kind.NO_TRADE}, {Way.TRADE}),
        ({Kind.NO_DEBIT}, {Way.OUT, Way.TRADE}),
        ({Kind.LEGAL_HOLD}, {Way.OUT, Way.TRADE}),
        ({Kind.NO_CREDIT, Kind.NO_TRADE}, {Way.IN, Way.TRADE}),
        ({Kind.NO_CREDIT, Kind.NO_DEBIT}, set(Way)),
    ],
)
def test_several_stop_what_any_of_them_stops(kinds: set[Kind], stopped: set[Way]) -> None:
    assert {way for way in Way if rules.stops(kinds, way)} == stopped


def test_support_cannot_tell_a_legal_hold_from_another() -> None:
    assert TITLES_FOR_SUPPORT[Kind.LEGAL_HOLD] == TITLES_FOR_SUPPORT[Kind.NO_DEBIT]


def test_a_customer_is_promised_nothing_that_is_stopped() -> None:
    told = rules.told(Kind.NO_CREDIT, text="Why.", stopped={Way.IN, Way.TRADE})
    assert "withdrawing" in told.works
    assert "adding money" not in told.works
    assert "withdrawing" not in rules.told(Kind.NO_CREDIT, text="Why.", stopped=set(Way)).works


def test_every_reason_has_three_texts_for_three_readers() -> None:
    for code, reason in REASONS.items():
        assert code == reason.code
        texts = {reason.customer_text, reason.support_text, reason.compliance_text}
        assert len(texts) == 3
        assert all(text.endswith(".") for text in texts)


def test_what_ended_does_not_stand_again() -> None:
    for ended in (State.LIFTED, State.EXPIRED):
        assert rules.MACHINE.is_final(ended)
    assert not rules.MACHINE.is_final(State.PLACED)
