"""Second factors: a code is good once, whoever types it; wrong ones are counted; who has a factor keeps one."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text

from app.core import actor, clock
from app.core.db import atomically, db, leave, transaction
from app.core.errors import NotFound, Unauthenticated
from app.core.permissions import Role
from app.identity import errors, factors, queries, rules, service, totp
from app.identity.models import TotpApp
from app.identity.rules import Audience
from app.notifications.models import Mail
from tests.makers import apps, mailbox, people

NOON = datetime(2030, 1, 15, 12, 0, 7, tzinfo=UTC)
GUESSED = "Somebody typed wrong codes for your account"
STEP = timedelta(seconds=rules.TOTP_SECONDS)
ACTOR = actor.system("test")


@pytest.fixture
def noon(inside: Flask) -> Iterator[None]:
    """The clock stands still, a few seconds into a half minute."""
    with clock.at(NOON):
        yield


class Somebody:
    """A login with a session, and what they do in it."""

    def __init__(self, *roles: Role, app: bool = True) -> None:
        if roles:
            _, self.email = people.operator(*roles) if app else people.newcomer(*roles)
            self.login_id, audience = apps.login_of(self.email), Audience.OPERATOR
        else:
            known = people.customer()
            self.login_id, self.email, audience = known.login_id, known.email, Audience.CUSTOMER
            if app:
                apps.give(self.login_id, self.email)
        self.audience = audience
        with transaction(ACTOR):
            entry = service.open_session(self.login_id, audience=audience, device=service.Device("test"))
        self.session_id, self.token = entry.session_id, entry.token
        self.secret = apps.secret_of(self.email) if app else ""

    def code(self, *, steps: int = 0) -> str:
        return totp.code(self.secret, step=rules.totp_step(clock.now()) + steps)

    def prove(self, code: str) -> str | None:
        return atomically(lambda: factors.prove_code(self.session_id, code=code), actor=ACTOR)

    def enrol(self) -> str:
        """Set an app up: its secret."""
        with transaction(ACTOR):
            factors.begin_app(self.session_id)
        self.secret = queries.secret_in_the_making(self.session_id, owner=self.login_id) or ""
        with transaction(ACTOR):
            assert factors.confirm_app(self.session_id, code=self.code())
        return self.secret

    def codes(self) -> list[str]:
        with transaction(ACTOR):
            return factors.write_codes(self.session_id)


class TestACode:
    def test_proves_and_changes_the_token(self, noon: None) -> None:
        somebody = Somebody()
        token = somebody.prove(somebody.code())
        assert token
        assert queries.seen_for_system(somebody.token, audience=somebody.audience) is None
        seen = queries.seen_for_system(token, audience=somebody.audience)
        assert seen is not None
        assert seen.factor_at == NOON

    def test_is_good_once(self, noon: None) -> None:
        somebody = Somebody()
        assert somebody.prove(somebody.code())
        assert somebody.prove(somebody.code()) is None

    def test_of_the_half_minute_before_is_good_and_an_older_or_later_one_is_not(self, noon: None) -> None:
        somebody = Somebody()
        assert somebody.prove(somebody.code(steps=-2)) is None
        assert somebody.prove(somebody.code(steps=1)) is None
        assert somebody.prove(somebody.code(steps=-1))

    def test_is_dead_once_a_newer_one_was_used(self, noon: None) -> None:
        somebody = Somebody()
        assert somebody.prove(somebody.code())
        assert somebody.prove(somebody.code(steps=-1)) is None

    def test_may_be_typed_with_spaces(self, noon: None) -> None:
        somebody = Somebody()
        code = somebody.code()
        assert somebody.prove(f" {code[:3]} {code[3:]} ")

    def test_of_somebody_else_proves_nothing(self, noon: None) -> None:
        one, other = Somebody(), Somebody()
        assert one.prove(other.code()) is None

    def test_proves_nothing_in_a_session_that_was_closed(self, noon: None) -> None:
        somebody = Somebody()
        with transaction(ACTOR):
            service.sign_out(somebody.session_id)
        with pytest.raises(Unauthenticated):
            somebody.prove(somebody.code())


class TestTwoAtOnce:
    def test_one_proves(self, app: Flask, inside: Flask) -> None:
        """Two browsers type the same code at the same time, on connections of their own."""
        somebody = Somebody()
        leave()
        code, ready = apps.code(somebody.email), threading.Barrier(2)
        tokens: list[str | None] = []

        def type_it() -> None:
            with app.app_context():
                ready.wait()
                tokens.append(somebody.prove(code))

        crowd = [threading.Thread(target=type_it) for _ in range(2)]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
        assert sorted(token is None for token in tokens) == [False, True]

    def test_the_step_itself_is_taken_by_one(self, app: Flask, inside: Flask) -> None:
        """Without the count of tries before it: both have read the app, the second waits and finds the step taken."""
        somebody = Somebody()
        app_of_both = queries.live_app(owner=somebody.login_id)
        assert app_of_both is not None
        db.session.expunge_all()
        code, second = apps.code(somebody.email), []

        def take() -> None:
            with app.app_context(), transaction(ACTOR):
                second.append(factors._take_step(app_of_both, typed=code))

        other = threading.Thread(target=take)
        with transaction(ACTOR):
            assert factors._take_step(app_of_both, typed=code)
            other.start()
            other.join(0.3)
            assert not second, "the other one must wait"
        other.join()
        assert second == [False]


class TestWrongCodes:
    def test_pause_after_five_and_the_pause_ends(self, noon: None) -> None:
        somebody = Somebody()
        for _ in range(rules.FACTOR_TRIES_MAX):
            assert somebody.prove("000000x") is None
        with pytest.raises(errors.FactorPaused):
            somebody.prove(somebody.code())
        with clock.at(NOON + rules.FACTOR_PAUSE):
            assert somebody.prove(somebody.code())

    def test_pause_longer_each_time_up_to_a_day_until_one_is_right(self, noon: None) -> None:
        somebody, moment, pauses = Somebody(), NOON, []
        for _ in range(9):
            with clock.at(moment):
                for _ in range(rules.FACTOR_TRIES_MAX):
                    somebody.prove("000000x")
                with pytest.raises(errors.FactorPaused) as refused:
                    somebody.prove(somebody.code())
            leave()
            pauses.append(timedelta(seconds=refused.value.facts["retry_after"]))
            moment += pauses[-1]
        hours = [pause / timedelta(hours=1) for pause in pauses]
        assert hours == [0.25, 0.5, 1, 2, 4, 8, 16, 24, 24]
        with clock.at(moment):
            assert somebody.prove(somebody.code())
        with clock.at(moment + STEP):
            for _ in range(rules.FACTOR_TRIES_MAX):
                somebody.prove("000000x")
            with pytest.raises(errors.FactorPaused, match="Wait 15 minutes"):
                somebody.prove(somebody.code())

    def test_are_told_of_when_they_pause_and_not_before(self, noon: None, work_off: Callable[..., int]) -> None:
        somebody = Somebody()
        for number in range(rules.FACTOR_TRIES_MAX):
            work_off()
            assert mailbox.subjects_to(somebody.email).count(GUESSED) == 0, number
            somebody.prove("000000x")
        work_off()
        letter = next(each for each in mailbox.letters_to(somebody.email) if each.subject == GUESSED)
        assert "for 15 minutes" in letter.body
        assert "change your password" in letter.body

    def test_are_not_told_of_when_the_last_one_is_right(self, noon: None, work_off: Callable[..., int]) -> None:
        somebody = Somebody()
        for _ in range(rules.FACTOR_TRIES_MAX - 1):
            somebody.prove("000000x")
        assert somebody.prove(somebody.code())
        work_off()
        assert GUESSED not in mailbox.subjects_to(somebody.email)

    def test_pause_every_session_of_the_login(self, noon: None) -> None:
        somebody = Somebody()
        for _ in range(rules.FACTOR_TRIES_MAX):
            somebody.prove("000000x")
        with transaction(ACTOR):
            other = service.open_session(
                somebody.login_id, audience=somebody.audience, device=service.Device("another")
            )
        with pytest.raises(errors.FactorPaused), transaction(ACTOR):
            factors.prove_code(other.session_id, code=somebody.code())

    def test_are_forgotten_after_a_right_one(self, noon: None) -> None:
        somebody = Somebody()
        for _ in range(rules.FACTOR_TRIES_MAX - 1):
            assert somebody.prove("000000x") is None
        assert somebody.prove(somebody.code(steps=-1))
        assert somebody.prove("000000x") is None
        assert somebody.prove(somebody.code())


class TestSettingUp:
    def test_counts_from_the_first_code_on(self, noon: None) -> None:
        somebody = Somebody(app=False)
        with transaction(ACTOR):
            factors.begin_app(somebody.session_id)
        assert not queries.enrolled(owner=somebody.login_id)
        with transaction(ACTOR):
            assert factors.confirm_app(somebody.session_id, code="000000") is None
        assert not queries.enrolled(owner=somebody.login_id)
        somebody.enrol()
        assert queries.enrolled(owner=somebody.login_id)
        assert somebody.prove(somebody.code()) is None, "the code that confirmed it is used up"

    def test_shows_the_secret_to_its_own_session_alone(self, noon: None) -> None:
        somebody = Somebody(app=False)
        with transaction(ACTOR):
            factors.begin_app(somebody.session_id)
            other = service.open_session(
                somebody.login_id, audience=somebody.audience, device=service.Device("a thief's")
            )
        assert queries.secret_in_the_making(other.session_id, owner=somebody.login_id) is None
        with pytest.raises(errors.NothingToConfirm), transaction(ACTOR):
            factors.confirm_app(other.session_id, code="000000")

    def test_keeps_the_secret_sealed(self, noon: None) -> None:
        somebody = Somebody(app=False)
        secret = somebody.enrol()
        kept = queries.live_app(owner=somebody.login_id)
        assert kept is not None
        assert secret.encode() not in kept.secret_sealed

    def test_of_a_first_factor_is_closed_to_a_second_session(self, noon: None) -> None:
        """Two sessions began to set up an app with the password alone: once one has, the other must prove itself."""
        somebody = Somebody(app=False)
        with transaction(ACTOR):
            other = service.open_session(
                somebody.login_id, audience=somebody.audience, device=service.Device("a thief's")
            )
            factors.begin_app(other.session_id)
        secret = queries.secret_in_the_making(other.session_id, owner=somebody.login_id) or ""
        somebody.enrol()
        with pytest.raises(errors.FactorStale), transaction(ACTOR):
            factors.confirm_app(other.session_id, code=totp.code(secret, step=rules.totp_step(NOON)))

    def test_of_another_app_takes_the_place_of_the_first(self, noon: None) -> None:
        somebody = Somebody(app=False)
        first = somebody.enrol()
        second = somebody.enrol()
        assert first != second
        with clock.at(NOON + STEP):
            assert somebody.prove(totp.code(first, step=rules.totp_step(clock.now()))) is None
            assert somebody.prove(somebody.code())

    @pytest.mark.parametrize("deed", ["begin_app", "remove_app", "write_codes"])
    def test_changes_need_a_fresh_factor(self, noon: None, deed: str) -> None:
        somebody = Somebody()
        assert somebody.prove(somebody.code())
        later = NOON + rules.FACTOR_FRESH
        with clock.at(later), pytest.raises(errors.FactorStale), transaction(ACTOR):
            getattr(factors, deed)(somebody.session_id)
        with clock.at(later - timedelta(seconds=1)), transaction(ACTOR):
            getattr(factors, deed)(somebody.session_id)


class TestTakingAway:
    def test_leaves_an_operator_one(self, noon: None) -> None:
        somebody = Somebody(Role.SUPPORT)
        assert somebody.prove(somebody.code())
        with pytest.raises(errors.LastFactor), transaction(ACTOR):
            factors.remove_app(somebody.session_id)

    def test_of_a_customers_last_one_makes_the_recovery_codes_worthless(self, noon: None) -> None:
        somebody = Somebody()
        assert somebody.prove(somebody.code())
        code = somebody.codes()[0]
        with transaction(ACTOR):
            factors.remove_app(somebody.session_id)
        assert not queries.enrolled(owner=somebody.login_id)
        assert somebody.prove(code) is None

    def test_of_what_is_not_there_is_refused(self, noon: None) -> None:
        somebody = Somebody(app=False)
        with pytest.raises(NotFound), transaction(ACTOR):
            factors.remove_app(somebody.session_id)


class TestRecoveryCodes:
    def test_are_ten_long_ones_kept_as_hashes(self, noon: None, owner_engine: Engine) -> None:
        somebody = Somebody()
        assert somebody.prove(somebody.code())
        codes = somebody.codes()
        assert len(set(codes)) == rules.RECOVERY_CODES
        assert all(len(rules.plain_code(code)) * 5 >= 112 for code in codes)
        with owner_engine.connect() as connection:
            kept = connection.execute(text("SELECT to_jsonb(c)::text FROM recovery_codes c")).scalars().all()
        assert not any(code in row or rules.plain_code(code) in row for code in codes for row in kept)

    def test_are_good_once_each(self, noon: None) -> None:
        somebody = Somebody()
        assert somebody.prove(somebody.code())
        first, second = somebody.codes()[:2]
        assert somebody.prove(first.lower())
        assert somebody.prove(first) is None
        assert somebody.prove(second)
        assert queries.factors_of(owner=somebody.login_id).codes_left == rules.RECOVERY_CODES - 2

    def test_of_an_earlier_set_are_worthless(self, noon: None) -> None:
        somebody = Somebody()
        assert somebody.prove(somebody.code())
        before, now = somebody.codes(), somebody.codes()
        assert somebody.prove(before[0]) is None
        assert somebody.prove(now[0])

    def test_of_somebody_else_prove_nothing(self, noon: None) -> None:
        one, other = Somebody(), Somebody()
        assert one.prove(one.code())
        assert other.prove(one.codes()[0]) is None

    def test_are_for_those_who_have_a_factor(self, noon: None) -> None:
        somebody = Somebody(app=False)
        with pytest.raises(errors.FactorMissing), transaction(ACTOR):
            factors.write_codes(somebody.session_id)


def test_what_must_not_be_read_is_masked_in_the_record(noon: None, owner_engine: Engine) -> None:
    somebody = Somebody()
    assert somebody.prove(somebody.code())
    somebody.codes()
    with owner_engine.connect() as connection:
        said = connection.execute(
            text(
                "SELECT table_name, after FROM audit.records WHERE action = 'insert' AND after ->> 'login_id' = :login"
                " AND table_name IN ('totp_apps', 'recovery_codes')"
            ),
            {"login": somebody.login_id},
        ).all()
    assert {row.table_name for row in said} == {"totp_apps", "recovery_codes"}
    for row in said:
        assert "[masked]" in (row.after.get("secret_sealed"), row.after.get("code_hash"))


def test_a_step_never_goes_back(noon: None) -> None:
    somebody = Somebody()
    assert somebody.prove(somebody.code())
    app = db.session.query(TotpApp).filter_by(login_id=somebody.login_id).one()
    assert app.last_step == rules.totp_step(NOON)


class TestForgetting:
    def test_leads_back_to_a_first_factor_and_ends_every_session(self, app: Flask, noon: None) -> None:
        somebody = Somebody(Role.SUPPORT)
        token = somebody.prove(somebody.code()) or ""
        somebody.codes()
        leave()
        said = app.test_cli_runner().invoke(
            args=["operators", "forget-factors", somebody.email, "--reason", "Seen in person."]
        )
        assert said.exit_code == 0, said.output
        assert queries.seen_for_system(token, audience=Audience.OPERATOR) is None
        assert queries.factors_of(owner=somebody.login_id) == queries.Factors(None, [], 0)

    def test_of_nobody_is_refused(self, app: Flask, inside: Flask) -> None:
        said = app.test_cli_runner().invoke(
            args=["operators", "forget-factors", "nobody@test.example", "--reason", "None."]
        )
        assert said.exit_code == 1


def test_each_change_is_told_by_mail(inside: Flask, work_off: Callable[..., int]) -> None:
    somebody = Somebody()
    assert somebody.prove(apps.code(somebody.email))
    assert somebody.prove(somebody.codes()[0])
    with transaction(ACTOR):
        factors.remove_app(somebody.session_id)
    leave()
    work_off()
    mails = db.session.scalars(select(Mail.subject).where(Mail.login_id == somebody.login_id)).all()
    assert set(mails) >= {
        "An authenticator app was added to your account",
        "A new set of recovery codes was added to your account",
        "A recovery code was used",
        "An authenticator app was removed from your account",
    }
