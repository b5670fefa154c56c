"""What identity decides without looking anything up."""

import itertools
import string
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from app.core.machine import Machine, Wait

ADDRESS_LENGTH_MAX = 254
PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_ADVISED = 15
PASSWORD_LENGTH_MAX = 256  # long passphrases are welcome; without a bound hashing is a lever for others
ORNAMENTS_MAX = 6  # "liverpool2026!" is "liverpool" with ornaments, and as easy to guess
UNIT_MIN = 4  # what repeats a shorter unit than this is no password: "abcabcabcabc"
TERM_MIN = 4  # shorter parts of a name or an address stand in many words by chance
REST_MIN = 6  # how much must be left of a password without what everybody knows of its owner
CODE_LIVES = timedelta(minutes=10)
RECOVERY_COOLS = timedelta(hours=72)
RECOVERY_LIVES = timedelta(days=14)  # what nobody carried out by then is asked for anew
RECOVERY_PAUSE = timedelta(days=7)  # after somebody who reads the mailbox said no
RESET_LIVES = timedelta(minutes=30)
RESETS_AN_HOUR_MAX = 5  # mails to one address; a stranger who asks for more fills nobody's mailbox
CODE_TRIES_MAX = 5
CODE_RESEND_AFTER = timedelta(seconds=60)
# Text messages cost money, and arrive at whoever's number somebody typed: so many codes a day.
PHONE_CODES_OF_A_LOGIN = 5
PHONE_CODES_TO_A_NUMBER = 8
SESSION_LIVES = timedelta(hours=12)
SIGNED_LIVES = timedelta(minutes=10)  # of a program's signed token
KEY_LIVES = tuple(timedelta(days=days) for days in (30, 90, 365))  # what a program's key may be given
BORROWED_FOR = timedelta(minutes=60)
SEEN_RESOLUTION = timedelta(seconds=60)  # how exactly we know when a session was last used
FACTOR_FRESH = timedelta(minutes=5)
PASSWORD_FRESH = timedelta(minutes=5)  # for a first factor, which nothing but the password protects
FACTOR_TRIES_MAX = 5
FACTOR_PAUSE = timedelta(minutes=15)  # the first; each that follows without a right code is twice as long
FACTOR_PAUSE_MAX = timedelta(days=1)
FACTOR_PAUSES = 7  # twice as often is longer than the longest
TOTP_SECONDS = 30
TOTP_STEPS_BACK = 1  # a code typed at the end of its half minute still counts
CHALLENGE_LIVES = timedelta(minutes=5)
RECOVERY_CODES = 10
RECOVERY_CODE_LETTERS = 24  # of 32 letters each: 120 bits
PASSKEYS_MAX = 10
PASSKEY_NAME_MAX = 60
NAME_LENGTH_MAX = 100
LETTERS_MIN = 2
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}  # controls, bidirectional marks, unassigned


class Audience(StrEnum):
    """The two kinds of people, with different doors."""

    CUSTOMER = "customer"
    OPERATOR = "operator"


class RecoveryState(StrEnum):
    """A recovery: noted at the door, then asked for in earnest (or moot, when there is nobody), then its end.

    Stopped is by who reads the old mailbox, refused by staff; moot is also what another one has overtaken.
    """

    NOTED = "noted"
    ASKED = "asked"
    MOOT = "moot"
    STOPPED = "stopped"
    REFUSED = "refused"
    EXPIRED = "expired"
    CARRIED_OUT = "carried_out"


RECOVERY = Machine(
    "recovery",
    {
        RecoveryState.NOTED: frozenset({RecoveryState.ASKED, RecoveryState.MOOT}),
        RecoveryState.ASKED: frozenset(
            {
                *(RecoveryState.MOOT, RecoveryState.STOPPED, RecoveryState.REFUSED, RecoveryState.EXPIRED),
                RecoveryState.CARRIED_OUT,
            }
        ),
    },
    waits={
        RecoveryState.NOTED: Wait(
            timedelta(hours=2),
            "admin",
            "A job looks whose it is. Find it among the jobs that were given up, and retry it.",
        ),
        RecoveryState.ASKED: Wait(
            RECOVERY_LIVES + timedelta(hours=2),
            "admin",
            "The clock ends what nobody carried out in time. Look whether that job runs.",
        ),
    },
)
SESSION_IDLES = {Audience.CUSTOMER: timedelta(minutes=30), Audience.OPERATOR: timedelta(minutes=15)}


