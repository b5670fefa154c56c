"""How risk says no."""

from app.core.errors import Forbidden, Unprocessable


class LimitExceeded(Unprocessable):
    code = "limit_exceeded"
    message = "That is more than your limit allows."


class TierTooLow(Forbidden):
    code = "tier_too_low"
    message = "Verify more about yourself to do this."


class BadLimits(Unprocessable):
    code = "bad_limits"
    message = "These limits cannot be."
