"""The words of every mail. Pure: facts in, subject and text out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.core.money import Money


@dataclass(frozen=True)
class Words:
    """A mail's subject and text."""

    subject: str
    body: str


def letter(*paragraphs: str) -> str:
    """Paragraphs as a letter."""
    return "\n\n".join(("Hello,", *paragraphs, "Bursar"))


def code(number: str) -> Words:
    """The code that confirms an address."""
    return Words(
        "Your confirmation code",
        letter(
            f"Your code is {number}. It works once, for ten minutes.",
            "If you did not ask for it, you need not do anything: nobody can use it without this mail.",
        ),
    )


def phone_code(number: str) -> str:
    """The code that confirms a phone number: a text message, so it is short."""
    return f"Bursar: your code is {number}. It works once, for ten minutes. Never tell it to anybody."


def phone_changed_text() -> str:
    """To the number that was somebody's until now."""
    return "Bursar: your account has another phone number now. If this was not you, sign in and freeze it at once."


def phone_changed() -> Words:
    """A security notice: there is another phone number."""
    return Words(
        "Your phone number was changed",
        letter(
            "Your account has another confirmed phone number. The one before counts no more.",
            "If this was not you, freeze your account now, on the page Security, and write to us.",
        ),
    )


def new_device(device: str, *, at: datetime, place: str, page: str, staff: bool) -> Words:
    """A security notice: somebody came with a device that was not seen before."""
    lock = (
        "change your password here, and tell an administrator at once:"
        if staff
        else "freeze your account here, at once, and change your password:"
    )
    return Words(
        "A new device signed in to your account",
        letter(
            f"{device} signed in on {at:%-d %B %Y} at {at:%H:%M} WAT, from an internet address that begins with"
            f" {place or 'nothing that we know'}. We had not seen this device with your account before.",
            "If that was you, you need not do anything.",
            f"If it was not you, {lock}",
            page,
        ),
    )


def invitation(link: str) -> Words:
    """To somebody who is to join the staff."""
    return Words(
        "You are invited to the console",
        letter(
            "You were asked to join the staff. Choose a password here:",
            link,
            "The link works once, for 72 hours. Nobody but you needs it: do not pass it on.",
        ),
    )


def glass_broken(name: str, *, role: str, until: datetime, reason: str, review: str) -> Words:
    """To those who watch: somebody took a role alone."""
    return Words(
        f"Emergency: an administrator took the role of {role}",
        letter(
            f"{name} took the role of {role} alone, until {until:%H:%M} WAT on {until:%-d %B %Y}.",
            f"Reason: {reason}",
            f"A compliance manager must review what was done. It stands among the console's approvals: {review}.",
        ),
    )


def reveals_exceeded(name: str) -> Words:
    """To those who watch: somebody looks at too much that is masked."""
    return Words(
        f"{name} has reached the limit of masked fields",
        letter(
            f"{name} looked at as many masked fields of customers as anybody may in a day, and asked for more.",
            "They were refused. What they looked at and why stands in the console's audit, under the table reveals.",
        ),
    )


def documents_viewed(name: str) -> Words:
    """To those who watch: somebody looks at many customers' documents."""
    return Words(
        f"{name} looks at many documents",
        letter(
            f"{name} looked at more documents of customers within an hour than reviews should need.",
            "What they looked at stands in the console's audit, under the table document_views.",
        ),
    )


def list_aged(title: str) -> Words:
    """To those who watch: nobody loads a list."""
    return Words(
        f"The list {title} is not loaded any more",
        letter(
            f"Nobody has loaded the list {title} for two days.",
            "Once a list is a week old, nobody can be said to be on none, and no application can be approved. Have it"
            " loaded on the server, or retired if it is published no more.",
        ),
    )


