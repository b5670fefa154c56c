"""The words of mails about what somebody bought, sold or swapped, and about prices they wait for. Pure."""

from datetime import datetime
from decimal import Decimal

from app.core.money import Money
from app.notifications.rules import Words, letter

_DONE = {"buy": "bought", "sell": "sold", "swap": "swapped"}


def order_filled(side: str, *, give: Money, get: Money, fee: Money, rate: str) -> Words:
    """To whoever dealt: it is done. `rate` is how the price reads, the spread in it."""
    what = give if side == "sell" else get
    return Words(
        f"You {_DONE[side]} {what}" if side != "swap" else f"You swapped {give} for {get}",
        letter(
            f"You gave {give} and got {get}, at {rate}. Our fee, {fee}, is in these amounts.",
            "If this was not you, freeze your account now, on the page Security, and write to us.",
        ),
    )


def recurring_missed(give: Money, *, into: str, due_at: datetime, why: str) -> Words:
    """To whoever set it up: one day of it came to nothing. `due_at` is in West Africa Time."""
    return Words(
        f"Your recurring order of {give} was missed",
        letter(
            f"On {due_at:%-d %B %Y} we could not give {give} for {into} as you had set up. We tried until the end of"
            f" the day. The reason: {why}",
            "Nothing was taken, and this day is not made up for. The next one comes as planned; you can pause or end it"
            " in the portal.",
        ),
    )


def price_reached(base: str, *, quote: str, price: Decimal, waited_for: Decimal) -> Words:
    """To whoever waits for a price: it is there."""
    return Words(
        f"{base} is at {_number(price)} {quote}",
        letter(
            f"You asked to be told when one {base} costs {_number(waited_for)} {quote}. It is at {_number(price)} now.",
            "You are told once. Set the alert again in the portal to be told the next time.",
        ),
    )


def _number(price: Decimal) -> str:
    """In digits with thousands, without noughts at its end."""
    whole, _, fraction = format(price, "f").partition(".")
    kept = fraction.rstrip("0")
    return f"{int(whole):,}" + (f".{kept}" if kept else "")
