"""How applications say no."""

from app.core.errors import Conflict, Forbidden, Unprocessable


class OpenAlready(Conflict):
    code = "application_open"
    message = "You have an application under way. Finish that one first."


class NothingToGain(Unprocessable):
    code = "nothing_to_gain"
    message = "You have this tier already."


class TierOutOfTurn(Unprocessable):
    code = "tier_out_of_turn"
    message = "That tier is not one to apply for here."


class NotInYourHands(Conflict):
    code = "application_not_in_your_hands"
    message = "This is with our reviewers. You can change it when they ask you to."


class NoSuchStep(Unprocessable):
    code = "no_such_step"
    message = "This application does not ask for that."


class BadAnswers(Unprocessable):
    """`fields` maps the name of an answer to what is wrong with it."""

    code = "bad_answers"
    message = "Some of the answers need another look."


class NothingChanged(Unprocessable):
    code = "nothing_changed"
    message = "This is what we have already. Send another picture, or correct what you wrote."


class FileRefused(Unprocessable):
    """Its message is the documents' room's, in the customer's words."""

    code = "file_refused"
    message = "This file cannot be used. Send another one."


class NotYoursToEnd(Conflict):
    code = "application_not_yours_to_end"
    message = "We have to go over this with you: it cannot be taken back."


class ConsentMissing(Unprocessable):
    code = "consent_missing"
    message = "Agree to the checks first: without them we cannot verify you."


class StepsMissing(Unprocessable):
    code = "steps_missing"
    message = "Some steps are not done yet."


class Outdated(Unprocessable):
    """Its sentence says which answer, in order on the day when it was given, is not any more."""

    code = "outdated"
    message = "Some of this is too old by now."


class RefusedForGood(Forbidden):
    code = "refused_for_good"
    message = "We have decided on this. Write to us if you think that it is a mistake."


class NotRefused(Conflict):
    code = "not_refused"
    message = "There is no refusal here that could be lifted."


class Lowers(Unprocessable):
    code = "lowers_the_tier"
    message = "That takes a tier away: lower it, and say why."


class ClaimedByAnother(Conflict):
    """`by` and `until` say who works on it and how long the claim lasts without a sign of life."""

    code = "claimed_by_another"
    message = "Somebody else is working on this."


class NotUnderReview(Conflict):
    code = "not_under_review"
    message = "There is nothing to decide on this one at present."


class NoSuchItem(Unprocessable):
    code = "no_such_item"
    message = "That is not on the check-list of this application."


class ReasonMissing(Unprocessable):
    code = "review_reason_missing"
    message = "Choose a reason, and say why."


class NothingAsked(Unprocessable):
    code = "nothing_asked"
    message = "Choose what the customer has to send again."


class NotReady(Conflict):
    """`blockers` lists what stands against approving, in sentences."""

    code = "application_not_ready"
    message = "This cannot be approved yet."


class NeedsTwo(Forbidden):
    code = "needs_two"
    message = "This decision needs two people: ask for it."


class NeedsNoSecond(Unprocessable):
    code = "needs_no_second"
    message = "You can decide this one alone."


class AskedAlready(Conflict):
    code = "decision_asked_already"
    message = "A decision on this was asked for and waits for a second person."


class OwnApplication(Forbidden):
    code = "own_application"
    message = "You cannot decide on your own application, or on that of somebody you are related to."


class BadViewName(Unprocessable):
    code = "bad_view_name"
    message = "Give it a name of at most 40 letters."


class TooManySaved(Unprocessable):
    code = "too_many_saved"
    message = "You keep 20 already. Delete one first."


class NoReviewer(Unprocessable):
    code = "no_reviewer"
    message = "That person does not review applications."


class ClearedTheHit(Forbidden):
    code = "cleared_the_hit"
    message = "Who cleared a hit on this customer does not also agree to the tier. Ask anew; somebody else decides."
