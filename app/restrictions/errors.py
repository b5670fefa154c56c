"""How restrictions say no."""

from app.core.errors import Conflict, NotFound, Unprocessable


class Restricted(Conflict):
    """Its message is the reason's, in the customer's words."""

    code = "account_restricted"
    message = "This is not possible with your account at the moment. Our support can tell you more."


class NoSuchRestriction(NotFound):
    message = "There is no such restriction."


class BadRestriction(Unprocessable):
    code = "bad_restriction"
    message = "Choose what is to be stopped, and one of the reasons."


class NoteMissing(Unprocessable):
    code = "note_missing"
    message = "Write a note: what you know, for those of compliance who come after you."


class BadExpiry(Unprocessable):
    code = "bad_expiry"
    message = "It ends at a time to come."


class HoldHasNoEnd(Unprocessable):
    code = "hold_has_no_end"
    message = "A legal hold has no end of its own. Leave the time empty: it stands until two people lift it."


class NotStanding(Conflict):
    code = "not_standing"
    message = "This restriction has ended already."


class AuthorityMissing(Unprocessable):
    code = "authority_missing"
    message = "Name the court or the authority, and its reference: a legal hold is lifted by their word."


class LiftAskedAlready(Conflict):
    code = "lift_asked_already"
    message = "Somebody has asked for this already, and it waits for others."
