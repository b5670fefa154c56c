"""How disputes say no."""

from app.core.errors import Conflict, Unavailable


class DisputeEnded(Conflict):
    code = "dispute_ended"
    message = "This dispute has ended."


class TooEarly(Conflict):
    code = "too_early"
    message = "Paystack may tell its end yet: ask for it two days after it was due."


class NotTold(Unavailable):
    code = "not_told"
    message = "Paystack does not answer just now. Try again in a moment."


class EndUnderWay(Conflict):
    code = "end_under_way"
    message = "It was asked for already."
