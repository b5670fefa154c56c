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


class BadThreshold(Unprocessable):
    code = "bad_threshold"
    message = "This threshold cannot be."


class DayTaken(Conflict):
    code = "day_taken"
    message = "Another change of this begins on that day already. Choose another one."


class NoFee(Unavailable):
    code = "no_fee"
    message = "What this costs is not settled yet. Try again later."


class SwitchedOff(Unavailable):
    code = "switched_off"
    message = "Payouts of this kind are turned off at present. Nothing is lost: they go on when that has ended."


class NoSuchSwitch(Unprocessable):
    code = "no_such_switch"
    message = "Choose from the list what is to be turned off."


class SwitchReasonMissing(Unprocessable):
    code = "switch_reason_missing"
    message = "Say why, in at most 500 characters: whoever decides whether payouts go on reads it."


class OffAlready(Conflict):
    code = "off_already"
    message = "This is turned off already."


class OnAlready(Conflict):
    code = "on_already"
    message = "This is turned on again already."


class OnAskedAlready(Conflict):
    code = "on_asked_already"
    message = "Turning this on was asked for already."
