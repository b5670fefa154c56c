"""How risk says no."""

from app.core.errors import Conflict, Forbidden, Unavailable, Unprocessable


class LimitExceeded(Unprocessable):
    code = "limit_exceeded"
    message = "That is more than your limit allows."


class TierTooLow(Forbidden):
    code = "tier_too_low"
    message = "Verify more about yourself to do this."


class BadLimits(Unprocessable):
    code = "bad_limits"
    message = "These limits cannot be."


class BadFees(Unprocessable):
    code = "bad_fees"
    message = "These fees cannot be."


class DayTaken(Conflict):
    code = "day_taken"
    message = "Another change of this begins on that day already. Choose another one."


class NoFee(Unavailable):
    code = "no_fee"
    message = "What this costs is not settled yet. Try again later."
