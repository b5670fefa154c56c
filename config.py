"""Settings: environment in, frozen dataclass out. Incomplete ones, or test secrets in production, do not start."""

import base64
import binascii
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

ENVIRONMENTS = ("development", "test", "production")
SECRET_LENGTH_MIN = 32
DATA_KEY_BYTES = 32
STORES = ("file:///", "s3://")
SCANNERS = ("tcp://", "unix:///")
PASSWORD_KIB_MIN = 65_536  # of RFC 9106, section 4: its second recommendation
ARGON2_KIB_MIN = 32  # eight for each of the four lanes
CALLS_PER_TASK = 3  # the most calls to a vendor that one piece of work makes in a row


class BadSettings(Exception):
    """What is missing or wrong, one sentence a line."""


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides. docs/settings.md says what each is for."""

    environment: str
    database_url: str
    redis_url: str
    paystack_base_url: str
    paystack_secret_key: str
    secret_key: str
    data_key: bytes
    document_keys: tuple[tuple[str, bytes], ...]
    documents_url: str
    documents_endpoint: str
    documents_access_key: str
    documents_secret_key: str
    clamd_url: str
    public_url: str
    smtp_url: str
    sms_url: str
    sms_token: str
    registry_url: str
    registry_token: str
    kraken_base_url: str
    kraken_key: str
    kraken_secret: str
    luno_base_url: str
    bitstamp_base_url: str
    venue_keys: Mapping[str, tuple[str, str]]  # of exchanges that are only read: key and secret, both empty for none
    coingecko_base_url: str
    bank_rate_url: str
    mail_sender: str
    anchor_file: str
    anchor_mail: str
    brand: str
    log_level: str
    paystack_timeout_seconds: float
    paystack_silent_calls: int
    paystack_silent_seconds: int
    paystack_rest_seconds: int
    task_lease_seconds: int
    trusted_proxies: int
    tries_factor: int
    password_kib: int
    reveals_a_day: int
    console_host: str

    @property
    def production(self) -> bool:
        """Whether real people's money is behind this."""
        return self.environment == "production"

    @property
    def console_url(self) -> str:
        """Where the console is: at a name of its own, or at the portal's. A port is the portal's unless it says one."""
        if not self.console_host:
            return self.public_url
        public = urlsplit(self.public_url)
        port = f":{public.port}" if public.port and ":" not in self.console_host else ""
        return f"{public.scheme}://{self.console_host}{port}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment. Raises BadSettings with everything that is wrong with it at once."""
        env = os.environ if environ is None else environ
        faults: list[str] = []

        def required(name: str) -> str:
            value = env.get(name, "")
            if not value:
                faults.append(f"{name} is not set.")
            return value

        def number(name: str, default: str) -> int:
            value = env.get(name, default)
            if not value.isdigit():
                faults.append(f"{name} is not a whole number.")
                return 0
            return int(value)

        settings = cls(
            environment=env.get("BURSAR_ENV", "production"),
            database_url=required("DATABASE_URL"),
            redis_url=required("REDIS_URL"),
            paystack_base_url=env.get("PAYSTACK_BASE_URL", "https://api.paystack.co"),
            paystack_secret_key=required("PAYSTACK_SECRET_KEY"),
            secret_key=required("SECRET_KEY"),
            data_key=_data_key(required("DATA_KEY"), faults),
            document_keys=_document_keys(required("DOCUMENT_KEYS"), faults),
            documents_url=required("DOCUMENTS_URL"),
            documents_endpoint=env.get("DOCUMENTS_ENDPOINT", ""),
            documents_access_key=env.get("DOCUMENTS_ACCESS_KEY", ""),
            documents_secret_key=env.get("DOCUMENTS_SECRET_KEY", ""),
            clamd_url=env.get("CLAMD_URL", ""),
            public_url=required("PUBLIC_URL").rstrip("/"),
            sms_url=required("SMS_URL"),
            sms_token=required("SMS_TOKEN"),
            registry_url=required("REGISTRY_URL"),
            registry_token=required("REGISTRY_TOKEN"),
            kraken_base_url=env.get("KRAKEN_BASE_URL", "https://api.kraken.com"),
            kraken_key=env.get("KRAKEN_KEY", ""),
            kraken_secret=env.get("KRAKEN_SECRET", ""),
            luno_base_url=env.get("LUNO_BASE_URL", "https://api.luno.com"),
            bitstamp_base_url=env.get("BITSTAMP_BASE_URL", "https://www.bitstamp.net"),
            venue_keys=_venue_keys(env, faults),
            coingecko_base_url=env.get("COINGECKO_BASE_URL", "https://api.coingecko.com"),
            bank_rate_url=env.get("BANK_RATE_URL", ""),
            smtp_url=env.get("SMTP_URL", ""),
            mail_sender=env.get("MAIL_SENDER", "Bursar <no-reply@localhost>"),
            anchor_file=env.get("ANCHOR_FILE", ""),
            anchor_mail=env.get("ANCHOR_MAIL", ""),
            brand=env.get("BRAND", "Bursar"),
            log_level=env.get("LOG_LEVEL", "INFO"),
            paystack_timeout_seconds=number("PAYSTACK_TIMEOUT_SECONDS", "15"),
            paystack_silent_calls=number("PAYSTACK_SILENT_CALLS", "5"),
            paystack_silent_seconds=number("PAYSTACK_SILENT_SECONDS", "20"),
            paystack_rest_seconds=number("PAYSTACK_REST_SECONDS", "30"),
            task_lease_seconds=number("TASK_LEASE_SECONDS", "60"),
            trusted_proxies=number("TRUSTED_PROXIES", "0"),
            tries_factor=number("TRIES_FACTOR", "1"),
            password_kib=number("PASSWORD_KIB", str(PASSWORD_KIB_MIN)),
            reveals_a_day=number("REVEALS_A_DAY", "40"),
            console_host=env.get("CONSOLE_HOST", ""),
        )
        faults += settings._faults()
        if faults:
            raise BadSettings("\n".join(faults))
        return settings

    def _faults(self) -> list[str]:
        kib_min = PASSWORD_KIB_MIN if self.production else ARGON2_KIB_MIN
        lease_min = CALLS_PER_TASK * self.paystack_timeout_seconds
        found = {
            f"BURSAR_ENV is none of {', '.join(ENVIRONMENTS)}.": self.environment not in ENVIRONMENTS,
            f"TASK_LEASE_SECONDS must be longer than {CALLS_PER_TASK} times PAYSTACK_TIMEOUT_SECONDS.": (
                self.task_lease_seconds <= lease_min
            ),
            "PAYSTACK_TIMEOUT_SECONDS or PAYSTACK_SILENT_CALLS is nought.": (
                not self.paystack_timeout_seconds or not self.paystack_silent_calls
            ),
            f"PASSWORD_KIB is less than {kib_min}.": self.password_kib < kib_min,
            f"DOCUMENTS_URL begins with none of {', '.join(STORES)}.": (
                self.documents_url != "" and not self.documents_url.startswith(STORES)
            ),
            "DOCUMENTS_ACCESS_KEY or DOCUMENTS_SECRET_KEY is not set.": (
                self.documents_url.startswith("s3://") and not (self.documents_access_key and self.documents_secret_key)
            ),
            "KRAKEN_SECRET is not set, or not base64, beside a KRAKEN_KEY.": (
                self.kraken_key != "" and not _is_base64(self.kraken_secret)
            ),
            f"CLAMD_URL begins with none of {', '.join(SCANNERS)}.": (
                self.clamd_url != "" and not self.clamd_url.startswith(SCANNERS)
            ),
        }
        if self.production:
            found |= {
                f"SECRET_KEY is shorter than {SECRET_LENGTH_MIN} characters.": (
                    0 < len(self.secret_key) < SECRET_LENGTH_MIN
                ),
                "TRIES_FACTOR is for tests.": self.tries_factor != 1,
                "Only Linux holds the door of what reads customers' files.": sys.platform != "linux",
                "PAYSTACK_SECRET_KEY is a test key.": self.paystack_secret_key.startswith("sk_test_"),
                "PUBLIC_URL is not https.": not self.public_url.startswith("https://"),
                "SMS_URL is not https.": not self.sms_url.startswith("https://"),
                "DOCUMENTS_ENDPOINT is not https.": self.documents_endpoint.startswith("http://"),
                "REGISTRY_URL is not https.": not self.registry_url.startswith("https://"),
                "A feed of prices is not https.": any(
                    url and not url.startswith("https://")
                    for url in (self.kraken_base_url, self.luno_base_url, self.coingecko_base_url, self.bank_rate_url)
                ),
                "BITSTAMP_BASE_URL is not https.": not self.bitstamp_base_url.startswith("https://"),
                "SMTP_URL is not set: mails would stay in the development mailbox.": not self.smtp_url,
            }
        return [fault for fault, there in found.items() if there]


