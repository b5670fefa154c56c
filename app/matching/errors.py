"""How matching says no."""

from app.core.errors import Conflict, NotFound, Unprocessable


class BadRules(Unprocessable):
    code = "bad_rules"
    message = "These rules cannot be read."


class NothingToMatch(NotFound):
    code = "nothing_to_match"
    message = "No source of statements stands for this account."


class NotJoinable(Unprocessable):
    code = "not_joinable"
    message = "These two accounts cannot be counted together."


class StaysJoined(Conflict):
    code = "stays_joined"
    message = "A closed month counts both. Open that month again first."


class NotJoined(Conflict):
    code = "not_joined"
    message = "It is not counted with this account any more."


class MatchGone(Conflict):
    code = "match_gone"
    message = "This match was ended already."


class NotOpen(Conflict):
    code = "not_open"
    message = "One of these is in another match already, or not of this account. Look again."


class TooFew(Unprocessable):
    code = "too_few"
    message = "Choose two at least: what belongs together."


class TooMuch(Unprocessable):
    code = "too_much"
    message = "Together these are too many lines and entries for one match. Choose fewer."


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why, in at most 500 characters: whoever closes the month reads it."