def documents_waiting(waiting: Mapping[str, int]) -> Words:
    """To those who watch: customers' documents are not checked. What they wait for → how many."""
    counts = ", ".join(f"{many} for the {what}" for what, many in sorted(waiting.items()))
    return Words(
        "Documents wait to be checked",
        letter(
            f"Documents that came in hours ago wait: {counts}. Their customers cannot go on.",
            "The page docs/operators/document-keys.md says what each of these words means.",
        ),
    )


def sign_up_repeated() -> Words:
    """To the owner of an address with which somebody tried to sign up again."""
    return Words(
        "You already have an account",
        letter(
            "Somebody, probably you, tried to open an account with this address. You have one: sign in instead.",
            "If it was not you, you need not do anything.",
        ),
    )


def api_key_issued(name: str) -> Words:
    """To the owner of an account for whom a program can act from now on."""
    return Words(
        "A new API key was made",
        letter(
            f"The API key “{name}” was made for your account. A program that has it can act for you."
            " It may do what you ticked.",
            "If it was not you, revoke it in the portal under API keys and change your password at once.",
        ),
    )


def password_reset(link: str) -> Words:
    """The link that sets a new password, to an address that has an account."""
    return Words(
        "Set a new password",
        letter(
            "Somebody, probably you, forgot the password of the account with this address. This page sets a new one:",
            link,
            "It works once, for thirty minutes. If you did not ask for it, you need not do anything: nothing changes.",
        ),
    )


def password_changed(*, how: str) -> Words:
    """A security notice: there is another password."""
    by_mail = (
        "It was set with a link that we had mailed to you. You are signed out everywhere, and API keys are revoked."
    )
    by_hand = "It was changed by somebody who knew the one before. You are signed out everywhere else."
    return Words(
        "Your password was changed",
        letter(
            f"Your account has a new password. {by_mail if how == 'reset' else by_hand}",
            'If this was not you, choose "Forgotten your password?" where you sign in, now.',
        ),
    )


def signed_out_elsewhere() -> Words:
    """A security notice: all sessions but one were ended."""
    return Words(
        "You were signed out everywhere else",
        letter(
            "All sessions of your account were ended, but the one in which that was asked for.",
            "If this was not you, change your password now.",
        ),
    )


def recovery_asked(stop: str) -> Words:
    """A security notice: somebody says that this mailbox is lost."""
    return Words(
        "Somebody asks for your account",
        letter(
            "Somebody says that they are you and can no longer read this mailbox. In 72 hours our staff may give your"
            " account another address. If that is you, you need not do anything.",
            "If it is not you, stop it here:",
            stop,
        ),
    )


def recovered() -> Words:
    """To the new address of an account."""
    return Words(
        "This is the address of your account now",
        letter(
            "Our staff gave your account this address. You are signed out everywhere.",
            'To set a new password, choose "Forgotten your password?" where you sign in.',
        ),
    )


def recovered_from() -> Words:
    """To the address that an account had until now."""
    return Words(
        "This is not the address of your account any more",
        letter(
            "Our staff gave your account another address, as somebody had asked for three days ago or earlier. This one"
            " opens it no more, and this is the last mail about it that comes here.",
            "If you did not want that, write to us at once.",
        ),
    )


def closure_asked() -> Words:
    """A customer asked to close their account."""
    return Words(
        "You asked to close your account",
        letter(
            "We have your request. Until we write to you again, your account stays as it is."
            " Orders that come again are paused.",
            "If this was not you, or you thought better of it, take it back on the page Security.",
        ),
    )


def bank_account_added(destination: str) -> Words:
    """A security notice: there is another way out."""
    return Words(
        "A bank account was added",
        letter(
            f"Money can be sent to {destination} from tomorrow on.",
            "If this was not you, freeze your account now, on the page Security, and write to us.",
        ),
    )


