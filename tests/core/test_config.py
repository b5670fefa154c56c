"""Settings that are wrong do not start, and say everything that is wrong at once."""

import base64

import pytest

from config import BadSettings, Settings

PRODUCTION = {
    "BURSAR_ENV": "production",
    "DATABASE_URL": "postgresql://bursar_app@db/bursar",
    "REDIS_URL": "redis://queue",
    "PAYSTACK_SECRET_KEY": "sk_live_0",
    "SECRET_KEY": "s" * 32,
    "DATA_KEY": base64.b64encode(b"d" * 32).decode(),
    "PUBLIC_URL": "https://bursar.example",
    "SMTP_URL": "smtp://mail",
}


def test_a_whole_set_starts() -> None:
    settings = Settings.from_env(PRODUCTION)
    assert settings.production
    assert settings.password_kib == 64 * 1024


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"BURSAR_ENV": "staging"}, "BURSAR_ENV is none of"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter"),
        ({"DATA_KEY": "AAAA"}, "DATA_KEY is not base64 of 32 bytes"),
        ({"DATA_KEY": "*"}, "DATA_KEY is not base64 of 32 bytes"),
        ({"TRIES_FACTOR": "2"}, "TRIES_FACTOR is for tests"),
        ({"TRIES_FACTOR": "many"}, "TRIES_FACTOR is not a whole number"),
        ({"PASSWORD_KIB": "65535"}, "PASSWORD_KIB is less than 65536"),
        ({"BURSAR_ENV": "test", "PASSWORD_KIB": "31"}, "PASSWORD_KIB is less than 32"),
        ({"PAYSTACK_SECRET_KEY": "sk_test_1"}, "PAYSTACK_SECRET_KEY is a test key"),
        ({"PUBLIC_URL": "http://bursar.example"}, "PUBLIC_URL is not https"),
        ({"SMTP_URL": ""}, "SMTP_URL is not set"),
        ({"TASK_LEASE_SECONDS": "45"}, "TASK_LEASE_SECONDS must be longer"),
    ],
)
def test_a_wrong_one_does_not_and_is_named(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(BadSettings) as told:
        Settings.from_env(PRODUCTION | wrong)
    assert [line for line in str(told.value).splitlines() if line.startswith(said)], told.value


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadSettings) as told:
        Settings.from_env({})
    assert {line.split(" ")[0] for line in str(told.value).splitlines()} >= {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL"}
