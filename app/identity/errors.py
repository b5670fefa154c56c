"""How identity says no."""

from app.core.errors import Conflict, Forbidden, NotFound, Refusal, TooMany, Unprocessable


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


class BadPhone(Unprocessable):
    code = "bad_phone"
    message = "That is not a mobile number. Numbers outside Nigeria begin with + and the country."


class PhoneUnconfirmed(Forbidden):
    code = "phone_unconfirmed"
    message = "Confirm your phone number first: nothing leaves the account before."


class CodesSpent(TooMany):
    code = "codes_spent"
    message = "That was the last code for today. Ask for another tomorrow, or write to us."


class AlreadyHired(Conflict):
    code = "already_hired"
    message = "There is an operator with this address."


class RolesConflict(Conflict):
    code = "roles_conflict"
    message = "These roles may not meet in one person."


class KeyUnfit(Unprocessable):
    code = "key_unfit"
    message = "A key has a name of up to 60 characters, something it may do, and an end."


class TooManyKeys(Conflict):
    code = "too_many_keys"
    message = "You have 20 keys. Revoke one that you do not use any more."


class UnknownKey(NotFound):
    code = "unknown_key"
    message = "There is no such key, or it has been revoked."


class WrongFactor(Unprocessable):
    code = "wrong_factor"
    message = "That code is wrong, or was used before. Wait for the next one."


class FactorPaused(TooMany):
    code = "factor_paused"
    message = "There were too many wrong codes. Wait before the next try."


class FactorStale(Forbidden):
    code = "factor_stale"
    message = "Prove first that it is you, with your second factor. Nothing was done."


class PasswordStale(Forbidden):
    code = "password_stale"
    message = "Type your password again first. Nothing was done."


class FactorMissing(Forbidden):
    code = "factor_missing"
    message = "Add a second factor to your account first: an authenticator app or a passkey."


class LastFactor(Conflict):
    code = "last_factor"
    message = "This is your only second factor. Add another before you remove it."


class NothingToConfirm(Conflict):
    code = "nothing_to_confirm"
    message = "No app is being set up here. Begin again."


class PasskeyRefused(Unprocessable):
    code = "passkey_refused"
    message = "That passkey could not be used here. Try again, or take another way."


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    message = "You have as many passkeys as fit. Remove one first."


class UnknownRecovery(NotFound):
    code = "unknown_recovery"
    message = "There is no customer behind this recovery."


class RecoveryCools(Conflict):
    code = "recovery_cools"
    message = "An account is recovered 72 hours after it was asked for, so that its owner can say no."


class RecoveryOver(Conflict):
    code = "recovery_over"
    message = "This was asked for too long ago. They ask anew."


class RefusalUnexplained(Unprocessable):
    code = "refusal_unexplained"
    message = "Say why it is refused. It is kept; 500 characters at most."


class AddressTaken(Conflict):
    code = "address_taken"
    message = "There is an account with that address."
