"""What the verification pages say, decided by looking: nothing here knows a database."""

from datetime import UTC, datetime, timedelta

import pytest

from app.applications.models import Application, Happening
from app.applications.reasons import REFUSALS
from app.applications.rules import SLOTS as WANTED
from app.applications.rules import About, State, Step
from app.customers.rules import Tier
from app.web.portal import verification_words as words

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def application(state: State, **more: object) -> Application:
    facts: dict[str, object] = {
        "state": state, "about": "tier", "wanted": "t2", "had": "t0", "subject": "person", "due_at": None,
    }  # fmt: skip
    return Application(**{**facts, **more})


def test_every_step_and_every_place_for_a_file_has_words() -> None:
    assert set(words.STEPS) == set(Step)
    assert set(words.SLOTS) == {slot for slots in WANTED.values() for slot in slots}
    assert set(words.ABOUTS) == set(words.WHY) == set(About) - {About.TIER}


@pytest.mark.parametrize("code", REFUSALS)
def test_who_is_refused_reads_the_customers_text_and_nothing_else(code: str) -> None:
    kind, title, text = words.outcome(application(State.REJECTED, reason_code=code))
    assert (kind, title, text) == ("bad", "Not approved", REFUSALS[code].customer)
    told = words.trail(
        application(State.REJECTED, reason_code=code),
        [Happening(what="rejected", facts={"code": code}, happened_at=NOW)],
        at=NOW,
    )
    assert [(one["title"], one.get("text", "")) for one in told] == [("Not approved", "")]


@pytest.mark.parametrize(
    ("about", "had", "decided", "says"),
    [
        ("tier", "t0", "t2", "You have Tier 2 now."),
        ("tier", "t0", "t1", "You have Tier 1 now, not yet Tier 2."),
        ("address", "t2", "t2", "Thank you. Everything stays as it is."),
        ("review", "t2", "t1", "You have Tier 1 now, no longer Tier 2. Your limits say what that means."),
    ],
)
def test_an_approval_says_what_came_of_it(about: str, had: str, decided: str, says: str) -> None:
    assert words.outcome(application(State.APPROVED, about=about, had=had, decided_tier=decided))[2] == says


@pytest.mark.parametrize(
    ("tier", "says"), [(Tier.T1, "about 4 hours"), (Tier.T2, "about 1 day"), (Tier.T3, "about 2 days")]
)
def test_how_long_a_review_takes(tier: Tier, says: str) -> None:
    assert words.review_time(tier) == says


def test_a_late_review_promises_no_hour_that_has_passed() -> None:
    late = application(State.ESCALATED, due_at=NOW - timedelta(minutes=1))
    assert "longer than usual" in words.expected(late, at=NOW)
    in_time = application(State.SUBMITTED, due_at=NOW + timedelta(hours=3))
    assert words.expected(in_time, at=NOW) == "You hear from us by 21 Nov 2026, 16:00 WAT."


@pytest.mark.parametrize("state", [State.SUBMITTED, State.ESCALATED, State.PROPOSED])
def test_who_of_ours_has_it_makes_no_difference(state: State) -> None:
    story = [
        Happening(what="begun", facts={}, happened_at=NOW),
        Happening(what="submitted", facts={"round": 1}, happened_at=NOW),
        Happening(what="claimed", facts={}, happened_at=NOW),
        Happening(what="claimed", facts={}, happened_at=NOW),
    ]
    titles = [one["title"] for one in words.trail(application(state, due_at=NOW), story, at=NOW)]
    assert titles == [
        "You began",
        "You sent it to us",
        "Somebody began to look at it",
        "We look at it",
        "You hear from us",
    ]