def _is_base64(text: str) -> bool:
    """Whether something is written there so."""
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _venue_keys(env: Mapping[str, str], faults: list[str]) -> dict[str, tuple[str, str]]:
    keys = {
        "LUNO": (env.get("LUNO_KEY", ""), env.get("LUNO_SECRET", "")),
        "BITSTAMP": (env.get("BITSTAMP_KEY", ""), env.get("BITSTAMP_SECRET", "")),
    }
    faults += [f"{name}_KEY and {name}_SECRET go together." for name, pair in keys.items() if any(pair) != all(pair)]
    return {name.lower(): pair for name, pair in keys.items()}


def _data_key(text: str, faults: list[str]) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if text and len(key) != DATA_KEY_BYTES:
        faults.append(f"DATA_KEY is not base64 of {DATA_KEY_BYTES} bytes.")
    return key


def _document_keys(text: str, faults: list[str]) -> tuple[tuple[str, bytes], ...]:
    """`id:base64,id:base64`: each key by its name, the first is the one that seals."""
    keys = []
    for part in filter(None, text.split(",")):
        name, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not name or len(key) != DATA_KEY_BYTES:
            faults.append(f"DOCUMENT_KEYS holds something that is not a name and base64 of {DATA_KEY_BYTES} bytes.")
        keys.append((name, key))
    if len({name for name, _ in keys}) != len(keys):
        faults.append("DOCUMENT_KEYS names two keys alike.")
    return tuple(keys)
