"""How pricing says no."""

from app.core.errors import Conflict, NotFound, Unavailable, Unprocessable


class NoPrice(Unavailable):
    code = "no_price"
    message = "There is no price at the moment. Nothing happened to your money; try again in a minute."


class PriceTooOld(NoPrice):
    code = "price_too_old"
    message = "The newest price is too old to trade at. Nothing happened to your money; try again in a minute."


class PairHalted(NoPrice):
    code = "pair_halted"
    message = "Trading in this is paused while we look at its price. Nothing happened to your money."


class NoSpread(NoPrice):
    code = "no_spread"
    message = "What this costs is not settled yet. Try again later."


class NoSuchPair(Unprocessable):
    code = "no_such_pair"
    message = "Choose a pair from the list."


class NoSuchFeed(NotFound):
    code = "no_such_feed"
    message = "There is no such feed."


class BadOverride(Unprocessable):
    code = "bad_override"
    message = "This price cannot be set."


class BadSpreads(Unprocessable):
    code = "bad_spreads"
    message = "These spreads cannot be."


class BadFeed(Unprocessable):
    code = "bad_feed"
    message = "This feed cannot be so."


class HaltReasonMissing(Unprocessable):
    code = "halt_reason_missing"
    message = "Say why, in at most 500 characters: whoever decides whether trading goes on reads it."


class HaltedAlready(Conflict):
    code = "halted_already"
    message = "This pair is turned off already."


class GoesOnAlready(Conflict):
    code = "goes_on_already"
    message = "Trading in this pair goes on already."


class AskedAlready(Conflict):
    code = "asked_already"
    message = "This was asked for already and waits for somebody's answer."


class DayTaken(Conflict):
    code = "day_taken"
    message = "Another change of this begins on that day already. Choose another one."


class OverEarlier(Conflict):
    code = "override_over"
    message = "This price is over already."
