"""How our own dealing says no."""

from app.core.errors import Conflict, Unprocessable


class HedgingOff(Conflict):
    code = "hedging_off"
    message = "Hedging is switched off."


class NoKey(Conflict):
    code = "no_key_at_the_venue"
    message = "We have no key to deal under at the venue, so nothing is dealt there."


class BadPolicy(Unprocessable):
    code = "bad_hedge_policy"
    message = "This cannot count."


class DealOutOfBounds(Unprocessable):
    code = "deal_out_of_bounds"
    message = (
        "A deal is of more than nothing, and of no more naira than the bank account has in the books beside what the"
        " deals on their way cost."
    )


class DealUnderWay(Conflict):
    code = "deal_under_way"
    message = "One of this amount is asked for or on its way. Choose another amount, so that they can be told apart."


class DealEnded(Conflict):
    code = "deal_ended"
    message = "This deal has arrived or was given up."


class NoteMissing(Unprocessable):
    code = "note_missing"
    message = "Say why, for whoever looks at it later."
