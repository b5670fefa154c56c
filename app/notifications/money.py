"""The words of mails to finance and treasury about money between us and Paystack. Pure."""

from datetime import date

from app.core.money import Money
from app.notifications.rules import Words, letter


def settlement_differs(effective: Money, *, trouble: str, page: str) -> Words:
    """Nothing was booked for it."""
    return Words(
        "A settlement of Paystack's is not booked",
        letter(f"Paystack tells of a settlement of {effective}. {trouble}", f"Nothing is booked for it. See {page}"),
    )


def settlement_late(due_on: date, *, owed: Money, page: str) -> Words:
    """The day is over."""
    return Words(
        "A settlement of Paystack's is late",
        letter(
            f"Paystack was to pay {owed} to our bank by {due_on:%-d %B %Y}, and has told of no settlement that has it.",
            f"What is owed stands on {page}",
        ),
    )


def float_low(theirs: Money, *, floor: Money, page: str) -> Words:
    """A top-up takes time."""
    return Words(
        "The balance at Paystack is low",
        letter(
            f"The balance that withdrawals are paid from is {theirs}. Its floor is {floor}.",
            f"Finance asks for a top-up, treasury agrees: {page}",
        ),
    )


def float_differs(unexplained: Money, *, page: str) -> Words:
    """No transfer on its way explains it."""
    return Words(
        "The balance at Paystack is not what the books say",
        letter(
            f"Three times in a row Paystack's balance differed by {unexplained} from the books and what is under way.",
            f"Compare both: {page}",
        ),
    )
