"""The vendor's test cards: each number pays, or is declined, or makes trouble when its payment is refunded.

Any future date of expiry will do; what is asked for besides it (cvv, pin) is not looked at.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """One card: what its payments come to, and their refunds where the card says so."""

    number: str
    brand: str
    words: str
    outcome: str = "success"
    refund: str | None = None

    @property
    def bin(self) -> str:
        """The first six digits."""
        return self.number[:6]

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]


GOOD = Card("4084084084084081", "visa", "Successful")
CARDS = {
    card.number: card
    for card in (
        GOOD,
        Card("5060666666666666666", "verve", "Successful"),
        Card("4084080000005408", "visa", "Declined", outcome="failed"),
        Card("4084080000670037", "visa", "Insufficient Funds", outcome="failed"),
        Card("4084080000671803", "visa", "Successful", refund="failed"),
        Card("4084080000671902", "visa", "Successful", refund="needs-attention"),
    )
}
REFUNDS = {card.last4: card.refund for card in CARDS.values() if card.refund}