def clean_name(text: str) -> str | None:
    """A name in one spelling (NFC, single spaces, nothing invisible), or None when it cannot be a full name."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    visible = not any(unicodedata.category(character) in _UNSEEN for character in name)
    letters = sum(character.isalpha() for character in name)
    return name if visible and letters >= LETTERS_MIN and " " in name and len(name) <= NAME_LENGTH_MAX else None


def password_fits(password: str) -> bool:
    """Length is the only rule of composition: no games with capitals and signs."""
    return PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX


def is_commonplace(password: str, *, listed: Callable[[str], bool]) -> bool:
    """Whether it is tried first: on the list as it stands or with few ornaments, a word repeated, letters in a row."""
    word = password.casefold()
    bare = word.strip(string.digits + string.punctuation + string.whitespace)
    unit = word[: (word + word).find(word, 1)]
    ornamented = 0 < len(word) - len(bare) <= ORNAMENTS_MAX and bool(bare)
    repeated = unit != word and (len(unit) < UNIT_MIN or listed(unit))
    return listed(word) or (ornamented and listed(bare)) or repeated or _in_a_row(word)


def is_personal(password: str, *, about: Iterable[str]) -> bool:
    """Whether too little is left of it without the address, the name and the house that everybody knows."""
    left = whole = _squeezed(password)
    for term in sorted({term for fact in about for term in _terms(fact)}, key=len, reverse=True):
        left = left.replace(term, "")
    return left != whole and len(left) < REST_MIN


def _in_a_row(word: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(word)}
    return len(steps) == 1 and steps <= {-1, 1}


def _terms(fact: str) -> Iterator[str]:
    """An address or a name as people put it into passwords: whole, turned round, and its longer parts."""
    parts = "".join(letter if letter.isalnum() else " " for letter in fact.casefold()).split()
    local = fact.partition("@")[0]
    yield from (
        term for term in ("".join(parts), "".join(reversed(parts)), _squeezed(local), *parts) if len(term) >= TERM_MIN
    )


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def session_is_live(
    *, audience: str, seen_at: datetime, expires_at: datetime, revoked_at: datetime | None, at: datetime
) -> bool:
    """Whether a session row still lets somebody in at this time."""
    return revoked_at is None and at < expires_at and at - seen_at < SESSION_IDLES[Audience(audience)]


def code_is_live(*, tries: int, expires_at: datetime, used_at: datetime | None, at: datetime) -> bool:
    """Whether a code can still be used at this time."""
    return used_at is None and at < expires_at and tries < CODE_TRIES_MAX


def resend_allowed(*, last_sent_at: datetime | None, at: datetime) -> bool:
    """Whether another code may go out."""
    return last_sent_at is None or at - last_sent_at >= CODE_RESEND_AFTER


def masked_number(number: str) -> str:
    """As much of a phone number as tells its owner which one it is."""
    return f"•••• {number[-4:]}"


def masked_ip(ip: str) -> str:
    """As much of an internet address as says roughly where it is from; nothing of what is none."""
    try:
        known = ip_address(ip)
    except ValueError:
        return ""
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return ":".join(known.exploded.split(":")[:2]) + ":…"
    octets = str(getattr(known, "ipv4_mapped", None) or known).split(".")
    return f"{octets[0]}.{octets[1]}.•.•"


def reset_is_live(*, expires_at: datetime, used_at: datetime | None, at: datetime) -> bool:
    """Whether a mailed link still sets a password at this time."""
    return used_at is None and at < expires_at


def factor_is_fresh(factor_at: datetime | None, *, at: datetime) -> bool:
    """Whether a second factor was proved a short while ago: what needs one may be done."""
    return factor_at is not None and at - factor_at < FACTOR_FRESH


def factor_pause(pauses: int) -> timedelta:
    """How long no code is looked at after too many wrong ones, when there were so many pauses before."""
    return min(FACTOR_PAUSE * (1 << min(pauses, FACTOR_PAUSES)), FACTOR_PAUSE_MAX)


def in_words(wait: timedelta) -> str:
    """How long somebody has to wait, rounded up."""
    minutes = -(-wait // timedelta(minutes=1))
    hours = -(-wait // timedelta(hours=1))
    if minutes == 1:
        return "a minute"
    return f"{minutes} minutes" if minutes <= 90 else f"{hours} hours"  # noqa: PLR2004


def password_is_fresh(password_at: datetime | None, *, at: datetime) -> bool:
    """Whether the password was typed a short while ago: who has no factor may add the first."""
    return password_at is not None and at - password_at < PASSWORD_FRESH


def is_half_open(*, audience: str, enrolled: bool, factor_at: datetime | None) -> bool:
    """Whether a session still waits for its second factor: an operator's always, a customer's once they have one."""
    return factor_at is None and (enrolled or audience == Audience.OPERATOR)


def totp_step(at: datetime) -> int:
    """The number of the half minute that a code belongs to."""
    return int(at.timestamp()) // TOTP_SECONDS


def totp_steps(at: datetime) -> range:
    """The half minutes whose codes are looked at, oldest first."""
    return range(totp_step(at) - TOTP_STEPS_BACK, totp_step(at) + 1)


def went_back(*, before: int, now: int) -> bool:
    """Whether a passkey's counter says that there are two of it. Those that never count say 0 each time."""
    return now <= before and (now > 0 or before > 0)


def plain_code(typed: str) -> str:
    """A code as it was made, however it was typed: without spaces and dashes, in capitals."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def shown_code(code: str) -> str:
    """A long code in groups of four, for paper and for typing it off."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
