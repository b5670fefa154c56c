"""What may be a password, and how it is kept."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from flask import Flask
from sqlalchemy import Engine, text

from app.core.db import db, leave
from app.identity import breached, errors, passwords, rules
from app.identity.models import Login
from app.identity.rules import RESET_LIVES
from config import PASSWORD_KIB_MIN, Settings
from tests.makers import browse, people


class TestTheList:
    def test_is_sorted_and_whole(self) -> None:
        marks = breached.FILE.read_bytes()
        rows = [marks[at : at + breached.MARK_BYTES] for at in range(0, len(marks), breached.MARK_BYTES)]
        assert len(rows) == 40_101
        assert rows == sorted(set(rows))

    @pytest.mark.parametrize("word", ["password", "1234567890", "LIVERPOOL", "qwertyuiop", "q1w2e3r4t5"])
    def test_knows_what_everybody_takes(self, word: str) -> None:
        assert breached.listed(word)

    @pytest.mark.parametrize("word", ["", "a long enough password", "ọ̀rọ̀ aṣínà mi", "zqjxk vbwmp"])
    def test_knows_nothing_else(self, word: str) -> None:
        assert not breached.listed(word)

    @pytest.mark.parametrize("count", [1, 2, 7])
    def test_first_last_and_between_are_found(self, tmp_path: Path, count: int) -> None:
        words = [f"word {number}" for number in range(count)]
        file = tmp_path / "marks.bin"
        file.write_bytes(b"".join(sorted(breached.mark(word) for word in words)))
        marks = breached.Marks(file)
        assert all(breached.listed(word.upper(), marks=marks) for word in words)
        assert not any(breached.listed(f"other {number}", marks=marks) for number in range(100))

    def test_is_asked_fast(self) -> None:
        began = time.perf_counter()
        for number in range(2_000):
            breached.listed(f"word {number}")
        assert time.perf_counter() - began < 1  # (measured: 5 microseconds a word)


class TestRules:
    @pytest.mark.parametrize(
        "password",
        [
            "1234567890",
            "Qwertyuiop",
            "liverpool2026!",
            "!!password1",
            "passwordpassword",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "abcdefghijkl",
            "9876543210",
        ],
    )
    def test_what_is_tried_first_is_refused(self, password: str) -> None:
        with pytest.raises(errors.CommonPassword):
            passwords.check(password)

    @pytest.mark.parametrize(
        "password",
        [
            "a long enough password",
            "correct horse battery staple",
            "love 7302 5518 0946 3371",
            "ọ̀rọ̀ aṣínà mi",
            "mzxkqvplwj",
        ],
    )
    def test_what_is_nobodys_is_taken(self, password: str) -> None:
        passwords.check(password, about=("ada.obi@mail.example", "Ada Obi", "Bursar"))

    @pytest.mark.parametrize(
        "password",
        ["ada.obi@mail.example", "AdaObiAdaObi", "obi-ada-2026", "Okonkwo.1984", "bursar-bursar", "Bursar2026!"],
    )
    def test_what_everybody_knows_of_somebody_is_refused(self, password: str) -> None:
        with pytest.raises(errors.PersonalPassword):
            passwords.check(password, about=("ada.obi@mail.example", "Ada Obi", "Chidi Okonkwo", "Bursar"))

    @pytest.mark.parametrize("length", [9, 257])
    def test_length_is_bounded(self, length: int) -> None:
        with pytest.raises(errors.WeakPassword):
            passwords.check(("mzxkqvplwjr" * 30)[:length])

    def test_a_link_lives_until_it_is_used_or_runs_out(self) -> None:
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert rules.reset_is_live(expires_at=noon + RESET_LIVES, used_at=None, at=noon)
        assert not rules.reset_is_live(expires_at=noon, used_at=None, at=noon)
        assert not rules.reset_is_live(expires_at=noon + timedelta(days=1), used_at=noon, at=noon)


@pytest.fixture
def production(settings: Settings) -> Iterator[None]:
    """Passwords are hashed at the cost of production."""
    passwords.use_memory(PASSWORD_KIB_MIN)
    yield
    passwords.use_memory(settings.password_kib)


@pytest.mark.usefixtures("production")
class TestKeeping:
    def test_the_parameters_are_those_of_the_standard(self) -> None:
        kept = passwords.hash_of("a long enough password")
        assert extract_parameters(kept) == RFC_9106_LOW_MEMORY
        assert passwords.verify("a long enough password", kept=kept)
        assert not passwords.verify("another long password", kept=kept)
        assert not passwords.stale(kept)

    @pytest.mark.parametrize("kept", [None, "", "!", "$argon2id$nonsense"])
    def test_nothing_that_is_no_hash_lets_in(self, kept: str | None) -> None:
        assert not passwords.verify("the password of an account that does not exist", kept=kept)

    def test_no_more_hashes_at_once_than_memory_allows(self) -> None:
        taken = [passwords._AT_ONCE.acquire(timeout=5) for _ in range(passwords.HASHES_AT_ONCE)]
        done = threading.Event()

        def hash_one() -> None:
            passwords.hash_of("a long enough password")
            done.set()

        waiting = threading.Thread(target=hash_one)
        waiting.start()
        try:
            assert all(taken)
            assert not done.wait(0.5)
        finally:
            for _ in taken:
                passwords._AT_ONCE.release()
            waiting.join()
        assert done.is_set()

    def test_a_hash_of_other_parameters_is_renewed_at_sign_in(
        self, app: Flask, inside: Flask, owner_engine: Engine
    ) -> None:
        customer = people.customer()
        old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(people.PASSWORD)
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(
                text("UPDATE logins SET password_hash = :old WHERE id = :id"), {"old": old, "id": customer.login_id}
            )
        assert passwords.stale(old)
        browse.sign_in(app.test_client(), customer.email)
        leave()
        kept = db.session.get_one(Login, customer.login_id).password_hash
        assert extract_parameters(kept) == RFC_9106_LOW_MEMORY
        browse.sign_in(app.test_client(), customer.email)
