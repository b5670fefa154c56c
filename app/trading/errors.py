"""How trading says no."""

from app.core.errors import Conflict, NotFound, TooMany, Unavailable, Unprocessable


class SameAsset(Unprocessable):
    code = "same_asset"
    message = "Choose two different coins: this would give one for itself, on whatever network."


class TooSmall(Unprocessable):
    code = "too_small"
    message = "That is too little: nothing would be left to give you for it."


class NotTraded(Unprocessable):
    """`asset` is the one that is closed for trading."""

    code = "not_traded"
    message = "This is not open for buying, selling and swapping at the moment."


class BelowMinimum(Unprocessable):
    """`minimum` is in the smallest unit of `asset`."""

    code = "below_minimum"
    message = "That is less than the smallest order."


class AboveMaximum(Unprocessable):
    """`maximum` is in kobo."""

    code = "above_maximum"
    message = "That is more than the largest order."


class NothingThere(Unprocessable):
    code = "nothing_there"
    message = "You have none of it that is free to give."


class NotEnough(Unprocessable):
    """`available` and `needed` are in the smallest unit of `asset`."""

    code = "not_enough"
    message = "You do not have that much available."


class TooManyQuotes(TooMany):
    code = "too_many_quotes"
    message = "That is a lot of quotes in a minute. Wait a little, then take a fresh one."


class QuoteExpired(Conflict):
    code = "quote_expired"
    message = "This price has run out. Take a fresh one: nothing was booked."


class QuoteUsed(Conflict):
    """`order_id` is what became of it."""

    code = "quote_used"
    message = "This quote was used already."


class PriceMoved(Conflict):
    code = "price_moved"
    message = "The price has moved since you were quoted. Take a fresh one: nothing was booked."


class TradingOff(Unavailable):
    code = "trading_off"
    message = "Buying, selling and swapping are paused at the moment. What you hold is safe: try again later."


class NoSuchQuote(NotFound):
    message = "There is no such quote."


class BadRhythm(Unprocessable):
    code = "bad_rhythm"
    message = "Choose every week with a day of the week, or every month with a day from 1 to 31, and a full hour."


class TooManyKept(Unprocessable):
    """`most` is how many one may have."""

    code = "too_many_kept"
    message = "You have as many of these as one may have. End one first."


class BadAlertPrice(Unprocessable):
    code = "bad_alert_price"
    message = "Write a price above zero in digits, with at most 18 decimals."


class ThereAlready(Unprocessable):
    code = "there_already"
    message = "The price is there already. Choose another one, and we tell you when it comes."
