"""How settlement says no."""

from app.core.errors import Conflict, Unprocessable


class NothingToClose(Conflict):
    code = "nothing_to_close"
    message = "Only a settlement that does not tie is closed by hand."


class TopUpOutOfBounds(Unprocessable):
    code = "top_up_out_of_bounds"
    message = "A top-up is between ₦1,000.00 and ₦500,000,000.00, and no more than the bank account has in the books."


class TopUpUnderWay(Conflict):
    code = "top_up_under_way"
    message = (
        "One of this amount was asked for or is on its way. Choose another amount, so that they can be told apart."
    )


class TopUpEnded(Conflict):
    code = "top_up_ended"
    message = "This top-up has arrived or was given up."


class NoteMissing(Unprocessable):
    code = "note_missing"
    message = "Say why it was not sent."


class BadPartnerFees(Unprocessable):
    code = "bad_partner_fees"
    message = "These fees cannot count."


class BadFloor(Unprocessable):
    code = "bad_floor"
    message = "A floor is a positive amount, begins on a day to come, and is another one than counts by then."
