"""How the audit says no."""

from app.core.errors import TooMany, Unprocessable


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why these records leave the house."


class RevealUnexplained(Unprocessable):
    code = "reveal_unexplained"
    message = "Say why you need to see it, in a few words. It is recorded with your name."


class TooManyReveals(TooMany):
    code = "too_many_reveals"
    message = "You have looked at as much in a day as anybody may. Compliance is told that you asked for more."
