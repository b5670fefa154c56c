"""Settings that are incomplete, or of tests in production, do not start anything; what is wrong is said at once."""

import base64

import pytest

from config import BadSettings, Settings

RIGHT = {
    "DATABASE_URL": "postgresql+psycopg2://app@db/bursar",
    "REDIS_URL": "redis://queue",
    "PAYSTACK_SECRET_KEY": "sk_live_0123456789",
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "DATA_KEY": base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
    "DOCUMENT_KEYS": "first:" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
    "DOCUMENTS_URL": "file:///var/documents",
    "PUBLIC_URL": "https://pay.example",
    "SMTP_URL": "smtp://mail.example:587",
    "SMS_URL": "https://sms.example",
    "SMS_TOKEN": "a token",
    "REGISTRY_URL": "https://registry.example",
    "REGISTRY_TOKEN": "a token",
}

KEYS = "DOCUMENT_KEYS"


def faults(**changed: str) -> list[str]:
    """What is said of these settings."""
    with pytest.raises(BadSettings) as refused:
        Settings.from_env(RIGHT | changed)
    return str(refused.value).splitlines()


def test_what_is_right_starts_and_is_production_unless_it_says_otherwise() -> None:
    assert Settings.from_env(RIGHT).production


@pytest.mark.parametrize("name", [name for name in RIGHT if name != "SMTP_URL"])
def test_nothing_secret_has_a_default(name: str) -> None:
    assert f"{name} is not set." in faults(**{name: ""})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY is shorter than 32 characters."),
        ("PAYSTACK_SECRET_KEY", "sk_test_1", "PAYSTACK_SECRET_KEY is a test key."),
        ("PUBLIC_URL", "http://pay.example", "PUBLIC_URL is not https."),
        ("SMS_URL", "http://sms.example", "SMS_URL is not https."),
        ("REGISTRY_URL", "http://registry.example", "REGISTRY_URL is not https."),
        ("BITSTAMP_BASE_URL", "http://bitstamp.example", "BITSTAMP_BASE_URL is not https."),
        ("SMTP_URL", "", "SMTP_URL is not set: mails would stay in the development mailbox."),
        ("TRIES_FACTOR", "10", "TRIES_FACTOR is for tests."),
        ("PASSWORD_KIB", "65535", "PASSWORD_KIB is less than 65536."),
    ],
)
def test_production_refuses_what_is_for_tests(name: str, value: str, says: str) -> None:
    assert faults(**{name: value}) == [says]
    assert Settings.from_env(RIGHT | {name: value, "BURSAR_ENV": "test"}).environment == "test"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BURSAR_ENV", "prod", "BURSAR_ENV is none of"),
        ("KRAKEN_KEY", "key", "KRAKEN_SECRET is not set, or not base64, beside a KRAKEN_KEY."),
        ("LUNO_KEY", "key", "LUNO_KEY and LUNO_SECRET go together."),
        ("BITSTAMP_SECRET", "secret", "BITSTAMP_KEY and BITSTAMP_SECRET go together."),
        ("DATA_KEY", "c2hvcnQ=", "DATA_KEY is not base64 of 32 bytes."),
        ("DOCUMENT_KEYS", "first:c2hvcnQ=", f"{KEYS} holds something that is not a name and base64 of 32 bytes."),
        (
            "DOCUMENT_KEYS",
            RIGHT["DOCUMENT_KEYS"].removeprefix("first"),
            f"{KEYS} holds something that is not a name and base64 of 32 bytes.",
        ),
        ("DOCUMENT_KEYS", ",".join([RIGHT["DOCUMENT_KEYS"]] * 2), f"{KEYS} names two keys alike."),
        ("DOCUMENTS_URL", "documents", "DOCUMENTS_URL begins with none of file:///, s3://."),
        ("DOCUMENTS_URL", "s3://documents", "DOCUMENTS_ACCESS_KEY or DOCUMENTS_SECRET_KEY is not set."),
        ("DOCUMENTS_ENDPOINT", "http://minio:9000", "DOCUMENTS_ENDPOINT is not https."),
        ("CLAMD_URL", "http://clamd:3310", "CLAMD_URL begins with none of tcp://, unix:///."),
        ("DATA_KEY", "no base 64", "DATA_KEY is not base64 of 32 bytes."),
        ("PASSWORD_KIB", "31", "PASSWORD_KIB is less than 65536."),
        ("PAYSTACK_SILENT_CALLS", "0", "PAYSTACK_TIMEOUT_SECONDS or PAYSTACK_SILENT_CALLS is nought."),
        ("TRUSTED_PROXIES", "one", "TRUSTED_PROXIES is not a whole number."),
        ("TASK_LEASE_SECONDS", "45", "TASK_LEASE_SECONDS must be longer than 3 times PAYSTACK_TIMEOUT_SECONDS."),
    ],
)
def test_what_cannot_be_is_said(name: str, value: str, says: str) -> None:
    assert any(each.startswith(says) for each in faults(**{name: value}))


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(faults(SECRET_KEY="", DATA_KEY="x", PUBLIC_URL="http://x")) == 3
