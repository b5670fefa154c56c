"""How transfers says no."""

from app.core.errors import Conflict, Forbidden, NotFound, TooMany, Unavailable, Unprocessable


class NoSuchRecipient(NotFound):
    code = "no_such_recipient"
    message = "Nobody here is found by that. Ask them for their address, phone number or @handle."


class OtherRecipient(Conflict):
    code = "other_recipient"
    message = "Whom this reaches has changed. Look at the name again before you send it."


class ToYourself(Unprocessable):
    code = "to_yourself"
    message = "That is you. Choose somebody else."


class CannotReceive(Unprocessable):
    code = "cannot_receive"
    message = "They cannot receive this at present. Ask them, or try a smaller amount."


class TooLittle(Unprocessable):
    code = "too_little"
    message = "That is less than can be sent."


class NoteTooLong(Unprocessable):
    code = "note_too_long"
    message = "A note has at most 140 characters, on one line."


class ProofNeeded(Forbidden):
    code = "proof_needed"
    message = "Prove your second factor to send this much in a day."


class NoWorth(Unavailable):
    code = "no_worth"
    message = "What this is worth is not known at present, so your limits cannot be counted. Try again shortly."


class BadHandle(Unprocessable):
    code = "bad_handle"
    message = "A handle has 3 to 20 small letters, digits and underscores, and begins with a letter."


class HandleTaken(Conflict):
    code = "handle_taken"
    message = "This handle, or one that looks like it, is taken or not given out."


class HandleTooSoon(TooMany):
    code = "handle_too_soon"
    message = "A handle can be changed every thirty days."


class RequestOver(Conflict):
    code = "request_over"
    message = "This request has ended already."


class TooManyRequests(TooMany):
    code = "too_many_requests"
    message = "You have asked for a lot already. Wait until some of it is answered, or for tomorrow."


class RemindedLately(TooMany):
    code = "reminded_lately"
    message = "They were reminded less than a day ago, or three times already."


class BadSplit(Unprocessable):
    code = "bad_split"
    message = "Split a bill among one to ten others, each named once."
