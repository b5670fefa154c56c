"""What identity decides: how long a password, a session, a code is good for. Each limit from both sides."""

from datetime import UTC, datetime, timedelta

import pytest

from app.identity import rules
from app.identity.rules import Audience

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("password", "fits"),
    [
        ("", False),
        ("x" * 9, False),
        ("x" * 10, True),
        ("correct horse battery staple", True),
        ("ọ̀rọ̀ aṣínà mi", True),
        ("1234567890", True),  # length is the only rule
        ("x" * 256, True),
        ("x" * 257, False),
    ],
    ids=lambda value: f"{len(value)} characters" if isinstance(value, str) else str(value),
)
def test_a_password_fits_by_its_length_alone(password: str, *, fits: bool) -> None:
    assert rules.password_fits(password) is fits


class TestSession:
    @staticmethod
    def live(
        audience: str = "customer",
        *,
        idle: timedelta = timedelta(0),
        left: timedelta = timedelta(hours=1),
        revoked_at: datetime | None = None,
    ) -> bool:
        """Whether a session is live at noon that was idle and has time left for so long."""
        return rules.session_is_live(
            audience=audience, seen_at=NOON - idle, expires_at=NOON + left, revoked_at=revoked_at, at=NOON
        )

    @pytest.mark.parametrize(("audience", "minutes"), [("customer", 30), ("operator", 15)])
    def test_ends_when_it_was_idle_for_too_long(self, audience: str, minutes: int) -> None:
        assert self.live(audience, idle=timedelta(minutes=minutes) - TICK)
        assert not self.live(audience, idle=timedelta(minutes=minutes))

    def test_ends_at_its_end_however_busy(self) -> None:
        assert self.live(left=TICK)
        assert not self.live(left=timedelta(0))

    def test_ends_at_once_when_it_is_revoked(self) -> None:
        assert not self.live(revoked_at=NOON)
        assert not self.live(revoked_at=NOON + timedelta(hours=1))

    def test_is_of_a_known_audience(self) -> None:
        with pytest.raises(ValueError, match="guest"):
            self.live("guest")

    def test_of_staff_ends_sooner_than_of_customers(self) -> None:
        assert rules.SESSION_IDLES[Audience.OPERATOR] < rules.SESSION_IDLES[Audience.CUSTOMER] < rules.SESSION_LIVES
        assert set(rules.SESSION_IDLES) == set(Audience)


@pytest.mark.parametrize(
    ("tries", "left", "used_at", "live"),
    [
        (0, TICK, None, True),
        (0, timedelta(0), None, False),
        (0, -TICK, None, False),
        (4, TICK, None, True),
        (5, TICK, None, False),
        (6, TICK, None, False),
        (0, TICK, NOON, False),
    ],
)
def test_a_code_is_good_once_for_ten_minutes_and_five_tries(
    tries: int, left: timedelta, used_at: datetime | None, *, live: bool
) -> None:
    assert rules.code_is_live(tries=tries, expires_at=NOON + left, used_at=used_at, at=NOON) is live


@pytest.mark.parametrize(
    ("since", "allowed"),
    [(None, True), (timedelta(0), False), (timedelta(seconds=60) - TICK, False), (timedelta(seconds=60), True)],
)
def test_another_code_goes_out_after_a_minute(since: timedelta | None, *, allowed: bool) -> None:
    last = None if since is None else NOON - since
    assert rules.resend_allowed(last_sent_at=last, at=NOON) is allowed


def test_a_code_lives_longer_than_one_waits_for_the_next() -> None:
    assert rules.CODE_LIVES > rules.CODE_RESEND_AFTER