def account_locked() -> Words:
    """A security notice: nothing leaves the account."""
    return Words(
        "Your account is frozen",
        letter(
            "Your account was frozen. Nothing leaves it, also nothing that you asked for before and that was not sent"
            " yet. What comes in still comes in. All other devices are signed out, and API keys"
            " are revoked.",
            "Only our staff can lift it, when they know that it is you who asks.",
        ),
    )


def restriction_placed(title: str, *, text: str, works: str, asks: str) -> Words:
    """Something does not work, in the words that are allowed."""
    return Words(title, letter(f"{title}. {text}", works, asks))


def restriction_ended(title: str) -> Words:
    """It works again, unless something else stands."""
    return Words(
        "A restriction of your account has ended",
        letter(f'What we told you under "{title}" has ended. If anything else is in the way, your account says so.'),
    )


def account_unlocked() -> Words:
    """The freeze is lifted."""
    return Words(
        "Your account is no longer frozen",
        letter(
            "Our staff have lifted the freeze of your account. What waited goes on its way.",
            "If you did not ask for that, freeze it again now, on the page Security.",
        ),
    )


_FACTORS = {
    "app": "An authenticator app",
    "passkey": "A passkey",
    "codes": "A new set of recovery codes",
    "all": "Every second factor",
}
_NOT_YOU = "If this was not you, somebody is in your account: write to us at once."


def factor_added(kind: str) -> Words:
    """A security notice: there is another way into the account."""
    return Words(
        f"{_FACTORS[kind]} was added to your account",
        letter(f"{_FACTORS[kind]} was added to your account. It proves from now on that it is you.", _NOT_YOU),
    )


def factor_removed(kind: str) -> Words:
    """A security notice: a factor is gone."""
    return Words(
        f"{_FACTORS[kind]} was removed from your account",
        letter(f"{_FACTORS[kind]} was removed from your account. It opens nothing any more.", _NOT_YOU),
    )


def recovery_code_used(left: int) -> Words:
    """A security notice: somebody came in without the usual factor."""
    return Words(
        "A recovery code was used",
        letter(f"Somebody signed in to your account with a recovery code. You have {left} left.", _NOT_YOU),
    )


def factor_guessed(minutes: int) -> Words:
    """A security notice: somebody who knows the password guesses the rest."""
    wait = f"{minutes} minutes" if minutes <= 90 else f"{minutes // 60} hours"  # noqa: PLR2004
    return Words(
        "Somebody typed wrong codes for your account",
        letter(
            f"Somebody gave your password and then too many wrong codes. No code is looked at for {wait}.",
            "If this was not you, somebody knows your password: change your password at once.",
        ),
    )


def passkey_suspected() -> Words:
    """A security notice: there may be a copy of a key."""
    return Words(
        "One of your passkeys was refused",
        letter(
            "A passkey of yours counted backwards, as a copied one does. It is refused from now on.",
            "Prove yourself another way, remove it, and add a new one.",
        ),
    )


def deposit_credited(amount: Money) -> Words:
    """The money is there."""
    return Words(f"{amount} is in your wallet", letter(f"Your deposit of {amount} has arrived in your naira wallet."))


def withdrawal_requested(amount: Money, *, destination: str) -> Words:
    """A security notice: money is about to leave."""
    return Words(
        f"You asked to withdraw {amount}",
        letter(
            f"We hold {amount} and the fee for your withdrawal to {destination}. Our staff check it first.",
            "If this was not you, sign in and cancel it now.",
        ),
    )


def withdrawal_settled(amount: Money, *, destination: str) -> Words:
    """The bank has the money."""
    return Words(f"{amount} was sent", letter(f"Your withdrawal of {amount} to {destination} was paid."))


def withdrawal_ended(amount: Money, *, state: str, reason: str) -> Words:
    """It ended without payment."""
    why = f"Reason: {reason}" if reason else "You cancelled it."
    return Words(
        f"Your withdrawal of {amount} was {state}",
        letter(f"Your withdrawal of {amount} was {state}. {why}", "The money is available in your wallet again."),
    )
