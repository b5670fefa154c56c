"""How identity says no."""

from app.core.errors import Conflict, Refusal, TooMany, Unprocessable


class WrongCredentials(Refusal):
    status = 422
    code = "wrong_credentials"
    message = "That e-mail and password do not match."


class WeakPassword(Unprocessable):
    code = "weak_password"
    message = "Choose a password of at least 10 characters, and at most 256."


class CommonPassword(Unprocessable):
    code = "common_password"
    message = "Many people use that password, so it is among the first that are tried. Choose another."


class PersonalPassword(Unprocessable):
    code = "personal_password"
    message = "That password is your name, your address or ours. Choose one that says nothing about you."


class WrongPresentPassword(Unprocessable):
    code = "wrong_present_password"
    message = "That is not your present password."


class LinkSpent(Unprocessable):
    code = "link_spent"
    message = "That link was used or has run out. Ask for a new one."


class BadEmail(Unprocessable):
    code = "bad_email"
    message = "That is not an e-mail address."


class WrongCode(Unprocessable):
    code = "wrong_code"
    message = "That code is wrong or has run out. After five tries, ask for a new one."


class CodesTooFast(TooMany):
    code = "codes_too_fast"
    message = "A code was sent a moment ago. Wait a minute before the next."


class AlreadyHired(Conflict):
    code = "already_hired"
    message = "There is an operator with this address."


class RolesConflict(Conflict):
    code = "roles_conflict"
    message = "These roles may not meet in one person."


class RecoveryCools(Conflict):
    code = "recovery_cools"
    message = "An account is recovered 72 hours after it was asked for, so that its owner can say no."


class AddressTaken(Conflict):
    code = "address_taken"
    message = "There is an account with that address."
