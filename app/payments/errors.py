"""How payments says no."""

from app.core.errors import Conflict, Unprocessable


class DepositOutOfBounds(Unprocessable):
    code = "deposit_out_of_bounds"
    message = "A deposit is between ₦100.00 and ₦5,000,000.00."


class BadAccountNumber(Unprocessable):
    code = "bad_account_number"
    message = "An account number has 10 digits."


class UnknownBank(Unprocessable):
    code = "unknown_bank"
    message = "Choose a bank from the list."


class AccountNotFound(Unprocessable):
    code = "account_not_found"
    message = "That bank does not know this account number. Check both."


class CheckoutLost(Unprocessable):
    code = "checkout_lost"
    message = "Paystack's answer was lost on the way. Nothing was charged: start a new deposit."


class NotPlaceable(Conflict):
    code = "not_placeable"
    message = "This is placed already, or cannot be placed so."


class TakesNothingIn(Conflict):
    code = "takes_nothing_in"
    message = "The customer's account takes nothing in at present. This can be placed when that has ended."


class PlacingAskedAlready(Conflict):
    code = "placing_asked_already"
    message = "Placing this was asked for already."


class NotResolvable(Unprocessable):
    code = "not_resolvable"
    message = "Money stands in suspense for this: it is credited, or corrected in the books, before it is closed."


class NotCallable(Conflict):
    code = "not_callable"
    message = "Only a payout that waits for a float can be called off: Paystack may have this one."


class CallOffReasonMissing(Unprocessable):
    code = "call_off_reason_missing"
    message = "Say why, in at most 300 characters."


class NoCodeWanted(Conflict):
    code = "no_code_wanted"
    message = "Paystack does not wait for a code for this payout any more."


class BadCode(Unprocessable):
    code = "bad_code"
    message = "A code has 4 to 10 digits."
