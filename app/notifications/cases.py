"""Words of mails to staff about cases: what is new in a queue, and what was left lying there."""

from app.notifications.rules import Words, letter


def opened(many: int, *, queue: str, page: str) -> Words:
    """To whose queue it is: something stands still, or went wrong."""
    what = "There is a new case" if many == 1 else f"There are {many} new cases"
    return Words(
        f"{what}: {queue}",
        letter(f"{what} in the queue of {queue}. Each says what stands still and what can be done about it:", page),
    )


def raised(many: int, *, queue: str, page: str) -> Words:
    """To whose queue it is, and who is senior: something has been waiting for people for more than a day."""
    what = "One case has" if many == 1 else f"{many} cases have"
    return Words(
        f"{what} been open for a day: {queue}",
        letter(
            f"{what} been open for more than a day in the queue of {queue}, and nobody closed or put off any of them.",
            "Each says what stands still and what can be done about it:",
            page,
        ),
    )
