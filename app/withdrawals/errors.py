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


class NotYourHold(Forbidden):
    code = "not_your_hold"
    message = "Compliance holds this one: they say when it goes on."


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why: the customer will read it."


class PayoutsHalted(Unavailable):
    code = "payouts_halted"
    message = "Payouts stand still until somebody has looked at the books."


class NotChecked(Conflict):
    code = "not_checked"
    message = "This one is still being checked. Look again in a moment."


class NotYourLeg(Forbidden):
    code = "not_your_leg"
    message = "None of the approvals that are missing is yours to give."


class NotDueYet(Unavailable):
    code = "not_due_yet"
    message = "It is approved, and is sent when its delay is over."


class VotesLapsed(Conflict):
    code = "votes_lapsed"
    message = "Somebody who agreed may not decide any more. Give the money back; the customer can ask anew."


class Contradicted(Conflict):
    code = "contradicted"
    message = "We were told two things of its last payment, paid and not paid. It waits until that is cleared up."


class NotCancelledNow(Conflict):
    code = "not_cancelled_now"
    message = "It cannot be cancelled at the moment. We are finding out how its payment stands; your money is safe."


class DestinationRemoved(Conflict):
    code = "destination_removed"
    message = "This bank account was removed. Choose another one."


class DestinationInUse(Conflict):
    code = "destination_in_use"
    message = "A withdrawal to this account is under way. Remove it when that has ended."


class BadThreshold(Unprocessable):
    code = "bad_threshold"
    message = "That is not a threshold, or not a value it can have."


class BadHours(Unprocessable):
    code = "bad_hours"
    message = "Hold it for 1 to 720 hours, or state no time."


class InOtherHands(Conflict):
    """`by` and `until` say who has it and how long that lasts."""

    code = "in_other_hands"
    message = "Somebody else has it in hand."
