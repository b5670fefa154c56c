"""How governance says no."""

from app.core.errors import Conflict, Forbidden, Unprocessable


class OwnRequest(Forbidden):
    code = "own_request"
    message = "You asked for this. It needs a second person."


class Related(Forbidden):
    code = "related"
    message = "This is about you, or about an account of yours. It is for others to ask for and to decide."


class NotYourLeg(Forbidden):
    code = "not_your_leg"
    message = "None of the approvals that are missing is yours to give."


class NotAllowedToAsk(Forbidden):
    code = "not_allowed_to_ask"
    message = "Who asks for this lacks the role to ask for it."


class NotYourRequest(Forbidden):
    code = "not_your_request"
    message = "Only who asked can take the request back."


class NotTakenBack(Forbidden):
    code = "not_taken_back"
    message = "This is not taken back: somebody else must decide on it."


class VotedAlready(Conflict):
    code = "voted_already"
    message = "You have decided on this one. It needs somebody else."


class ContentChanged(Conflict):
    code = "content_changed"
    message = "This request is not what you were shown. Look again before you decide."


class PolicyChanged(Conflict):
    code = "policy_changed"
    message = "The policy asks for other people now. Ask anew."


class NoPolicy(Unprocessable):
    code = "no_policy"
    message = "No policy says who must agree to this, so it cannot be asked for."


class BadPolicy(Unprocessable):
    code = "bad_policy"
    message = "That is not a policy."


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why. It is kept; 500 characters at most."


class TooLate(Conflict):
    code = "too_late"
    message = "The time to decide is over."
