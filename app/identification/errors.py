"""How identification says no."""

from app.core.errors import Conflict, TooMany, Unprocessable


class BadIdentityNumber(Unprocessable):
    code = "bad_identity_number"
    message = "A BVN and a NIN have 11 digits, an account number 10; a company's number is as on its certificate."


class GivenIncomplete(Unprocessable):
    code = "given_incomplete"
    message = "To check a bank account we need a full name, the bank, the BVN and an e-mail address."


class AsksSpent(TooMany):
    code = "asks_spent"
    message = "This was checked five times within a day. Try again tomorrow."


class NotAskable(Conflict):
    code = "not_askable"
    message = "Only a check that got no answer is asked again."
