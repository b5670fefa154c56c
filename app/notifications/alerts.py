"""The words of mails to staff about money that stands still or came back. Pure; no customer is named in them."""

from app.core.money import Money
from app.ledger.assets import in_words
from app.notifications.rules import Words, letter


def switched_off(what: str, *, by: str, reason: str, page: str) -> Words:
    """Somebody, or the house itself, stopped payouts."""
    return Words(
        f"Stopped: {what[0].lower()}{what[1:]}",
        letter(
            f"{what} are turned off by {by}. Nothing more begins until two people have turned them on again.",
            f"Reason: {reason}",
            f"What was approved waits, and is sent afterwards: {page}",
        ),
    )


def breaker_tripped(pair: str, *, by: str, reason: str, page: str) -> Words:
    """Nothing is dealt in a pair any more."""
    return Words(
        f"Stopped: trading in {pair}",
        letter(
            f"Nothing is bought, sold or swapped over {pair} since it was stopped by {by}.",
            f"Reason: {reason}",
            f"What the feeds tell, and how trading goes on: {page}",
        ),
    )


def price_unavailable(pair: str, *, disagree: bool, page: str) -> Words:
    """A pair has had no price for a minute."""
    why = "Its feeds disagree." if disagree else "Too few of its feeds tell a price that counts."
    return Words(
        f"No price for {pair}",
        letter(
            f"There has been no price for {pair} for a minute, so nothing is dealt over it. {why}",
            f"Which feed is silent, old or far from the others: {page}",
            "Where they do not come back, two of treasury can set a price of our own for a while.",
        ),
    )


def exposure_passed(beyond: Money, *, level: str, stopped: bool, page: str) -> Words:
    """Our own position passed a limit."""
    coin = beyond.asset.ticker or beyond.asset.code
    return Words(
        f"Our position in {coin} is beyond its {level} limit",
        letter(
            f"It is {in_words(beyond)} beside what we want to have.",
            f"Nothing is bought, sold or swapped in {coin} until two people have let it go on."
            if stopped
            else "Beyond the hard limit trading in it stops by itself.",
            f"Why no order answers it: {page}",
        ),
    )


def venue_differs(currency: str, *, by: Money | None, page: str) -> Words:
    """A venue's balance is not what the books say."""
    how = f"It has {in_words(by)} more than the books say (less, below zero)." if by else "We keep no such currency."
    return Words(
        f"What the venue holds of {currency} is not what the books say",
        letter(f"Three readings in a row differ, so it is no order on its way. {how}", f"The readings: {page}"),
    )


def payout_needs_code(amount: Money, *, page: str) -> Words:
    """Paystack wants a code typed."""
    return Words(
        f"Paystack wants a code for a payout of {amount}",
        letter(
            "Paystack has sent a code to the phone that is registered with it. Unused for 30 minutes, the transfer is"
            " abandoned, and the payout has to be sent anew.",
            f"Type it here: {page}",
            "To be asked no more, turn the confirmation of transfers off in Paystack's dashboard.",
        ),
    )


def payout_lacks_float(amount: Money, *, page: str) -> Words:
    """The balance at Paystack is too low."""
    return Words(
        f"The balance at Paystack does not cover a payout of {amount}",
        letter(
            "Top it up from our bank. This payout, and those that come to stand behind it, are sent as soon as there is"
            " enough; nobody is told of each.",
            f"What waits: {page}",
        ),
    )


def payout_reversed(amount: Money, *, page: str) -> Words:
    """A bank sent back what had counted as paid."""
    return Words(
        f"A payout of {amount} was sent back after it had been paid",
        letter(
            "Its customer has the money in the wallet again. Look at why the bank sent it back before it is paid to the"
            " same account once more.",
            f"The payout: {page}",
        ),
    )
