"""How withdrawals says no."""

from app.core.errors import Conflict, Forbidden, Unavailable, Unprocessable


class WithdrawalOutOfBounds(Unprocessable):
    code = "withdrawal_out_of_bounds"
    message = "A withdrawal is between ₦100.00 and ₦5,000,000.00."


class FeeChanged(Conflict):
    code = "fee_changed"
    message = "The fee is not what you were shown any more. Look again before you confirm."


class TooNew(Conflict):
    code = "too_new"
    message = "What was added to your account a short while ago is no way out of it yet."


class SameOperatorTwice(Conflict):
    code = "same_operator_twice"
    message = "You approved this already. It needs a second person."


class NotYourDecision(Forbidden):
    code = "not_your_decision"
    message = "None of the roles that are your own lets you decide on withdrawals."


class OwnWithdrawal(Forbidden):
    code = "own_withdrawal"
    message = "You cannot decide on your own withdrawal."


class ContentChanged(Conflict):
    code = "content_changed"
    message = "This withdrawal is not what you were shown. Look again before you approve."


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why: the customer will read it."


class PayoutsHalted(Unavailable):
    code = "payouts_halted"
    message = "Payouts stand still until somebody has looked at the books."
