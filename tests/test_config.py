"""Settings that are missing, or that production may not have, do not start, and every fault is named at once."""

import base64

import pytest

from config import BadSettings, Settings

GOOD = {
    "BURSAR_ENV": "production",
    "DATABASE_URL": "postgresql+psycopg2://bursar@db/bursar",
    "REDIS_URL": "redis://redis",
    "PAYSTACK_SECRET_KEY": "sk_live_0123456789",
    "SMS_URL": "https://sms.example",
    "SMS_TOKEN": "token",
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "DATA_KEY": base64.b64encode(bytes(32)).decode(),
    "PUBLIC_URL": "https://bursar.example",
    "SMTP_URL": "smtp://mail",
}


def faults(**changes: str) -> list[str]:
    try:
        Settings.from_env(GOOD | changes)
    except BadSettings as bad:
        return str(bad).splitlines()
    return []


def test_good_ones_start() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"SMS_URL": ""}, "SMS_URL is not set."),
        ({"SMS_TOKEN": ""}, "SMS_TOKEN is not set."),
        ({"SMS_URL": "http://sms.example"}, "SMS_URL is not https."),
        ({"PUBLIC_URL": "http://bursar.example"}, "PUBLIC_URL is not https."),
        ({"TRIES_FACTOR": "2"}, "TRIES_FACTOR is for tests."),
        ({"PAYSTACK_SECRET_KEY": "sk_test_0"}, "PAYSTACK_SECRET_KEY is a test key."),
        ({"SMTP_URL": ""}, "SMTP_URL is not set: mails would stay in the development mailbox."),
    ],
)
def test_a_bad_one_is_named(changes: dict[str, str], fault: str) -> None:
    assert fault in faults(**changes)


def test_the_sandbox_is_plain_http_and_good_enough_to_develop_with() -> None:
    assert faults(BURSAR_ENV="development", SMS_URL="http://localhost:8001/sms") == []
