"""How payments says no."""

from app.core.errors import Unprocessable


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


class NotResolvable(Unprocessable):
    code = "not_resolvable"
    message = "Money that is in suspense is placed, not closed with a note."
