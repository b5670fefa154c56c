"""What transfers decides without looking anything up: handles, names as they are shown, requests and how they end."""

import re
import unicodedata
from datetime import timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait
from app.core.money import Money, allocate

NOTE_MAX = 140
HANDLE_RESTS = timedelta(days=30)  # between two changes
_HANDLE = re.compile("[a-z][a-z0-9_]{2,19}")
# Digits that are read as letters: who takes `ada0bi` is taken for `adaobi`.
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"})
# Nobody goes by what a customer takes for the house or an authority.
RESERVED = frozenset(
    {
        *("help", "info", "root", "bank", "team", "staff", "system", "treasury", "finance", "refund", "refunds"),
        *("payments", "payment", "withdraw", "withdrawal", "deposit", "wallet", "account", "accounts", "everyone"),
        *("cbn", "efcc", "nfiu", "ndic", "sec", "nibss", "customer", "customers", "user", "null", "none", "me"),
    }
)
RESERVED_PARTS = ("bursar", "paystack", "admin", "support", "official", "security", "operator", "compliance")

DAY = timedelta(days=1)
REQUEST_LIVES = timedelta(days=14)
REMINDERS_MAX = 3
REQUESTS_MAX = 30  # of one who asks: open ones, and those of the last day
OF_ONE_PAYER_MAX = 3
SPLIT_OTHERS_MAX = 10
PRICE_LIVES = timedelta(hours=2)  # what something is worth counts against limits for so long


class State(StrEnum):
    """A request for money: asked, then its end."""

    ASKED = "asked"
    PAID = "paid"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


REQUEST = Machine(
    "money request",
    {State.ASKED: frozenset({State.PAID, State.DECLINED, State.EXPIRED, State.CANCELLED})},
    waits={
        State.ASKED: Wait(
            REQUEST_LIVES + timedelta(hours=2),
            "admin",
            "The clock ends what nobody answered in two weeks. Look whether that job runs.",
        )
    },
)


def clean_handle(typed: str) -> str | None:
    """A handle in its one spelling, with or without its @ before; None for what is none."""
    handle = typed.strip().removeprefix("@").lower()
    return handle if _HANDLE.fullmatch(handle) else None


def looks(handle: str) -> str:
    """What a handle looks like: two that share this are taken for one another."""
    return handle.translate(_ALIKE).replace("_", "")


def is_reserved(handle: str) -> bool:
    """Whether customers would take it for the house or an authority."""
    seen = looks(handle)
    return seen in map(looks, RESERVED) or any(looks(part) in seen for part in RESERVED_PARTS)


def clean_note(typed: str) -> str | None:
    """A note as it is kept: one line, nothing invisible; None for one that is too long."""
    note = " ".join(unicodedata.normalize("NFC", typed).split())
    seen = "".join(character for character in note if unicodedata.category(character)[0] != "C")
    return seen if len(seen) <= NOTE_MAX else None


def masked_name(name: str) -> str:
    """A name by which somebody is recognised and not found out: `Ada O.`."""
    first, *others = name.split()
    return " ".join([first, *(f"{other[0]}." for other in others[-1:])])


def shares(bill: Money, *, others: int, with_me: bool) -> tuple[Money, list[Money]]:
    """What of a bill is one's own, and what each of the others is asked for; what does not divide is one's own first.

    Together they are the bill, to the unit.
    """
    own, *asked = allocate(bill, [int(with_me), *[1] * others])
    return own, asked
