"""The words of mails about verification. Pure, like those in `rules`; they never say what we suspect."""

from collections.abc import Sequence

from app.notifications.rules import Words, letter

STEPS = {
    "contact": "Your e-mail address and phone",
    "profile": "About you",
    "bvn": "Your BVN",
    "nin": "Your NIN",
    "selfie": "Your selfie",
    "bank": "Your bank account",
    "document": "Your identity document",
    "address": "Your proof of address",
    "funds": "Where your money comes from",
    "company": "Your company",
    "people": "The people of your company",
}
ABOUT = {
    "review": "It is time to go over what we know of you: that keeps your account as it is.",
    "name": "You told us of another name.",
    "address": "You told us of another address.",
    "phone": "Your account has another phone number, and we want to be sure that it is still you.",
}


def asked_again(again: Sequence[tuple[str, str]], *, page: str) -> Words:
    """What has to be sent again, and why."""
    return Words(
        "We need something again to verify you",
        letter(
            "We looked at what you sent. Please send this again; everything else is kept:",
            *(f"{STEPS[step]}: {why}" for step, why in again),
            page,
        ),
    )


def approved(tier: str, *, wanted: str, had: str, page: str) -> Words:
    """There is another tier, or what was gone over is in order."""
    if tier < had:  # (their names sort as they rise)
        return Words(
            f"Your account has tier {named(tier)} now",
            letter(
                f"What we know of you is enough for tier {named(tier)}, no longer for tier {named(had)}.",
                f"What you can do with it: {page}",
                "Write to us if you think that this is a mistake.",
            ),
        )
    lower = "" if tier == wanted else f" You applied for tier {named(wanted)}; what you sent is enough for this one."
    return Words(
        f"You are verified for tier {named(tier)}",
        letter(f"Your account has tier {named(tier)} now.{lower}", f"What you can do with it: {page}"),
    )


def rejected(why: str) -> Words:
    """It was refused."""
    return Words("About your verification", letter(why, "Write to us if you think that this is a mistake."))


def reopened(about: str, *, page: str) -> Words:
    """Something has to be gone over again."""
    return Words("Please go over your details", letter(ABOUT[about], f"It takes a few minutes: {page}"))


def named(tier: str) -> str:
    """`1`, `2`, `3`, `3+`."""
    return tier.removeprefix("t").replace("_plus", "+")
