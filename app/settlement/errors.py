"""How settlement says no."""

from app.core.errors import Conflict, Unprocessable


class NothingToClose(Conflict):
    code = "nothing_to_close"
    message = "Only a settlement that does not tie is closed by hand."


class NoSuchBooking(Unprocessable):
    code = "no_such_booking"
    message = (
        "No manual journal of this number takes from what Paystack owes us what this settlement comes to, all of it"
        " and no more; or it was reversed, or stands for another settlement."
    )


class TopUpOutOfBounds(Unprocessable):
    code = "top_up_out_of_bounds"
    message = "A top-up is between ₦1,000.00 and ₦500,000,000.00, and no more than the bank account has in the books."


class TopUpUnderWay(Conflict):
    code = "top_up_under_way"
    message = "One of this amount is asked for or on its way. Choose another amount, so that they can be told apart."


class TopUpEnded(Conflict):
    code = "top_up_ended"
    message = "This top-up has arrived or was given up."


class NoteMissing(Unprocessable):
    code = "note_missing"
    message = "Say why, for whoever looks at it later."


class BadPartnerFees(Unprocessable):
    code = "bad_partner_fees"
    message = "These fees cannot count."


class BadFloor(Unprocessable):
    code = "bad_floor"
    message = "A floor is above nothing and not above its target, begins on a day to come, and changes something."
