"""How payments says no."""

from app.clients.http import Silent
from app.core.errors import Conflict, Unprocessable


class DepositOutOfBounds(Unprocessable):
    code = "deposit_out_of_bounds"
    message = "A deposit is between ₦100.00 and ₦5,000,000.00."


class TooManyUnpaid(Conflict):
    code = "too_many_unpaid"
    message = "You began 20 deposits that are not paid. Pay one of them, or wait: a day after it began each one lapses."


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


class NoSuchWay(Unprocessable):
    code = "no_such_way"
    message = "Choose how you pay."


class CardGone(Unprocessable):
    code = "card_gone"
    message = "This card is not kept any more. Choose another way to pay."


class CardDeclined(Unprocessable):
    code = "card_declined"
    message = "The bank declined this card. Nothing was charged; choose another way to pay."


class NotVerifiedYet(Unprocessable):
    code = "not_verified_yet"
    message = "An account number is opened once we know who you are. Verify yourself first."


class NumberTaken(Conflict):
    code = "number_taken"
    message = "This account number belongs to another customer."


class LookedAlready(Conflict):
    code = "looked_already"
    message = "Paystack looked a moment ago."


class PartsDoNotSum(Unprocessable):
    code = "parts_do_not_sum"
    message = "Give two to ten amounts that add up to the whole."


class NotReturnable(Conflict):
    code = "not_returnable"
    message = "This cannot be returned: no payment that Paystack could send back stands behind it."


class EvidenceMissing(Unprocessable):
    code = "evidence_missing"
    message = "Say what shows that it is theirs, in 20 letters or more."


class NotPlaceable(Conflict):
    code = "not_placeable"
    message = "This is placed already, or cannot be placed so."


class TakesNothingIn(Conflict):
    code = "takes_nothing_in"
    message = "The customer's account takes nothing in at present. This can be placed when that has ended."


class NameFits(Conflict):
    code = "name_fits"
    message = "There is nothing to agree to: the name counts as theirs, the account is gone, or their own has changed."


class NameAskedAlready(Conflict):
    code = "name_asked_already"
    message = "That this account is theirs was asked for already."


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


class NotMarkable(Conflict):
    code = "not_markable"
    message = "Nobody says by hand how this ended: it has ended, is younger than a day, or has changed meanwhile."


class MarkDenied(Conflict):
    code = "mark_denied"
    message = "Paystack says otherwise of this payout."


class MarkAskedAlready(Conflict):
    code = "mark_asked_already"
    message = "That this payout count as ended was asked for already."


class MarkIncomplete(Unprocessable):
    code = "mark_incomplete"
    message = "Say how it ended, and in 20 to 500 letters what shows it."


class NoCodeWanted(Conflict):
    code = "no_code_wanted"
    message = "Paystack does not wait for a code for this payout any more."


class BadCode(Unprocessable):
    code = "bad_code"
    message = "A code has 4 to 10 digits."


class NothingToRefund(Conflict):
    code = "nothing_to_refund"
    message = "No money of this payment is here to give back."


class RefundTooLarge(Unprocessable):
    code = "refund_too_large"
    message = "That is more than is left of this payment."


class RefundUnderWay(Conflict):
    code = "refund_under_way"
    message = "A refund of this payment is under way or was asked for. The next one waits for its end."


class ChargeDisputed(Conflict):
    code = "charge_disputed"
    message = "The payer disputes this payment, or had it back by that: nothing else is done with it meanwhile."


class NotRedirectable(Conflict):
    code = "not_redirectable"
    message = "This refund does not wait for a bank account."


class FeeNotSeen(Unprocessable):
    """A card that is kept is charged at once: nobody pays a fee on top that they were not shown."""

    code = "fee_not_seen"
    message = "See what it costs now, and continue if that is right."


class LedgerNotReadYet(Silent):
    """There is more of the balance ledger than one run reads: the next goes on where this one ended."""

    code = "ledger_not_read_yet"
    message = "Paystack's ledger is long and is still being read. This goes on by itself."
