"""How adjustments says no."""

from app.core.errors import Unprocessable


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why. It is kept with the journal."


class TooManyLines(Unprocessable):
    code = "too_many_lines"
    message = "A manual journal has at most 20 lines."


class NotHappenedYet(Unprocessable):
    code = "not_happened_yet"
    message = "A journal cannot take effect on a day that has not come."
