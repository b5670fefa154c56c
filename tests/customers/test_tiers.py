"""Which tier counts after what opens an account was changed, however often and between whatever."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.customers import rules
from app.customers.rules import Tier

BEGAN = datetime(2026, 11, 21, tzinfo=UTC)
# What happens in which hour: another tier, or (None) a change of what opens the account.
stories = st.dictionaries(st.integers(0, 59), st.sampled_from([*Tier, None]), max_size=12)


@given(stories, st.integers(60, 90))
def test_what_counts_is_no_more_than_counted_at_a_change_of_the_last_day(
    story: dict[int, Tier | None], asked: int
) -> None:
    """Beside a plain model that goes through the story once and remembers what counted at each change."""
    tier, counted, until = Tier.T1, Tier.T1, BEGAN
    changes, changed = [], []
    for hour, what in sorted(story.items()):
        now = BEGAN + timedelta(hours=hour)
        if what is None:
            counted, until = rules.lower(tier, counted) if now < until else tier, now + rules.TIER_WAITS
            changed.append(now)
        elif what is not tier:
            changes.append((now, tier))
            tier = what
    at = BEGAN + timedelta(hours=asked)
    chain = rules.chain(changed[::-1], at=at)
    assert rules.counting(tier, changes=changes, chain=chain) is (rules.lower(tier, counted) if at < until else tier)
